"""Passwords: Argon2id, two at a time, with equal work whether or not the account exists."""

from __future__ import annotations

import importlib
import sys
import threading
import unicodedata
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from .errors import TooOften
from .i18n import t

T = TypeVar("T")

SHORTEST = 10  # characters; NIST SP 800-63B asks for 8 at least, no composition rules
LONGEST = 200
WAIT_SECONDS = 10.0

# OWASP Password Storage: Argon2id with t=2, m=19 MiB, p=1; 30-50 ms on a small server.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16)
# Two at once bound the memory to 38 MiB however many people sign in.
_places = threading.BoundedSemaphore(2)
# For accounts without a password: the same parameters, a zero salt, and a digest that nothing has.
_NOBODYS = f"$argon2id$v=19$m=19456,t=2,p=1${'A' * 22}${'A' * 43}"
# Nobody can have set a longer one, so what comes behind cannot matter; it only would cost work.
_READ_AT_MOST = 1000


class PasswordsBusy(TooOften):
    """Too many people are being checked at this moment."""

    def __init__(self) -> None:
        super().__init__(
            t("ただいま混み合っています。少し待ってから、もう一度お試しください。"),
            retry_after=int(WAIT_SECONDS),
        )


class WeakPassword(ValueError):
    """A password that should not be set; `sentence` says why and what now."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def hash_password(password: str) -> str:
    """Return the Argon2id hash to store. Raises PasswordsBusy."""
    return _in_turn(_hasher.hash, _as_typed(password))


def check_password(stored: str | None, password: str) -> bool:
    """Say whether the password fits the stored hash; None takes the same time. Raises PasswordsBusy.

    A stored value that is no hash is treated like None.
    """
    return _in_turn(_fits, stored or _NOBODYS, _as_typed(password))


def needs_rehash(stored: str) -> bool:
    """Say whether the hash was made with other parameters than today's."""
    try:
        return _hasher.check_needs_rehash(stored)
    except InvalidHashError:
        return True


def check_strength(password: str, *, about: Collection[str] = ()) -> None:
    """Raise WeakPassword if the password is short, endless, common, or made of what is known of its owner.

    `about` holds mail addresses (their part before the @ counts) and names.
    """
    folded = _as_typed(password).decode(errors="replace").casefold()
    if len(folded) < SHORTEST:
        raise WeakPassword(
            t(
                "パスワードは%(least)s文字以上にしてください（いま%(count)s文字です）",
                least=SHORTEST,
                count=len(folded),
            )
        )
    if len(password) > LONGEST:
        raise WeakPassword(t("パスワードは%(most)s文字以内にしてください", most=LONGEST))
    if _is_common(folded):
        raise WeakPassword(
            t("推測されやすいパスワードです。関係のない言葉をいくつか組み合わせると、覚えやすく安全です")
        )
    if any(part in folded for part in _telling_parts(about)):
        raise WeakPassword(t("お名前やメールアドレスを含まないパスワードにしてください"))


def _as_typed(password: str) -> bytes:
    """NFKC, so that the same keys give the same password on a phone and a PC (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password[:_READ_AT_MOST]).encode("utf-8", "surrogatepass")


def _fits(stored: str, password: bytes) -> bool:
    try:
        return _hasher.verify(stored, password)
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError):
        return stored != _NOBODYS and _fits(_NOBODYS, password)


def _in_turn(work: Callable[..., T], *arguments: Any) -> T:
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise PasswordsBusy
    try:
        return _off_the_loop(work, *arguments)
    finally:
        _places.release()


def _off_the_loop(work: Callable[..., T], *arguments: Any) -> T:
    """Under gevent in a real thread, because 40 ms on the loop would hold up every socket."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return work(*arguments)
    gevent = importlib.import_module("gevent")
    outcome: T = gevent.get_hub().threadpool.apply(work, arguments)
    return outcome


# Words that lists of leaked passwords begin with, and those this product invites.
_COMMON = frozenset(
    """
    password passw0rd p@ssword p@ssw0rd passwort qwerty qwertyuiop asdfgh asdfghjkl zxcvbnm letmein welcome
    iloveyou admin administrator login monkey dragon football baseball sunshine princess superman batman
    master shadow michael trustno1 starwars whatever freedom computer internet google secret changeme default
    test testtest guest root user sakura himawari arigato arigatou konnichiwa aishiteru daisuki doraemon
    pokemon pikachu totoro nihon japan tokyo osaka kyoto samurai nintendo playstation naitei naiteisha
    shinsotsu nyusha shukatsu shuukatsu kaisha jinji saiyo saiyou tsubomi tsubomi-demo tsubomidemo
    パスワード つぼみ 内定者
    """.split()  # noqa: SIM905 - a list of words reads as words
)
_KEYBOARD = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
)


def _is_common(folded: str) -> bool:
    """A known word with digits or marks around it, one said twice, a row of keys, or hardly any variety."""
    word = folded.strip("0123456789!?.,_-#$%&*+@=~ ")
    half = folded[: len(folded) // 2]
    return (
        folded in _COMMON
        or word in _COMMON
        or (half * 2 == folded and (half in _COMMON or half.isdigit()))
        or any(folded in row or folded[::-1] in row for row in _KEYBOARD)
        or len(set(folded)) < 4
    )


def _telling_parts(about: Collection[str]) -> list[str]:
    """What a stranger may know, from four characters on: shorter parts hide in honest words."""
    parts = [unicodedata.normalize("NFKC", item).casefold().partition("@")[0].strip() for item in about]
    return [part for part in parts if len(part) >= 4]

"""Passwords: slow for a thief, bounded for the server, equal for strangers."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import argon2
import pytest

from app.core import passwords
from app.core.errors import TooOften
from app.core.i18n import speaking
from app.core.passwords import WeakPassword, check_password, check_strength, hash_password, needs_rehash

GOOD = "ねこと雨とバス停"  # short for the rule, long enough as a secret for these tests


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many calculations were under way each time one began; the calculations are really made."""
    counts: list[int] = []
    under_way = 0
    guard = threading.Lock()
    calculate = argon2.low_level.verify_secret

    def counted(*arguments: Any, **options: Any) -> bool:
        nonlocal under_way
        with guard:
            under_way += 1
            counts.append(under_way)
        try:
            return calculate(*arguments, **options)
        finally:
            with guard:
                under_way -= 1

    monkeypatch.setattr(argon2._password_hasher, "verify_secret", counted)
    return counts


def test_the_right_password_fits_and_a_wrong_one_does_not() -> None:
    stored = hash_password(GOOD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password(stored, GOOD)
    assert not check_password(stored, GOOD + " ")


def test_the_same_keys_fit_in_full_and_half_width() -> None:
    assert check_password(hash_password("ﾈｺcafé2027"), "ネコｃａｆé２０２７")


@pytest.mark.parametrize("odd", ["", "\x00", "\udc80", "x" * 1_000_000])
def test_no_password_however_odd_is_an_accident(odd: str) -> None:
    assert not check_password(hash_password(GOOD), odd)


def test_an_account_without_password_costs_the_same_work_and_never_opens(entries: list[int]) -> None:
    assert not check_password(None, GOOD)
    assert not check_password("not a hash", GOOD)
    assert len(entries) == 2
    assert not needs_rehash(passwords._NOBODYS), "the dummy must be as dear as a real hash"


def test_a_hash_of_other_parameters_is_to_be_renewed() -> None:
    cheap = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    assert needs_rehash(cheap.hash(GOOD))
    assert needs_rehash("not a hash")
    assert not needs_rehash(hash_password(GOOD))


def test_two_hundred_sign_ins_at_once_calculate_two_at_a_time(
    entries: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 60.0)  # the bound is tested here, not the patience
    with ThreadPoolExecutor(200) as crowd:
        answers = list(crowd.map(check_password, [None] * 200, [GOOD] * 200))
    assert not any(answers)
    assert len(entries) == 200
    assert max(entries) == 2


def test_who_cannot_be_served_in_time_is_asked_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    with passwords._places, passwords._places, pytest.raises(TooOften, match="混み合って") as busy:
        check_password(None, GOOD)
    assert busy.value.retry_after >= 0
    assert check_password(None, GOOD) is False, "the places are free again"


def test_under_gevent_the_loop_keeps_turning_while_a_password_is_checked() -> None:
    program = """
from gevent import monkey; monkey.patch_all()
import gevent
from app.core.passwords import check_password, hash_password
turns = 0
def loop():
    global turns
    while True:
        turns += 1
        gevent.sleep(0)
gevent.spawn(loop)
stored = hash_password("ねこと雨とバス停")
turns = 0
assert check_password(stored, "ねこと雨とバス停")
print(turns)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) > 10


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("", "いま0文字です"),
        ("短いです", "いま4文字です"),
        ("x9-q" * 51, "200文字以内"),
        ("password2027!", "推測されやすい"),
        ("P@ssw0rd!!", "推測されやすい"),
        ("tsubomi-demo", "推測されやすい"),
        ("1234567890", "推測されやすい"),
        ("qwertyuiop", "推測されやすい"),
        ("９８７６５４３２１０", "推測されやすい"),
        ("ああああああああああ", "推測されやすい"),
        ("sakurasakura", "推測されやすい"),
        ("my-haruka.t-2027", "お名前やメールアドレス"),
        ("watashiha髙橋はるか", "お名前やメールアドレス"),
    ],
)
def test_a_weak_password_is_refused_with_a_sentence(password: str, sentence: str) -> None:
    with pytest.raises(WeakPassword, match=sentence):
        check_strength(password, about=["haruka.t@example.jp", "髙橋はるか", "ab"])


@pytest.mark.parametrize(
    "password", ["correct horse battery", "ねこと雨とバス停とたいやき", "x9-q" * 50, "kabocha tempura 3"]
)
def test_a_long_phrase_of_any_kind_is_enough(password: str) -> None:
    check_strength(password, about=["haruka.t@example.jp", "", "ab"])


def test_refusals_speak_the_readers_language_once_translated() -> None:
    with speaking("en"), pytest.raises(WeakPassword) as weak:
        check_strength("short")
    assert weak.value.sentence

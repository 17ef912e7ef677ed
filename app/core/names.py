"""What people call themselves: folding for comparison, and which names are refused with which sentence.

The original is stored; the fold is only ever compared. Length is counted in graphemes, as people count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Literal

import regex

from .errors import Sentence
from .i18n import _

MAX_DISPLAY_NAME_LENGTH = 20  # graphemes: two lines on a 320 px screen
MAX_PERSON_NAME_LENGTH = 60  # graphemes: long enough for names with four parts
MAX_DISPLAY_NAME_POINTS = 80  # code points of the longest name and, twice that, of its fold: a column's width
MAX_PERSON_NAME_POINTS = 120
MAX_TYPED_POINTS = 4_000  # what is longer than any name could be is not looked at
_MAX_MARKS = 2  # Vietnamese ệ needs two; a stack of more climbs over the lines above


class NameRefused(ValueError):
    """A name that cannot be taken; `sentence` says why and what now."""

    def __init__(self, sentence: Sentence | str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


# --- the public verbs ------------------------------------------------------------------------------------


def check_display_name(name: str, *, reserved: Collection[str] = ()) -> str:
    """Return a 呼び名 cleaned (NFC, trimmed, one space inside), or raise NameRefused.

    `reserved` are names that belong to others, such as the names of staff: refused when the whole fold is
    equal. Words of an office (人事, 運営, admin …) are refused wherever they would pass for a role.
    """
    cleaned = _checked(name, MAX_DISPLAY_NAME_LENGTH, MAX_DISPLAY_NAME_POINTS)
    if _passes_for_office(cleaned):
        raise NameRefused(_("運営や人事と間違えやすい名前は使えません。ふだん呼ばれている名前にしてください"))
    if _squeezed(cleaned) in {_squeezed(taken) for taken in reserved}:
        raise NameRefused(
            _("ほかの方と間違えやすいため、この名前は使えません。少し変えた呼び名にしてください")
        )
    return cleaned


def check_person_name(name: str) -> str:
    """Return a 氏名 or フリガナ cleaned likewise, or raise NameRefused; no word is reserved."""
    return _checked(name, MAX_PERSON_NAME_LENGTH, MAX_PERSON_NAME_POINTS)


def to_kana(text: str) -> str:
    """Return a フリガナ in full-width katakana (ひらがな and ﾊﾝｶｸ are turned), or raise NameRefused.

    Long marks, ・ and single spaces stay. The empty text stays empty: the field may be optional.
    """
    if len(text) > MAX_TYPED_POINTS:
        raise NameRefused(_too_long(MAX_PERSON_NAME_LENGTH, len(text)))
    wide = normalized("NFKC", text).translate(_TO_KATAKANA).translate(_LONG_MARKS)
    cleaned = " ".join(wide.split())
    if cleaned:
        check_person_name(cleaned)
    if not re.fullmatch(r"[ァ-ヺー・ヽヾ ]*", cleaned) or (cleaned and not re.search(r"[ァ-ヺ]", cleaned)):
        raise NameRefused(_("フリガナはカタカナで入力してください（例：ヤマダ　ハルカ）"))
    return cleaned


def fold(name: str) -> str:
    """Return the form in which two names are compared: never shown, never stored instead of the name.

    Joins width, case, accents, kana, old character forms (髙﨑 → 高崎) and letters that look alike (Cyrillic
    а → a), drops what cannot be seen, and makes one space of many. Folding twice changes nothing.
    """
    text = normalized("NFKD", " ".join(name.split()))
    text = normalized("NFKD", text.casefold())
    text = _UNSEEN_OR_ACCENT.sub("", text).translate(_LOOK_ALIKES)
    text = normalized("NFKC", text).translate(_VARIANTS).translate(_TO_HIRAGANA)
    return " ".join(text.split())


def grapheme_length(text: str) -> int:
    """Count what a person would call characters: a family emoji is one, が written in two parts is one.

    The work grows with the length of the text, whatever it is made of.
    """
    # A row of flags costs the library the square of its length, so that one request could hold everybody up:
    # each pair counts as the one letter it is (https://www.unicode.org/reports/tr29/#GB12).
    return sum(1 for _grapheme in regex.finditer(r"\X", _FLAG.sub("一", text)))


def shows_nothing(text: str) -> bool:
    """Whether nobody would see anything of a text: it is empty, or only spaces and characters without a shape."""
    return _SHAPELESS.fullmatch(text) is not None


def normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Bring text into a normal form in time that grows with its length.

    The standard library sorts a run of marks in the square of its length; no writing stacks more than 30, where
    a joiner that nobody sees is put between (https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format).
    """
    return unicodedata.normalize(form, _STACK.sub("\\g<0>\u034f", text))


# --- what is refused -------------------------------------------------------------------------------------


def _checked(name: str, limit: int, limit_points: int) -> str:
    trimmed = name.strip()
    if len(trimmed) > MAX_TYPED_POINTS:
        raise NameRefused(_too_long(limit, len(trimmed)))
    if not _UNSEEN.sub("", trimmed).strip():
        raise NameRefused(_("名前を入力してください（空白だけの名前は使えません）"))
    _refuse_unfit_characters(trimmed)
    cleaned = " ".join(_composed(trimmed).split())
    length = grapheme_length(cleaned)
    if length > limit:
        raise NameRefused(_too_long(limit, length))
    if any(len(_MARK.findall(grapheme)) > _MAX_MARKS for grapheme in regex.findall(r"\X", cleaned)):
        raise NameRefused(_("文字に重ねる記号が多すぎます。1文字につき2つまでにしてください"))
    if len(cleaned) > limit_points or len(fold(cleaned)) > 2 * limit_points:
        raise NameRefused(_("絵文字や記号が多すぎます。少し減らしてください"))
    return cleaned


def _too_long(limit: int, length: int) -> str:
    return _(
        "%(limit)s文字以内にしてください（いま%(length)s文字です）", limit=f"{limit:,}", length=f"{length:,}"
    )


def _refuse_unfit_characters(name: str) -> None:
    if _BIDI.search(name):
        raise NameRefused(_("文字の向きを変える記号は使えません。その記号を消してください"))
    if _UNDISPLAYABLE.search(name):
        raise NameRefused(_("表示できない文字が含まれています。その文字を消すか、別の字にしてください"))
    if _UNSEEN.search(_JOINED.sub("", name)):
        raise NameRefused(_("見えない文字が含まれています。名前を入力し直してください"))


def _composed(name: str) -> str:
    # NFC would replace 福 by 福: compatibility ideographs are the very form a family writes, so they stay.
    return str(_NOT_COMPATIBLE.sub(lambda run: normalized("NFC", run[0]), name))


def _squeezed(name: str) -> str:
    """Fold, then drop everything but letters and digits: 「人 事・部」 is 人事部."""
    return "".join(character for character in fold(name) if character.isalnum() or character == "ー")


def _passes_for_office(name: str) -> bool:
    words = set(re.split(r"[^a-z]+", fold(name)))
    squeezed = _squeezed(name)
    return bool(
        _OFFICE_WORDS & (words | {squeezed}) or _OFFICE_PARTS.search(squeezed.translate(_LIKE_OFFICE))
    )


# --- tables ----------------------------------------------------------------------------------------------

_BIDI = regex.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_UNDISPLAYABLE = regex.compile(r"[\p{Cc}\p{Cs}\p{Co}\u2028\u2029\ufff0-\uffff]")
_UNSEEN = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cc}\u2800]")
_SHAPELESS = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{C}\p{Z}\s\u2800]*")
_UNSEEN_OR_ACCENT = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cc}\u2800\u0300-\u036f]")
_MARK = regex.compile(r"[[\p{Mn}\p{Me}]--\p{Default_Ignorable_Code_Point}]", regex.V1)
_STACK = regex.compile(r"\p{M}{30}(?=\p{M})")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_NOT_COMPATIBLE = regex.compile(r"[^\uf900-\ufaff\U0002f800-\U0002fa1f]+")

# Where something invisible belongs: joined emoji, keycaps, and the chosen form of a kanji (葛󠄀).
_EMOJI = r"\p{Extended_Pictographic}[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*"
_JOINED = regex.compile(
    rf"{_EMOJI}(?:\u200d{_EMOJI})*|[0-9#*]\ufe0f?\u20e3|\p{{Han}}[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)

_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)} | {0x30FD: 0x309D, 0x30FE: 0x309E}
_TO_KATAKANA = {hiragana: katakana for katakana, hiragana in _TO_HIRAGANA.items()}
_LONG_MARKS = dict.fromkeys(map(ord, "‐‑‒–—―−-"), "ー")

# Forms of one family name that people mix; the search folds the same ones and fewer.
_VARIANTS = str.maketrans(
    "髙﨑嵜齋齊邊邉濵濱冨槗𠮷澤廣眞櫻惠德瀨栁", "高崎崎斎斎辺辺浜浜富橋吉沢広真桜恵徳瀬柳"
)

# The part of https://www.unicode.org/reports/tr39/#confusables that one meets, after casefold: Cyrillic,
# Greek and a few Latin letters that look like another Latin one.
_LOOK_ALIKES = (
    str.maketrans("аеорсухіјѕԁһӏкмтвнпг", "aeopcyxijsdhlkmtbhnr")
    | str.maketrans("αεορντυχικμηγβς", "aeopvtuxikmnybs")
    | str.maketrans("ıłøđɡɑʟɪɴʀʏ", "ilodgalinry")
)

# Words nobody may wear who does not hold the office. Latin ones as whole words (Stafford is a name),
# Japanese ones wherever they stand (人事部の山田), but not in 個人事業主. Katakana is folded to hiragana.
_OFFICE_WORDS = frozenset(
    {"admin", "administrator", "administration", "hr", "moderator", "official", "operator", "recruiter"}
    | {"staff", "support", "system", "root", "anonymous"}
)
_OFFICE_PARTS = re.compile(
    "人事(?![業件情故])|採用(?:担当|ちーむ|部|課|係|ぐるーぷ|責任者|窓口)|^採用$|運営|管理[者人]|もでれーたー"
    "|事務局|相談窓口|相談員|監査担当|公式|匿名|すたっふ(?!ぉ)|あどみん|おふぃしゃる|りくるーたー"
)
_LIKE_OFFICE = str.maketrans("入亊營當擔ろ囗一", "人事営当担口口ー")  # ろ: the fold of ロ

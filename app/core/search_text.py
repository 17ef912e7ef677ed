"""Text as search compares it: folding that a Japanese reader would call "the same", and tokens for both databases.

Measured on Japanese sentences (dependencies.md, search text): bigrams find everything somebody typed a part of, where
dictionaries and trigrams do not. A run of n characters without spaces between words gives n-1 pairs and its last
character alone; other words stay whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_QUERY = 100  # code points; nobody types more into one line
MOST_WORDS = 8

# Spellings of names that mean the same person.
_VARIANTS = str.maketrans("髙﨑齋齊邊邉濵冨槗𠮷", "高崎斎斎辺辺浜富橋吉")
_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
# A hyphen, dash or box line behind kana is a long mark somebody could not find on the keyboard.
_LONG_MARK = re.compile(r"(?<=[ぁ-ゖァ-ヺー])[-‐‑‒–—―−─]+")
# サーバー and サーバ are one word; ラー is not ラ.
_LAST_LONG_MARK = re.compile(r"(?<=[ァ-ヺー]{2})ー(?![ァ-ヺー])")
_RUNS = re.compile(
    r"[々〆ぁ-ゖァ-ヺー㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff]+|[^\W_々〆ぁ-ゖァ-ヺー㐀-䶿一-鿿豈-﫿]+"
)
_WITHOUT_SPACES = re.compile(r"[々〆ぁ-ゖァ-ヺー㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff]")


@dataclass(frozen=True)
class Phrase:
    """Tokens that must follow each other; the last one may be the beginning of a longer token."""

    tokens: tuple[str, ...]
    is_prefix: bool


def folded(text: str) -> str:
    """The text without differences nobody searches for: width, case, script of kana, long marks, variants of kanji."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    marked = _LAST_LONG_MARK.sub("", _LONG_MARK.sub("ー", plain))
    return marked.translate(_VARIANTS).translate(_TO_HIRAGANA)


def tokens(text: str) -> list[str]:
    """What is stored in the index for a text, in order."""
    return [token for run in _RUNS.findall(folded(text)) for token in _pieces(run)]


def phrases(query: str) -> list[Phrase]:
    """What somebody looks for: each word, or sentence without spaces, is one phrase; all of them must be found."""
    words = folded(query[:LONGEST_QUERY]).split()[:MOST_WORDS]
    return [phrase for phrase in map(_phrase, words) if phrase is not None]


def _phrase(word: str) -> Phrase | None:
    runs = _RUNS.findall(word)
    if not runs:
        return None
    *before, last = runs
    # In the middle a run ends where the text's run ends, so its lone last character stands between it and the next.
    inner = [token for run in before for token in _pieces(run)]
    is_whole_pair = bool(_WITHOUT_SPACES.match(last)) and len(last) > 1
    return Phrase((*inner, *(_pairs(last) if is_whole_pair else (last,))), is_prefix=not is_whole_pair)


def _pieces(run: str) -> Iterator[str]:
    if not _WITHOUT_SPACES.match(run):
        yield run
        return
    yield from _pairs(run)
    yield run[-1]


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))


def excerpt(text: str, query: str, *, length: int = 120) -> str:
    """About `length` characters of the text around the first word looked for, if it stands there as it was typed."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    found = [line.casefold().find(word.casefold()) for word in query.split()]
    start = max(min((at for at in found if at >= 0), default=0) - length // 3, 0)
    end = start + length
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")

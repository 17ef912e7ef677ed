"""Merge fields（差し込み）: a few words about the reader, written as {呼び名} in the text of an announcement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import unescape
from urllib.parse import unquote

from app.core.errors import Sentence
from app.core.i18n import _, join_names

# Field → what it says, for the form. The names are part of the text HR writes, so they are not translated.
FULL_NAME, GROUP = "氏名", "班"
FIELDS: dict[str, str] = {
    "呼び名": _("呼び名（参加前の方は氏名）"),
    FULL_NAME: _("氏名"),
    "入社": _("入社時期（例：2027年4月入社）"),
    GROUP: _("班の名前"),
    "会社名": _("会社名"),
}
_FIELD = re.compile(r"[{｛]\s*([^{}｛｝\n]{0,30}?)\s*[}｝]")
_LINK = re.compile(r"<a [^>]*>.*?</a>\{?", re.DOTALL)


def tidy_fields(text: str) -> str:
    """Write known fields one way: ｛ 呼び名 ｝ typed with a Japanese keyboard is {呼び名}."""
    return _FIELD.sub(lambda found: f"{{{found[1]}}}" if found[1] in FIELDS else found[0], text)


def unknown_fields(texts: Iterable[str]) -> list[str]:
    """What stands in braces and is no field, each once, as it was typed."""
    found = (match[1] for text in texts for match in _FIELD.finditer(text))
    return [f"{{{name}}}" for name in dict.fromkeys(found) if name not in FIELDS]


def why_not_these_fields(unknown: Iterable[str]) -> Sentence | str:
    """The sentence for fields that do not exist, which names those that do."""
    return _(
        "%(unknown)s という差し込み項目はありません。使えるのは %(known)s です。",
        unknown=join_names(unknown),
        known=join_names(f"{{{name}}}" for name in FIELDS),
    )


def has_field_in_link(html: str) -> bool:
    """Whether a field stands inside a link of the rendered text, or clings to its end."""
    return any(
        match[0].endswith("{") or any(f"{{{name}}}" in unquote(unescape(match[0])) for name in FIELDS)
        for match in _LINK.finditer(html)
    )


def used_fields(texts: Iterable[str]) -> set[str]:
    """The fields the texts use."""
    return {match[1] for text in texts for match in _FIELD.finditer(text)} & set(FIELDS)


def values_of(
    *, display_name: str, legal_name: str, cohort: str | None, group: str | None, community: str
) -> Mapping[str, str]:
    """What stands in the place of each field for one person. What is not known yet is said so."""
    undecided = str(_("（未定）"))
    return {
        "呼び名": display_name or legal_name or str(_("内定者")),
        FULL_NAME: legal_name or display_name or str(_("内定者")),
        "入社": cohort or undecided,
        GROUP: group or undecided,
        "会社名": community,
    }

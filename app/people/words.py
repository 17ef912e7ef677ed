"""Words of profile fields: one label each, the same on every page, in the order of the table of fields."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.errors import Sentence
from app.core.i18n import _
from app.policy.fields import FIELDS

LABELS: Mapping[str, Sentence] = {
    "legal_name": _("氏名（フリガナ）"),
    "university": _("大学・学部"),
    "pastime": _("最近はまっていること"),
    "wish": _("入社までにやってみたいこと"),
    "topics": _("話しかけてOKな話題"),
    "links": _("SNSなどのリンク"),
}


def field_labels() -> dict[str, str]:
    """Field → its label in the language of the moment."""
    return {key: str(LABELS[key]) for key in FIELDS}

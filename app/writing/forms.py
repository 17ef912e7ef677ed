"""The shape of what a composer sends while somebody writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import TextAreaField

from app.core.errors import Invalid
from app.core.forms import BaseForm, fits, longest, no_nul
from app.core.i18n import _
from app.core.text import MAX_BODY_LENGTH


class PreviewForm(BaseForm):
    """A text whose author wants to see it as others will."""

    body = TextAreaField(
        _("本文"),
        default="",
        filters=[no_nul],
        validators=[longest(MAX_BODY_LENGTH), fits(MAX_BODY_LENGTH * 4)],
    )


def parse_draft(payload: Any) -> dict[str, Any]:
    """What a script wants kept: {"texts": {field: text}, "revision": the one it knows}. Raises Invalid."""
    if not isinstance(payload, Mapping) or set(payload) != {"texts", "revision"}:
        raise _unreadable()
    texts, revision = payload["texts"], payload["revision"]
    if not isinstance(texts, Mapping) or not all(isinstance(text, str) for text in texts.values()):
        raise _unreadable()
    # A bool is an int; a number beyond the column is nothing a page of ours was given.
    if type(revision) is not int or not 0 <= revision < 2**31 - 1:
        raise _unreadable()
    return {"texts": {name: no_nul(text) or "" for name, text in texts.items()}, "revision": revision}


def _unreadable() -> Invalid:
    return Invalid(_("内容を読み取れませんでした。画面を開き直してください。"))

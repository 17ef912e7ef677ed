"""How the office refuses what was typed, and how everybody learns that something changed."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import update

from app.core.db import session
from app.core.errors import Invalid, Sentence
from app.core.i18n import _
from app.core.names import NameRefused
from app.models import Community


def wrong(field: str, sentence: Sentence | str) -> Invalid:
    """The refusal of one field, to be raised."""
    return Invalid(_("入力内容をご確認ください。書いた内容はそのまま残っています。"), {field: [sentence]})


def named(field: str, check: Callable[[str], str], typed: str) -> str:
    """The name as `check` cleans it. Raises Invalid beside the field."""
    try:
        return check(typed)
    except NameRefused as refused:
        raise wrong(field, refused.sentence) from refused


def tell_everybody() -> None:
    """Raise the community's version: what anybody sees may have changed."""
    session.flush()
    session.execute(update(Community).where(Community.id == 1).values(version=Community.version + 1))

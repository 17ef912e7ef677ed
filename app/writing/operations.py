"""What changes drafts: keeping one, forgetting one, and tidying up what nobody sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from app.core.db import session
from app.core.errors import Conflict, Invalid, NotFound
from app.core.i18n import _
from app.core.operation import operation
from app.models import Draft
from app.people.marks import company_today
from app.policy import Viewer

from .composers import LONGEST_TEXT, checked_composer

MOST_DRAFTS = 50  # of one person; the oldest makes room
KEPT_FOR = timedelta(days=14)  # as long as browsers keep theirs


def save_draft(viewer: Viewer, composer: str, *, texts: Mapping[str, str], revision: int) -> int:
    """Keep what was typed so far in place of the draft of this revision (0: the first); gives the new revision.

    Nothing but blanks forgets the draft and gives 0. Raises Conflict where another device has saved a newer one,
    NotFound for a name no composer has, Invalid for a field that is not of this composer or a text that is too long.
    """
    _check_texts(composer, texts)
    try:
        return _save(viewer, composer, dict(texts), revision)
    except IntegrityError:  # two devices begin at once: one of them is first
        raise _newer() from None


@operation
def _save(viewer: Viewer, composer: str, texts: dict[str, str], revision: int) -> int:
    mine = (Draft.member_id == _owner(viewer), Draft.composer == composer)
    kept = session.scalar(select(Draft.revision).where(*mine).with_for_update())
    if kept is not None and kept != revision:
        raise _newer()
    if not any(text.strip() for text in texts.values()):
        session.execute(delete(Draft).where(*mine))
        return 0
    values = {"texts": texts, "revision": revision + 1, "kept_until": company_today() + KEPT_FOR}
    if kept is not None:
        session.execute(update(Draft).where(*mine).values(**values))
    else:
        _make_room(viewer)
        session.add(Draft(member_id=_owner(viewer), composer=composer, **values))
    return revision + 1


def forget_draft(viewer: Viewer, composer: str) -> None:
    """Forget what was begun in this composer: it was sent, or its author wants it gone. Twice is harmless.

    Where there is no draft this only reads, for most short replies are sent before one is kept.
    """
    checked_composer(composer)
    mine = (Draft.member_id == _owner(viewer), Draft.composer == composer)
    if session.scalar(select(Draft.member_id).where(*mine)) is not None:
        _forget(viewer, composer)


@operation
def _forget(viewer: Viewer, composer: str) -> None:
    session.execute(delete(Draft).where(Draft.member_id == _owner(viewer), Draft.composer == composer))


@operation
def tidy_drafts() -> None:
    """Delete drafts nobody sent for two weeks."""
    session.execute(delete(Draft).where(Draft.kept_until < company_today()))


def _owner(viewer: Viewer) -> int:
    """Drafts belong to a member who is here."""
    if viewer.id is None or not viewer.is_active:
        raise NotFound()
    return viewer.id


def _check_texts(composer: str, texts: Mapping[str, str]) -> None:
    if not set(texts) <= set(checked_composer(composer)):
        raise Invalid(_("内容を読み取れませんでした。画面を開き直してください。"))
    if any(len(text) > LONGEST_TEXT for text in texts.values()):
        raise Invalid(_("長すぎるため、下書きを保存できませんでした。文章はこの画面に残っています。"))


def _make_room(viewer: Viewer) -> None:
    """Only so many of one person: those that would be tidied up first go first."""
    surplus = session.scalars(
        select(Draft.composer)
        .where(Draft.member_id == viewer.id)
        .order_by(Draft.kept_until.desc(), Draft.composer)
        .offset(MOST_DRAFTS - 1)
    ).all()
    if surplus:
        session.execute(delete(Draft).where(Draft.member_id == viewer.id, Draft.composer.in_(surplus)))


def _newer() -> Conflict:
    return Conflict(_("この下書きは、別の端末または別の画面で更新されました。"))

"""Appending to the access ledger, and taking the words out of entries about somebody who left.

Called inside the operations whose act they record, so that a look and its entry are one.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import CursorResult, insert, select, update

from app.core import clock
from app.core.db import session
from app.core.operation import operation
from app.core.web import settings_now
from app.models import AccessEntry, LedgerHead, Member
from app.policy import Viewer

from .chain import content_of, link_of
from .words import ACTIONS, ERASURE, PURPOSES, answering_name


@operation
def record(
    viewer: Viewer, subject_ids: Collection[int], action: str, purpose: str, *, approver_name: str = ""
) -> None:
    """Note that `viewer` looked at something of these members (internal keys): one entry each a day and purpose.

    Looking at oneself is no entry, nor at somebody who has left; the same again on the same day adds nothing. Raises KeyError for an action or a
    purpose without words, ValueError for somebody who does not work in the office.
    """
    ACTIONS[action], PURPOSES[purpose]  # raises for what could not be told
    words = {**_viewer_words(viewer), "action": action, "purpose": purpose, "approver_name": approver_name}
    head = _held_head()
    day = clock.today(settings_now().zone)
    noted = select(AccessEntry.subject_id).where(
        AccessEntry.viewer_id == viewer.id,
        AccessEntry.action == action,
        AccessEntry.purpose == purpose,
        AccessEntry.day == day,
    )
    # Asked with the head in hand: an erasure held it before, or waits until this is entered and erases it, too.
    here = select(Member.id).where(Member.id.in_(subject_ids), Member.ended_at.is_(None))
    new = {*session.scalars(here)} - {viewer.id} - {*session.scalars(noted)}
    _append(head, ({**words, "day": day, "subject_id": subject_id} for subject_id in sorted(new)))


@operation
def forget_entries_about(member_id: int) -> None:
    """Take the words, the salt and the person out of every entry about a member who leaves; the chain still holds.

    How many they were is an entry of its own, so that words taken out by other hands are found. Entries about others
    in which the member was who looked stay as they were on that day.
    """
    head = _held_head()
    blank = dict.fromkeys(("viewer_name", "viewer_role", "action", "purpose", "approver_name", "salt"), "")
    erased: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        update(AccessEntry)
        .where(AccessEntry.subject_id == member_id)
        .values(subject_id=None, viewer_id=None, **blank)
        .execution_options(synchronize_session=False)
    )
    if not erased.rowcount:
        return
    nobody = {
        "subject_id": None,
        "viewer_id": None,
        "viewer_name": "",
        "viewer_role": "",
        "approver_name": "",
    }
    day = clock.today(settings_now().zone)
    _append(head, [{**nobody, "day": day, "action": ERASURE, "purpose": str(erased.rowcount)}])


def _viewer_words(viewer: Viewer) -> dict[str, Any]:
    """Who looks, as they are called and what they are today."""
    me = session.execute(
        select(Member.display_name, Member.legal_name, Member.kana).where(Member.id == viewer.id)
    ).one()
    return {"viewer_id": viewer.id, "viewer_name": answering_name(*me), "viewer_role": _role_of(viewer)}


def _role_of(viewer: Viewer) -> str:
    if viewer.is_lead:
        return "lead"
    if viewer.is_hr:
        return "hr"
    if viewer.is_administrator:
        return "administrator"
    raise ValueError("only somebody of the office looks at people's data")


def _held_head() -> LedgerHead:
    """The one row of the newest link; whoever else appends waits until the operation ends."""
    return session.get_one(LedgerHead, 1, with_for_update=True, populate_existing=True)


def _append(head: LedgerHead, entries: Iterable[dict[str, Any]]) -> None:
    rows, link = [], head.link
    for words in entries:
        salt = secrets.token_hex(16)
        content = content_of(salt, words)
        link = link_of(link, content)
        rows.append({**words, "salt": salt, "content": content, "link": link})
    if rows:
        session.execute(insert(AccessEntry), rows)
        head.link, head.entries = link, head.entries + len(rows)

"""Reading the ledger as a whole. What members read about their own data asks the rule of AccessEntry elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, select

from app.core import clock
from app.core.db import session
from app.core.errors import NotFound
from app.core.web import settings_now
from app.models import AccessEntry, LedgerHead
from app.policy import Viewer

from .cards import DailyHead, Proof
from .chain import BEGINNING, WORDS, content_of, link_of
from .words import ERASURE

_BATCH = 500
_MOST_WALKS = 5
_BLANK = tuple(name for name in WORDS if name != "day")


def opened_today(viewer: Viewer, subject_id: Any, action: str) -> ColumnElement[bool]:
    """Whether this viewer has an entry about that member (a column or a key) for this action today."""
    return exists().where(
        AccessEntry.subject_id == subject_id,
        AccessEntry.viewer_id == viewer.id,
        AccessEntry.action == action,
        AccessEntry.day == clock.today(settings_now().zone),
    )


def daily_head(viewer: Viewer) -> DailyHead:
    """The newest link at the end of yesterday (the company's days). Raises NotFound for whoever is not inside.

    Nothing of today and no number of entries: either could tell when somebody was looked at.
    """
    if not viewer.is_active:
        raise NotFound()
    today = clock.today(settings_now().zone)
    newest = session.scalar(
        select(AccessEntry.link).where(AccessEntry.day < today).order_by(AccessEntry.id.desc()).limit(1)
    )
    return DailyHead(today - timedelta(days=1), newest or "0" * 64)


# ── checking ─────────────────────────────────────────────────────────────────────────────────────────────────


def verify() -> Proof:
    """Walk the whole chain in batches and say where it does not hold.

    It finds words that were changed, entries taken out, put in or exchanged, a changed head, and words taken out without
    an erasure. Whoever may write to the database could make the whole chain anew: the daily head, noted elsewhere, shows that.
    """
    for _walk in range(_MOST_WALKS):
        head = session.get(LedgerHead, 1, populate_existing=True)
        if head is None:
            return Proof(0, 0, 1, "missing")
        promised = head.entries
        proof = _walked(head.link, promised)
        # Somebody was erased behind the walker: their words are gone, and the entry that says so was not yet promised.
        if proof.reason != "erased" or session.scalar(select(LedgerHead.entries)) == promised:
            break
    return proof


def _walked(link: str, promised: int) -> Proof:
    """The chain against a head of so many entries."""
    last_id = 0
    walked, erased, accounted, first_erased = 0, 0, 0, None
    before = BEGINNING
    for entry in _entries(promised):
        walked, last_id = walked + 1, entry.id
        fault = _fault(entry, before)
        if fault:
            return Proof(walked, erased, walked, fault)
        before = entry.link
        if not entry.salt:
            erased, first_erased = erased + 1, first_erased or walked
        elif entry.action == ERASURE:
            accounted += int(entry.purpose)
    if walked < promised or before != link:
        return Proof(walked, erased, walked + 1, "missing")
    if _was_added(last_id, promised):
        return Proof(walked, erased, walked + 1, "added")
    if erased != accounted:
        return Proof(walked, erased, first_erased or walked, "erased")
    return Proof(walked, erased)


def _entries(most: int) -> Iterator[Row[Any]]:
    """The first `most` entries in the order of the chain."""
    columns = [getattr(AccessEntry, name) for name in ("id", "salt", "content", "link", *WORDS)]
    last_id = 0
    while most > 0:
        batch = session.execute(
            select(*columns).where(AccessEntry.id > last_id).order_by(AccessEntry.id).limit(min(_BATCH, most))
        ).all()
        yield from batch
        if not batch:
            return
        last_id, most = batch[-1].id, most - len(batch)


def _fault(entry: Row[Any], before: str) -> str:
    """What is wrong with one entry; empty where it holds."""
    if entry.link != link_of(before, entry.content):
        return "link"
    words = entry._asdict()
    if not entry.salt:
        return "words" if any(words[name] for name in _BLANK) else ""
    return "" if entry.content == content_of(entry.salt, words) else "words"


def _was_added(last_id: int, promised: int) -> bool:
    """Whether entries stand behind the head that nobody appended; one appended while the chain was walked moved the head."""
    is_more = session.scalar(select(exists().where(AccessEntry.id > last_id)))
    return bool(is_more) and session.scalar(select(LedgerHead.entries)) == promised

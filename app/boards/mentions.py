"""Whom a text speaks to: each `@呼び名` becomes a member when the text is written, or stays what it is.

Only people the author may see and who read the board are found; that somebody else has the name makes no difference
to what is stored, shown or said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, or_, select

from app.core.db import session
from app.core.errors import Invalid
from app.core.i18n import _
from app.core.ids import PublicId
from app.core.text import begins_with_name, mark_mentions, mention_tails
from app.models import Member
from app.policy import Viewer, allowed

from .audience import reads_board

MOST_MENTIONS = 20


@dataclass(frozen=True)
class Mentions:
    """The HTML with its mentions linked, and the members it speaks to."""

    html: str
    member_ids: frozenset[int] = frozenset()


def resolved_mentions(
    viewer: Viewer,
    board_id: int,
    html: str,
    *,
    chosen: Collection[PublicId] = (),
    before: Mapping[str, PublicId] | None = None,
) -> Mentions:
    """Find out whom stored HTML speaks to: those chosen by completion, and typed names that fit one person.

    `before` holds the names an earlier version of the text was linked by, so that an edit keeps them although the
    person is called otherwise now. Raises Invalid for more than MOST_MENTIONS people.
    """
    tails = mention_tails(html)
    if not tails:
        return Mentions(html)
    before = before or {}
    people = _people(viewer, board_id, tails, {*chosen, *before.values()})
    found = _called(tails, _picked(people, chosen, before), _by_name(people))
    member_ids = frozenset(person.id for group in found.values() for person in group)
    if len(member_ids) > MOST_MENTIONS:
        sentence = _(
            "呼びかけられるのは、一度に%(most)s人までです（いま%(count)s人です）",
            most=MOST_MENTIONS,
            count=len(member_ids),
        )
        raise Invalid(sentence, {"body": [sentence]})
    return Mentions(
        mark_mentions(html, {name: group[0].public_id for name, group in found.items()}), member_ids
    )


def _people(viewer: Viewer, board_id: int, tails: Iterable[str], ids: Collection[PublicId]) -> list[Row[Any]]:
    """Everybody who might be meant: called like the beginning of a tail, or named by id."""
    beginnings = {tail[:length] for tail in tails for length in range(1, len(tail) + 1)}
    return list(
        session.execute(
            select(Member.id, Member.public_id, Member.display_name)
            .where(
                or_(Member.display_name.in_(beginnings), Member.public_id.in_(ids)),
                Member.id != viewer.id,
                allowed(viewer, "view", Member),
                reads_board(board_id),
            )
            .order_by(Member.id)
        )
    )


def _picked(
    people: Iterable[Row[Any]], chosen: Collection[PublicId], before: Mapping[str, PublicId]
) -> dict[str, list[Row[Any]]]:
    """Names that are known to mean somebody: name → whom."""
    picked: dict[str, list[Row[Any]]] = {}
    for person in people:
        names = {name for name, public_id in before.items() if public_id == person.public_id}
        if person.public_id in chosen:
            names.add(person.display_name)
        for name in names:
            picked.setdefault(name, []).append(person)
    return picked


def _by_name(people: Iterable[Row[Any]]) -> dict[str, list[Row[Any]]]:
    named: dict[str, list[Row[Any]]] = {}
    for person in people:
        named.setdefault(person.display_name, []).append(person)
    return named


def _called(
    tails: Iterable[str], picked: dict[str, list[Row[Any]]], named: dict[str, list[Row[Any]]]
) -> dict[str, list[Row[Any]]]:
    """Name → whom it means, for the names that stand in the text; a typed one must fit exactly one person."""
    found: dict[str, list[Row[Any]]] = {}
    for tail in tails:
        if (name := _longest(tail, picked)) is not None:
            found[name] = picked[name]
        elif (name := _longest(tail, named)) is not None and len(named[name]) == 1:
            found[name] = named[name]
    return found


def _longest(tail: str, names: Iterable[str]) -> str | None:
    return max((name for name in names if begins_with_name(tail, name)), key=len, default=None)

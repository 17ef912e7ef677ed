"""Who would read a report: the moderators, but whoever reports and whoever wrote what is reported.

Who the moderators are is no secret here: their cards say so to everybody, and nobody can be apart from them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from app.core.i18n import join_names, t
from app.core.reading import Reading
from app.models import Member, Role
from app.people.queries import person_card, person_columns
from app.policy import Viewer, standing

from ..rooms.frames import MOST_NAMED, named_shortly, sentences
from .cards import Readers

_MODERATORS = Reading(
    select(*person_columns())
    .where(Member.roles.bitwise_and(int(Role.MODERATOR)) != 0, standing("view", Member))
    .order_by(Member.display_fold, Member.id)
)


def readers_of(viewer: Viewer, author_ids: Collection[int | None]) -> Readers:
    """Who would read what the viewer reports of these authors (keys of members)."""
    apart = {viewer.id, *author_ids}
    rows = [row for row in _MODERATORS.all(viewer.binds) if row.person_key not in apart]
    of_hr = [row for row in rows if row.person_roles & (Role.HR | Role.LEAD)]
    return Readers(line=_line(viewer, rows, of_hr), is_nobody=not rows, has_hr=bool(of_hr))


def _line(viewer: Viewer, rows: list[Any], of_hr: list[Any]) -> str:
    if not rows:
        return ""
    names = named_shortly([person_card(viewer, row) for row in rows])
    line = t("読むのは、ひろば運営（%(names)s）です", names=names)
    if not of_hr:
        return sentences(line, t("人事の担当者は含まれません"))
    if len(of_hr) == len(rows):
        return sentences(line, t("人事も担当しています"))
    called = [person_card(viewer, row).called for row in of_hr[:MOST_NAMED]]
    return sentences(line, t("このうち%(names)sは、人事も担当しています", names=join_names(called)))

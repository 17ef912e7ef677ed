"""Who people are for a viewer: cards, the directory, profiles, one's own page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select
from sqlalchemy.sql.elements import Label

from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import t, tn
from app.core.ids import PublicId
from app.core.names import fold
from app.core.paging import Cursor
from app.core.text import render_plain, stored_html
from app.ledger.queries import opened_today
from app.ledger.words import PROFILE
from app.models import STAFF, Block, Cohort, Group, GroupMember, Member, Mentor, ProfileValue, Role, Room
from app.policy import Viewer, allowed, standing
from app.policy.fields import words_of

from .cards import (
    BlockedCard,
    DirectoryPage,
    MyPage,
    Pager,
    PersonCard,
    PersonPage,
    ShownField,
    Tab,
    erased_card,
)
from .marks import company_today, role_mark
from .profile.words import AUDIENCES
from .words import field_labels

PAGE_SIZE = 30
LONGEST_QUERY = 80  # more than the longest display name


# ── cards ──────────────────────────────────────────────────────────────────────────────────────────────────


def person_columns() -> tuple[Label[Any], ...]:
    """The columns of Member that `person_card` needs, to be selected beside something a person made.

    The caller joins Member itself, with an outer join where the author may have been erased, and executes
    with `viewer.binds`.
    """
    return (
        Member.id.label("person_key"),
        Member.public_id.label("person_id"),
        Member.display_name.label("person_name"),
        Member.bud.label("person_bud"),
        Member.roles.label("person_roles"),
        Member.department.label("person_department"),
        Member.joined_company_on.label("person_joined_on"),
        standing("view", Member).label("person_is_visible"),
    )


def person_card(viewer: Viewer, row: Row[Any]) -> PersonCard:
    """The card from a row with `person_columns`.

    An erased author has left nothing; one who is suspended, or has left and keeps the name, has no page.
    """
    if row.person_key is None or not row.person_name:
        return erased_card()
    is_staff = bool(row.person_roles & STAFF)
    return PersonCard(
        id=row.person_id if row.person_is_visible else None,
        name=row.person_name,
        bud=row.person_bud,
        role_mark=_mark(row) if is_staff else None,
        is_me=row.person_key == viewer.id,
        is_staff=is_staff,
    )


def _mark(row: Row[Any]) -> str | None:
    return role_mark(row.person_roles, row.person_department, row.person_joined_on, company_today())


# ── directory ──────────────────────────────────────────────────────────────────────────────────────────────


def directory_page(
    viewer: Viewer, *, tab: str = "", query: str = "", cursor: Cursor | None = None
) -> DirectoryPage:
    """The people this viewer may see, one list at a time, by display name: nobody's reading is given away.

    `query` is compared in folded form with display names only, in the same SQL as the viewer's filter.
    """
    tabs = _tabs(viewer)
    tab = tab if tab in tabs else next(iter(tabs))
    query = " ".join(query.split())[:LONGEST_QUERY]
    rows, pager = _people(viewer, tab, query, cursor or Cursor())
    return DirectoryPage(
        people=tuple(person_card(viewer, row) for row in rows),
        tabs=tuple(Tab(label, _address(key, ""), key == tab) for key, (label, _words) in tabs.items()),
        tab=tab,
        query=query,
        explanation=tabs[tab][1],
        pager=pager,
    )


def _tabs(viewer: Viewer) -> dict[str, tuple[str, str]]:
    """Key → (label, whom the list holds)."""
    tabs = {
        "cohort": (t("同期"), t("同じ時期に入社する内定者です")),
        "candidates": (tn("内定者", "内定者", 2), t("このコミュニティの内定者です")),
        "staff": (t("社員・人事"), t("質問に答えたり、運営を担当したりする社員と人事です")),
    }
    if viewer.cohort_id is None:
        del tabs["cohort"]
    return tabs


def _people(viewer: Viewer, tab: str, query: str, cursor: Cursor) -> tuple[list[Row[Any]], Pager]:
    """One page by (display_fold, id), and the way on."""
    visible = and_(allowed(viewer, "view", Member), _is_listed(viewer, tab), _is_called(query))
    anchor = _anchor(visible, cursor)
    is_backwards = anchor is not None and cursor.before is not None
    people = _beside(select(*person_columns()).where(visible), anchor, is_backwards=is_backwards)
    rows = list(session.execute(people.limit(PAGE_SIZE + 1), viewer.binds))
    has_more, rows = len(rows) > PAGE_SIZE, rows[:PAGE_SIZE]
    if is_backwards:
        rows.reverse()
    if not rows:
        return rows, Pager()
    has_earlier = has_more if is_backwards else anchor is not None
    has_later = is_backwards or has_more
    return rows, Pager(
        newer=_address(tab, query, before=rows[0].person_id) if has_earlier else None,
        older=_address(tab, query, after=rows[-1].person_id) if has_later else None,
    )


def _is_listed(viewer: Viewer, tab: str) -> ColumnElement[bool]:
    if tab == "staff":
        return Member.roles.bitwise_and(int(STAFF)) != 0
    if tab == "cohort":
        return Member.cohort_id == viewer.cohort_id
    return Member.roles.bitwise_and(int(Role.CANDIDATE)) != 0


def _is_called(query: str) -> ColumnElement[bool]:
    return Member.display_fold.contains(fold(query), autoescape=True)


def _anchor(visible: ColumnElement[bool], cursor: Cursor) -> Row[tuple[str, int]] | None:
    """Where the page begins. A cursor one may not see is one that is missing: the list begins anew."""
    public_id = cursor.before or cursor.after
    if public_id is None:
        return None
    return session.execute(
        select(Member.display_fold, Member.id).where(Member.public_id == public_id, visible)
    ).first()


def _beside(query: Select[Any], anchor: Row[tuple[str, int]] | None, *, is_backwards: bool) -> Select[Any]:
    if is_backwards and anchor is not None:
        query = query.where(
            or_(
                Member.display_fold < anchor.display_fold,
                and_(Member.display_fold == anchor.display_fold, Member.id < anchor.id),
            )
        )
        return query.order_by(Member.display_fold.desc(), Member.id.desc())
    if anchor is not None:
        query = query.where(
            or_(
                Member.display_fold > anchor.display_fold,
                and_(Member.display_fold == anchor.display_fold, Member.id > anchor.id),
            )
        )
    return query.order_by(Member.display_fold, Member.id)


def _address(tab: str, query: str, **place: str) -> str:
    parts = {"tab": tab, **({"q": query} if query else {}), **place}
    return f"/people?{urlencode(parts)}"


# ── profiles ───────────────────────────────────────────────────────────────────────────────────────────────


def person_page(viewer: Viewer, person_id: PublicId) -> PersonPage:
    """One profile. Raises NotFound where a block, a wall or the end of a membership stands between."""
    row = session.execute(
        select(
            *person_columns(),
            Member.cohort_id,
            Cohort.name.label("cohort_name"),
            standing("block", Member).label("can_block"),
            standing("message", Member).label("can_message"),
        )
        .outerjoin(Cohort, Cohort.id == Member.cohort_id)
        .where(Member.public_id == person_id, standing("view", Member)),
        viewer.binds,
    ).first()
    if row is None:
        raise NotFound()
    # The cohort's audience until people choose their own: the same cohort, and HR (privacy.md, defaults).
    knows_cohort = viewer.is_hr or row.cohort_id == viewer.cohort_id
    return PersonPage(
        person=person_card(viewer, row),
        cohort=row.cohort_name if knows_cohort else None,
        groups=_groups(viewer, row.person_key),
        can_block=row.can_block,
        can_message=row.can_message,
        has_talk=viewer.id is not None and not row.can_message and _has_talk(viewer, row.person_key),
        fields=shown_fields(viewer, row.person_key),
    )


def visited_page(viewer: Viewer, person_id: PublicId) -> PersonPage:
    """The same for whoever opens it: HR finds the fields only once they said today what for, in the office (ledger)."""
    found = person_page(viewer, person_id)
    if not viewer.is_hr or found.person.is_me:
        return found
    is_open = session.scalar(
        select(opened_today(viewer, Member.id, PROFILE)).where(Member.public_id == person_id)
    )
    return found if is_open else replace(found, fields=(), asks_purpose=True)


def shown_fields(viewer: Viewer, member_id: int) -> tuple[ShownField, ...]:
    """What this viewer may see of a member's profile fields, in the order of the table of fields.

    An empty field is as one that is hidden: it is not there.
    """
    rows = session.execute(
        select(ProfileValue.field, ProfileValue.value, ProfileValue.effective).where(
            ProfileValue.member_id == member_id, ProfileValue.value != "", standing("view", ProfileValue)
        ),
        viewer.binds,
    )
    found = {row.field: row for row in rows}
    is_mine = member_id == viewer.id
    return tuple(
        ShownField(
            key,
            label,
            found[key].value,
            audience=str(AUDIENCES[words_of(found[key].effective)]) if is_mine else None,
            html=stored_html(render_plain(found[key].value)) if key == "links" else None,
        )
        for key, label in field_labels().items()
        if key in found
    )


def _has_talk(viewer: Viewer, member_key: int) -> bool:
    """Whether the two have a talk: it stays open to whoever could not begin one today."""
    is_theirs = or_(
        and_(Room.low_id == viewer.id, Room.high_id == member_key),
        and_(Room.high_id == viewer.id, Room.low_id == member_key),
    )
    return session.scalar(select(Room.id).where(is_theirs, allowed(viewer, "view", Room))) is not None


def _groups(viewer: Viewer, member_key: int) -> tuple[str, ...]:
    """The names of this person's groups that the viewer knows: their own, and all of them for HR."""
    return tuple(
        session.scalars(
            select(Group.name)
            .join(GroupMember, GroupMember.group_id == Group.id)
            .where(GroupMember.member_id == member_key, allowed(viewer, "view", Group))
            .order_by(Group.name)
        )
    )


def my_page(viewer: Viewer) -> MyPage:
    """One's own corner."""
    row = session.execute(
        select(
            *person_columns(),
            Cohort.name.label("cohort_name"),
            Member.pace,
            Member.language,
        )
        .outerjoin(Cohort, Cohort.id == Member.cohort_id)
        .where(Member.id == viewer.id, standing("view", Member)),
        viewer.binds,
    ).first()
    if row is None:
        raise NotFound()
    return MyPage(
        person=person_card(viewer, row),
        cohort=row.cohort_name,
        groups=_groups(viewer, row.person_key),
        beside=beside_me(viewer),
        pace=row.pace,
        language=row.language,
    )


def beside_me(viewer: Viewer) -> tuple[PersonCard, ...]:
    """A candidate's mentors, or an employee's mentees, as far as the two may meet."""
    mine, other = Mentor.employee_id, Mentor.candidate_id
    if viewer.is_candidate:
        mine, other = other, mine
    rows = session.execute(
        select(*person_columns())
        .select_from(Mentor)
        .join(Member, Member.id == other)
        .where(mine == viewer.id, standing("view", Mentor), standing("view", Member))
        .order_by(Member.display_fold, Member.id),
        viewer.binds,
    )
    return tuple(person_card(viewer, row) for row in rows)


def my_blocks(viewer: Viewer) -> tuple[BlockedCard, ...]:
    """Those whom the viewer has blocked, by name; nobody else ever sees this list.

    It asks the viewer's own decisions, not the policy: for the policy these people do not exist. Whether
    somebody is suspended is not told. Whoever left without a name is in no list.
    """
    rows = session.execute(
        select(Member.public_id, Member.display_name, Member.bud)
        .join(Block, Block.blocked_id == Member.id)
        .where(Block.blocker_id == viewer.id, Member.display_name != "")
        .order_by(Member.display_fold, Member.id)
    )
    return tuple(BlockedCard(id=row.public_id, name=row.display_name, bud=row.bud) for row in rows)

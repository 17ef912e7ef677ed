"""What HR's pages of announcements show. Whether somebody acknowledged is told as promised: late, rounded, or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, case, func, or_, select

from app import policy
from app.core import clock
from app.core.calendar import next_business_moment
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import t, tn
from app.core.ids import PublicId
from app.core.names import fold
from app.core.web import settings_now
from app.models import (
    Announcement,
    AnnouncementRecipient,
    AnnouncementTemplate,
    AnnouncementVariant,
    GroupMember,
    Invitation,
    Member,
)
from app.people.audiences import audience_label, set_choices
from app.people.cards import Pager
from app.people.marks import company_today
from app.policy import Viewer

from .audience import audiences_of, check_entrance, members_of, tokens_of
from .cards import (
    STATES,
    AbsentRow,
    AudienceOption,
    CheckPage,
    Manuscript,
    OfficeList,
    OfficeRow,
    PreviewPage,
    Reach,
    SentPage,
    TemplateRow,
    WritingPage,
)
from .merging import FIELDS, GROUP, used_fields
from .operations import is_told_of, most_reminders, told_on, why_not_ready
from .queries import page_of
from .reaching import arrival, reach_of
from .reading import files_of, html_of, values_of_member

ROWS_A_PAGE = 50
STEP = 5  # product.md, promise 2: counts in steps of five
SMALLEST_COUNTED = 10  # below it even a rounded count says too much about one person
FEW = 4  # an audience this small is close to writing to one person
MOST_PREVIEWED = 50


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────


def office_list(viewer: Viewer, *, state: str, number: int) -> OfficeList:
    """HR's list, what moved last first; an unknown state means all. Raises NotFound for whoever does not announce."""
    check_entrance(viewer)
    state = state if state in STATES else ""
    counts = {
        row.state: row.number
        for row in session.execute(
            select(Announcement.state, func.count().label("number")).group_by(Announcement.state)
        )
    }
    counts = dict.fromkeys(STATES, 0) | counts
    total = counts[state] if state else sum(counts.values())
    last = max(1, -(-total // ROWS_A_PAGE))
    number = min(max(1, number), last)
    query = _list_query(state).limit(ROWS_A_PAGE).offset((number - 1) * ROWS_A_PAGE)
    rows = session.execute(query).all()
    audiences = audiences_of(row.id for row in rows)
    here = f"/hr/announcements?{f'state={state}&' if state else ''}page="
    return OfficeList(
        rows=tuple(_office_row(row, audience_label(audiences.get(row.id, []))) for row in rows),
        counts=counts,
        state=state,
        pager=Pager(
            newer=f"{here}{number - 1}" if number > 1 else None,
            older=f"{here}{number + 1}" if number < last else None,
        ),
    )


def _list_query(state: str) -> Select[Any]:
    order = case({"draft": 0, "scheduled": 1}, value=Announcement.state, else_=2)
    query = select(
        Announcement.id,
        Announcement.public_id,
        Announcement.title,
        Announcement.state,
        Announcement.is_procedure,
        Announcement.emergency_reason,
        Announcement.asks_acknowledgement,
        Announcement.scheduled_at,
        Announcement.sent_at,
        Announcement.cancelled_at,
        Member.display_name.label("author"),
    ).outerjoin(Member, and_(Member.id == Announcement.author_id, Member.ended_at.is_(None)))
    if state:
        query = query.where(Announcement.state == state)
    next_first = case((Announcement.state == "scheduled", Announcement.scheduled_at))
    newest_first = func.coalesce(Announcement.sent_at, Announcement.scheduled_at).desc()
    return query.order_by(order, next_first, newest_first, Announcement.id.desc())


def _office_row(row: Row[Any], label: str) -> OfficeRow:
    moments = {
        "draft": None,
        "scheduled": row.scheduled_at,
        "sent": row.sent_at,
        "cancelled": row.cancelled_at,
    }
    return OfficeRow(
        id=row.public_id,
        title=row.title,
        state=row.state,
        is_procedure=row.is_procedure,
        is_emergency=bool(row.emergency_reason),
        asks_acknowledgement=row.asks_acknowledgement,
        audience_label=label,
        author=row.author or "",
        at=moments[row.state],
        missed_at=row.scheduled_at if row.state == "draft" and row.cancelled_at is None else None,
        unbooked_at=row.scheduled_at if row.state == "draft" and row.cancelled_at is not None else None,
    )


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────


def new_page(viewer: Viewer, template_id: PublicId | None = None) -> WritingPage:
    """The form of a new announcement, with the text of a template where one is named. Raises NotFound."""
    check_entrance(viewer)
    manuscript = Manuscript(audience=("candidates",))
    if template_id is not None:
        found = session.execute(
            select(AnnouncementTemplate.title, AnnouncementTemplate.body).where(
                AnnouncementTemplate.public_id == template_id
            )
        ).first()
        if found is None:
            raise NotFound()
        manuscript = Manuscript(title=found.title, body=found.body, audience=("candidates",))
    return _writing_page(viewer, None, manuscript)


def writing_page(viewer: Viewer, announcement_id: PublicId) -> WritingPage:
    """The form of one that may still be changed. Raises NotFound, Forbidden once it was sent."""
    check_entrance(viewer)
    row = policy.fetch(viewer, Announcement, announcement_id, "edit")
    variants = {
        variant.kind: variant
        for variant in session.scalars(
            select(AnnouncementVariant).where(AnnouncementVariant.announcement_id == row.id)
        )
    }
    easy, english = variants.get("easy"), variants.get("en")
    files = files_of(row.id)
    manuscript = Manuscript(
        title=row.title,
        body=row.body,
        is_procedure=row.is_procedure,
        audience=tokens_of(viewer, audiences_of([row.id]).get(row.id, [])),
        reaches_invited=row.reaches_invited,
        asks_acknowledgement=row.asks_acknowledgement,
        names_from=row.names_from,
        remind_on=row.remind_on,
        easy_title=easy.title if easy else "",
        easy_body=easy.body if easy else "",
        english_title=english.title if english else "",
        english_body=english.body if english else "",
        files=tuple(file.id for file in files),
    )
    return _writing_page(viewer, row, manuscript)


def _writing_page(viewer: Viewer, row: Announcement | None, manuscript: Manuscript) -> WritingPage:
    return WritingPage(
        id=row.public_id if row else None,
        state=row.state if row else "draft",
        revision=row.revision if row else 0,
        manuscript=manuscript,
        options=tuple(
            AudienceOption(choice.token, choice.label, choice.note, choice.token in manuscript.audience)
            for choice in set_choices(viewer)
        ),
        files=files_of(row.id) if row else (),
        templates=tuple((one.id, one.name) for one in templates(viewer)) if row is None else (),
        scheduled_at=row.scheduled_at if row and row.state == "scheduled" else None,
        unbooked_at=_booked_for(row) if row and row.state == "draft" else None,
        fields=tuple((f"{{{name}}}", str(meaning)) for name, meaning in FIELDS.items()),
    )


def _booked_for(row: Announcement) -> datetime | None:
    """The moment it is booked for, or was before the booking was taken back, as long as it lies ahead."""
    return row.scheduled_at if row.scheduled_at is not None and row.scheduled_at > clock.now() else None


def state_of(viewer: Viewer, announcement_id: PublicId) -> str:
    """How far an announcement is. Raises NotFound, also for whoever does not announce."""
    check_entrance(viewer)
    return policy.fetch(viewer, Announcement, announcement_id).state


def templates(viewer: Viewer) -> tuple[TemplateRow, ...]:
    """The texts HR keeps, by name. Raises NotFound for whoever does not announce."""
    check_entrance(viewer)
    rows = session.execute(
        select(
            AnnouncementTemplate.public_id, AnnouncementTemplate.name, AnnouncementTemplate.title
        ).order_by(AnnouncementTemplate.name)
    )
    return tuple(TemplateRow(*row) for row in rows)


# ── before sending ───────────────────────────────────────────────────────────────────────────────────────────


def check_page(viewer: Viewer, announcement_id: PublicId, at: datetime | None = None) -> CheckPage:
    """Who is reached when, if it is sent at `at` (now without one), and what stands against it.

    Raises NotFound, Forbidden once it was sent.
    """
    community = check_entrance(viewer)
    row = policy.fetch(viewer, Announcement, announcement_id, "edit")
    booked_for = _booked_for(row)
    moment = at or booked_for or clock.now()
    first = next(iter(_people_of(row, "", most=1)), None)
    values = values_of_member(first.id if first else viewer.id)
    reach = reach_of(row, moment)
    label = audience_label(audiences_of([row.id]).get(row.id, []))
    files = files_of(row.id)
    return CheckPage(
        id=row.public_id,
        title=row.title,
        state=row.state,
        revision=row.revision,
        is_procedure=row.is_procedure,
        asks_acknowledgement=row.asks_acknowledgement,
        names_from=row.names_from,
        remind_on=row.remind_on,
        audience_label=label,
        at=moment,
        reach=reach,
        budget=community.contacts_a_fortnight,
        problems=tuple(_problems(row, reach, moment)),
        warnings=tuple(_warnings(row, reach, has_files=bool(files))),
        arrival=arrival(moment, reach.opens_at),
        suggestion=next_business_moment(clock.now()),
        zone=settings_now().timezone,
        scheduled_at=row.scheduled_at if row.state == "scheduled" else None,
        booked_for=booked_for,
        has_files=bool(files),
        reader=_full_name(first) if first else "",
        received=page_of(_Unsent(row), values, "", is_office=True),
    )


def _problems(row: Announcement, reach: Reach, at: datetime) -> Iterator[str]:
    yield from (str(problem) for problem in why_not_ready(row, told_on(at)))
    if not reach.total:
        yield t("届ける相手が1人もいません。対象を選び直してください。")


def _warnings(row: Announcement, reach: Reach, *, has_files: bool) -> Iterator[str]:
    if 0 < reach.total <= FEW:
        yield tn(
            "対象は%(count)s名です。人数が少ないお知らせは、名指しの連絡のように受け取られることがあります。",
            "対象は%(count)s名です。人数が少ないお知らせは、名指しの連絡のように受け取られることがあります。",
            reach.total,
        )
    without_group = _without_group(row)
    if without_group:
        yield tn(
            "班が決まっていない方が%(count)s名います。{班} は「（未定）」と表示されます。",
            "班が決まっていない方が%(count)s名います。{班} は「（未定）」と表示されます。",
            without_group,
        )
    if row.reaches_invited and has_files:
        yield t("参加前の方へのメールには、ファイルは付きません。大切な内容は本文にも書いてください。")
    if reach.invited_unsent:
        yield tn(
            "招待メールをまだ送っていない方（%(count)s名）には届きません。",
            "招待メールをまだ送っていない方（%(count)s名）には届きません。",
            reach.invited_unsent,
        )


def _without_group(row: Announcement) -> int:
    if GROUP not in used_fields([row.title, row.body]):
        return 0
    in_a_group = select(GroupMember.member_id).where(GroupMember.member_id == Member.id).exists()
    found = session.scalar(select(func.count()).select_from(Member).where(members_of(row.id), ~in_a_group))
    return found or 0


def preview_page(
    viewer: Viewer, announcement_id: PublicId, *, person: PublicId | None, query: str, variant: str
) -> PreviewPage:
    """What one person of the audience would read; the first in フリガナ order where nobody is chosen.

    Raises NotFound for an announcement that was sent, and for somebody who is not in the audience.
    """
    check_entrance(viewer)
    row = policy.fetch(viewer, Announcement, announcement_id, "edit")
    people = _people_of(row, query)
    chosen = _chosen(row, people, person, query)
    values = values_of_member(chosen.id if chosen else viewer.id)
    shown = _Unsent(row)
    return PreviewPage(
        id=row.public_id,
        people=tuple((one.public_id, _full_name(one)) for one in people),
        chosen=chosen.public_id if chosen else None,
        query=query,
        received=page_of(shown, values, variant, is_office=True),
    )


class _Unsent:
    """An announcement as `queries.page_of` reads one that nobody has received yet."""

    is_acknowledged = False
    is_received = False

    def __init__(self, row: Announcement) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


def _people(row: Announcement) -> Select[Any]:
    return select(Member.id, Member.public_id, Member.legal_name, Member.display_name, Member.kana).where(
        members_of(row.id)
    )


def _people_of(row: Announcement, query: str, *, most: int = MOST_PREVIEWED) -> Sequence[Row[Any]]:
    found = _people(row)
    if query:
        found = found.where(
            or_(
                Member.legal_name.contains(query, autoescape=True),
                Member.kana.contains(query, autoescape=True),
                Member.display_fold.contains(fold(query), autoescape=True),
            )
        )
    return session.execute(
        found.order_by(Member.kana == "", Member.kana, Member.legal_name, Member.id).limit(most)
    ).all()


def _chosen(
    row: Announcement, people: Sequence[Row[Any]], person: PublicId | None, query: str
) -> Row[Any] | None:
    is_found = person in {one.public_id for one in people}
    if person is None or (query and not is_found):
        return people[0] if people else None
    found = session.execute(_people(row).where(Member.public_id == person)).first()
    if found is None:
        raise NotFound()
    return found


def _full_name(one: Row[Any]) -> str:
    if not one.legal_name:
        return str(one.display_name)
    return t("%(name)s（%(display)s）", name=one.legal_name, display=one.display_name)


# ── after sending ────────────────────────────────────────────────────────────────────────────────────────────


def sent_page(viewer: Viewer, announcement_id: PublicId) -> SentPage:
    """What became of an announcement that was sent, or taken back. Raises NotFound."""
    check_entrance(viewer)
    row = policy.fetch(viewer, Announcement, announcement_id)
    counts = _recipient_counts(row.id)
    is_standing = row.state == "sent"
    is_too_small = row.asks_acknowledgement and counts.counted < SMALLEST_COUNTED
    shows_floor = is_standing and row.asks_acknowledgement and not is_too_small and row.counted_on is not None
    author = session.scalar(
        select(Member.display_name).where(Member.id == row.author_id, Member.ended_at.is_(None))
    )
    return SentPage(
        id=row.public_id,
        title=row.title,
        body_html=html_of(row, {}),
        state=row.state,
        is_procedure=row.is_procedure,
        audience_label=audience_label(audiences_of([row.id]).get(row.id, [])),
        author=author or "",
        sent_at=row.sent_at,
        cancelled_at=row.cancelled_at,
        scheduled_at=row.scheduled_at,
        emergency_reason=row.emergency_reason,
        members=counts.members,
        invited=counts.invited,
        digest=counts.digest,
        counted=counts.counted,
        asks_acknowledgement=row.asks_acknowledgement,
        names_from=row.names_from,
        remind_on=row.remind_on,
        reminders=row.reminders,
        most_reminders=most_reminders(row.is_procedure),
        counted_on=row.counted_on,
        floor=row.acknowledged // STEP * STEP if shows_floor else None,
        is_too_small=is_too_small,
        absent=_absent(row) if is_standing and _is_roster_open(row) else None,
        can_remind=is_standing
        and row.asks_acknowledgement
        and row.counted_on is not None
        and row.remind_on is None
        and row.reminders < most_reminders(row.is_procedure),
        can_cancel=row.state in {"scheduled", "sent"},
        has_letters=bool(counts.invited),
        files=files_of(row.id),
    )


def _recipient_counts(announcement_id: int) -> Row[Any]:
    recipient = AnnouncementRecipient
    return session.execute(
        select(
            func.count(recipient.member_id).label("members"),
            func.count(recipient.invitation_id).label("invited"),
            func.count(case((recipient.reach == "digest", 1))).label("digest"),
            func.count(case((is_told_of(), 1))).label("counted"),
        )
        .select_from(recipient)
        .outerjoin(Member, Member.id == recipient.member_id)
        .where(recipient.announcement_id == announcement_id)
    ).one()


def _is_roster_open(row: Announcement) -> bool:
    """From the announced day on, and from that morning's count: whoever acknowledged the day before is not on it."""
    return (
        row.asks_acknowledgement
        and row.names_from is not None
        and row.names_from <= company_today()
        and row.counted_on is not None
        and row.counted_on >= row.names_from
    )


def _absent(row: Announcement) -> tuple[AbsentRow, ...]:
    """Who had not acknowledged as of this morning, in フリガナ order: members still here, then the invited."""
    recipient = AnnouncementRecipient
    is_open = and_(recipient.announcement_id == row.id, recipient.is_counted.is_(False))
    members = session.execute(
        select(Member.public_id, Member.legal_name, Member.kana, Member.display_name)
        .join(recipient, recipient.member_id == Member.id)
        .where(is_open, Member.ended_at.is_(None))
        .order_by(Member.kana == "", Member.kana, Member.legal_name, Member.id)
    )
    invited = session.execute(
        select(Invitation.legal_name, Invitation.mail, Invitation.kana)
        .join(recipient, recipient.invitation_id == Invitation.id)
        .where(is_open, Invitation.revoked_at.is_(None))
        .order_by(Invitation.kana == "", Invitation.kana, Invitation.legal_name, Invitation.id)
    )
    return (
        *(AbsentRow(one.public_id, one.legal_name, one.kana, one.display_name) for one in members),
        *(AbsentRow(None, one.legal_name or one.mail, one.kana, "") for one in invited),
    )

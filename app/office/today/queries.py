"""今日やること: people who wait for an answer; invitations, places and announcements, as facts of procedure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select

from app import policy
from app.chat.talks.queries import talk_counts
from app.core.db import session
from app.core.i18n import t
from app.core.web import settings_now
from app.models import (
    Announcement,
    AnnouncementRecipient,
    Cohort,
    Community,
    Group,
    GroupMember,
    Member,
    Mentor,
)
from app.people.marks import company_today
from app.policy import Viewer

from ..approvals.queries import waiting_approvals
from ..gate import community_for
from ..people.cards import INVITED, PeopleFilter, cohort_label
from ..people.listing import listing
from .cards import DeskPage, Task

# For so long the names behind a 名簿表示日 are a task of today; afterwards they stay on the announcement's own page.
ROSTER_FOR = timedelta(days=14)


def desk_page(viewer: Viewer) -> DeskPage:
    """What HR can do today. Raises NotFound for whoever does not organise."""
    community = community_for(viewer, "organise")
    states = _states(viewer, community)
    counts = _counts()
    return DeskPage(
        tasks=(
            *_talks(viewer),
            *_approvals(viewer),
            *_announcements(viewer),
            *_invitations(states),
            *_places(),
        ),
        awaited=sum(states.get(state, 0) for state in ("sent", "late", "failed")),
        members=counts.members,
        mentors=counts.mentors,
        is_set_up=community.set_up_at is not None,
        can_set_up=policy.can(viewer, "configure", community),
    )


def _states(viewer: Viewer, community: Community) -> dict[str, int]:
    """How many people stand in each 手続き."""
    everybody = listing(viewer, community, PeopleFilter(role="all")).everybody
    found = session.execute(
        select(everybody.c.state, func.count().label("number")).group_by(everybody.c.state)
    )
    return {row.state: row.number for row in found}


def _counts() -> Any:
    return session.execute(
        select(
            _count(Member, Member.ended_at.is_(None)).label("members"),
            _count(Mentor).label("mentors"),
        )
    ).one()


def _count(kind: Any, *clauses: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(kind).where(*clauses).scalar_subquery()


def _talks(viewer: Viewer) -> list[Task]:
    """People who wait for a word from HR come before everything else."""
    counts = talk_counts(viewer)
    lines = {
        "requests": Task(
            t("話したい %(count)s件", count=f"{counts.requests:,}"),
            t("1営業日以内にお返事すると伝えています"),
            "/hr/talks",
            "talk",
        ),
        "waiting": Task(
            t("返信待ちの連絡 %(count)s件", count=f"{counts.waiting:,}"),
            t("お待たせしている順に並んでいます"),
            "/hr/talks",
            "inbox",
        ),
    }
    return [task for name, task in lines.items() if getattr(counts, name)]


def _approvals(viewer: Viewer) -> list[Task]:
    """Requests of others that wait for a second person; who asked has nothing more to do."""
    count = waiting_approvals(viewer)
    if not count:
        return []
    return [
        Task(
            t("承認を待っている依頼 %(count)s件", count=f"{count:,}"),
            t("ほかの担当者からの依頼です。期限は依頼から72時間です"),
            "/hr/approvals",
            "shield",
        )
    ]


def _invitations(states: dict[str, int]) -> list[Task]:
    def line(state: str, label: str, note: str, icon: str) -> Task:
        return Task(label, note, f"/hr/people?role=all&state={state}", icon)

    count = {state: f"{states.get(state, 0):,}" for state in INVITED}
    lines = {
        "failed": line(
            "failed",
            t("送信できていない招待 %(count)s件", count=count["failed"]),
            t("自動で送り直しています。アドレスとメールの設定をご確認ください"),
            "alert",
        ),
        "unsent": line(
            "unsent",
            t("まだ送っていない招待 %(count)s件", count=count["unsent"]),
            t("作成した招待は、送信するまで誰にも届きません"),
            "mail",
        ),
        "late": line(
            "late",
            t("3日以上お返事のない招待 %(count)s件", count=count["late"]),
            t("メールが埋もれているかもしれません。もう一度送れます"),
            "clock",
        ),
        "expired": line(
            "expired",
            t("期限が切れた招待 %(count)s件", count=count["expired"]),
            t("もう一度送ると、新しいリンクが届きます"),
            "clock",
        ),
    }
    return [task for state, task in lines.items() if states.get(state)]


def _places() -> list[Task]:
    """A line for each cohort that has groups, for a small company may do without; it leads to just those people."""
    number = func.count(Member.id)
    found = session.execute(
        select(Cohort.public_id, Cohort.name, Cohort.office_note, number.label("number"))
        .join(Member, Member.cohort_id == Cohort.id)
        .where(
            Member.ended_at.is_(None),
            Member.suspended_at.is_(None),
            Cohort.id.in_(select(Group.cohort_id)),
            Member.id.not_in(select(GroupMember.member_id)),
        )
        .group_by(Cohort.id)
        .order_by(Cohort.starts_on, Cohort.id)
    )
    return [
        Task(
            t("班が決まっていない内定者 %(count)s名", count=f"{row.number:,}"),
            t("%(cohort)sの方です。5〜7名の班に入れられます", cohort=cohort_label(row.name, row.office_note)),
            f"/hr/people?cohort={row.public_id}&group=none&state=joined",
            "people",
        )
        for row in found
    ]


def _announcements(viewer: Viewer) -> list[Task]:
    """Drafts, what leaves today, and those whose 名簿表示日 has come while somebody had not acknowledged."""
    counts = _announcement_counts(viewer)

    def line(label: str, note: str, state: str, icon: str) -> Task:
        return Task(label, note, f"/hr/announcements?state={state}", icon)

    lines = {
        "today": line(
            t("今日送信するお知らせ %(count)s件", count=counts.today),
            t("予定の時刻まで、内容を変えたり取り消したりできます"),
            "scheduled",
            "clock",
        ),
        "rosters": line(
            t("名簿表示日を過ぎたお知らせ %(count)s件", count=counts.rosters),
            t("まだ確認されていない方に、直接ご連絡する日です"),
            "sent",
            "announce",
        ),
        "drafts": line(
            t("下書きのお知らせ %(count)s件", count=counts.drafts),
            t("送信するまで、誰にも届きません"),
            "draft",
            "edit",
        ),
    }
    return [task for name, task in lines.items() if getattr(counts, name)]


def _announcement_counts(viewer: Viewer) -> Any:
    """How many announcements wait in which way; never how many people."""
    today = company_today()
    midnight = datetime.combine(today + timedelta(days=1), time.min, tzinfo=settings_now().zone)
    visible = policy.allowed(viewer, "view", Announcement)
    is_scheduled = Announcement.state == "scheduled"
    # As of this morning, like everything HR is told of acknowledgements.
    is_open = exists().where(
        AnnouncementRecipient.announcement_id == Announcement.id, AnnouncementRecipient.is_counted.is_(False)
    )
    is_roster = (
        (Announcement.names_from <= today)
        & (Announcement.names_from > today - ROSTER_FOR)
        & (Announcement.counted_on >= Announcement.names_from)  # not before that morning's count
    )
    return session.execute(
        select(
            _count(Announcement, visible, Announcement.state == "draft").label("drafts"),
            _count(Announcement, visible, is_scheduled, Announcement.scheduled_at < midnight).label("today"),
            _count(Announcement, visible, Announcement.state == "sent", is_roster, is_open).label("rosters"),
        )
    ).one()

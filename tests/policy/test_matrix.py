"""One rule, two readings: for every rule and every kind of viewer, the check and the filter agree."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, inspect, select
from sqlalchemy.orm import joinedload

from app import policy
from app.core.db import Base, is_on_sqlite, session
from app.core.operation import unit_of_work
from app.models import (
    REACTIONS,
    AccessEntry,
    Announcement,
    AnnouncementRecipient,
    Approval,
    Block,
    Board,
    BoardAudience,
    BulkAct,
    CheckIn,
    Cohort,
    Group,
    GroupMember,
    Invitation,
    Member,
    MemberSession,
    Mentor,
    Message,
    MessageReaction,
    MessageReport,
    Notice,
    Post,
    ProfileValue,
    PushSubscription,
    Reaction,
    Role,
    Room,
    RoomAudience,
    RoomEvent,
    RoomMember,
    SavedView,
    TalkRequest,
    Topic,
    Upload,
    Wall,
)
from app.policy.engine import loads_of
from app.policy.viewer import forget_viewers, viewers_of
from tests.conftest import NOON

ROLES = (
    *[Role.CANDIDATE] * 10,
    *[Role.EMPLOYEE] * 4,
    Role.EMPLOYEE | Role.MODERATOR,
    Role.HR,
    Role.HR | Role.LEAD,
    Role.HR | Role.MODERATOR,
    Role.MODERATOR,
    Role.DESK,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
)


def _some(dice: random.Random, share: float, moment: datetime = NOON) -> datetime | None:
    return moment if dice.random() < share else None


def plant_random_world(seed: int) -> None:
    """Members of every role, some suspended or gone, blocks, walls, boards of every audience, erased authors."""
    dice = random.Random(seed)
    with unit_of_work():
        cohorts = [
            Cohort(name=f"入社{number}", starts_on=date(2027, 4, 1), is_minor_profile=number == 2)
            for number in range(3)
        ]
        session.add_all(cohorts)
        session.flush()
        groups = [Group(name=f"班{number}", cohort_id=dice.choice(cohorts).id) for number in range(4)]
        session.add_all(groups)
        low, high = sorted([cohorts[0].id, cohorts[1].id])
        session.add(Wall(low_cohort_id=low, high_cohort_id=high))
        members = [_random_member(dice, number, role, cohorts) for number, role in enumerate(ROLES * 2)]
        session.add_all(members)
        session.flush()
        for member in members:
            if member.roles == Role.CANDIDATE and dice.random() < 0.7:
                session.add(GroupMember(group_id=dice.choice(groups).id, member_id=member.id))
            session.add(
                MemberSession(
                    member_id=member.id,
                    secret_hash=f"{seed}-{member.id}",
                    device="-",
                    expires_on=date(2027, 1, 1),
                )
            )
        _random_office(dice, members)
        _random_privacy(dice, members)
        for _ in range(40):
            one, other = dice.sample(members, 2)
            if session.get(Block, (one.id, other.id)) is None:
                session.add(Block(blocker_id=one.id, blocked_id=other.id))
                session.flush()
        _random_boards(dice, members, cohorts, groups)
        announcements = _random_announcements(dice, members)
        _random_rooms(dice, members)
        _random_traces(dice, members, announcements)
        for number, role in enumerate((Role.CANDIDATE, Role.EMPLOYEE, Role.HR, Role.DESK)):
            session.add(
                Invitation(
                    mail=f"invited{number}@example.jp", roles=int(role), secret_hash=f"{seed}i{number}"
                )
            )


def _random_member(dice: random.Random, number: int, role: Role, cohorts: list[Cohort]) -> Member:
    is_candidate = role == Role.CANDIDATE
    return Member(
        mail=f"random{number}@example.jp",
        roles=int(role),
        cohort_id=dice.choice(cohorts).id if is_candidate and dice.random() < 0.9 else None,
        display_name=f"だれか{number}",
        display_fold=f"だれか{number}",
        bud=1,
        suspended_at=_some(dice, 0.15),
        ended_at=_some(dice, 0.1),
        messages_from=dice.choice(("nobody", "group", "cohort")),
    )


def _random_privacy(dice: random.Random, members: list[Member]) -> None:
    """Fields of every audience, what others looked at, and what waits for a second person."""
    for member in members:
        for field in ("legal_name", "university", "pastime", "links"):
            chosen = 1 | dice.choice([0, 16, 48, 112]) | dice.choice([0, 2, 6, 14])
            value = dice.choice(["", "ことば"])
            session.add(
                ProfileValue(member_id=member.id, field=field, value=value, audience=chosen, effective=chosen)
            )
    for number in range(20):
        one, other = dice.sample(members, 2)
        session.add(
            AccessEntry(
                day=NOON.date(),
                subject_id=dice.choice([one.id, None]),
                viewer_id=other.id,
                action="profile",
                purpose=f"{number}",
                content="",
                link="",
            )
        )
        asked = Approval(kind="raise_cap", asked={}, requester_id=one.id, requested_at=NOON, expires_at=NOON)
        if dice.random() < 0.5:
            asked.approver_id, asked.decided_at, asked.outcome = other.id, NOON, "approved"
        session.add(asked)


def _random_office(dice: random.Random, members: list[Member]) -> None:
    """What HR keeps, some of it by people who work there no longer, and mentors."""
    for member in members:
        session.add(SavedView(owner_id=member.id, name="条件", query=""))
        session.add(BulkAct(actor_id=member.id, kind="group", before={}, done_at=NOON))
        if member.roles == Role.CANDIDATE:
            employee = dice.choice([one for one in members if one.roles & Role.EMPLOYEE])
            session.add(Mentor(candidate_id=member.id, employee_id=employee.id))


def _random_boards(
    dice: random.Random, members: list[Member], cohorts: list[Cohort], groups: list[Group]
) -> None:
    for number in range(6):
        board = Board(slug=f"random-{number}", name=f"ひろば{number}", archived_at=_some(dice, 0.2))
        session.add(board)
        session.flush()
        for _ in range(3):
            kind = dice.choice(("role", "cohort_id", "group_id"))
            value = {
                "role": int(dice.choice(list(Role))),
                "cohort_id": dice.choice(cohorts).id,
                "group_id": dice.choice(groups).id,
            }[kind]
            session.add(BoardAudience(board_id=board.id, is_writer=dice.random() < 0.6, **{kind: value}))
        for _ in range(8):
            author = dice.choice([*members, None])
            topic = Topic(
                board_id=board.id,
                author_id=author.id if author else None,
                author_cohort_id=author.cohort_id if author else None,
                title="題",
                started_at=NOON,
                hidden_at=_some(dice, 0.2),
                locked_at=_some(dice, 0.15),
                archived_at=_some(dice, 0.15),
                withdrawn_at=_some(dice, 0.1),
            )
            session.add(topic)
            session.flush()
            for place in range(3):
                writer = dice.choice([*members, None])
                session.add(
                    Post(
                        topic_id=topic.id,
                        author_id=writer.id if writer else None,
                        author_cohort_id=writer.cohort_id if writer else None,
                        is_first=place == 0,
                        body="文",
                        body_html="<p>文</p>",
                        renderer_version=1,
                        written_at=NOON + timedelta(minutes=place),
                        hidden_at=_some(dice, 0.2),
                        withdrawn_at=_some(dice, 0.15),
                    )
                )


def _random_announcements(dice: random.Random, members: list[Member]) -> list[Announcement]:
    """Drafts, scheduled, sent and cancelled ones, each for some of the members."""
    announcements = []
    for state in ("draft", "scheduled", "sent", "sent", "sent", "cancelled"):
        is_sent = state in {"sent", "cancelled"}
        announcement = Announcement(
            state=state,
            title="知らせ",
            renderer_version=1,
            sent_at=NOON if is_sent else None,
            cancelled_at=NOON if state == "cancelled" else None,
            asks_acknowledgement=dice.random() < 0.5,
        )
        session.add(announcement)
        session.flush()
        announcements.append(announcement)
        for member in dice.sample(members, 12) if is_sent else ():
            session.add(
                AnnouncementRecipient(
                    announcement_id=announcement.id, public_id=announcement.public_id, member_id=member.id
                )
            )
    return announcements


def _random_rooms(dice: random.Random, members: list[Member]) -> None:
    """Rooms of every kind: some joined late or left, some talks of two across a block or a wall, some put away."""
    candidates = [one for one in members if one.roles == Role.CANDIDATE]
    for candidate in dice.sample(candidates, 6):
        _fill_room(dice, Room(kind="office", candidate_id=candidate.id), [candidate], members)
    for number in range(24):
        low, high = sorted(dice.sample([one.id for one in members], 2))
        room = Room(kind="direct", low_id=low, high_id=high, asked_by_id=low if number % 4 == 0 else None)
        if session.scalar(select(Room.id).where(Room.low_id == low, Room.high_id == high)) is None:
            _fill_room(dice, room, [one for one in members if one.id in {low, high}], members)
    for kind in ("group", "seat", "small", "small", "place", "place", "place", "place"):
        room = Room(
            kind=kind,
            owner_id=dice.choice(candidates).id if kind == "small" else None,
            archived_at=_some(dice, 0.25),
            is_announcement=kind == "place" and dice.random() < 0.4,
            is_open=kind == "place",
        )
        _fill_room(dice, room, dice.sample(members, 9), members)
        if kind == "place":
            session.add(RoomAudience(room_id=room.id, role=int(dice.choice(list(Role)))))


def _fill_room(dice: random.Random, room: Room, inside: list[Member], members: list[Member]) -> None:
    session.add(room)
    session.flush()
    for member in inside:
        left = 9 if dice.random() < 0.15 else None
        session.add(
            RoomMember(
                room_id=room.id, member_id=member.id, joined_seq=dice.choice((0, 0, 25)), left_seq=left
            )
        )
    for place in range(5):
        author, actor = dice.choice([*inside, *members, None]), dice.choice([*inside, None])
        message = Message(
            room_id=room.id,
            seq=place * 10 + 1,
            author_id=author.id if author else None,
            author_cohort_id=author.cohort_id if author else None,
            client_key=f"{room.id}-{place}",
            stamp="hello" if dice.random() < 0.2 else "",
            renderer_version=1,
            sent_at=NOON,
            unsent_at=_some(dice, 0.2),
        )
        session.add(message)
        session.flush()
        for step, somebody in ((1, author), (4, actor)):
            session.add(
                RoomEvent(
                    room_id=room.id,
                    seq=place * 10 + step,
                    kind="message" if step == 1 else "react",
                    message_id=message.id,
                    actor_id=somebody.id if somebody else None,
                    actor_cohort_id=somebody.cohort_id if somebody else None,
                    author_id=message.author_id,
                    author_cohort_id=message.author_cohort_id,
                    created_at=NOON,
                )
            )
    for member in dice.sample(members, 2):
        session.add(
            MessageReaction(
                message_id=message.id, member_id=member.id, name="agree", member_cohort_id=member.cohort_id
            )
        )
        session.add(Notice(member_id=member.id, kind="message", message_id=message.id, made_at=NOON))
    report = MessageReport(
        room_id=room.id, reporter_id=dice.choice([*inside, *members]).id, reason="other", reported_at=NOON
    )
    session.add(CheckIn(author_id=inside[0].id, body="-", due_at=NOON))
    wish = TalkRequest(
        member_id=inside[0].id, wish=dice.choice(("office", "mentor")), room_id=room.id, asked_at=NOON
    )
    report.closed_at, wish.answered_at, wish.closed_at = (dice.choice((None, NOON)) for _ in range(3))
    session.add_all([report, wish])
    session.flush()
    for member in dice.sample(members, 6):
        session.add(Notice(member_id=member.id, kind="report", report_id=report.id, made_at=NOON))
        session.add(Notice(member_id=member.id, kind="talk", talk_request_id=wish.id, made_at=NOON))
    session.add(
        Upload(
            owner_id=message.author_id,
            kind="document",
            state="ready",
            size_bytes=1,
            kept_until=date(2026, 10, 6),
            message_id=message.id,
        )
    )


def _random_traces(dice: random.Random, members: list[Member], announcements: list[Announcement]) -> None:
    """Reactions, files and notices: attached to posts or announcements, or to nothing yet."""
    posts = session.scalars(select(Post)).all()
    for post in posts:
        for member in dice.sample(members, 2):
            session.add(
                Reaction(
                    post_id=post.id,
                    member_id=member.id,
                    name=dice.choice(REACTIONS),
                    member_cohort_id=member.cohort_id,
                )
            )
        session.add(Notice(member_id=dice.choice(members).id, kind="reply", post_id=post.id, made_at=NOON))
    for member in members:
        endpoint = f"https://push.invalid/{member.id}"
        session.add(PushSubscription(member_id=member.id, endpoint=endpoint, p256dh="", auth="", device=""))
    for place in [*dice.sample(list(posts), 30), *announcements, None, None, None]:
        session.add(
            Upload(
                owner_id=dice.choice(members).id if dice.random() < 0.9 else None,
                kind="document",
                state=dice.choice(("waiting", "ready", "ready", "ready", "refused")),
                size_bytes=1,
                kept_until=date(2026, 10, 6),
                post_id=place.id if isinstance(place, Post) else None,
                announcement_id=place.id if isinstance(place, Announcement) else None,
            )
        )
    for announcement in announcements:
        for member in dice.sample(members, 12):
            session.add(
                Notice(
                    member_id=member.id,
                    kind="announcement",
                    announcement_id=announcement.id,
                    made_at=NOON,
                )
            )


@pytest.fixture
def random_world(app: Flask) -> Iterator[dict[str, policy.Viewer]]:
    """Viewers of a random world: everybody in it, and nobody."""
    with app.app_context():
        for seed in (1, 2):
            session.execute(Member.__table__.select().limit(1))
            _clear_mails(seed)
            plant_random_world(seed)
        forget_viewers()
        ids = session.scalars(select(Member.id)).all()
        yield {"nobody": policy.NOBODY, **{str(key): viewer for key, viewer in viewers_of(ids).items()}}


def _clear_mails(seed: int) -> None:
    """Make room for another round of the same names."""
    with unit_of_work():
        for member in session.scalars(select(Member).where(Member.mail.like("random%"))):
            member.mail = f"round{seed}-{member.mail}"
        for invitation in session.scalars(select(Invitation).where(Invitation.mail.like("invited%"))):
            invitation.mail = f"round{seed}-{invitation.mail}"
        for board in session.scalars(select(Board).where(Board.slug.like("random-%"))):
            board.slug = f"round{seed}-{board.slug}"


def _rows(kind: type[Base], action: str) -> list[Base]:
    options = loads_of(kind, "view", action)
    return list(session.scalars(select(kind).options(*options)).unique())


def _keys(query: Select[Any], binds: dict[str, object] | None = None) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in session.execute(query, binds)}


@pytest.mark.timeout(400)
def test_the_check_and_the_filter_of_every_rule_agree_for_every_viewer(
    random_world: dict[str, policy.Viewer],
) -> None:
    answers: dict[tuple[str, str], set[bool]] = defaultdict(set)
    # A clause made for one viewer is compiled for each of them: every second, on the second database every fourth, and
    # others of them for each rule.
    step = 2 if is_on_sqlite() else 4
    for turn, (action, kind) in enumerate(policy.registered()):
        rows = _rows(kind, action)
        for number, (name, viewer) in enumerate(random_world.items()):
            key = kind.__mapper__.primary_key
            checked = {inspect(row).identity for row in rows if policy.can(viewer, action, row)}
            if (number + turn) % step == 0:
                filtered = _keys(select(*key).where(policy.allowed(viewer, action, kind)))
                assert checked == filtered, f"{action} {kind.__name__} drifts for viewer {name}"
            once_built = select(*key).where(policy.standing(action, kind))
            assert checked == _keys(once_built, viewer.binds), f"standing {action} {kind.__name__} drifts"
            answers[action, kind.__name__] |= {bool(checked), len(checked) < len(rows)}
    one_sided = {rule for rule, seen in answers.items() if seen != {True, False}}
    assert not one_sided, f"the world never shows both a yes and a no for {one_sided}"


def test_nobody_suspended_and_ended_members_see_nothing_at_all(
    random_world: dict[str, policy.Viewer],
) -> None:
    closed = [viewer for viewer in random_world.values() if not viewer.is_active]
    assert len(closed) > 3
    for viewer in closed:
        for action, kind in policy.registered():
            if action == "view":
                clause = policy.allowed(viewer, action, kind)
                assert not session.scalars(select(kind.__mapper__.primary_key[0]).where(clause)).all()


def test_a_block_acts_in_both_directions_and_a_wall_too(random_world: dict[str, policy.Viewer]) -> None:
    members = {row.id: row for row in session.scalars(select(Member).options(joinedload(Member.cohort)))}
    for viewer in random_world.values():
        for other_id in viewer.blocked_ids:
            assert viewer.id in random_world[str(other_id)].blocked_ids
            assert not policy.can(viewer, "view", members[other_id])
        for row in members.values():
            if row.cohort_id in viewer.walled_cohort_ids:
                assert not policy.can(viewer, "view", row)

"""The demo community: cast.py's people say what texts.py holds, through the operations, with the clock held.

What no door can do (marking the data as a demo, names of office that a person may not take for themselves)
stands in `_found` and `_dress`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update

from app.announcements.cards import Manuscript
from app.announcements.operations import (
    acknowledge,
    cancel_announcement,
    count_acknowledgements,
    discard_draft,
    save_announcement,
    save_template,
    schedule_announcement,
    send_announcement,
)
from app.boards.operations import (
    hide_post,
    open_board,
    pin_topic,
    reply_to_topic,
    set_reaction,
    start_topic,
)
from app.bookmarks.operations import mark_all_read
from app.core import clock
from app.core.db import session
from app.core.errors import AppError
from app.core.events import OutboxRow, drain
from app.core.ids import PublicId
from app.core.names import fold
from app.core.operation import operation
from app.core.passwords import hash_password
from app.core.tokens import secret_of
from app.invitations.cards import Invitee
from app.invitations.operations import PURPOSE, accept_invitation, invite_people, send_invitations
from app.models import REACTIONS, AnnouncementRecipient, Community, Invitation, Member, Notice, Role
from app.notifications.operations import forget_waiting
from app.office.mentors.operations import assign_mentor
from app.office.people.operations import open_profile
from app.office.places.operations import draw_walls, open_cohort, open_group
from app.people.operations import block_person
from app.people.profile.operations import choose_audiences, write_profile
from app.policy import NOBODY, Viewer, viewer_of

from . import announcements, cast, profiles, texts
from .rooms_demo import sit_down, talk_in_rooms

PASSWORD = "tsubomi-demo"
TOKYO = ZoneInfo("Asia/Tokyo")
FOUNDED = datetime(2026, 5, 25, 10, 0, tzinfo=TOKYO)
OPENED = datetime(2026, 5, 28, 10, 0, tzinfo=TOKYO)
# Until here everybody has read everything, and what happened before is nobody's news any more.
CAUGHT_UP = datetime(2026, 11, 17, 20, 0, tzinfo=TOKYO)
SIGNS_SINCE = datetime(2026, 9, 1, tzinfo=TOKYO)
MINORS_JOINED = datetime(2026, 10, 20, 10, 0, tzinfo=TOKYO)
HELP_LINE = "相談窓口：早川法律事務所 0120-000-000（平日 10:00〜18:00・会社を通さずに話せます）"

# Invited, not here yet: HR's list needs somebody to wait for.
_EXPECTED = (
    ("wakana@example.jp", "仲村 若菜", "ナカムラ ワカナ", "sent"),
    ("sosuke@example.jp", "小泉 颯介", "コイズミ ソウスケ", "sent"),
    ("mizuki@example.jp", "柏木 瑞希", "カシワギ ミズキ", "expired"),
    ("ryota@example.jp", "北條 亮太", "ホウジョウ リョウタ", "unsent"),
    ("nanami@example.jp", "東出 七海", "ヒガシデ ナナミ", "unsent"),
)

# Who in the office opened whose profile, and what for: enough for each of them to find something in their own list.
_LOOKS = (
    ("2026-06-09", "jinji", "grouping", ("haruka", "sora", "kotone", "yuto", "minh", "aoi")),
    ("2026-07-14", "jinji", "contact", ("minh",)),
    ("2026-09-15", "jinji", "support", ("sora",)),
    ("2026-10-02", "lead", "procedure", ("haruka", "yui")),
    ("2026-10-21", "jinji", "procedure", ("mei",)),
    ("2026-11-12", "jinji", "placement", ("haruka", "riko")),
)


@dataclass
class _Stage:
    """Who and what has been made so far: internal ids of people, public ids of the rest."""

    people: dict[str, int]
    cohorts: dict[str, PublicId]
    groups: dict[str, PublicId]
    boards: dict[str, PublicId]
    dice: random.Random
    has_templates: bool = False


def plant_demo() -> None:
    """Fill an empty database with the demo community; takes some seconds, most of them for one Argon2 hash a time."""
    password_hash = hash_password(PASSWORD)
    with clock.hold(FOUNDED):
        stage = _Stage({"admin": _found(password_hash)}, {}, {}, {}, random.Random(2027))
        _settle(stage)
        _bring_in(stage, [one for one in cast.PEOPLE if "hr" in one.roles], password_hash)
    with clock.hold(OPENED):
        rest = [one for one in cast.PEOPLE if one.key not in stage.people and one.cohort != "april_minor"]
        _bring_in(stage, rest, password_hash)
        _introduce(stage)
        _open_boards(stage)
    with clock.hold(MINORS_JOINED):
        _bring_in(stage, [one for one in cast.PEOPLE if one.cohort == "april_minor"], password_hash)
    _speak(stage)
    for employee, candidates in announcements.MENTORS.items():
        chosen = [_public_id(stage.people[key]) for key in candidates]
        assign_mentor(_as(stage, "jinji"), chosen, _public_id(stage.people[employee]))
    talk_in_rooms(stage.people, stage.groups, lambda token: _token(stage, token), CAUGHT_UP)
    sit_down(_as(stage, "jinji"))
    _look(stage)
    block_person(_as(stage, "haruka"), _public_id(stage.people["ren"]))
    _await_others(stage)
    drain()
    forget_waiting()


def _look(stage: _Stage) -> None:
    """Openings of profiles, each with the purpose the office chose; the people concerned see them."""
    for day, who, purpose, people in _LOOKS:
        with clock.hold(_at(f"{day} 11:00")):
            for key in people:
                open_profile(_as(stage, who), _public_id(stage.people[key]), purpose=purpose)


def _as(stage: _Stage, key: str) -> Viewer:
    return viewer_of(stage.people[key])


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def _found(password_hash: str) -> int:
    """The community and its administrator, marked as a demo for good."""
    admin = next(one for one in cast.PEOPLE if one.key == "admin")
    session.add(
        Community(
            id=1,
            name=cast.COMPANY_NAME,
            expected_candidates=80,
            help_line=HELP_LINE,
            is_demo=True,
            set_up_at=clock.now(),
        )
    )
    member = Member(
        mail=admin.mail,
        legal_name=admin.legal_name,
        kana=admin.kana,
        roles=int(Role.ADMINISTRATOR),
        display_name=admin.display_name,
        display_fold=fold(admin.display_name),
        bud=admin.bud,
        department=admin.department or "",
        password_hash=password_hash,
        rules_version=1,
        is_demo=True,
    )
    session.add(member)
    session.flush()
    return member.id


def _settle(stage: _Stage) -> None:
    """Cohorts, groups, and the wall between April and October."""
    admin = _as(stage, "admin")
    for cohort in cast.COHORTS:
        stage.cohorts[cohort.key] = open_cohort(
            admin,
            name=cohort.name,
            office_note=cohort.office_note,
            starts_on=cohort.starts_on,
            is_minor_profile=cohort.is_minor_profile,
        )
    for group in cast.GROUPS:
        stage.groups[group.key] = open_group(admin, stage.cohorts[group.cohort], name=group.name)
    draw_walls(admin, [(stage.cohorts["april"], stage.cohorts["october"])])


def _bring_in(stage: _Stage, people: Iterable[cast.Person], password_hash: str) -> None:
    """Invite them, and let each accept; nobody's letter needs to leave for that."""
    inviter = _as(stage, "admin")
    if "jinji" in stage.people:
        inviter = _as(stage, "lead")
    chosen = list(people)
    invite_people(inviter, [_invitee(stage, one) for one in chosen])
    waiting = session.execute(
        select(Invitation.public_id, Invitation.mail).where(Invitation.mail.in_([one.mail for one in chosen]))
    ).all()
    send_invitations(inviter, [row.public_id for row in waiting])
    secrets = _secrets()
    for one in chosen:
        stage.people[one.key] = accept_invitation(
            NOBODY,
            secrets[one.mail],
            display_name=one.display_name if _is_plain(one) else f"社員{one.key}",
            bud=one.bud,
            pace="few",
            rules_version=1,
            language=one.language,
            password_hash=password_hash,
        )
    _dress(stage, chosen)


def _is_plain(person: cast.Person) -> bool:
    return set(person.roles) <= {"candidate", "employee"}


def _secrets() -> Mapping[str, str]:
    rows = session.execute(select(Invitation.mail, Invitation.nonce).where(Invitation.sent_at.is_not(None)))
    return {row.mail: secret_of(PURPOSE, row.nonce) for row in rows}


def _invitee(stage: _Stage, person: cast.Person) -> Invitee:
    return Invitee(
        mail=person.mail,
        legal_name=person.legal_name,
        kana=person.kana,
        roles=person.roles,
        cohort=stage.cohorts[person.cohort] if person.cohort else None,
        group=stage.groups[person.group] if person.group else None,
        department=person.department or "",
        joined_company_on=_joined(person),
    )


def _joined(person: cast.Person) -> date | None:
    if person.years is None:
        return None
    return date(2026 - person.years + 1, 4, 1)


@operation
def _dress(stage: _Stage, people: Iterable[cast.Person]) -> None:
    """Mark the cast as demo people and give the office its names."""
    for person in people:
        session.execute(
            update(Member)
            .where(Member.id == stage.people[person.key])
            .values(
                is_demo=True,
                display_name=person.display_name,
                display_fold=fold(person.display_name),
                # Whoever is in no 班 of April asked to be left out of one.
                joins_groups=person.cohort != "april" or person.group is not None,
            )
        )


def _introduce(stage: _Stage) -> None:
    """About half of the April candidates write something about themselves, each for whom they chose."""
    for key, profile in profiles.PROFILES.items():
        write_profile(_as(stage, key), profile.texts)
        choose_audiences(_as(stage, key), profile.audiences)


def _public_id(member_id: int) -> PublicId:
    return session.scalars(select(Member.public_id).where(Member.id == member_id)).one()


# ── boards ───────────────────────────────────────────────────────────────────────────────────────────────────


def _open_boards(stage: _Stage) -> None:
    for board in texts.BOARDS:
        readers = [_token(stage, each) for each in board.readers]
        writers = [_token(stage, each) for each in board.writers]
        open_board(
            _as(stage, "lead"),
            name=board.name,
            slug=board.slug,
            description=board.description,
            readers=readers,
            writers=writers,
        )
        stage.boards[board.key] = board.slug


def _token(stage: _Stage, token: str) -> str:
    kind, _colon, key = token.partition(":")
    if kind == "cohort":
        return f"cohort:{stage.cohorts[key]}"
    if kind == "group":
        return f"group:{stage.groups[key]}"
    return token


def _speak(stage: _Stage) -> None:
    """Everything said and announced, in the order of time."""
    topics: dict[tuple[str, str], PublicId] = {}
    acts: list[tuple[datetime, Callable[[], None]]] = [(CAUGHT_UP, lambda: _catch_up(stage))]
    for board in texts.BOARDS:
        for topic in board.topics:
            key = (board.slug, topic.title)
            acts.append((_at(topic.at), _starting(stage, topics, key, topic)))
            for reply in topic.replies:
                acts.append((_at(reply.at), _replying(stage, topics, key, reply)))
    for one in announcements.ANNOUNCEMENTS:
        acts.append(
            (_at(one.at if one.state != "scheduled" else "2026-11-20 11:00"), _announcing(stage, one))
        )
    for at, act in sorted(acts, key=lambda each: each[0]):
        with clock.hold(at):
            act()
            if at > CAUGHT_UP:
                drain()
    for slug, title in announcements.PINNED:
        pin_topic(_as(stage, "jinji"), topics[slug, title])
    count_acknowledgements()


@operation
def _catch_up(stage: _Stage) -> None:
    """Everybody has read what there is; nobody is told of it again."""
    for member_id in stage.people.values():
        mark_all_read(viewer_of(member_id))
    newest = session.scalar(select(func.max(Notice.id))) or 0
    session.execute(update(Member).values(notice_bookmark_id=newest))
    session.execute(delete(OutboxRow).where(OutboxRow.fact.in_(("TopicStarted", "ReplyPosted"))))


def _announcing(stage: _Stage, one: announcements.Announcement) -> Callable[[], None]:
    def act() -> None:
        viewer = _as(stage, one.author)
        announcement_id = save_announcement(viewer, _manuscript(stage, one))
        if not stage.has_templates:
            _keep_templates(stage)
        if one.state == "scheduled":
            schedule_announcement(viewer, announcement_id, _at(one.at), revision=1)
        elif one.state != "draft":
            send_announcement(viewer, announcement_id, revision=1)
            drain()
            _answer(announcement_id, one.acknowledged)
        if one.state == "cancelled":
            cancel_announcement(viewer, announcement_id)

    return act


def _manuscript(stage: _Stage, one: announcements.Announcement) -> Manuscript:
    variants = {variant.kind: variant for variant in one.variants}
    easy, english = variants.get("easy"), variants.get("en")
    return Manuscript(
        title=one.title,
        body=one.body,
        is_procedure=one.is_procedure,
        audience=tuple(_token(stage, each) for each in one.audience),
        reaches_invited=one.reaches_invited,
        asks_acknowledgement=one.names_from is not None,
        names_from=date.fromisoformat(one.names_from) if one.names_from else None,
        remind_on=date.fromisoformat(one.remind_on) if one.remind_on else None,
        easy_title=easy.title if easy else "",
        easy_body=easy.body if easy else "",
        english_title=english.title if english else "",
        english_body=english.body if english else "",
    )


def _keep_templates(stage: _Stage) -> None:
    """HR's templates, each saved from a draft as a person would, which is then thrown away."""
    jinji = _as(stage, "jinji")
    for template in announcements.TEMPLATES:
        draft = save_announcement(jinji, Manuscript(title=template.title, body=template.body))
        save_template(jinji, draft, name=template.name)
        discard_draft(jinji, draft)
    stage.has_templates = True


def _answer(announcement_id: PublicId, percent: int) -> None:
    """So many of its recipients say 確認しました, the same ones in every demo; はるか has not yet."""
    if not percent:
        return
    dice = random.Random(7)
    members = session.scalars(
        select(AnnouncementRecipient.member_id)
        .where(
            AnnouncementRecipient.public_id == announcement_id, AnnouncementRecipient.member_id.is_not(None)
        )
        .order_by(AnnouncementRecipient.id)
    ).all()
    for member_id in members:
        is_waiting = percent < 90 and _is_haruka(member_id)
        if member_id is not None and not is_waiting and dice.random() * 100 < percent:
            acknowledge(viewer_of(member_id), announcement_id)


def _is_haruka(member_id: int | None) -> bool:
    return session.scalar(select(Member.mail).where(Member.id == member_id)) == "haruka@example.jp"


def _give_signs(stage: _Stage, post_id: PublicId, dice: random.Random) -> None:
    """A few people leave a sign under a post; whoever does not see it, does not."""
    if clock.now() < SIGNS_SINCE:
        return
    for key in dice.sample(sorted(stage.people), dice.choice((0, 1, 2, 2, 4))):
        try:
            set_reaction(_as(stage, key), post_id, dice.choice(REACTIONS), True)
        except AppError:
            continue


def _at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=TOKYO).astimezone(UTC)


def _starting(
    stage: _Stage, topics: dict[tuple[str, str], PublicId], key: tuple[str, str], topic: texts.Topic
) -> Callable[[], None]:
    def act() -> None:
        topics[key] = start_topic(_as(stage, topic.author), key[0], title=topic.title, body=topic.body)

    return act


def _replying(
    stage: _Stage, topics: dict[tuple[str, str], PublicId], key: tuple[str, str], reply: texts.Reply
) -> Callable[[], None]:
    def act() -> None:
        post_id = reply_to_topic(_as(stage, reply.author), topics[key], body=reply.body)
        if reply.hidden_by and reply.hidden_at:
            with clock.hold(_at(reply.hidden_at)):
                hide_post(_as(stage, reply.hidden_by), post_id, reason=reply.hidden_reason)
        else:
            _give_signs(stage, post_id, stage.dice)

    return act


# ── who is still expected ────────────────────────────────────────────────────────────────────────────────────


def _await_others(stage: _Stage) -> None:
    """Invitations in every state, so that HR's desk has something to do."""
    jinji = _as(stage, "jinji")
    invite_people(
        jinji,
        [
            Invitee(
                mail=mail, legal_name=name, kana=kana, roles=("candidate",), cohort=stage.cohorts["april"]
            )
            for mail, name, kana, _state in _EXPECTED
        ],
    )
    sent_at = {"sent": clock.now(), "expired": datetime(2026, 11, 2, 1, 0, tzinfo=UTC)}
    for state, at in sent_at.items():
        mails = [mail for mail, _name, _kana, its_state in _EXPECTED if its_state == state]
        ids = session.scalars(select(Invitation.public_id).where(Invitation.mail.in_(mails))).all()
        with clock.hold(at):
            send_invitations(jinji, ids)

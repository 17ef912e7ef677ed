"""A lived-in world for the crawls: something hidden, something walled, something that waits, and every address of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from app.core import clock
from app.core.db import session
from app.core.files import storage
from app.core.operation import unit_of_work
from app.core.text import RENDERER_VERSION
from app.core.tokens import hashed, new_nonce, secret_of
from app.exports import shelf
from app.ledger.operations import record
from app.models import (
    Announcement,
    AnnouncementRecipient,
    AnnouncementTemplate,
    Approval,
    Board,
    BoardAudience,
    CheckIn,
    Invitation,
    Member,
    MemberExport,
    MemberSession,
    Message,
    MessageReport,
    Notice,
    Post,
    PushSubscription,
    Role,
    Room,
    RoomEvent,
    RoomMember,
    SeatAnswer,
    TalkRequest,
    Topic,
    Upload,
)
from app.policy import viewer_of
from tests.conftest import NO_SUCH_ID, World

NO_SUCH_SECRET = "a" * 26
NO_SUCH_LETTER = "0" * 32


@dataclass(frozen=True)
class Ids:
    """What a crawl needs besides the world: ids of things most people may not see."""

    hidden_topic: str
    walled_topic: str
    blocked_topic: str
    closed_board_topic: str
    hidden_post: str
    walled_post: str
    invitation: str
    session: str
    notice: str = NO_SUCH_ID
    device: str = NO_SUCH_ID
    draft: str = NO_SUCH_ID
    announcement: str = NO_SUCH_ID
    template: str = NO_SUCH_ID
    wish: str = NO_SUCH_ID
    check_in: str = NO_SUCH_ID
    report: str = NO_SUCH_ID
    posted_file: str = NO_SUCH_ID
    loose_file: str = NO_SUCH_ID
    room: str = NO_SUCH_ID
    closed_room: str = NO_SUCH_ID
    seat_room: str = NO_SUCH_ID
    message: str = NO_SUCH_ID
    closed_message: str = NO_SUCH_ID
    approval: str = NO_SUCH_ID
    export: str = NO_SUCH_ID


def live_in(app: Flask, world: World) -> Ids:
    """Add what a community has after some weeks: hidden, walled and blocked topics, an open invitation."""
    with app.app_context():
        with unit_of_work():
            boards = {board.slug: board.id for board in session.scalars(select(Board))}
            if "staff-room" not in boards:
                staff = Board(slug="staff-room", name="職員室", description="人事だけ", position=9)
                session.add(staff)
                session.flush()
                session.add(BoardAudience(board_id=staff.id, role=int(Role.HR), is_writer=True))
                boards[staff.slug] = staff.id
            hidden = _topic(world.sora.id, world.april.id, boards["square"], "かくれた題")
            hidden.hidden_at, hidden.hidden_reason = clock.now(), "理由"
            walled = _topic(world.yui.id, world.october.id, boards["square"], "壁のむこう")
            blocked = _topic(world.ren.id, world.april.id, boards["square"], "ブロックした人の題")
            closed = _topic(world.jinji.id, None, boards["staff-room"], "職員室の題")
            session.flush()
            open_topic = session.scalars(select(Topic.id).where(Topic.public_id == world.topic_id)).one()
            hidden_post = _post(open_topic, world.sora.id, world.april.id, "かくれた文")
            hidden_post.hidden_at, hidden_post.hidden_reason = clock.now(), "理由"
            walled_post = _post(open_topic, world.yui.id, world.october.id, "壁のむこうの文")
            for topic in (hidden, walled, blocked, closed):
                _post(topic.id, topic.author_id, topic.author_cohort_id, "本文", is_first=True)
            nonce = new_nonce()
            invitation = Invitation(
                mail="new@example.jp",
                legal_name="新井 新",
                roles=int(Role.CANDIDATE),
                cohort_id=world.april.id,
                nonce=nonce,
                secret_hash=hashed(secret_of("invitation", nonce)),
            )
            session.add(invitation)
            first_post = session.scalars(select(Post.id).where(Post.public_id == world.first_post_id)).one()
            notice = Notice(member_id=world.haruka.id, kind="reply", post_id=first_post, made_at=clock.now())
            device = PushSubscription(
                member_id=world.haruka.id, endpoint="https://push.invalid/1", p256dh="", auth="", device=""
            )
            session.add_all([notice, device])
            session.flush()
            ids = [hidden, walled, blocked, closed, hidden_post, walled_post, invitation]
            found = [each.public_id for each in ids]
            record(viewer_of(world.jinji.id), [world.haruka.id], "profile", "grouping")
            own = {"notice": notice.public_id, "device": device.public_id, **_announced(world)}
            own |= (
                _filed(world, first_post) | _talked(world) | _wished(world) | _asked(world) | _exported(world)
            )
        open_session = session.scalar(
            select(MemberSession.public_id).join(Member).where(Member.id == world.haruka.id).limit(1)
        )
        return Ids(*found, session=open_session or NO_SUCH_ID, **own)


def _filed(world: World, post_id: int) -> dict[str, str]:
    """A document under the first post, and one that haruka has not posted yet."""
    files = [
        Upload(
            owner_id=owner.id,
            kind="document",
            state="ready",
            name="持ち物.txt",
            media_type="text/plain; charset=utf-8",
            size_bytes=1,
            file_key=storage().put(b"x"),
            kept_until=clock.now().date(),
            post_id=place,
        )
        for owner, place in ((world.sora, post_id), (world.haruka, None))
    ]
    session.add_all(files)
    session.flush()
    return {"posted_file": files[0].public_id, "loose_file": files[1].public_id}


def _talked(world: World) -> dict[str, str]:
    """A room of haruka and sora, and one of others, each with a message."""
    ids = {}
    for name, people in (("", (world.sora, world.haruka)), ("closed_", (world.naomi, world.takumi))):
        room = Room(kind="small", name="ルーム", newest_seq=1, owner_id=people[0].id)
        session.add(room)
        session.flush()
        texts = {"body": "文", "body_html": "文", "renderer_version": RENDERER_VERSION}
        author = session.get_one(Member, people[0].id)
        said = {"author_id": author.id, "author_cohort_id": author.cohort_id, "room_id": room.id, "seq": 1}
        message = Message(client_key=new_nonce()[:32], sent_at=clock.now(), **said, **texts)
        session.add(message)
        session.flush()
        session.add(
            RoomEvent(
                kind="message", message_id=message.id, actor_id=author.id, created_at=clock.now(), **said
            )
        )
        for person in people:
            session.add(RoomMember(room_id=room.id, member_id=person.id))
            session.get_one(Member, person.id).version += 1
        report = MessageReport(
            room_id=room.id, reporter_id=world.haruka.id, reason="other", reported_at=clock.now()
        )
        session.add(report)
        session.flush()
        ids |= {
            f"{name}room": room.public_id,
            f"{name}message": message.public_id,
            "report": report.public_id,
        }
    return {**ids, "seat_room": _seated(world)}


def _seated(world: World) -> str:
    """となりの席 of haruka and sora; sora answered the quiz."""
    seat = Room(kind="seat", closes_on=clock.now().date() + timedelta(days=3650))
    session.add(seat)
    session.flush()
    session.add_all(RoomMember(room_id=seat.id, member_id=one.id) for one in (world.haruka, world.sora))
    session.add(SeatAnswer(room_id=seat.id, member_id=world.sora.id, question=0, choice=1))
    session.flush()
    return seat.public_id


def _wished(world: World) -> dict[str, str]:
    """haruka's wish to talk with HR, and a round of words to everybody that has not left yet."""
    office = Room(kind="office", candidate_id=world.haruka.id)
    later = clock.now() + timedelta(days=3650)
    check_in = CheckIn(author_id=world.jinji.id, body="お変わりありませんか", due_at=later)
    session.add_all([office, check_in])
    session.flush()
    session.add(RoomMember(room_id=office.id, member_id=world.haruka.id))
    wish = TalkRequest(member_id=world.haruka.id, wish="office", room_id=office.id, asked_at=clock.now())
    session.add(wish)
    session.get_one(Member, world.haruka.id).version += 1
    session.flush()
    return {"wish": wish.public_id, "check_in": check_in.public_id}


def _asked(world: World) -> dict[str, str]:
    """jinji would like a cap to be raised, and waits for a second person."""
    approval = Approval(
        kind="raise_cap",
        asked={"field": "university", "before": "group", "after": "cohort"},
        reason="同期会のため",
        requester_id=world.jinji.id,
        requested_at=clock.now(),
        expires_at=clock.now() + timedelta(days=3650),
    )
    session.add(approval)
    session.flush()
    return {"approval": approval.public_id}


def _exported(world: World) -> dict[str, str]:
    """haruka's own data as a file that lies there for a day."""
    export = MemberExport(
        member_id=world.haruka.id, state="ready", ready_until=clock.now() + timedelta(days=3650)
    )
    session.add(export)
    session.flush()
    shelf.write(world.haruka.id, export.public_id, lambda file: file.write(b"zip"))
    return {"export": export.public_id}


def _announced(world: World) -> dict[str, str]:
    """A draft, an announcement that asks haruka to acknowledge it, and a template."""
    texts = {"body": "文", "body_html": "<p>文</p>", "renderer_version": RENDERER_VERSION}
    draft = Announcement(title="下書きの題", author_id=world.jinji.id, **texts)
    announcement = Announcement(
        title="お知らせの題",
        author_id=world.jinji.id,
        state="sent",
        sent_at=clock.now(),
        asks_acknowledgement=True,
        names_from=clock.now().date(),
        **texts,
    )
    template = AnnouncementTemplate(name="型", title="題", body="文")
    session.add_all([draft, announcement, template])
    session.flush()
    session.add(
        AnnouncementRecipient(
            announcement_id=announcement.id, public_id=announcement.public_id, member_id=world.haruka.id
        )
    )
    session.get_one(Member, world.haruka.id).version += 1
    return {
        "draft": draft.public_id,
        "announcement": announcement.public_id,
        "template": template.public_id,
    }


def _topic(author_id: int, cohort_id: int | None, board_id: int, title: str) -> Topic:
    topic = Topic(
        board_id=board_id,
        author_id=author_id,
        author_cohort_id=cohort_id,
        title=title,
        started_at=clock.now(),
    )
    session.add(topic)
    return topic


def _post(
    topic_id: int, author_id: int | None, cohort_id: int | None, body: str, *, is_first: bool = False
) -> Post:
    post = Post(
        topic_id=topic_id,
        author_id=author_id,
        author_cohort_id=cohort_id,
        is_first=is_first,
        body=body,
        body_html=f"<p>{body}</p>",
        renderer_version=RENDERER_VERSION,
        written_at=clock.now(),
    )
    session.add(post)
    return post


class NoExample(LookupError):
    """A route has a part of which the crawl knows no example: add one to `examples`."""


def examples(app: Flask, world: World, ids: Ids) -> dict[str, tuple[str, ...]]:
    """Real, hidden and missing values of every variable part of a route."""
    assets = app.extensions["tsubomi.assets"]
    return {
        "person_id": (world.haruka.public_id, world.yui.public_id, world.jinji.public_id, NO_SUCH_ID),
        "topic_id": (
            world.topic_id,
            ids.hidden_topic,
            ids.walled_topic,
            ids.blocked_topic,
            ids.closed_board_topic,
            NO_SUCH_ID,
        ),
        "post_id": (world.first_post_id, ids.hidden_post, ids.walled_post, NO_SUCH_ID),
        "cohort_id": (world.april.public_id, world.october.public_id, NO_SUCH_ID),
        "group_id": (world.group_id, NO_SUCH_ID),
        "view_id": (NO_SUCH_ID,),
        "act_id": (NO_SUCH_ID,),
        "export_id": (ids.export, NO_SUCH_ID),
        "approval_id": (ids.approval, NO_SUCH_ID),
        "field": ("university", "no-such-field"),
        "invitation_id": (ids.invitation, NO_SUCH_ID),
        "announcement_id": (ids.announcement, ids.draft, NO_SUCH_ID),
        "template_id": (ids.template, NO_SUCH_ID),
        "request_id": (ids.wish, NO_SUCH_ID),
        "report_id": (ids.report, NO_SUCH_ID),
        "check_in_id": (ids.check_in, NO_SUCH_ID),
        "session_id": (ids.session, NO_SUCH_ID),
        "upload_id": (ids.posted_file, ids.loose_file, NO_SUCH_ID),
        "notice_id": (ids.notice, NO_SUCH_ID),
        "device_id": (ids.device, NO_SUCH_ID),
        "slug": ("square", "news", "wakaba", "staff-room", "no-such-board"),
        "composer": (f"reply-{world.topic_id}", "topic-square", "no-such-composer"),
        "secret": (NO_SUCH_SECRET,),
        "room_id": (ids.room, ids.seat_room, ids.closed_room, NO_SUCH_ID),
        "message_id": (ids.message, ids.closed_message, NO_SUCH_ID),
        "letter_id": (NO_SUCH_LETTER,),
        "key": ("haruka", "nobody"),
        "digest": (assets.digest, "000000000000"),
        "path": ("css/app.css", "js/app.js", "no/such.css"),
    }


def rules_of(app: Flask, method: str) -> list[Rule]:
    """Every route that takes this method."""
    return sorted((rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())), key=str)


def paths_of(app: Flask, rule: Rule, known: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Every address of a route with the known examples. Raises NoExample."""
    names = sorted(rule.arguments)
    missing = [name for name in names if name not in known]
    if missing:
        raise NoExample(f"{rule.rule}: add an example of {missing} to tests/guards/houses.py")
    adapter = app.url_map.bind("localhost")
    for values in product(*(known[name] for name in names)):
        yield adapter.build(rule.endpoint, dict(zip(names, values, strict=True)))

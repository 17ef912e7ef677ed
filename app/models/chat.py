"""Group chat: rooms, who is in them, messages, and the log that puts everything in a room into one order."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, BigId
from app.core.ids import new_public_id

from .board import REACTIONS
from .member import Member

# 班 · made by HR · opened by candidates · two people · 人事への連絡 · となりの席
ROOM_KINDS = ("group", "place", "small", "direct", "office", "seat")
# What is said with one tap, drawn by us; the order in which they are offered.
STAMPS = ("hello", "understood", "thanks", "join", "thinking", "later", "well_done", "congrats")
EVENT_KINDS = ("message", "edit", "unsend", "react", "unreact", "pin", "member", "system")
_NAMES = ", ".join(f"'{name}'" for name in REACTIONS)


class Room(Base):
    """A conversation. `kind` says how its members come about.

    `group` follows a 班; `place` was made by HR; `small` by a candidate, its `owner_id`; `direct` has two people;
    `office` is one candidate with the HR team, who are in it by their role and have no membership; `seat` is closed
    on a day.
    """

    __tablename__ = "room"
    __table_args__ = (
        CheckConstraint("kind IN (" + ", ".join(f"'{kind}'" for kind in ROOM_KINDS) + ")", name="kind"),
        CheckConstraint("low_id IS NULL OR low_id < high_id", name="pair_in_order"),
        Index("ix_room_pair", "low_id", "high_id", unique=True),
        Index("ix_room_kind", "kind"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    kind: Mapped[str] = mapped_column(String(8))
    # Empty where the name follows from who is in it: 班, two people, 人事への連絡.
    name: Mapped[str] = mapped_column(String(60), default="")
    description: Mapped[str] = mapped_column(String(400), default="")
    icon: Mapped[str] = mapped_column(String(16), default="bud")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"), unique=True)
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), unique=True)
    low_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    high_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    # Who wrote the first message to somebody who has not answered yet; they wait, without hearing why.
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    # The log's newest seq. It rises by a random step, so that a jump tells nothing of what one may not see.
    newest_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    # HR writes, others react.
    is_announcement: Mapped[bool] = mapped_column(default=False)
    # Anybody in the audience may join by themselves; otherwise they are in it from the start.
    is_open: Mapped[bool] = mapped_column(default=False)
    # One message a person in so many seconds; 0: as many as they like.
    slow_seconds: Mapped[int] = mapped_column(default=0)
    # The card with something to talk about, a number in the deck of its kind.
    prompt: Mapped[int] = mapped_column(default=0)
    closes_on: Mapped[date | None]
    archived_at: Mapped[datetime | None]

    low: Mapped[Member | None] = relationship(foreign_keys=[low_id], lazy="raise")
    high: Mapped[Member | None] = relationship(foreign_keys=[high_id], lazy="raise")


class RoomAudience(Base):
    """One set of people a room of HR is for: a role, a cohort or a group, one of the three."""

    __tablename__ = "room_audience"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN role IS NULL THEN 0 ELSE 1 END) + (CASE WHEN cohort_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_set",
        ),
        Index("ix_room_audience_room_id", "room_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(BigId, ForeignKey("room.id"))
    role: Mapped[int | None]
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))


class RoomMember(Base):
    """Somebody is in a room and follows its log after `joined_seq`, until `left_seq`.

    `epoch` is raised when they come back, or when what they may see of the room changes: their next connection then
    begins afresh instead of catching up.
    """

    __tablename__ = "room_member"
    __table_args__ = (Index("ix_room_member_member_id", "member_id"),)

    room_id: Mapped[int] = mapped_column(BigId, ForeignKey("room.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(default=1)
    joined_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    left_seq: Mapped[int | None] = mapped_column(BigInteger)
    # Does not wish to be in it: did not answer who asked, who is not told, or left by themselves. Nobody else puts
    # them back.
    is_declined: Mapped[bool] = mapped_column(default=False)

    room: Mapped[Room] = relationship(lazy="raise")
    member: Mapped[Member] = relationship(lazy="raise")


class RoomReader(Base):
    """What one person keeps about one room: a bookmark（しおり）without a time, and how they wish to have it listed.

    Theirs alone. `is_paused`（しばらく休む）: nothing of it is told or counted until they come back.
    """

    __tablename__ = "room_reader"
    __table_args__ = (Index("ix_room_reader_room_id", "room_id"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    room_id: Mapped[int] = mapped_column(BigId, ForeignKey("room.id"), primary_key=True)
    bookmark_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    is_muted: Mapped[bool] = mapped_column(default=False)
    is_paused: Mapped[bool] = mapped_column(default=False)
    # Out of the list until something is said after this place in the log, as in LINE.
    hidden_seq: Mapped[int | None] = mapped_column(BigInteger)
    is_pinned: Mapped[bool] = mapped_column(default=False)


class Message(Base):
    """What somebody said in a room: a text, perhaps with files, or a stamp."""

    __tablename__ = "message"
    __table_args__ = (
        # Kept for ever: however often a client tries, one key is one message.
        Index("ix_message_key", "author_id", "client_key", unique=True),
        Index("ix_message_room_id_seq", "room_id", "seq", unique=True),
        Index("ix_message_reply_to_id", "reply_to_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    room_id: Mapped[int] = mapped_column(BigId, ForeignKey("room.id"))
    # The place of its first event in the room's log.
    seq: Mapped[int] = mapped_column(BigInteger)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    author_cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    client_key: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text, default="")
    body_html: Mapped[str] = mapped_column(Text, default="")
    renderer_version: Mapped[int]
    stamp: Mapped[str] = mapped_column(String(12), default="")
    reply_to_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("message.id"))
    sent_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    # 送信取消: the text is gone, the trace stays.
    unsent_at: Mapped[datetime | None]

    room: Mapped[Room] = relationship(lazy="raise")
    author: Mapped[Member | None] = relationship(lazy="raise")


class RoomEvent(Base):
    """One entry of a room's log. Whose act it was, and whose message it is about, decide who sees it.

    `payload` holds names and numbers only (a reaction's name, who joined, which sentence), never a text of a person.
    """

    __tablename__ = "room_event"
    __table_args__ = (
        CheckConstraint("kind IN (" + ", ".join(f"'{kind}'" for kind in EVENT_KINDS) + ")", name="kind"),
        Index("ix_room_event_message_id", "message_id"),
        Index("ix_room_event_actor_id", "actor_id"),
        Index("ix_room_event_author_id", "author_id"),
    )

    room_id: Mapped[int] = mapped_column(BigId, ForeignKey("room.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    message_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("message.id"))
    # Who acted: wrote, reacted, joined.
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    actor_cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    # Who wrote the message it is about; the same as the actor for messages themselves.
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    author_cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime]

    room: Mapped[Room] = relationship(lazy="raise")


class RoomPin(Base):
    """The message that stands above a room."""

    __tablename__ = "room_pin"

    room_id: Mapped[int] = mapped_column(BigId, ForeignKey("room.id"), primary_key=True)
    message_id: Mapped[int] = mapped_column(BigId, ForeignKey("message.id"))


class MessageMention(Base):
    """A message speaks to somebody by name, chosen among the room's members its author could see."""

    __tablename__ = "message_mention"
    __table_args__ = (Index("ix_message_mention_member_id", "member_id"),)

    message_id: Mapped[int] = mapped_column(BigId, ForeignKey("message.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)


class MessageReaction(Base):
    """One sign of one person under a message; without a time."""

    __tablename__ = "message_reaction"
    __table_args__ = (
        CheckConstraint(f"name IN ({_NAMES})", name="one_of_six"),
        Index("ix_message_reaction_member_id", "member_id"),
    )

    message_id: Mapped[int] = mapped_column(BigId, ForeignKey("message.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(12), primary_key=True)
    # Repeated from the member, as on posts: a wall is a plain comparison.
    member_cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))

    message: Mapped[Message] = relationship(lazy="raise")


class SavedMessage(Base):
    """A message somebody keeps for themselves; its owner alone ever knows."""

    __tablename__ = "saved_message"
    __table_args__ = (Index("ix_saved_message_pair", "member_id", "message_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    message_id: Mapped[int] = mapped_column(BigId, ForeignKey("message.id"))


class MessageReport(Base):
    """Somebody asks the moderators to look at messages they chose; only those are ever shown outside the room."""

    __tablename__ = "message_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    room_id: Mapped[int] = mapped_column(BigId, ForeignKey("room.id"))
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(1000), default="")
    # The audience of the room in words, as it was: 「班「若葉」の6名」.
    audience: Mapped[str] = mapped_column(String(200), default="")
    reported_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ReportedMessage(Base):
    """One message as it read when it was reported, so that taking it back does not take away what happened."""

    __tablename__ = "reported_message"

    report_id: Mapped[int] = mapped_column(ForeignKey("message_report.id"), primary_key=True)
    message_id: Mapped[int] = mapped_column(BigId, ForeignKey("message.id"), primary_key=True)
    body: Mapped[str] = mapped_column(Text)


class TalkRequest(Base):
    """話したい: a candidate wishes to talk, and need not say why. `to` is `office` or `mentor`."""

    __tablename__ = "talk_request"
    __table_args__ = (
        CheckConstraint("wish IN ('office', 'mentor')", name="wish"),
        Index("ix_talk_request_member_id", "member_id"),
        Index("ix_talk_request_room_id", "room_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    wish: Mapped[str] = mapped_column(String(8))
    room_id: Mapped[int] = mapped_column(BigId, ForeignKey("room.id"))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class CheckIn(Base):
    """「お変わりありませんか」: the same words of HR to every candidate, in each one's own 人事への連絡."""

    __tablename__ = "check_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    body: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    # How far the job has come: it goes through candidates in the order of their keys.
    reached_id: Mapped[int] = mapped_column(default=0)
    recipients: Mapped[int] = mapped_column(default=0)


class SeatAnswer(Base):
    """What somebody chose in the sixty-second quiz of a room, shown to those in it who answered too."""

    __tablename__ = "seat_answer"

    room_id: Mapped[int] = mapped_column(BigId, ForeignKey("room.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    question: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    choice: Mapped[int]

"""Facts about rooms and messages; ids only."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class RoomMoved(Fact):
    """A room's log grew to `seq`: whoever follows it on an open page may be told. Lost without harm."""

    room_id: int
    seq: int


@dataclass(frozen=True)
class RoomJoined(Fact):
    """These members came into a room, or it came to them; their open pages may list it."""

    room_id: int
    member_ids: list[int]


@dataclass(frozen=True)
class RoomLeft(Fact):
    """These members are no longer in a room: their sockets leave it at once, on every process."""

    room_id: int
    member_ids: list[int]


@dataclass(frozen=True)
class MessageWaits(Fact):
    """A message lay in its room for a while: whoever it concerns and has not read it may be told."""

    message_id: int


@dataclass(frozen=True)
class MessageEdited(Fact):
    """A message speaks to these members now and did not before; `seq` is the entry of the log that says so."""

    message_id: int
    seq: int
    mentioned: list[int]


@dataclass(frozen=True)
class TalkAsked(Fact):
    """A candidate wishes to talk."""

    request_id: int


@dataclass(frozen=True)
class MessagesReported(Fact):
    """Somebody asks the moderators to look at messages."""

    report_id: int


@dataclass(frozen=True)
class CheckInDue(Fact):
    """HR's same words to everybody may leave, or go on leaving."""

    check_in_id: int

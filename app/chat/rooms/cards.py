"""What a viewer is shown of rooms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from app.core.ids import PublicId
from app.people.audiences import SetChoice
from app.people.cards import PersonCard, folded_groups

# Drawn signs a room can carry (static/img/icons.svg), in the order of the forms.
ICONS = (
    "sprout",
    "chat",
    "people",
    "calendar",
    "announce",
    "helpful",
    "laugh",
    "thanks",
    "company",
    "document",
)


@dataclass(frozen=True)
class RoomFace:
    """How a room is told apart: a drawn icon, or in a talk of two the other person's flower."""

    id: PublicId
    kind: str
    name: str
    icon: str
    person: PersonCard | None = None

    @property
    def bud(self) -> int | None:
        """The flower in the icon's place."""
        return None if self.person is None else self.person.bud


@dataclass(frozen=True)
class RoomFrame:
    """Everything around the messages of one room.

    `audience`: who can read it, in words, and whether staff are among them. `why_not`: the sentence where the composer
    would stand, None where the viewer may send. `is_request`: somebody asks the viewer to talk and waits for an
    answer; `is_waiting`: the viewer asked. `is_mine`: the viewer is a member, and not there by their role.
    """

    face: RoomFace
    description: str
    audience: str
    is_candidate_only: bool
    can_send: bool
    why_not: str | None
    can_pin: bool
    is_mine: bool
    is_muted: bool
    is_paused: bool
    is_request: bool
    is_waiting: bool
    is_announcement: bool
    is_closed: bool
    slow_seconds: int
    closes_on: date | None
    prompt: int
    # The message above the room, as far as the viewer reads it and it stands.
    pinned_id: PublicId | None

    @property
    def id(self) -> PublicId:
        """The room's address."""
        return self.face.id

    @property
    def name(self) -> str:
        """What the room is called for this viewer."""
        return self.face.name

    @property
    def icon(self) -> str:
        """The drawn sign."""
        return self.face.icon

    @property
    def kind(self) -> str:
        """How its members come about (`models.ROOM_KINDS`)."""
        return self.face.kind


@dataclass(frozen=True)
class LastWords:
    """The newest message a viewer sees in a room, in one line; `author` is None where it was the viewer."""

    author: PersonCard | None
    words: str
    at: datetime
    is_today: bool


@dataclass(frozen=True)
class RoomRow:
    """One room of the list. `unread` stops at 100 and is 0 while the viewer takes a rest from the room."""

    face: RoomFace
    last: LastWords | None
    unread: int
    is_muted: bool
    is_pinned: bool
    is_waiting: bool = False


@dataclass(frozen=True)
class OpenRow:
    """A room the viewer may come into by themselves; `is_return`: it is their own 班, which they left."""

    face: RoomFace
    description: str
    is_return: bool


@dataclass(frozen=True)
class RoomShelves:
    """The viewer's rooms: requests first, then what is pinned, then by the newest message the viewer sees."""

    requests: tuple[RoomRow, ...]
    rooms: tuple[RoomRow, ...]


@dataclass(frozen=True)
class RoomsPage(RoomShelves):
    """The viewer's rooms, and what stands below them."""

    paused: tuple[RoomRow, ...]
    hidden: tuple[RoomRow, ...]
    open: tuple[OpenRow, ...]
    can_open: bool
    can_organise: bool

    @property
    def is_empty(self) -> bool:
        """There is nothing to list, not even behind a link."""
        return not (self.requests or self.rooms or self.paused or self.hidden or self.open)


@dataclass(frozen=True)
class AboutPage:
    """One room and who is in it, as far as the viewer meets them.

    `can_return`: whoever leaves may come back by themselves. `hands_on`: somebody else keeps the room then.
    """

    frame: RoomFrame
    people: tuple[PersonCard, ...]
    is_hidden: bool
    is_pinned: bool
    can_leave: bool
    can_return: bool
    hands_on: bool
    can_edit: bool
    can_add: bool


@dataclass(frozen=True)
class ChoosePage:
    """Whom a small room could be opened with: those chosen first, then who was found."""

    room: RoomFace | None
    chosen: tuple[PersonCard, ...]
    found: tuple[PersonCard, ...]
    query: str
    has_more: bool


@dataclass(frozen=True)
class OfficeRoom:
    """One room of HR in their list: its frame, never its talk. `is_crowded`: more people than a conversation holds."""

    face: RoomFace
    description: str
    audience_label: str
    staff_label: str | None
    members: int
    is_member: bool
    is_open: bool
    is_announcement: bool
    is_archived: bool
    is_crowded: bool


@dataclass(frozen=True)
class OfficeRoomPage:
    """The form of one room of HR, or of a new one; `chosen` are the tokens of its sets."""

    face: RoomFace | None
    description: str
    choices: tuple[SetChoice, ...]
    chosen: tuple[str, ...]
    is_open: bool
    is_announcement: bool
    slow_seconds: int
    is_archived: bool
    is_crowded: bool

    def folded(self, chosen: Iterable[str]) -> frozenset[str]:
        """The sets that are folded away while these are chosen."""
        return folded_groups((choice.token for choice in self.choices), chosen)


@dataclass(frozen=True)
class Reach:
    """How candidates reach each other in this community."""

    direct_cap: str
    lets_open_rooms: bool

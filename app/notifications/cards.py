"""What a member is shown of their notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.ids import PublicId
from app.people.cards import Pager, PersonCard


@dataclass(frozen=True)
class NoticeCard:
    """One line of the list: what it leads to, who wrote that (None for announcements), and why the viewer is told.

    Comments in one topic share a line, and so do messages in one room: the newest one, and how many `others` are new
    with it.
    """

    id: PublicId
    kind: str
    icon: str
    reason: str
    title: str
    excerpt: str
    author: PersonCard | None
    made_at: datetime
    is_new: bool
    others: int = 0
    is_message: bool = False


@dataclass(frozen=True)
class NoticesPage:
    """A page of notices, newest first. `newest` is what 「すべて読んだことにする」 moves the bookmark to; None: nothing new."""

    notices: tuple[NoticeCard, ...]
    newest: PublicId | None
    pager: Pager


@dataclass(frozen=True)
class KindChoice:
    """How one kind of notice reaches the member now."""

    kind: str
    label: str
    note: str
    mail: str
    is_pushed: bool


@dataclass(frozen=True)
class DeviceCard:
    """One device that takes pushes, by its coarse name."""

    id: PublicId
    name: str


@dataclass(frozen=True)
class NoticeSettingsPage:
    """The settings of one's own notices. Hours are the company's."""

    kinds: tuple[KindChoice, ...]
    digest: str
    is_paused: bool
    has_mail: bool
    quiet_from: str
    quiet_until: str
    devices: tuple[DeviceCard, ...]
    push_key: str


@dataclass(frozen=True)
class BundleItem:
    """One line of a letter; `count` notices of one reason and one topic or room are said in it."""

    reason: str
    title: str
    count: int = 1


@dataclass(frozen=True)
class Bundle:
    """A letter about notices to one member; `items` are the first lines about `total` notices."""

    to_address: str
    to_name: str
    language: str
    community: str
    items: tuple[BundleItem, ...]
    total: int
    is_digest: bool
    unsubscribe_path: str


@dataclass(frozen=True)
class Push:
    """What is sent to one device: where, and the words; never a word of what somebody wrote.

    `is_emergency`: it does not wait for the end of the quiet hours.
    """

    endpoint: str
    p256dh: str
    auth: str
    payload: dict[str, str]
    is_emergency: bool

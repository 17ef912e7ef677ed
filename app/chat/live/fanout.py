"""The fan-out: what happened in a room goes to the pages that follow it on this process.

A hint says only that a room moved. One worker a process reads what came since it last pushed there, asks the policy about
those who follow now, and makes one encoding for all who see the same. So several messages at once are one pass, a page
that follows a room it may no longer see is told nothing, and a hint that gets lost is made good by the next one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.core.i18n import speaking
from app.core.lane import Lane
from app.core.sockets import Follower, followers, kept_about, tell
from app.policy import Viewer, viewers_now

from .. import log
from ..entries import Entry

# Between two passes over one room: what is said meanwhile is one reading and one write to each page, and nobody notices.
REST_SECONDS = 0.02
MOST_PREVS = 500  # kinds of visibility whose last entry is remembered for a room


def channel_of(room_id: int) -> Hashable:
    """What pages that have a room open follow."""
    return "room", room_id


class Sight(NamedTuple):
    """What of a room's log a viewer sees is decided by these alone, and by when they came."""

    is_member: bool
    is_hr: bool
    blocked_ids: frozenset[int]
    walled_cohort_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Listener:
    """One page and who looks at it; `since` is the seq after which they follow the room, -1 from the beginning."""

    follower: Follower
    viewer: Viewer
    sight: Sight
    since: int


@dataclass(frozen=True, slots=True)
class _Heard:
    """Who listened when a room was last pushed. A viewer is a snapshot: another object as soon as anything about it changed."""

    pairs: list[tuple[Follower, Viewer | None]]
    listeners: list[_Listener]

    def is_for(self, pairs: list[tuple[Follower, Viewer | None]]) -> bool:
        """Whether these are the very same pages and snapshots, in the same order."""
        return len(pairs) == len(self.pairs) and all(
            one is other and viewer is seen
            for (one, viewer), (other, seen) in zip(pairs, self.pairs, strict=True)
        )


def push_room(room_id: int) -> None:
    """Tell those who follow this room here what happened since they were last told."""
    kept = kept_about(channel_of(room_id))
    if kept is None or "seq" not in kept:
        return
    entries = log.entries(room_id, after=kept["seq"], most=log.MOST_AT_ONCE)
    if not entries:
        return
    # Asked after the log was read: whoever begins to follow later reads the log later, too.
    listeners = _listeners(room_id, kept)
    _tell(room_id, entries, listeners, kept.setdefault("prevs", {}))
    kept["seq"] = entries[-1].event.seq
    if len(entries) == log.MOST_AT_ONCE:
        lane.add([room_id])


lane = Lane("fan-out", push_room, rest_seconds=REST_SECONDS)


def _listeners(room_id: int, kept: dict[str, Any]) -> list[_Listener]:
    """Who follows the room here and may listen, now; as last time where neither the pages nor what they may see changed."""
    found = followers(channel_of(room_id))
    viewers = viewers_now({one.member_id for one in found})
    pairs = [(one, viewers.get(one.member_id)) for one in found]
    before: _Heard | None = kept.get("listeners")
    if before is None or not before.is_for(pairs):
        kept["listeners"] = before = _Heard(pairs, [*_listening(room_id, pairs)])
    return before.listeners


def _listening(room_id: int, pairs: Iterable[tuple[Follower, Viewer | None]]) -> Iterator[_Listener]:
    for one, viewer in pairs:
        if viewer is not None and viewer.is_active:
            since = _joined(viewer).get(room_id)
            sight = Sight(since is not None, viewer.is_hr, viewer.blocked_ids, viewer.walled_cohort_ids)
            yield _Listener(one, viewer, sight, -1 if since is None else since)


def _joined(viewer: Viewer) -> dict[int, int]:
    since: dict[int, int] = viewer.keep("since", lambda: dict(viewer.joined))
    return since


def _tell(
    room_id: int, entries: Sequence[Entry], listeners: Sequence[_Listener], prevs: dict[Sight, int]
) -> None:
    """Each kind of listener once; `prevs` remembers the newest entry each kind of sight was told."""
    lowest = min(_seqs(entries))
    acting = _acting(entries)
    first: dict[Sight, Viewer] = {}
    for one in sorted(listeners, key=lambda one: one.since):
        first.setdefault(one.sight, one.viewer)
    for sight, viewer in first.items():
        if sight not in prevs:
            prevs[sight] = log.previous(viewer, room_id, entries[0].event.seq)
    kinds: dict[tuple[Sight, int, int, int | None, str], list[_Listener]] = {}
    for one in listeners:
        prev = prevs[one.sight] if prevs[one.sight] > one.since else 0
        since = one.since if one.since >= lowest else -1
        own = one.viewer.id if one.viewer.id in acting else None
        kinds.setdefault((one.sight, prev, since, own, one.follower.language), []).append(one)
    told: dict[Sight, int] = {}
    for (sight, prev, _since, _own, _language), same in kinds.items():
        seq = _tell_same(entries, same, prev)
        told[sight] = max(seq, told.get(sight, 0))
    _remember(prevs, told)


def _tell_same(entries: Sequence[Entry], same: Sequence[_Listener], prev: int) -> int:
    """Tell listeners of one kind; gives the newest seq they were told, 0 for none."""
    with speaking(same[0].follower.language):
        events = [card.as_json() for card in log.told(same[0].viewer, entries, prev=prev)]
    if not events:
        return 0
    tell([one.follower.sid for one in same], "room:event", *events)
    seq: int = events[-1]["seq"]
    return seq


def _remember(prevs: dict[Sight, int], told: dict[Sight, int]) -> None:
    for sight, seq in told.items():
        if seq:
            prevs[sight] = seq
        elif not prevs[sight]:
            del prevs[sight]  # nothing before, for whoever came first of them; others may have come earlier
    if len(prevs) > MOST_PREVS:
        prevs.clear()


def _seqs(entries: Sequence[Entry]) -> set[int]:
    """Of everything these entries show: a pin or an edit may be about a message from before somebody came."""
    shown = {each.seq for entry in entries for each in (entry.message, entry.quoted) if each is not None}
    return shown | {entries[0].event.seq}


def _acting(entries: Sequence[Entry]) -> set[int | None]:
    """For whom something among these is their own."""
    found: set[int | None] = set()
    for entry in entries:
        found |= {entry.event.actor_id, entry.event.author_id}
        if entry.message is not None:
            found.add(entry.message.author_id)
    return found

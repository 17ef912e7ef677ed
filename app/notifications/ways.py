"""How a notice reaches somebody: what each kind does by itself, and what a person chose instead."""

from __future__ import annotations

from dataclasses import dataclass

from app.policy import Viewer

# The kinds that are made; the order of the settings page. Boards cannot be followed yet, so `topic` is not among them.
KINDS = ("announcement", "reminder", "talk", "report", "message", "mention", "answer", "reply", "room")
# What waits for an office is told to those who hold it, and nobody else is asked how.
DUTIES = frozenset({"talk", "report"})
OFFICIAL = frozenset({"announcement", "reminder"})
# Whoever only reads（読むだけ）is sent what HR or somebody by name says to them, and nothing else by itself.
SENT_TO_READERS = OFFICIAL | DUTIES | {"message", "mention"}
# What can wait until the morning. A report may: two business days are promised. A 話したい may not: one is.
FOR_THE_DIGEST = frozenset({"report", "reply", "room"})
DIGESTS = ("daily", "weekly", "")
MAILS = ("bundle", "digest", "")


@dataclass(frozen=True)
class Ways:
    """`mail`: 'bundle', 'digest' or '' for no mail; `is_pushed`: to the devices that take pushes."""

    mail: str
    is_pushed: bool


NO_WAY = Ways("", False)


def kinds_for(viewer: Viewer) -> tuple[str, ...]:
    """The kinds this member may be told of: all but those of offices they do not hold."""
    others = DUTIES - ({"talk"} if viewer.is_hr else set()) - ({"report"} if viewer.is_moderator else set())
    return tuple(kind for kind in KINDS if kind not in others)


@dataclass(frozen=True)
class Habits:
    """What decides beside the kind: the pace, whether a device takes pushes, how often a digest is wanted, a pause."""

    pace: str
    has_push: bool
    digest: str
    is_paused: bool


def usual_ways(kind: str, habits: Habits) -> Ways:
    """What holds without a choice: mail until a device takes pushes, and from then on pushes."""
    if habits.pace == "read" and kind not in SENT_TO_READERS:
        return NO_WAY
    if kind in FOR_THE_DIGEST:
        return Ways("digest", False)
    return Ways("" if habits.has_push else "bundle", True)


def ways_of(
    kind: str, habits: Habits, chosen: Ways | None, *, is_procedure: bool, is_for_digest: bool
) -> Ways:
    """The ways of one notice. A procedure always goes by mail, whatever was chosen and also during a pause.

    `is_for_digest`: the contact budget is spent, or a whole team is told, so it joins the digest and is not pushed.
    """
    ways = chosen or usual_ways(kind, habits)
    if is_procedure:
        return Ways("bundle", ways.is_pushed and not habits.is_paused)
    if habits.is_paused:
        return NO_WAY
    if is_for_digest:
        wants_any = ways.mail or ways.is_pushed
        return Ways("digest" if wants_any and habits.digest else "", False)
    if ways.mail == "digest" and not habits.digest:
        return Ways("", ways.is_pushed)
    return ways

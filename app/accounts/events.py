"""What happened at the doors; ids only."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class SignInLinkAsked(Fact):
    """Somebody asked for a sign-in link, for an address that may belong to nobody."""

    link_id: int


@dataclass(frozen=True)
class ResetAsked(Fact):
    """Somebody asked to reset a password, for an address that may belong to nobody."""

    link_id: int


@dataclass(frozen=True)
class ConfirmationAsked(Fact):
    """A member asked for a code that proves who they are."""

    link_id: int


@dataclass(frozen=True)
class NewMailAsked(Fact):
    """A member asked to move to another address, which may be taken."""

    link_id: int


@dataclass(frozen=True)
class MailChanged(Fact):
    """A member moved to another address; the row `notice_id` holds the old one until it has been told."""

    member_id: int
    notice_id: int


@dataclass(frozen=True)
class PasswordChanged(Fact):
    """A member's password was set or changed."""

    member_id: int


@dataclass(frozen=True)
class SecondFactorChanged(Fact):
    """A member's second factor was set up, replaced or taken away."""

    member_id: int


@dataclass(frozen=True)
class SessionsEnded(Fact):
    """One or all sessions of a member ended: open sockets have to prove themselves again."""

    member_id: int


@dataclass(frozen=True)
class RolesGiven(Fact):
    """A member's roles were changed."""

    member_id: int
    given_by_id: int


@dataclass(frozen=True)
class MemberSuspended(Fact):
    """A member's doors were closed for a while."""

    member_id: int


@dataclass(frozen=True)
class SuspensionLifted(Fact):
    """A member's doors were opened again."""

    member_id: int


@dataclass(frozen=True)
class MembershipEnded(Fact):
    """A member left, or was made to; `keeps_name` says whether what they wrote keeps their display name.

    `placeholder_id`: the nameless row that is the author of it now, where blocks must go on without the person.
    """

    member_id: int
    keeps_name: bool
    placeholder_id: int | None = None

"""What happened to invitations."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.events import Fact


@dataclass(frozen=True)
class InvitationSent(Fact):
    """HR sent an invitation, for the first time or again; `nonce` tells this sending from a later one."""

    invitation_id: int
    nonce: str


@dataclass(frozen=True)
class MemberJoined(Fact):
    """Somebody accepted their invitation and is a member now."""

    member_id: int

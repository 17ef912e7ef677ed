"""Every table; no queries here."""

from __future__ import annotations

from .account import Invitation, MemberSession, OneTimeLink, RecoveryCode
from .board import Board, BoardAudience, Post, Topic
from .community import SMALL_COMMUNITY, Cohort, Community, Group, Wall
from .member import Block, GroupMember, Member, ProfileValue
from .roles import EXCLUSIONS, POWERS, STAFF, UNBLOCKABLE, Role, excluded_pair

__all__ = [
    "EXCLUSIONS",
    "POWERS",
    "SMALL_COMMUNITY",
    "STAFF",
    "UNBLOCKABLE",
    "Block",
    "Board",
    "BoardAudience",
    "Cohort",
    "Community",
    "Group",
    "GroupMember",
    "Invitation",
    "Member",
    "MemberSession",
    "OneTimeLink",
    "Post",
    "ProfileValue",
    "RecoveryCode",
    "Role",
    "Topic",
    "Wall",
    "excluded_pair",
]

"""Every table; no queries here."""

from __future__ import annotations

from .account import Invitation, MemberSession, OneTimeLink, RecoveryCode
from .announcement import (
    Announcement,
    AnnouncementAudience,
    AnnouncementRecipient,
    AnnouncementTemplate,
    AnnouncementVariant,
    ContactSpent,
)
from .board import (
    REACTIONS,
    Board,
    BoardAudience,
    BoardReader,
    Level,
    Mention,
    Post,
    PostRevision,
    Reaction,
    SavedPost,
    Topic,
    TopicReader,
)
from .community import SMALL_COMMUNITY, Cohort, Community, Group, Wall
from .file import Upload
from .member import Block, GroupMember, Member, Mentor, ProfileValue
from .notice import NOTICE_KINDS, Notice, NoticeChoice, NoticeMail, NoticeSettings, PushSubscription
from .office import BulkAct, SavedView
from .roles import EXCLUSIONS, POWERS, STAFF, UNBLOCKABLE, Role, excluded_pair
from .writing import Draft

__all__ = [
    "EXCLUSIONS",
    "NOTICE_KINDS",
    "POWERS",
    "REACTIONS",
    "SMALL_COMMUNITY",
    "STAFF",
    "UNBLOCKABLE",
    "Announcement",
    "AnnouncementAudience",
    "AnnouncementRecipient",
    "AnnouncementTemplate",
    "AnnouncementVariant",
    "Block",
    "Board",
    "BoardAudience",
    "BoardReader",
    "BulkAct",
    "Cohort",
    "Community",
    "ContactSpent",
    "Draft",
    "Group",
    "GroupMember",
    "Invitation",
    "Level",
    "Member",
    "MemberSession",
    "Mention",
    "Mentor",
    "Notice",
    "NoticeChoice",
    "NoticeMail",
    "NoticeSettings",
    "OneTimeLink",
    "Post",
    "PostRevision",
    "ProfileValue",
    "PushSubscription",
    "Reaction",
    "RecoveryCode",
    "Role",
    "SavedPost",
    "SavedView",
    "Topic",
    "TopicReader",
    "Upload",
    "Wall",
    "excluded_pair",
]

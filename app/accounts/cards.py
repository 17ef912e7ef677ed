"""What the doors show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.core.i18n import _

# From the role that says most about a person to the one that says least.
ROLE_NAMES: dict[int, str] = {
    8: _("人事責任者"),
    4: _("人事"),
    16: _("モデレーター"),
    32: _("第三者相談窓口"),
    64: _("監査担当"),
    128: _("システム管理者"),
    2: _("社員"),
    1: _("内定者"),
}


def role_names(roles: int) -> list[str]:
    """The words for every role within `roles`."""
    return [name for role, name in ROLE_NAMES.items() if roles & role]


@dataclass(frozen=True)
class MeCard:
    """Oneself, around every page. The booleans say what may be used now, not what one was appointed to."""

    id: str
    name: str
    bud: int
    role_mark: str
    is_candidate: bool
    is_staff: bool
    is_hr: bool
    is_moderator: bool
    is_administrator: bool


@dataclass(frozen=True)
class Known:
    """Somebody whose first proof was right. `seal` changes with their password or second factor."""

    member_id: int
    public_id: str
    needs_code: bool
    seal: str


@dataclass(frozen=True)
class LinkPage:
    """A sign-in link that was opened: does it work, and in this browser?"""

    is_alive: bool
    is_this_browser: bool


@dataclass(frozen=True)
class ResetPage:
    """A password reset that was opened. `about` is what the new password must not contain."""

    needs_code: bool
    about: tuple[str, ...]


@dataclass(frozen=True)
class SessionCard:
    """One signed-in device: a name and the day it ends, no times."""

    id: str
    device: str
    is_this: bool
    ends_on: date


@dataclass(frozen=True)
class SecurityPage:
    """One's own doors."""

    mail: str
    has_password: bool
    has_second_factor: bool
    must_have_second_factor: bool
    recovery_codes_left: int
    sessions: tuple[SessionCard, ...]


@dataclass(frozen=True)
class OwnFactors:
    """How this member can prove who they are. `about` is what a password must not contain."""

    method: str  # "code", "password" or "mail"
    has_password: bool
    has_second_factor: bool
    must_have_second_factor: bool
    mail: str
    about: tuple[str, ...]


@dataclass(frozen=True)
class LeavePage:
    """Leaving: under which name one has written, and how much of what there is stays, or goes with them.

    `posts` counts topics and comments, also those taken back; `messages` those not taken back; `files` what hangs on
    either. `drafts`, `saved` and `fields` (of the profile) are deleted; `signs` (reactions) unless the name stays.
    """

    display_name: str
    is_candidate: bool
    posts: int
    messages: int
    files: int
    fields: int
    drafts: int
    saved: int
    signs: int


@dataclass(frozen=True)
class RulesPage:
    """The community's rules in the reader's language; `can_accept` while this version is not accepted yet."""

    title: str
    version: int
    items: tuple[tuple[str, str], ...]
    can_accept: bool

"""What stands around every page: tabs for a phone, the rail on a PC, the community's name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.chat.reports.queries import open_reports
from app.core.i18n import _
from app.core.web import Surroundings, Visitor
from app.home.queries import community_facts
from app.notifications.queries import waiting_count
from app.policy import Viewer


@dataclass(frozen=True)
class NavItem:
    """One place to go; `badge` counts what waits there for the visitor, if anything may be counted."""

    key: str
    label: str
    href: str
    icon: str
    is_active: bool = False
    badge: int | None = None

    @property
    def active(self) -> bool:
        """The page on the screen belongs here."""
        return self.is_active


# (key, label, address, icon, further addresses that belong to it)
_TABS = (
    ("home", _("ホーム"), "/", "home", ()),
    ("rooms", _("トーク"), "/rooms", "chat", ("/messages",)),
    ("boards", _("ひろば"), "/boards", "boards", ("/topics", "/posts")),
    ("people", _("メンバー"), "/people", "people", ()),
    ("me", _("マイページ"), "/me", "me", ("/rules", "/confirm")),
)
_OFFICE = ("hr", _("人事デスク"), "/hr", "office", ())
_MODERATION = ("moderation", _("トークからの通報"), "/moderation", "moderation", ())
_ADMIN = ("admin", _("管理"), "/admin", "admin", ("/setup",))


def surroundings_of(visitor: Visitor | None, path: str) -> Surroundings:
    """The surroundings of a page for this visitor; nobody gets no navigation."""
    facts = community_facts(visitor.community_version if visitor else None)
    if visitor is None:
        return Surroundings(facts.name, facts.is_demo, facts.help_line)
    return Surroundings(
        facts.name,
        facts.is_demo,
        facts.help_line,
        nav=tuple(_item(tab, path) for tab in _TABS),
        side_nav=tuple(_sides(visitor.viewer, path)),
        bell=lambda: _bell(visitor.viewer, path),
    )


def _sides(viewer: Viewer, path: str) -> Iterator[NavItem]:
    """Where the roles of this person work."""
    if viewer.is_hr:
        yield _item(_OFFICE, path)
    if viewer.is_moderator:
        yield _item(_MODERATION, path, badge=open_reports(viewer) or None)
    if viewer.is_administrator:
        yield _item(_ADMIN, path)


def _bell(viewer: Viewer, path: str) -> NavItem:
    """The way to the list of notices, with how many are new; counted in one statement."""
    return NavItem(
        "notices", _("通知"), "/notices", "bell", path.startswith("/notices"), waiting_count(viewer)
    )


def _item(tab: tuple[str, str, str, str, tuple[str, ...]], path: str, *, badge: int | None = None) -> NavItem:
    key, label, href, icon, others = tab
    # /messages is no page below /me.
    is_active = (
        path == "/" if href == "/" else f"{path}/".startswith(tuple(f"{one}/" for one in (href, *others)))
    )
    return NavItem(key, label, href, icon, is_active, badge)

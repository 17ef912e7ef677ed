"""What the doors need to know, and what a member sees of their own doors."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, ScalarSelect, bindparam, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import language_now
from app.core.tokens import hashed, same_secret
from app.models import (
    POWERS,
    Community,
    Draft,
    Member,
    MemberSession,
    Message,
    MessageReaction,
    OneTimeLink,
    Post,
    ProfileValue,
    Reaction,
    RecoveryCode,
    SavedMessage,
    SavedPost,
    Upload,
)
from app.policy import Viewer
from app.policy.fields import FIELDS

from . import community_rules
from .cards import (
    Known,
    LeavePage,
    LinkPage,
    OwnFactors,
    ResetPage,
    RulesPage,
    SecurityPage,
    SessionCard,
)
from .sessions import shown_device

MOST_WRONG_CODES = 5


def is_here() -> ColumnElement[bool]:
    """Neither suspended nor gone."""
    return Member.suspended_at.is_(None) & Member.ended_at.is_(None)


def alive(purpose: str) -> ColumnElement[bool]:
    """Links of this purpose that can still be used."""
    return (
        (OneTimeLink.purpose == purpose)
        & (OneTimeLink.expires_at > now())
        & (OneTimeLink.wrong_codes < MOST_WRONG_CODES)
    )


# ── half-way through a sign-in ──────────────────────────────────────────────────────────────────────────────


def known(member_id: int) -> Known | None:
    """What has to follow after this member's first proof; None if they are suspended or gone."""
    return _known(Member.id, member_id)


def half_signed_in(public_id: str, seal: str) -> Known | None:
    """The person a half-finished sign-in belongs to, unless their password or second factor changed since."""
    found = _known(Member.public_id, public_id)
    return found if found is not None and same_secret(found.seal, seal) else None


def _known(column: InstrumentedAttribute[int] | InstrumentedAttribute[str], value: int | str) -> Known | None:
    row = session.execute(
        select(Member.id, Member.public_id, Member.password_hash, Member.totp_secret).where(
            column == value, is_here()
        )
    ).first()
    if row is None:
        return None
    return Known(
        member_id=row.id,
        public_id=row.public_id,
        needs_code=row.totp_secret is not None,
        seal=hashed(f"seal\0{row.password_hash}\0{row.totp_secret}")[:24],
    )


def link_page(secret: str, browser: str) -> LinkPage:
    """A sign-in link as the browser that opened it sees it; opening changes nothing."""
    row = session.execute(
        select(OneTimeLink.browser_hash).where(
            alive("sign_in"), OneTimeLink.secret_hash == hashed(secret), OneTimeLink.member_id.is_not(None)
        )
    ).first()
    if row is None:
        return LinkPage(is_alive=False, is_this_browser=False)
    return LinkPage(is_alive=True, is_this_browser=row.browser_hash == hashed(browser))


def reset_page(secret: str) -> ResetPage | None:
    """A password reset that can still be used, or None."""
    row = session.execute(
        select(Member.mail, Member.display_name, Member.totp_secret)
        .join(OneTimeLink, OneTimeLink.member_id == Member.id)
        .where(alive("reset_password"), OneTimeLink.secret_hash == hashed(secret), is_here())
    ).first()
    if row is None:
        return None
    return ResetPage(needs_code=row.totp_secret is not None, about=(row.mail or "", row.display_name))


def new_mail_of(secret: str) -> str | None:
    """The address an opened change of address leads to; None if the link can no longer be used."""
    return session.scalar(
        select(OneTimeLink.new_mail)
        .join(Member, Member.id == OneTimeLink.member_id)
        .where(alive("change_mail"), OneTimeLink.secret_hash == hashed(secret), is_here())
    )


# ── one's own doors ─────────────────────────────────────────────────────────────────────────────────────────


def security_page(viewer: Viewer, token: str) -> SecurityPage:
    """One's own address, proofs and devices; `token` says which of the devices is this one."""
    factors = own_factors(viewer)
    codes = session.scalar(
        select(func.count()).select_from(RecoveryCode).where(RecoveryCode.member_id == viewer.id)
    )
    return SecurityPage(
        mail=factors.mail,
        has_password=factors.has_password,
        has_second_factor=factors.has_second_factor,
        must_have_second_factor=factors.must_have_second_factor,
        recovery_codes_left=codes or 0,
        sessions=_sessions(viewer, hashed(token)),
    )


def _sessions(viewer: Viewer, own_hash: str) -> tuple[SessionCard, ...]:
    rows = session.execute(
        select(
            MemberSession.public_id,
            MemberSession.device,
            MemberSession.expires_on,
            (MemberSession.secret_hash == own_hash).label("is_this"),
        )
        .where(policy.allowed(viewer, "view", MemberSession))
        # By name, not by age: the order must not tell when a device was used.
        .order_by(MemberSession.device, MemberSession.public_id)
    ).all()
    cards = [
        SessionCard(row.public_id, shown_device(row.device), row.is_this, row.expires_on) for row in rows
    ]
    return tuple(sorted(cards, key=lambda card: not card.is_this))


def own_factors(viewer: Viewer) -> OwnFactors:
    """How this member can prove who they are. Raises NotFound for nobody."""
    row = session.execute(
        select(
            Member.roles,
            Member.mail,
            Member.display_name,
            Member.legal_name,
            Member.is_demo,
            Member.password_hash.is_not(None).label("has_password"),
            Member.totp_secret.is_not(None).label("has_totp"),
        ).where(Member.id == viewer.id, is_here())
    ).first()
    if row is None:
        raise NotFound()
    return OwnFactors(
        method="code" if row.has_totp else "password" if row.has_password else "mail",
        has_password=row.has_password,
        has_second_factor=row.has_totp,
        must_have_second_factor=bool(row.roles & POWERS) and not row.is_demo,
        mail=row.mail or "",
        about=(row.mail or "", row.display_name, row.legal_name),
    )


_GIVEN = tuple(key for key, field in FIELDS.items() if field.is_given)
_viewer_id: ColumnElement[Any] = bindparam("viewer_id", type_=Integer)


def _how_many(column: Any, *which: ColumnElement[bool]) -> ScalarSelect[int]:
    """Rows of the column's table that are the viewer's."""
    return (
        select(func.count()).select_from(column.class_).where(column == _viewer_id, *which).scalar_subquery()
    )


_is_attached = or_(Upload.post_id.is_not(None), Upload.message_id.is_not(None))
# As one statement: what stays and what goes must be told of one moment.
_OWN = select(
    Member.display_name,
    _how_many(Post.author_id).label("posts"),
    _how_many(Message.author_id, Message.unsent_at.is_(None)).label("messages"),
    _how_many(Upload.owner_id, _is_attached).label("files"),
    _how_many(ProfileValue.member_id, ProfileValue.field.not_in(_GIVEN)).label("fields"),
    _how_many(Draft.member_id).label("drafts"),
    (_how_many(SavedPost.member_id) + _how_many(SavedMessage.member_id)).label("saved"),
    (_how_many(Reaction.member_id) + _how_many(MessageReaction.member_id)).label("signs"),
).where(Member.id == _viewer_id)


def leave_page(viewer: Viewer) -> LeavePage:
    """What leaving means for this member. The counts are their own, for their own page, and are kept nowhere."""
    row = session.execute(_OWN, {"viewer_id": viewer.id}).one()
    return LeavePage(is_candidate=viewer.is_candidate, **row._mapping)


def rules_page(viewer: Viewer) -> RulesPage:
    """The rules in the language now spoken, and whether this viewer still has to accept them."""
    accepted = session.scalar(
        select(Member.rules_version < Community.rules_version)
        .join(Community, Community.id == 1)
        .where(Member.id == viewer.id)
    )
    language = language_now()
    return RulesPage(
        title=community_rules.TITLES[language],
        version=newest_rules_version(),
        items=community_rules.ITEMS[language],
        can_accept=bool(accepted),
    )


def newest_rules_version() -> int:
    """The version everybody has to have accepted."""
    return session.scalar(select(Community.rules_version).where(Community.id == 1)) or community_rules.VERSION


def community_name() -> str:
    """The name an authenticator app shows."""
    return session.scalar(select(Community.name).where(Community.id == 1)) or ""

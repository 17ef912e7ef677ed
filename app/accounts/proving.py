"""How a person proves who they are with a password: the slow part, outside any transaction."""

from __future__ import annotations

from sqlalchemy import select

from app.core.db import session
from app.core.errors import Forbidden, Invalid
from app.core.i18n import _, t
from app.core.passwords import WeakPassword, check_password, check_strength, hash_password, needs_rehash
from app.models import Member
from app.policy import Viewer

from . import operations
from .mails import normal_mail


def prove_by_password(mail: str, password: str) -> int | None:
    """The member this mail address and password belong to, or None; the work is the same for anybody.

    Raises Forbidden with the reason for a suspended member, but only after the right password.
    """
    row = session.execute(
        select(Member.id, Member.password_hash, Member.suspended_at, Member.suspension_reason).where(
            Member.mail == normal_mail(mail), Member.ended_at.is_(None)
        )
    ).first()
    session.rollback()  # nothing stays open while Argon2 works
    is_right = check_password(row.password_hash if row else None, password)
    if row is None or not is_right:
        return None
    if row.suspended_at is not None:
        raise Forbidden(
            _(
                "現在、利用を停止しています。理由は「%(reason)s」です。"
                "ご不明な点や、おかしいと思うことがあれば、人事の担当者にお問い合わせください。",
                reason=row.suspension_reason,
            )
        )
    _renew(row.id, row.password_hash, password)
    return int(row.id)


def prove_own_password(viewer: Viewer, password: str) -> bool:
    """Whether this is the signed-in member's own password."""
    stored = session.scalar(select(Member.password_hash).where(Member.id == viewer.id))
    session.rollback()
    return check_password(stored, password)


def new_password_hash(password: str, *, about: tuple[str, ...], field: str = "new_password") -> str:
    """The hash of a password that may be set. Raises Invalid with the sentence beside `field`."""
    session.rollback()
    try:
        check_strength(password, about=[part for part in about if part])
    except WeakPassword as refusal:
        raise Invalid(t("このパスワードは使えません。"), {field: [refusal.sentence]}) from None
    return hash_password(password)


def _renew(member_id: int, stored: str, password: str) -> None:
    if needs_rehash(stored):
        operations.renew_password_hash(member_id, stored, hash_password(password))

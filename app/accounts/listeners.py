"""What follows at the doors: letters, composed from the database as it is when they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select

from app.core.db import session
from app.core.events import Delivery, delivers, hints
from app.core.i18n import _, speaking
from app.core.mail import letter_text, link_to, send_letter
from app.core.sockets import close_sockets
from app.core.tokens import code_of, secret_of
from app.models import POWERS, Community, Member, OneTimeLink

from .events import (
    ConfirmationAsked,
    MailChanged,
    MemberSuspended,
    NewMailAsked,
    PasswordChanged,
    ResetAsked,
    SecondFactorChanged,
    SessionsEnded,
    SignInLinkAsked,
    SuspensionLifted,
)
from .operations import forget_link, may_reset_by_mail
from .queries import alive, is_here


@dataclass(frozen=True)
class _To:
    """Who a letter goes to, and what is said in it of the community."""

    address: str
    name: str
    language: str
    community: str


@hints(SessionsEnded)
def close_open_sockets(fact: SessionsEnded) -> None:
    """An open connection must not outlive its session; those that remain signed in connect again."""
    close_sockets(fact.member_id)


@delivers(SignInLinkAsked)
def mail_sign_in_link(fact: SignInLinkAsked, delivery: Delivery) -> None:
    """The link and its 6 digits; to people with powers a letter that says which way is theirs."""
    row = _linked(fact.link_id, "sign_in")
    if row is None:
        return
    if row.roles & POWERS:
        _send(_to(row), "sign_in_powers", _("サインインの方法について"), delivery, link=link_to("/sign-in"))
        return
    _send(
        _to(row),
        "sign_in_link",
        _("サインイン用のリンク"),
        delivery,
        link=link_to(f"/sign-in/{secret_of('sign_in', row.nonce)}"),
        code=code_of("sign_in", row.nonce),
    )


@delivers(ConfirmationAsked)
def mail_confirmation_code(fact: ConfirmationAsked, delivery: Delivery) -> None:
    """The 6 digits by which a signed-in member proves who they are."""
    row = _linked(fact.link_id, "confirm")
    if row is not None:
        _send(_to(row), "confirm", _("ご本人確認の番号"), delivery, code=code_of("confirm", row.nonce))


@delivers(ResetAsked)
def mail_reset_link(fact: ResetAsked, delivery: Delivery) -> None:
    """The link to a new password; where a letter is not enough, a letter that says so."""
    row = _linked(fact.link_id, "reset_password")
    if row is None:
        return
    if not may_reset_by_mail(row.roles, row.totp_secret, row.is_demo):
        _send(_to(row), "reset_powers", _("パスワードの再設定について"), delivery)
        return
    _send(
        _to(row),
        "reset",
        _("パスワードの再設定"),
        delivery,
        link=link_to(f"/password/{secret_of('reset_password', row.nonce)}"),
    )


@delivers(NewMailAsked)
def mail_new_address(fact: NewMailAsked, delivery: Delivery) -> None:
    """The link that proves the new address is theirs; nothing where the address was taken."""
    row = _linked(fact.link_id, "change_mail")
    if row is not None and row.new_mail:
        link = link_to(f"/mail/{secret_of('change_mail', row.nonce)}")
        _send(_to(row, row.new_mail), "new_mail", _("メールアドレスの確認"), delivery, link=link)


@delivers(MailChanged)
def mail_old_address(fact: MailChanged, delivery: Delivery) -> None:
    """The old address is told, without a link, and then forgotten."""
    row = _linked(fact.notice_id, "old_mail")
    if row is not None and row.new_mail:
        subject = _("メールアドレスが変更されました")
        _send(_to(row, row.new_mail), "old_mail", subject, delivery)
        forget_link(fact.notice_id, "old_mail")


@delivers(PasswordChanged)
def mail_password_changed(fact: PasswordChanged, delivery: Delivery) -> None:
    """Whoever did not do it themselves learns of it."""
    to = _member(fact.member_id)
    if to is not None:
        _send(to, "password_changed", _("パスワードが変更されました"), delivery)


@delivers(SecondFactorChanged)
def mail_second_factor_changed(fact: SecondFactorChanged, delivery: Delivery) -> None:
    """Whoever did not do it themselves learns of it."""
    to = _member(fact.member_id)
    if to is not None:
        _send(to, "second_factor_changed", _("2段階認証の設定が変更されました"), delivery)


@delivers(MemberSuspended)
def mail_suspension(fact: MemberSuspended, delivery: Delivery) -> None:
    """That the doors are closed, why, and whom to ask; unless they are open again."""
    row = session.execute(
        _addressed()
        .add_columns(Member.suspension_reason)
        .where(Member.id == fact.member_id, Member.suspended_at.is_not(None), Member.ended_at.is_(None))
    ).first()
    if row is not None and row.mail:
        subject = _("ご利用の停止について")
        _send(_to(row), "suspended", subject, delivery, reason=row.suspension_reason)


@delivers(SuspensionLifted)
def mail_suspension_lifted(fact: SuspensionLifted, delivery: Delivery) -> None:
    """That the doors are open again."""
    to = _member(fact.member_id)
    if to is not None:
        _send(to, "suspension_lifted", _("ご利用を再開できます"), delivery, link=link_to("/sign-in"))


# ── helpers ──────────────────────────────────────────────────────────────────────────────────────


def _addressed() -> Select[Any]:
    return (
        select(
            Member.mail,
            Member.display_name,
            Member.language,
            Member.roles,
            Member.totp_secret,
            Member.is_demo,
            Community.name.label("community"),
        )
        .select_from(Member)
        .join(Community, Community.id == 1)
    )


def _linked(link_id: int, purpose: str) -> Row[Any] | None:
    """The member a link was made for and what it needs, while it can still be used."""
    return session.execute(
        _addressed()
        .join(OneTimeLink, OneTimeLink.member_id == Member.id)
        .add_columns(OneTimeLink.nonce, OneTimeLink.new_mail)
        .where(OneTimeLink.id == link_id, alive(purpose), is_here(), Member.mail.is_not(None))
    ).first()


def _member(member_id: int) -> _To | None:
    row = session.execute(
        _addressed().where(Member.id == member_id, is_here(), Member.mail.is_not(None))
    ).first()
    return None if row is None else _to(row)


def _to(row: Row[Any], address: str | None = None) -> _To:
    return _To(address or row.mail, row.display_name, row.language, row.community)


def _send(to: _To, template: str, subject: str, delivery: Delivery, **context: Any) -> None:
    session.rollback()  # no transaction stays open while a mail server is waited for
    with speaking(to.language):
        spoken = str(subject)
    text = letter_text(
        f"accounts/{template}.txt", to.language, name=to.name, community=to.community, **context
    )
    send_letter(
        to_address=to.address,
        to_name=to.name,
        subject=spoken,
        text=text,
        language=to.language,
        key=delivery.key,
    )

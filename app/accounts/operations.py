"""Everything that changes at the doors: sessions, links, proofs, roles, suspension, leaving."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import CursorResult, delete, exists, func, or_, select, union, update
from sqlalchemy.exc import IntegrityError

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.events import OutboxRow
from app.core.i18n import _, join_names
from app.core.ids import PublicId
from app.core.operation import announce, operation
from app.core.tokens import code_of, hashed, new_nonce, same_secret, secret_of
from app.ledger.operations import forget_entries_about
from app.models import (
    POWERS,
    SMALL_COMMUNITY,
    UNBLOCKABLE,
    Block,
    Community,
    GroupMember,
    Member,
    MemberSession,
    Mentor,
    OneTimeLink,
    ProfileValue,
    RecoveryCode,
    Role,
    SavedView,
    excluded_pair,
)
from app.policy import Viewer

from . import second_factor
from .cards import role_names
from .events import (
    ConfirmationAsked,
    MailChanged,
    MembershipEnded,
    MemberSuspended,
    NewMailAsked,
    PasswordChanged,
    ResetAsked,
    RolesGiven,
    SecondFactorChanged,
    SessionsEnded,
    SignInLinkAsked,
    SuspensionLifted,
)
from .mails import normal_mail
from .queries import MOST_WRONG_CODES, alive, is_here, newest_rules_version
from .sessions import company_today

# security.md, session: 90 days for devices of candidates and employees; people with powers also idle out.
SESSION_DAYS = 90
POWERS_SESSION_DAYS = 1
SIGN_IN_LINK_LIFE = timedelta(minutes=10)
CONFIRMATION_LIFE = timedelta(minutes=10)
RESET_LIFE = timedelta(hours=1)
NEW_MAIL_LIFE = timedelta(hours=24)
OLD_MAIL_NOTICE_LIFE = timedelta(days=1)
LONGEST_REASON = 400  # code points: the column's width
_LONG_AGO = datetime(
    2000, 1, 1, tzinfo=UTC
)  # when every placeholder "ended": it tells nothing of who left when


# ── sessions ────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def open_session(member_id: int, *, device: str) -> str:
    """Open a session for somebody who has proved who they are; returns its secret, stored as a hash only.

    Only the day it ends is kept: 90 days from today, one day for people with powers. Raises NotFound if the
    member is suspended or gone.
    """
    roles = session.scalar(select(Member.roles).where(Member.id == member_id, is_here()))
    if roles is None:
        raise NotFound()
    token = secrets.token_hex(16)
    days = POWERS_SESSION_DAYS if roles & POWERS else SESSION_DAYS
    session.add(
        MemberSession(
            member_id=member_id,
            secret_hash=hashed(token),
            device=device[:40],
            expires_on=company_today() + timedelta(days=days),
        )
    )
    return token


@operation
def close_session(token: str) -> None:
    """Sign out: end the session this secret opens; ending it twice is harmless."""
    member_session = session.scalar(select(MemberSession).where(MemberSession.secret_hash == hashed(token)))
    if member_session is not None:
        session.delete(member_session)
        announce(SessionsEnded(member_id=member_session.member_id))


@operation
def end_session(viewer: Viewer, session_id: PublicId) -> None:
    """End one of one's own devices. Raises NotFound for anybody else's."""
    member_session = policy.claim(viewer, MemberSession, session_id, "end")
    session.delete(member_session)
    announce(SessionsEnded(member_id=member_session.member_id))


@operation
def end_every_session(viewer: Viewer) -> None:
    """Sign out everywhere, here too."""
    if viewer.id is not None:
        end_sessions_of(viewer.id)


@operation
def end_sessions_of(member_id: int) -> None:
    """End every session of a member, after a change of what they may do or how they prove who they are."""
    session.execute(delete(MemberSession).where(MemberSession.member_id == member_id))
    announce(SessionsEnded(member_id=member_id))


@operation
def tidy_doors() -> None:
    """Delete links past their time, sessions past their day, and the blocks of those who left without a name."""
    session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at <= now()))
    session.execute(delete(MemberSession).where(MemberSession.expires_on < company_today()))
    _forget_blocks_handed_on()


# ── sign-in by mail ─────────────────────────────────────────────────────────────────────────────────────────


@operation
def ask_for_sign_in_link(mail: str, *, browser: str) -> None:
    """Make a link for this address and this browser; one for nobody where the address is unknown."""
    _forget_links_of_browser("sign_in", browser)
    link = _new_link("sign_in", _member_at(mail), SIGN_IN_LINK_LIFE, browser=browser)
    announce(SignInLinkAsked(link_id=link.id))


@operation
def redeem_sign_in_link(secret: str, *, browser: str) -> int | None:
    """Spend a sign-in link in the browser that asked for it; the member it belongs to, or None."""
    link = _claim_link("sign_in", secret)
    if link is None or link.browser_hash is None or not same_secret(link.browser_hash, hashed(browser)):
        return None
    return _spend(link)


@operation
def redeem_sign_in_code(code: str, *, browser: str) -> int | None:
    """Spend the link this browser asked for last by the 6 digits in its letter; 5 wrong ones kill it."""
    return _redeem_code("sign_in", code, browser)


@operation
def ask_for_confirmation(viewer: Viewer, *, browser: str) -> None:
    """Make a 6-digit code by which a signed-in member proves who they are, in this browser only."""
    _forget_links_of_browser("confirm", browser)
    link = _new_link("confirm", viewer.id, CONFIRMATION_LIFE, browser=browser)
    announce(ConfirmationAsked(link_id=link.id))


@operation
def confirm_by_mail_code(viewer: Viewer, code: str, *, browser: str) -> bool:
    """Spend such a code; whether it was right and this member's."""
    member_id = _redeem_code("confirm", code, browser)
    return member_id is not None and member_id == viewer.id


def _redeem_code(purpose: str, code: str, browser: str) -> int | None:
    link = session.scalar(
        select(OneTimeLink)
        .where(alive(purpose), OneTimeLink.browser_hash == hashed(browser))
        .order_by(OneTimeLink.id.desc())
        .limit(1)
        .with_for_update()
    )
    if link is None:
        return None
    if not same_secret(code_of(purpose, link.nonce), second_factor.digits_of(code)):
        link.wrong_codes += 1
        return None
    return _spend(link)


def _spend(link: OneTimeLink) -> int | None:
    """Delete a used link; its member, unless suspended, gone, or somebody for whom a letter is not enough."""
    session.delete(link)
    row = session.execute(
        select(Member.id, Member.roles).where(Member.id == link.member_id, is_here())
    ).first()
    if row is None or (link.purpose == "sign_in" and row.roles & POWERS):
        return None
    return int(row.id)


def _member_at(mail: str) -> int | None:
    return session.scalar(select(Member.id).where(Member.mail == normal_mail(mail), is_here()))


def _new_link(
    purpose: str,
    member_id: int | None,
    life: timedelta,
    *,
    browser: str | None = None,
    new_mail: str | None = None,
) -> OneTimeLink:
    nonce = new_nonce()
    link = OneTimeLink(
        purpose=purpose,
        member_id=member_id,
        nonce=nonce,
        secret_hash=hashed(secret_of(purpose, nonce)),
        browser_hash=hashed(browser) if browser else None,
        new_mail=new_mail,
        expires_at=now() + life,
    )
    session.add(link)
    session.flush()
    return link


def _claim_link(purpose: str, secret: str) -> OneTimeLink | None:
    return session.scalar(
        select(OneTimeLink).where(alive(purpose), OneTimeLink.secret_hash == hashed(secret)).with_for_update()
    )


def _forget_links_of_browser(purpose: str, browser: str) -> None:
    session.execute(
        delete(OneTimeLink).where(OneTimeLink.purpose == purpose, OneTimeLink.browser_hash == hashed(browser))
    )


def _forget_links_of(member_id: int) -> None:
    session.execute(delete(OneTimeLink).where(OneTimeLink.member_id == member_id))


# ── password ────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def renew_password_hash(member_id: int, old_hash: str, new_hash: str) -> None:
    """Keep the same password under today's parameters, unless it was changed meanwhile."""
    session.execute(
        update(Member)
        .where(Member.id == member_id, Member.password_hash == old_hash)
        .values(password_hash=new_hash)
    )


@operation
def set_password(viewer: Viewer, password_hash: str) -> None:
    """Set or change one's own password; every session ends, so the door opens a new one."""
    if viewer.id is None:
        raise NotFound()
    _put_password(viewer.id, password_hash)


@operation
def ask_for_reset(mail: str) -> None:
    """Make a link for a new password; one for nobody where the address is unknown."""
    link = _new_link("reset_password", _member_at(mail), RESET_LIFE)
    announce(ResetAsked(link_id=link.id))


@operation
def reset_password(secret: str, password_hash: str, *, code: str) -> str:
    """Spend a reset link: 'done', 'wrong_code' (of the second factor; 5 kill the link) or 'dead'."""
    link = _claim_link("reset_password", secret)
    if link is None:
        return "dead"
    member = session.scalar(select(Member).where(Member.id == link.member_id, is_here()).with_for_update())
    if member is None or not may_reset_by_mail(member.roles, member.totp_secret, member.is_demo):
        return "dead"
    if member.totp_secret is not None and not take_code(member.id, code):
        link.wrong_codes += 1
        return "dead" if link.wrong_codes >= MOST_WRONG_CODES else "wrong_code"
    _put_password(member.id, password_hash)
    return "done"


def may_reset_by_mail(roles: int, totp_secret: str | None, is_demo: bool) -> bool:
    """A letter alone never gives powers: without a second factor beside it they cannot reset by mail."""
    return not roles & POWERS or totp_secret is not None or is_demo


def _put_password(member_id: int, password_hash: str) -> None:
    session.execute(update(Member).where(Member.id == member_id).values(password_hash=password_hash))
    _forget_links_of(member_id)
    end_sessions_of(member_id)
    announce(PasswordChanged(member_id=member_id))


# ── mail address ────────────────────────────────────────────────────────────────────────────────────────────


@operation
def ask_for_new_mail(viewer: Viewer, mail: str) -> None:
    """Make a link for the new address; one for nobody where it is taken, so that the answer tells nothing."""
    is_taken = session.scalar(select(Member.id).where(Member.mail == normal_mail(mail))) is not None
    link = _new_link(
        "change_mail", None if is_taken else viewer.id, NEW_MAIL_LIFE, new_mail=normal_mail(mail)
    )
    announce(NewMailAsked(link_id=link.id))


@operation
def move_to_new_mail(secret: str) -> bool:
    """Spend such a link: letters go to the new address from now on. False if it cannot be used any more.

    Open links sent to the old address die. The old address is told by `MailChanged`.
    """
    link = _claim_link("change_mail", secret)
    if link is None or link.member_id is None or link.new_mail is None:
        return False
    member = session.scalar(select(Member).where(Member.id == link.member_id, is_here()).with_for_update())
    is_taken = session.scalar(select(Member.id).where(Member.mail == link.new_mail)) is not None
    if member is None or is_taken:
        return False
    old_mail, member.mail = member.mail, link.new_mail
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(_("ほかの変更と重なりました。お手数ですが、もう一度お申し込みください。")) from None
    _forget_links_of(member.id)
    # Facts hold ids only, so the old address waits in a row of its own until it has been told.
    notice = _new_link("old_mail", member.id, OLD_MAIL_NOTICE_LIFE, new_mail=old_mail)
    announce(MailChanged(member_id=member.id, notice_id=notice.id))
    return True


@operation
def forget_link(link_id: int, purpose: str) -> None:
    """Delete a row that only waited for a letter."""
    session.execute(delete(OneTimeLink).where(OneTimeLink.id == link_id, OneTimeLink.purpose == purpose))


# ── second factor ───────────────────────────────────────────────────────────────────────────────────────────


@operation
def take_code(member_id: int, code: str) -> bool:
    """Take a code of the authenticator or a recovery code, each of them once."""
    row = session.execute(
        select(Member.totp_secret, Member.totp_step).where(Member.id == member_id).with_for_update()
    ).first()
    if row is None or row.totp_secret is None:
        return False
    step = second_factor.matching_step(row.totp_secret, code)
    if step is not None:
        return _changed(
            update(Member)
            .where(Member.id == member_id, or_(Member.totp_step.is_(None), Member.totp_step < step))
            .values(totp_step=step)
        )
    return _changed(
        delete(RecoveryCode).where(
            RecoveryCode.member_id == member_id,
            RecoveryCode.code_hash == second_factor.recovery_hash(member_id, code),
        )
    )


@operation
def put_second_factor(member_id: int, nonce: str, code: str) -> tuple[str, ...] | None:
    """Set up or replace a second factor, proved by its first code; the recovery codes to show once, or None.

    Every session of the member ends, so the door opens a new one.
    """
    step = second_factor.matching_step(nonce, code)
    if step is None:
        return None
    session.execute(update(Member).where(Member.id == member_id).values(totp_secret=nonce, totp_step=step))
    codes = _put_recovery_codes(member_id)
    end_sessions_of(member_id)
    announce(SecondFactorChanged(member_id=member_id))
    return codes


@operation
def renew_recovery_codes(viewer: Viewer) -> tuple[str, ...]:
    """New recovery codes, to show once; the old ones die. Raises Conflict without a second factor."""
    nonce = session.scalar(select(Member.totp_secret).where(Member.id == viewer.id, is_here()))
    if viewer.id is None or nonce is None:
        raise Conflict(_("2段階認証がまだ設定されていません。先に設定してください。"))
    announce(SecondFactorChanged(member_id=viewer.id))
    return _put_recovery_codes(viewer.id)


@operation
def remove_second_factor(viewer: Viewer) -> None:
    """Take one's own second factor away. Raises Forbidden for people with powers, who need one."""
    roles = session.scalar(select(Member.roles).where(Member.id == viewer.id, is_here()))
    if roles is None or viewer.id is None:
        raise NotFound()
    if roles & POWERS:
        raise Forbidden(_("担当者のアカウントには2段階認証が必要なため、解除できません。"))
    _take_second_factor(viewer.id)


@operation
def clear_second_factor(mail: str) -> bool:
    """For whoever runs the installation: let somebody who lost authenticator and codes set up a new one.

    Their powers sleep until they have; they are told by letter. Whether there is such a member with a factor.
    """
    member_id = session.scalar(
        select(Member.id).where(Member.mail == normal_mail(mail), Member.totp_secret.is_not(None), is_here())
    )
    if member_id is None:
        return False
    _take_second_factor(member_id)
    return True


def _take_second_factor(member_id: int) -> None:
    session.execute(update(Member).where(Member.id == member_id).values(totp_secret=None, totp_step=None))
    session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))
    end_sessions_of(member_id)
    announce(SecondFactorChanged(member_id=member_id))


def _put_recovery_codes(member_id: int) -> tuple[str, ...]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member_id))
    codes = second_factor.new_recovery_codes()
    session.add_all(
        RecoveryCode(member_id=member_id, code_hash=second_factor.recovery_hash(member_id, code))
        for code in codes
    )
    return codes


def _changed(statement: object) -> bool:
    result = session.execute(statement)  # type: ignore[call-overload]
    return isinstance(result, CursorResult) and result.rowcount == 1


# ── rules of the community ──────────────────────────────────────────────────────────────────────────────────


@operation
def accept_rules(viewer: Viewer, version: int) -> None:
    """Accept the rules in this version. Raises Conflict if they changed since the page was shown."""
    if version != newest_rules_version():
        raise Conflict(_("ルールが新しくなりました。もう一度お読みください。"))
    session.execute(update(Member).where(Member.id == viewer.id).values(rules_version=version))


# ── roles ───────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def give_roles(viewer: Viewer, member_id: PublicId, roles: int) -> None:
    """Appoint: replace a staff member's roles by `roles` (bits of Role); their sessions end.

    Announces RolesGiven. Raises Forbidden without the right to appoint, NotFound for somebody one does not
    see, Invalid for roles that nobody may hold together, Conflict if no administrator would remain.
    """
    _check_may_appoint(viewer)
    _in_turn()
    member = policy.claim(viewer, Member, member_id, "administer")
    if member.suspended_at is not None:
        raise NotFound()  # as on the page: first the suspension is lifted
    wanted = Role(roles & sum(Role))
    if wanted == member.roles:
        return
    _check_roles(member, wanted)
    if member.roles & ~wanted & Role.ADMINISTRATOR:
        _check_administrator_remains(member)
    member.roles = int(wanted)
    session.flush()
    _raise_versions({member.id, *_block_partners(member.id)})
    settle_set_up_mode()
    end_sessions_of(member.id)
    announce(RolesGiven(member_id=member.id, given_by_id=viewer.id or 0))


@operation
def settle_set_up_mode() -> None:
    """Note, once and for good, that a second person with HR powers is here (privacy.md, set-up mode)."""
    people = (
        select(func.count())
        .select_from(Member)
        .where(is_here(), Member.roles.bitwise_and(int(Role.HR | Role.LEAD)) != 0)
    )
    if (session.scalar(people) or 0) < 2:
        return
    session.execute(
        update(Community)
        .where(Community.id == 1, Community.second_hr_at.is_(None))
        .values(second_hr_at=now(), version=Community.version + 1)
    )


def why_not_these_roles(roles: int) -> str | None:
    """Why nobody may hold these roles together, for the person who appoints; None if they may."""
    pair = excluded_pair(Role(roles))
    if pair is not None:
        one, others = pair
        return _(
            "「%(one)s」と「%(other)s」は、互いを見守る役割のため、同じ方が兼ねることはできません。別の方にお願いしてください。",
            one=role_names(one)[0],
            other=join_names(role_names(others)),
        )
    if roles & Role.DESK and roles & Role.AUDITOR and _candidates() >= SMALL_COMMUNITY:
        return _(
            "内定者が%(count)s名以上の場合、「第三者相談窓口」と「監査担当」は別の方にお願いしてください。",
            count=SMALL_COMMUNITY,
        )
    return None


def _check_may_appoint(viewer: Viewer) -> None:
    community = session.get_one(Community, 1)
    if not policy.can(viewer, "appoint", community):
        raise Forbidden(policy.why_not(viewer, "appoint", community))


def _check_roles(member: Member, wanted: Role) -> None:
    if member.roles & Role.CANDIDATE or wanted & Role.CANDIDATE:
        raise Invalid(_("内定者の役割は、ここでは変えられません。入社後に社員としてご招待ください。"))
    if not wanted:
        raise Invalid(_("役割をひとつ以上選んでください。"))
    refusal = why_not_these_roles(int(wanted))
    if refusal is not None:
        raise Invalid(refusal)
    if wanted & POWERS and member.password_hash is None:
        raise Invalid(
            _(
                "担当者のアカウントにはパスワードが必要です。"
                "先に、ご本人にマイページの「サインインと安全」でパスワードを設定してもらってください。"
            )
        )


def _in_turn() -> None:
    """Let whoever takes powers away work one after another: two at once could each count on the other's victim."""
    session.execute(select(Community.id).where(Community.id == 1).with_for_update())


def _check_administrator_remains(member: Member) -> None:
    others = (
        select(func.count())
        .select_from(Member)
        .where(is_here(), Member.id != member.id, Member.roles.bitwise_and(int(Role.ADMINISTRATOR)) != 0)
    )
    if not session.scalar(others):
        raise Conflict(
            _(
                "システム管理者がいなくなってしまうため、実行できません。先に、別の方をシステム管理者にしてください。"
            )
        )


def _candidates() -> int:
    expected = session.scalar(select(Community.expected_candidates).where(Community.id == 1)) or 0
    present = session.scalar(
        select(func.count())
        .select_from(Member)
        .where(is_here(), Member.roles.bitwise_and(int(Role.CANDIDATE)) != 0)
    )
    return max(expected, present or 0)


def _block_partners(member_id: int) -> set[int]:
    """Everybody a block joins to this member, in either direction."""
    return set(
        session.scalars(
            union(
                select(Block.blocker_id).where(Block.blocked_id == member_id),
                select(Block.blocked_id).where(Block.blocker_id == member_id),
            )
        )
    )


def _raise_versions(member_ids: Collection[int]) -> None:
    session.execute(update(Member).where(Member.id.in_(member_ids)).values(version=Member.version + 1))


# ── suspension ──────────────────────────────────────────────────────────────────────────────────────────────


@operation
def suspend_member(viewer: Viewer, member_id: PublicId, reason: str) -> None:
    """Close somebody's doors for a while, with a reason they will read; their sessions end.

    Announces MemberSuspended. Raises NotFound, Forbidden, Invalid without a reason, Conflict if no
    administrator would remain.
    """
    _in_turn()
    member = policy.claim(viewer, Member, member_id, "suspend")
    _check_reason(reason)
    if member.roles & Role.ADMINISTRATOR:
        _check_administrator_remains(member)
    member.suspended_at = now()
    member.suspension_reason = reason.strip()
    member.version += 1
    _forget_links_of(member.id)
    end_sessions_of(member.id)
    announce(MemberSuspended(member_id=member.id))


@operation
def lift_suspension(viewer: Viewer, member_id: PublicId) -> None:
    """Open the doors again; lifting twice is harmless. Raises NotFound or Forbidden."""
    member = policy.claim(viewer, Member, member_id, "suspend")
    if member.suspended_at is None:
        return
    member.suspended_at = None
    member.suspension_reason = ""
    member.version += 1
    announce(SuspensionLifted(member_id=member.id))


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(
            _("理由を書いてください。"), {"reason": [_("理由を書いてください。ご本人に表示されます")]}
        )
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            _("理由は%(most)s文字以内にしてください", most=LONGEST_REASON),
            {"reason": [_("%(most)s文字以内にしてください", most=LONGEST_REASON)]},
        )


# ── leaving ─────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def end_membership(viewer: Viewer, *, keeps_name: bool) -> None:
    """Leave（退会）: one's own act, at once and for good. It says nothing about the job offer.

    Announces MembershipEnded. Raises Conflict for the last administrator.
    """
    _in_turn()
    member = policy.claim(viewer, Member, viewer.public_id, "leave")
    _end(member, keeps_name=keeps_name, reason="")


@operation
def end_membership_of(viewer: Viewer, member_id: PublicId, reason: str, *, keeps_name: bool = False) -> None:
    """HR ends somebody's membership, with a reason. Raises NotFound, Forbidden, Invalid, Conflict."""
    _in_turn()
    member = policy.claim(viewer, Member, member_id, "end")
    _check_reason(reason)
    _end(member, keeps_name=keeps_name, reason=reason.strip())


def _end(member: Member, *, keeps_name: bool, reason: str) -> None:
    if member.roles & Role.ADMINISTRATOR:
        _check_administrator_remains(member)
    member.ended_at = now()
    member.end_reason = reason
    _raise_versions({member.id, *_block_partners(member.id)})
    placeholder_id = None if keeps_name else _placeholder_of(member)
    _forget_person(member, keeps_name=keeps_name)
    end_sessions_of(member.id)
    announce(MembershipEnded(member_id=member.id, keeps_name=keeps_name, placeholder_id=placeholder_id))


def _placeholder_of(member: Member) -> int | None:
    """A row that nothing leads from to the person, with the same blocks; None where no block needs one.

    What a blocked person wrote must not come to light because they left (privacy.md, I4), so it gets an author who
    is nobody and is blocked all the same. Its moment is the same for all of them, so that none can be told by it.
    """
    pairs = session.execute(
        select(Block.blocker_id, Block.blocked_id).where(
            or_(Block.blocker_id == member.id, Block.blocked_id == member.id)
        )
    ).all()
    if not pairs or member.roles & UNBLOCKABLE:
        return None
    placeholder = Member(display_name="", display_fold="", bud=0, ended_at=_LONG_AGO, is_demo=member.is_demo)
    session.add(placeholder)
    session.flush()
    session.add_all(
        Block(
            **{
                side: placeholder.id if key == member.id else key
                for side, key in (("blocker_id", blocker), ("blocked_id", blocked))
            }
        )
        for blocker, blocked in pairs
    )
    return placeholder.id


def _forget_blocks_handed_on() -> None:
    """Delete the blocks of those who left without a name, once everything they wrote is the placeholder's."""
    is_waiting = exists(select(OutboxRow.id).where(OutboxRow.fact == MembershipEnded.__name__))
    gone = select(Member.id).where(Member.ended_at > _LONG_AGO, Member.display_name == "", ~is_waiting)
    session.execute(delete(Block).where(or_(Block.blocker_id.in_(gone), Block.blocked_id.in_(gone))))


def _forget_person(member: Member, *, keeps_name: bool) -> None:
    """Delete by default: proofs, address, profile, 班, mentor, kept filters; the display name stays where wished.

    Blocks stay with the name; without it they go as soon as the placeholder has taken their place (`tidy_doors`).
    """
    member.mail = member.password_hash = member.totp_secret = member.totp_step = None
    member.legal_name = member.kana = ""
    if not keeps_name:
        member.display_name = member.display_fold = member.department = ""
    _forget_links_of(member.id)
    for column in (
        RecoveryCode.member_id,
        ProfileValue.member_id,
        GroupMember.member_id,
        Mentor.candidate_id,
        Mentor.employee_id,
        SavedView.owner_id,
    ):
        session.execute(delete(column.class_).where(column == member.id))
    forget_entries_about(member.id)

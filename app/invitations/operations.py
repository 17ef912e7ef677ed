"""Everything that changes an invitation: invite, send, correct, revoke, accept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from app import policy
from app.accounts.mails import checked_mail
from app.accounts.operations import settle_set_up_mode, why_not_these_roles
from app.accounts.queries import newest_rules_version
from app.core.clock import now
from app.core.db import session
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Sentence
from app.core.i18n import LANGUAGES, _
from app.core.ids import PublicId
from app.core.names import NameRefused, check_person_name, fold, to_kana
from app.core.operation import announce, operation
from app.core.tokens import hashed, new_nonce, secret_of
from app.models import (
    AnnouncementRecipient,
    Cohort,
    Community,
    Group,
    GroupMember,
    Invitation,
    Member,
    Post,
    Role,
)
from app.people.profile.operations import begin_profile
from app.policy import Viewer

from .addresses import known_addresses, why_taken
from .cards import Invitee
from .events import InvitationSent, MemberJoined
from .queries import BUDS, LONGEST_PERSON_NAME, filters, free_name, open_link
from .scope import invitable_roles, role_of

PURPOSE = "invitation"
VALID_FOR = timedelta(days=7)  # product.md, accounts
PACES = ("read", "few", "various")


# ── inviting ─────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def invite_person(viewer: Viewer, invitee: Invitee) -> PublicId:
    """Invite one person; no letter is sent yet. Returns the invitation's id.

    Raises NotFound for whoever may not invite, Forbidden for roles that are not theirs to give, Invalid with a
    sentence beside each field.
    """
    roles = _given_roles(viewer, invitee)
    _in_turn()
    invitee = _checked(viewer, invitee, roles)
    known = known_addresses(viewer, [invitee.mail])
    if invitee.mail in known:
        raise _wrong("mail", why_taken(viewer, known[invitee.mail]))
    _add(viewer, [invitee])
    return session.scalars(select(Invitation.public_id).where(Invitation.mail == invitee.mail)).one()


@operation
def invite_people(viewer: Viewer, invitees: Sequence[Invitee]) -> int:
    """Invite many at once, as a preview judged them; no letter is sent yet. Returns how many are new.

    Whoever joined or was invited since the preview is left out. The number of statements does not depend on
    the number of people. Raises like `invite_person`.
    """
    for roles in {one.roles for one in invitees}:
        _given_roles(viewer, Invitee(mail="", roles=roles))
    _in_turn()
    known = known_addresses(viewer, [one.mail for one in invitees])
    new = {one.mail: one for one in invitees if one.mail not in known}
    _add(viewer, list(new.values()))
    return len(new)


def _given_roles(viewer: Viewer, invitee: Invitee) -> Role:
    """The roles of an invitee, if this viewer may give them and one person may hold them together."""
    invitable = invitable_roles(viewer)
    roles = role_of(invitee.roles)
    if not roles:
        raise _wrong("role", _("役割を選んでください"))
    if roles & ~invitable:
        raise Forbidden(_not_theirs_to_give())
    refusal = why_not_these_roles(int(roles))
    if refusal is not None:
        raise _wrong("role", refusal)
    return roles


def _not_theirs_to_give() -> str:
    return _("この役割の方を招待できるのは、システム管理者または人事責任者です。担当の方にご相談ください。")


def _in_turn() -> None:
    """Let one inviter after another work, so that two never make an invitation for one address."""
    session.execute(select(Community.id).where(Community.id == 1).with_for_update())


def _add(viewer: Viewer, invitees: Sequence[Invitee]) -> None:
    """New rows for these people; a revoked invitation of the same address makes way."""
    if not invitees:
        return
    mails = [one.mail for one in invitees]
    session.execute(delete(Invitation).where(Invitation.mail.in_(mails), Invitation.revoked_at.is_not(None)))
    cohorts, groups = _cohort_ids(invitees), _group_ids(invitees)
    if any(role_of(one.roles) & Role.CANDIDATE and one.cohort not in cohorts for one in invitees):
        raise _wrong("cohort", _("入社時期を選んでください"))
    session.execute(
        insert(Invitation),
        [
            {
                "mail": one.mail,
                "legal_name": one.legal_name,
                "kana": one.kana,
                "roles": int(role_of(one.roles)),
                "department": one.department,
                "joined_company_on": one.joined_company_on,
                "cohort_id": cohorts.get(one.cohort or ""),
                "group_id": groups.get((one.cohort or "", one.group or "")),
                "invited_by_id": viewer.id,
                **_fresh_secret(),
            }
            for one in invitees
        ],
    )


def _fresh_secret() -> dict[str, str]:
    """A nonce and the hash of its secret: whatever link was out before stops working."""
    nonce = new_nonce()
    return {"nonce": nonce, "secret_hash": hashed(secret_of(PURPOSE, nonce))}


def _cohort_ids(invitees: Iterable[Invitee]) -> dict[PublicId, int]:
    wanted = {one.cohort for one in invitees if one.cohort}
    found = session.execute(select(Cohort.public_id, Cohort.id).where(Cohort.public_id.in_(wanted)))
    return {public_id: cohort_id for public_id, cohort_id in found}  # noqa: C416 - a Row is no pair for dict()


def _group_ids(invitees: Iterable[Invitee]) -> dict[tuple[PublicId, PublicId], int]:
    """Groups by their cohort and their own public id: a group of another cohort is none."""
    wanted = {one.group for one in invitees if one.group}
    found = session.execute(
        select(Cohort.public_id, Group.public_id, Group.id)
        .join(Cohort, Cohort.id == Group.cohort_id)
        .where(Group.public_id.in_(wanted))
    )
    return {(cohort, group): group_id for cohort, group, group_id in found}


# ── what was typed ───────────────────────────────────────────────────────────────────────────────────────────


def _wrong(field: str, sentence: Sentence | str) -> Invalid:
    return Invalid(_("入力内容をご確認ください。書いた内容はそのまま残っています。"), {field: [sentence]})


def _checked(viewer: Viewer, invitee: Invitee, roles: Role) -> Invitee:
    """The invitee as stored; every field that cannot be taken is named at once. Raises Invalid."""
    fields: dict[str, list[Sentence | str]] = {}
    mail = checked_mail(invitee.mail)
    if mail is None:
        fields["mail"] = [_("メールアドレスの形になっていません（例：haruka@example.jp）")]
    legal_name = _tried(check_person_name, invitee.legal_name, "legal_name", fields)
    kana = _tried(to_kana, invitee.kana, "kana", fields)
    is_candidate = bool(roles & Role.CANDIDATE)
    cohort = invitee.cohort if is_candidate else None
    group = invitee.group if is_candidate else None
    fields |= _place_problems(invitee, is_candidate)
    if fields:
        raise Invalid(_("入力内容をご確認ください。書いた内容はそのまま残っています。"), fields)
    return Invitee(
        mail=mail or "",
        legal_name=legal_name,
        kana=kana,
        roles=invitee.roles,
        cohort=cohort,
        group=group,
        department="" if is_candidate else invitee.department,
        joined_company_on=None if is_candidate else invitee.joined_company_on,
    )


def _place_problems(invitee: Invitee, is_candidate: bool) -> dict[str, list[Sentence | str]]:
    if not is_candidate:
        return {}
    if not invitee.cohort or not _cohort_ids([invitee]):
        return {"cohort": [_("入社時期を選んでください")]}
    if invitee.group and (invitee.cohort, invitee.group) not in _group_ids([invitee]):
        return {"group": [_("この班は、選んだ入社時期にはありません")]}
    return {}


def _tried(
    check: Callable[[str], str], typed: str, field: str, fields: dict[str, list[Sentence | str]]
) -> str:
    if not typed.strip():
        return ""
    try:
        name = check(typed)
    except NameRefused as refused:
        fields[field] = [refused.sentence]
        return typed
    if len(name) > LONGEST_PERSON_NAME:
        fields[field] = [_("長すぎるため保存できません。もう少し短くしてください")]
    return name


# ── sending, correcting, revoking ────────────────────────────────────────────────────────────────────────────


@operation
def send_invitations(viewer: Viewer, invitation_ids: Collection[PublicId]) -> int:
    """Send a letter with a new link, valid for seven days, to each; an earlier link of theirs stops working.

    Revoked ones are left out. Returns how many letters will go out; announces InvitationSent for each.
    Raises NotFound where one cannot be handled.
    """
    invitable_roles(viewer)
    found = _handled(viewer, invitation_ids)
    return _send([row.id for row in found if row.revoked_at is None])


@operation
def send_all_invitations(viewer: Viewer, *, state: str, cohort: PublicId, count: int) -> int:
    """Send to everyone of HR's filtered list, as long as they are the `count` people HR was shown.

    Returns how many letters will go out. Raises NotFound, or Conflict when the list has changed.
    """
    invitable_roles(viewer)
    if state not in {"unsent", "sent", "expired"}:
        raise NotFound()
    ids = session.scalars(
        select(Invitation.id)
        .where(policy.allowed(viewer, "handle", Invitation), *filters(state, cohort, now()))
        .order_by(Invitation.id)
        .with_for_update(of=Invitation)
    ).all()
    if len(ids) != count:
        raise Conflict(
            _(
                "確認している間に、対象の人数が%(before)s名から%(now)s名に変わりました。一覧でもう一度ご確認ください。",
                before=f"{count:,}",
                now=f"{len(ids):,}",
            )
        )
    return _send(ids)


def _handled(viewer: Viewer, invitation_ids: Collection[PublicId]) -> Sequence[Any]:
    """The chosen invitations, kept from others until the operation ends; all of them or NotFound."""
    wanted = set(invitation_ids)
    found = session.execute(
        select(Invitation.id, Invitation.revoked_at)
        .where(Invitation.public_id.in_(wanted), policy.allowed(viewer, "handle", Invitation))
        .order_by(Invitation.id)
        .with_for_update(of=Invitation)
    ).all()
    if len(found) != len(wanted) or not wanted:
        raise NotFound()
    return found


def _send(ids: Sequence[int]) -> int:
    moment = now()
    rows = [
        {"id": one, "sent_at": moment, "expires_at": moment + VALID_FOR, **_fresh_secret()} for one in ids
    ]
    if rows:
        session.execute(update(Invitation), rows)
    for row in rows:
        announce(InvitationSent(invitation_id=int(str(row["id"])), nonce=str(row["nonce"])))
    return len(rows)


@operation
def revoke_invitations(viewer: Viewer, invitation_ids: Collection[PublicId]) -> int:
    """Take back invitations: their links stop working, nobody is told. Returns how many. Raises NotFound.

    Revoking twice is harmless.
    """
    invitable_roles(viewer)
    ids = [row.id for row in _handled(viewer, invitation_ids) if row.revoked_at is None]
    if ids:
        session.execute(update(Invitation).where(Invitation.id.in_(ids)).values(revoked_at=now()))
    return len(ids)


@operation
def correct_invitation(viewer: Viewer, invitation_id: PublicId, invitee: Invitee) -> None:
    """Correct the name, address or place of an invitation; its roles stay.

    Another address ends the link that went to the old one: it has to be sent again. Raises NotFound, Invalid,
    Forbidden where its roles are not the viewer's to give, or Conflict for one that was revoked.
    """
    invitable = invitable_roles(viewer)
    _in_turn()  # before the row, in the order in which inviting locks the two
    row = policy.claim(viewer, Invitation, invitation_id, "handle")
    # With another address in it, an invitation gives its roles to another person.
    if row.roles & ~invitable:
        raise Forbidden(_not_theirs_to_give())
    if row.revoked_at is not None:
        raise Conflict(
            _("この招待は取り消されています。同じ方をもう一度招待するには、新しい招待を作ってください。")
        )
    checked = _checked(viewer, invitee, Role(row.roles))
    if checked.mail != row.mail:
        _move(viewer, row, checked.mail)
    row.legal_name, row.kana = checked.legal_name, checked.kana
    row.department, row.joined_company_on = checked.department, checked.joined_company_on
    row.cohort_id = _cohort_ids([checked]).get(checked.cohort or "")
    row.group_id = _group_ids([checked]).get((checked.cohort or "", checked.group or ""))


def _move(viewer: Viewer, row: Invitation, mail: str) -> None:
    """The invitation goes to another address, as if it had never been sent."""
    known = known_addresses(viewer, [mail])
    if mail in known:
        raise _wrong("mail", why_taken(viewer, known[mail]))
    session.execute(delete(Invitation).where(Invitation.mail == mail, Invitation.revoked_at.is_not(None)))
    row.mail = mail
    row.sent_at = row.expires_at = None
    fresh = _fresh_secret()
    row.nonce, row.secret_hash = fresh["nonce"], fresh["secret_hash"]
    # The links of announcements in letters to the old address end too, with what somebody there may have pressed.
    session.execute(
        update(AnnouncementRecipient)
        .where(AnnouncementRecipient.invitation_id == row.id)
        .values(nonce="", secret_hash=None, letters=0, is_acknowledged=False, is_counted=False)
    )


# ── accepting ────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def accept_invitation(
    viewer: Viewer,
    secret: str,
    *,
    display_name: str,
    bud: int,
    pace: str,
    rules_version: int,
    language: str,
    password_hash: str | None,
) -> int:
    """Make the person behind a working link a member and spend the invitation. Returns the member's key.

    Announces MemberJoined. Of two who redeem one link at once, one joins and the other meets NotFound, as does
    whoever holds a link that is used, expired, revoked or unknown. Raises Forbidden for somebody signed in,
    Invalid for a name that cannot be taken, Conflict when newer rules came meanwhile.
    """
    if viewer.is_active:
        raise Forbidden(_("すでにサインインしています。先にサインアウトしてください。"))
    invitation = session.scalar(
        select(Invitation).where(open_link(secret, now())).with_for_update(of=Invitation)
    )
    if invitation is None or known_addresses(viewer, [invitation.mail]).get(invitation.mail) == "member":
        raise NotFound()
    member = _new_member(
        invitation,
        free_name(secret, display_name),
        bud=bud,
        pace=pace,
        language=language,
        password_hash=password_hash,
    )
    member.rules_version = _accepted_rules(rules_version)
    _enter(member, invitation)
    announce(MemberJoined(member_id=member.id))
    return member.id


def _new_member(
    invitation: Invitation,
    display_name: str,
    *,
    bud: int,
    pace: str,
    language: str,
    password_hash: str | None,
) -> Member:
    if not 1 <= bud <= BUDS or pace not in PACES:
        raise Invalid(_("入力内容をご確認ください。書いた内容はそのまま残っています。"))
    return Member(
        roles=invitation.roles,
        cohort_id=invitation.cohort_id,
        mail=invitation.mail,
        legal_name=invitation.legal_name,
        kana=invitation.kana,
        display_name=display_name,
        display_fold=fold(display_name),
        bud=bud,
        department=invitation.department,
        joined_company_on=invitation.joined_company_on,
        language=language if language in LANGUAGES else "ja",
        pace=pace,
        password_hash=password_hash,
        # What was written before they came is there to be read, but not new to them.
        bookmark_id=session.scalar(select(func.max(Post.id))) or 0,
    )


def _accepted_rules(version: int) -> int:
    if version != newest_rules_version():
        raise Conflict(_("ルールが新しくなりました。もう一度お読みください。"))
    return version


def _enter(member: Member, invitation: Invitation) -> None:
    """Store the member with their group, spend the invitation, and end the set-up mode where this does."""
    session.add(member)
    session.flush()
    begin_profile(member)
    if invitation.group_id is not None:
        # Whoever is in the 班 already has one more to talk with.
        beside = select(GroupMember.member_id).where(GroupMember.group_id == invitation.group_id)
        session.execute(update(Member).where(Member.id.in_(beside)).values(version=Member.version + 1))
        session.add(GroupMember(group_id=invitation.group_id, member_id=member.id))
    # What was announced to them before they joined stays theirs.
    session.execute(
        update(AnnouncementRecipient)
        .where(AnnouncementRecipient.invitation_id == invitation.id)
        .values(member_id=member.id, invitation_id=None)
    )
    session.delete(invitation)
    if member.roles & (Role.HR | Role.LEAD):
        settle_set_up_mode()

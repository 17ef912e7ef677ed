"""The letter of an invitation, composed when it is sent: whoever was revoked or joined meanwhile gets none."""

from __future__ import annotations

from sqlalchemy import and_, select

from app.core.clock import now
from app.core.db import session
from app.core.events import Delivery, delivers
from app.core.i18n import speaking, t
from app.core.mail import letter_text, link_to, send_letter
from app.core.tokens import secret_of
from app.models import Community, Invitation, Member, Role

from .events import InvitationSent
from .operations import PURPOSE


@delivers(InvitationSent)
def mail_invitation(fact: InvitationSent, delivery: Delivery) -> None:
    """Write to the invited person, in Japanese with a few lines of English beneath.

    Nothing is sent once the invitation is accepted, revoked, past its time, or was sent anew since.
    """
    row = session.execute(
        select(
            Invitation.mail,
            Invitation.legal_name,
            Invitation.nonce,
            Invitation.expires_at,
            Invitation.roles,
            Member.display_name.label("inviter"),
            Community.name.label("community"),
            Community.help_line,
        )
        .select_from(Invitation)
        .join(Community, Community.id == 1)
        .outerjoin(Member, and_(Member.id == Invitation.invited_by_id, Member.ended_at.is_(None)))
        .where(
            Invitation.id == fact.invitation_id,
            Invitation.nonce == fact.nonce,
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now(),
        )
    ).first()
    session.rollback()  # nothing stays open while a mail server is spoken to
    if row is None:
        return
    context = {
        "name": row.legal_name,
        "community": row.community,
        "help_line": row.help_line,
        "is_candidate": bool(row.roles & Role.CANDIDATE),
        "link": link_to(f"/invitations/{secret_of(PURPOSE, row.nonce)}"),
        "until": row.expires_at,
    }
    with speaking("ja"):
        subject = t("【%(community)s】内定者コミュニティへのご招待", community=row.community)
        context["whom_to_ask"] = _whom_to_ask(row.inviter)
    send_letter(
        to_address=row.mail,
        to_name=row.legal_name or None,
        subject=subject,
        text=f"{letter_text('invitations/invitation.txt', 'ja', **context)}\n"
        f"{letter_text('invitations/invitation_short.txt', 'en', **context)}",
        language="ja",
        key=delivery.key,
    )


def _whom_to_ask(inviter: str | None) -> str:
    """Who answers questions; a name that already carries さん gets no second one."""
    if not inviter:
        return t("ご不明な点は、人事の担当者までお問い合わせください。")
    if "さん" in inviter:
        return t("ご不明な点は、招待した%(name)sまでお問い合わせください。", name=inviter)
    return t("ご不明な点は、招待した%(name)sさんまでお問い合わせください。", name=inviter)

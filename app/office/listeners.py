"""What happens after a fact of the office."""

from __future__ import annotations

from sqlalchemy import select

from app.core.db import session
from app.core.events import Delivery, delivers
from app.core.i18n import speaking, t
from app.core.mail import letter_text, send_letter
from app.models import Member, Role

from .events import SampleLetterAsked


@delivers(SampleLetterAsked)
def mail_test_letter(fact: SampleLetterAsked, delivery: Delivery) -> None:
    """Write to the administrator who asked, if they still are one."""
    person = session.execute(
        select(Member.mail, Member.display_name, Member.language).where(
            Member.id == fact.member_id,
            Member.roles.bitwise_and(int(Role.ADMINISTRATOR)) != 0,
            Member.suspended_at.is_(None),
            Member.ended_at.is_(None),
        )
    ).first()
    session.rollback()  # no transaction stays open while a mail server is spoken to
    if person is None or person.mail is None:
        return
    with speaking(person.language):
        subject = t("テストメールです")
    send_letter(
        to_address=person.mail,
        to_name=person.display_name,
        subject=subject,
        text=letter_text("office/test_letter.txt", person.language, name=person.display_name),
        language=person.language,
        key=delivery.key,
    )

"""What changes announcements: writing, scheduling, sending, taking back, acknowledging, reminding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, delete, func, insert, literal, or_, select, update

from app import policy
from app.core.clock import now
from app.core.db import session
from app.core.errors import Conflict, Invalid, NotFound, Sentence
from app.core.i18n import _, company_zone, day
from app.core.ids import PublicId
from app.core.operation import announce, operation
from app.core.text import RENDERER_VERSION, render_markdown
from app.core.tokens import hashed, new_nonce, secret_of
from app.files.operations import attach_files
from app.models import (
    Announcement,
    AnnouncementAudience,
    AnnouncementRecipient,
    AnnouncementTemplate,
    AnnouncementVariant,
    Community,
    ContactSpent,
    Invitation,
    Member,
    Role,
    Upload,
)
from app.people.audiences import keys_of
from app.people.marks import company_today
from app.people.quiet import quiet_hours
from app.policy import Viewer

from .audience import check_entrance, invited_of, members_of
from .cards import Manuscript
from .events import (
    AcknowledgementReminded,
    AnnouncementCancelled,
    AnnouncementSent,
    InvitedMailDue,
    TestLetterAsked,
)
from .merging import has_field_in_link, tidy_fields, unknown_fields, why_not_these_fields
from .reaching import reach_clause

log = structlog.get_logger(__name__)

PURPOSE = "announcement"
FURTHEST = timedelta(days=400)  # the whole time between an offer and joining fits in it
MOST_TEMPLATES = 100
LETTERS_A_MINUTE = 100  # so that a sign-in letter never waits behind thousands of announcements
COUNTING_HOUR = 5  # what HR sees is counted before the office opens
EMERGENCY_LENGTH = 400

_CHECK = _("入力内容をご確認ください。書いた内容はそのまま残っています。")


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Text:
    """A text as stored, rendered before the transaction so that no other writer waits for it."""

    title: str
    body: str
    body_html: str


def save_announcement(
    viewer: Viewer,
    manuscript: Manuscript,
    announcement_id: PublicId | None = None,
    *,
    revision: int | None = None,
) -> PublicId:
    """Keep what HR wrote as a draft; a scheduled one is booked no longer, and keeps its moment for a new booking.

    Gives its id.

    Raises NotFound for whoever does not announce, Forbidden once it was sent, Invalid with sentences beside the
    fields: a merge field that does not exist or stands in a link, dates that do not belong together, or another
    revision saved meanwhile.
    """
    check_entrance(viewer)
    text, variants = _written(manuscript)
    return _save(viewer, announcement_id, manuscript, text, variants, revision)


def check_manuscript(manuscript: Manuscript, refused: Mapping[str, list[Sentence | str]]) -> None:
    """Raise Invalid for everything that is wrong with it at once: what the form refused already, and what is found here."""
    refused = dict(refused)
    for name in refused:
        if hasattr(manuscript, name):  # too long, say: nothing else looks at it
            manuscript = replace(manuscript, **{name: getattr(Manuscript, name)})
    try:
        _written(manuscript)
    except Invalid as found:
        refused = {**found.fields, **refused}
    if refused:
        raise Invalid(_CHECK, refused)


def _written(manuscript: Manuscript) -> tuple[_Text, dict[str, _Text]]:
    """The text and its variants, checked and rendered. Raises Invalid with a sentence beside each field."""
    wrong: dict[str, list[Sentence | str]] = {}
    texts = {
        kind: _rendered(
            prefix, getattr(manuscript, f"{prefix}title"), getattr(manuscript, f"{prefix}body"), wrong
        )
        for kind, prefix in (("", ""), ("easy", "easy_"), ("en", "english_"))
    }
    for prefix, each in (("easy_", texts["easy"]), ("english_", texts["en"])):
        if each.title and not each.body:
            wrong[f"{prefix}body"] = [_("本文も書いてください。使わないときは、タイトルも空にしてください")]
    wrong |= _wrong_dates(manuscript)
    if wrong:
        raise Invalid(_CHECK, wrong)
    main = texts.pop("")
    return main, {kind: text for kind, text in texts.items() if text.body}


def _rendered(prefix: str, title: str, body: str, wrong: dict[str, list[Sentence | str]]) -> _Text:
    title, body = tidy_fields(title).strip(), tidy_fields(body).strip()
    html = render_markdown(body)
    for field, text in ((f"{prefix}title", title), (f"{prefix}body", body)):
        unknown = unknown_fields([text])
        if unknown:
            wrong[field] = [why_not_these_fields(unknown)]
    if f"{prefix}body" not in wrong and has_field_in_link(html):
        wrong[f"{prefix}body"] = [
            _("リンクの中と直後には、差し込み項目を置けません。リンクの外に、空白をあけて書いてください")
        ]
    return _Text(title, body, html)


def _wrong_dates(manuscript: Manuscript) -> dict[str, list[Sentence | str]]:
    """What is wrong with the two dates, as far as it does not depend on when it is sent."""
    wrong: dict[str, list[Sentence | str]] = {}
    if manuscript.asks_acknowledgement and manuscript.names_from is None:
        wrong["names_from"] = [_("名簿表示日を選んでください。お知らせの中で、受け取る方に伝えます")]
    if manuscript.remind_on is not None and not manuscript.asks_acknowledgement:
        wrong["remind_on"] = [_("再度のお知らせは、「確認しました」をお願いするときに使えます")]
    elif manuscript.remind_on and manuscript.names_from and manuscript.remind_on >= manuscript.names_from:
        wrong["remind_on"] = [_("名簿表示日より前の日にしてください")]
    return wrong


@operation
def _save(
    viewer: Viewer,
    announcement_id: PublicId | None,
    manuscript: Manuscript,
    text: _Text,
    variants: dict[str, _Text],
    revision: int | None,
) -> PublicId:
    if announcement_id is None:
        row = Announcement(author_id=viewer.id, renderer_version=RENDERER_VERSION, revision=0)
        session.add(row)
    else:
        row = policy.claim(viewer, Announcement, announcement_id, "edit")
        _check_revision(row, revision)
    _unbook(row)
    row.revision += 1
    row.title, row.body, row.body_html = text.title, text.body, text.body_html
    row.renderer_version = RENDERER_VERSION
    row.is_procedure, row.reaches_invited = manuscript.is_procedure, manuscript.reaches_invited
    row.asks_acknowledgement = manuscript.asks_acknowledgement
    row.names_from = manuscript.names_from if manuscript.asks_acknowledgement else None
    row.remind_on = manuscript.remind_on
    session.flush()
    _set_audience(viewer, row.id, manuscript.audience)
    _set_variants(row.id, variants)
    attach_files(viewer, manuscript.files, announcement_id=row.id)
    return row.public_id


def _unbook(row: Announcement) -> None:
    """A draft again; the moment it was booked for stays, to be chosen again, and is no longer missed."""
    row.state = "draft"
    row.cancelled_at = now() if row.scheduled_at is not None else None


def _check_revision(row: Announcement, revision: int | None) -> None:
    if revision is not None and row.revision != revision:
        raise Invalid(
            _(
                "ほかの画面か、ほかの担当者が先に保存しました。書いた内容は残してあります。"
                "もう一度保存すると、この内容に置き換わります。"
            )
        )


def _set_audience(viewer: Viewer, announcement_id: int, tokens: Sequence[str]) -> None:
    session.execute(
        delete(AnnouncementAudience).where(AnnouncementAudience.announcement_id == announcement_id)
    )
    session.add_all(
        AnnouncementAudience(
            announcement_id=announcement_id, role=key.role, cohort_id=key.cohort_id, group_id=key.group_id
        )
        for key in keys_of(viewer, tokens)
    )


def _set_variants(announcement_id: int, variants: dict[str, _Text]) -> None:
    session.execute(delete(AnnouncementVariant).where(AnnouncementVariant.announcement_id == announcement_id))
    session.add_all(
        AnnouncementVariant(
            announcement_id=announcement_id,
            kind=kind,
            title=text.title,
            body=text.body,
            body_html=text.body_html,
            renderer_version=RENDERER_VERSION,
        )
        for kind, text in variants.items()
    )


@operation
def discard_draft(viewer: Viewer, announcement_id: PublicId) -> None:
    """Delete what was never sent. Raises NotFound, Forbidden for anything but a draft."""
    row = policy.claim(viewer, Announcement, announcement_id, "edit")
    if row.state != "draft":
        raise Conflict(_("予約されたお知らせは、先に予約を取り消してください。"))
    session.execute(update(Upload).where(Upload.announcement_id == row.id).values(announcement_id=None))
    for kind in (AnnouncementAudience, AnnouncementVariant):
        session.execute(delete(kind).where(kind.announcement_id == row.id))
    session.delete(row)


@operation
def copy_announcement(viewer: Viewer, announcement_id: PublicId) -> PublicId:
    """Make a new draft of what an announcement says, without its dates and files. Gives the new id. Raises NotFound."""
    check_entrance(viewer)
    row = policy.fetch(viewer, Announcement, announcement_id)
    copy = Announcement(
        author_id=viewer.id,
        **{
            name: getattr(row, name)
            for name in ("title", "body", "body_html", "renderer_version", "is_procedure", "reaches_invited")
        },
    )
    session.add(copy)
    session.flush()
    for kind in (AnnouncementAudience, AnnouncementVariant):
        names = [
            column.key for column in kind.__table__.columns if column.key not in {"id", "announcement_id"}
        ]
        rows = session.execute(
            select(*(getattr(kind, name) for name in names)).where(kind.announcement_id == row.id)
        )
        session.add_all(kind(announcement_id=copy.id, **each._mapping) for each in rows)
    return copy.public_id


@operation
def ask_for_test(viewer: Viewer, announcement_id: PublicId) -> None:
    """Send a draft as a letter to oneself alone; nothing is counted. Announces TestLetterAsked. Raises NotFound."""
    check_entrance(viewer)
    row = policy.fetch(viewer, Announcement, announcement_id, "edit")
    if viewer.id is not None:
        announce(TestLetterAsked(announcement_id=row.id, member_id=viewer.id))


# ── templates ────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def save_template(viewer: Viewer, announcement_id: PublicId, *, name: str) -> PublicId:
    """Keep the text of an announcement to be used again; one of the same name is replaced. Gives the template's id."""
    check_entrance(viewer)
    row = policy.fetch(viewer, Announcement, announcement_id)
    template = session.scalar(select(AnnouncementTemplate).where(AnnouncementTemplate.name == name))
    if template is None:
        count = session.scalar(select(func.count()).select_from(AnnouncementTemplate)) or 0
        if count >= MOST_TEMPLATES:
            raise Invalid(_("テンプレートは100件までです。使わないものを削除してください。"))
        template = AnnouncementTemplate(name=name)
        session.add(template)
    template.title, template.body = row.title, row.body
    session.flush()
    return template.public_id


@operation
def delete_template(viewer: Viewer, template_id: PublicId) -> None:
    """Delete a template; announcements made from it stay. Raises NotFound."""
    check_entrance(viewer)
    template = session.scalar(
        select(AnnouncementTemplate).where(AnnouncementTemplate.public_id == template_id)
    )
    if template is None:
        raise NotFound()
    session.delete(template)


# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────


@operation
def send_announcement(
    viewer: Viewer, announcement_id: PublicId, *, revision: int, emergency_reason: str = ""
) -> None:
    """Send now. With an emergency reason it reaches at once, past quiet hours and budget; the reason is kept.

    Announces AnnouncementSent. Raises NotFound, Forbidden once it was sent, Conflict if it changed since it was
    checked, Invalid for what stands against sending (`why_not_ready`).
    """
    reason = emergency_reason.strip()[:EMERGENCY_LENGTH]
    row = _checked(viewer, announcement_id, revision, told_on(now(), is_at_once=bool(reason)))
    row.emergency_reason = reason
    if row.emergency_reason:
        log.warning("an announcement goes past quiet hours and budget", announcement=row.public_id)
    if not _send(row):
        raise Invalid(_nobody())


@operation
def schedule_announcement(viewer: Viewer, announcement_id: PublicId, at: datetime, *, revision: int) -> None:
    """Send at this moment (aware). Raises like `send_announcement`, and Invalid for a moment that is no future one."""
    check_moment(at)
    row = _checked(viewer, announcement_id, revision, told_on(at))
    if not _has_anybody(row):
        raise Invalid(_nobody())
    row.state, row.scheduled_at, row.emergency_reason = "scheduled", at, ""


def check_moment(at: datetime | None) -> None:
    """Raise Invalid for a moment nothing can be scheduled for: a past one, or one too far off. None means now."""
    if at is None:
        return
    if at <= now():
        raise _wrong_moment(_("過ぎた日時には予約できません。これからの日時を選んでください。"))
    if at > now() + FURTHEST:
        raise _wrong_moment(_("予約できるのは、およそ1年先までです。近い日時を選んでください。"))


def _wrong_moment(sentence: Sentence | str) -> Invalid:
    return Invalid(sentence, {"at": [sentence]})


def _checked(viewer: Viewer, announcement_id: PublicId, revision: int, told: date) -> Announcement:
    row = policy.claim(viewer, Announcement, announcement_id, "edit")
    if row.revision != revision:
        raise Conflict(_("確認している間に、内容が変わりました。下の内容を、もう一度ご確認ください。"))
    problems = why_not_ready(row, told)
    if problems:
        raise Invalid(problems[0])
    row.cancelled_at = None
    return row


def _day_of(at: datetime) -> date:
    return at.astimezone(company_zone()).date()


def told_on(at: datetime, *, is_at_once: bool = False) -> date:
    """The company's day on which people are told of what is sent at this moment; quiet hours and days off hold it back.

    Names shown to HR before that day would say who looks into the app at night and on days off.
    """
    return _day_of(at if is_at_once else quiet_hours().next_open(at))


def why_not_ready(row: Announcement, told: date) -> list[Sentence | str]:
    """What stands against people being told of it on this day, in sentences; the audience is counted elsewhere."""
    problems: list[Sentence | str] = []
    if not row.title or not row.body:
        problems.append(_("タイトルと本文を書いてください。"))
    if row.asks_acknowledgement and (row.names_from is None or row.names_from <= told):
        problems.append(_("名簿表示日は、届ける日（%(day)s）より後の日にしてください。", day=day(told)))
    if row.remind_on is not None and row.remind_on <= told:
        problems.append(
            _("再度のお知らせの日は、届ける日（%(day)s）より後の日にしてください。", day=day(told))
        )
    return problems


def _nobody() -> Sentence | str:
    return _("届ける相手が1人もいません。対象を選び直してください。")


def _has_anybody(row: Announcement) -> bool:
    if session.scalar(select(Member.id).where(members_of(row.id)).limit(1)) is not None:
        return True
    return row.reaches_invited and (
        session.scalar(select(Invitation.id).where(invited_of(row.id)).limit(1)) is not None
    )


def _send(row: Announcement) -> bool:
    """Give everybody it is for their own row, in one transaction. False, and nothing done, where there is nobody."""
    # One sending after another: two at once would both find the same budget unspent.
    session.execute(select(Community.id).where(Community.id == 1).with_for_update())
    if not _has_anybody(row):
        return False
    row.state, row.sent_at = "sent", now()
    session.flush()
    _add_recipients(row)
    _spend_contacts(row)
    session.execute(
        update(Member)
        .where(Member.id.in_(_recipient_ids(row.id)))
        .values(version=Member.version + 1)
        .execution_options(synchronize_session=False)
    )
    announce(AnnouncementSent(announcement_id=row.id))
    return True


def _recipient_ids(announcement_id: int) -> Any:
    return select(AnnouncementRecipient.member_id).where(
        AnnouncementRecipient.announcement_id == announcement_id,
        AnnouncementRecipient.member_id.is_not(None),
    )


def _add_recipients(row: Announcement) -> None:
    """Members and, where meant, invited people, each once. The rows are made inside the database."""
    common = (row.id, row.public_id, "", False, False, 0)
    columns = [
        "announcement_id",
        "public_id",
        "nonce",
        "is_acknowledged",
        "is_counted",
        "letters",
        "reach",
    ]
    members = select(*map(literal, common), reach_clause(row, company_today()), Member.id).where(
        members_of(row.id)
    )
    session.execute(insert(AnnouncementRecipient).from_select([*columns, "member_id"], members))
    if row.reaches_invited:
        invited = select(*map(literal, common), literal("now"), Invitation.id).where(invited_of(row.id))
        session.execute(insert(AnnouncementRecipient).from_select([*columns, "invitation_id"], invited))


def _spend_contacts(row: Announcement) -> None:
    """Note whom this reached outside their digest: candidates, by what is no procedure."""
    if row.is_procedure:
        return
    reached = (
        select(AnnouncementRecipient.member_id, literal(row.id), literal(company_today()))
        .join(Member, Member.id == AnnouncementRecipient.member_id)
        .where(
            AnnouncementRecipient.announcement_id == row.id,
            AnnouncementRecipient.reach == "now",
            Member.roles.bitwise_and(int(Role.CANDIDATE)) != 0,
        )
    )
    session.execute(insert(ContactSpent).from_select(["member_id", "announcement_id", "spent_on"], reached))


@operation
def cancel_announcement(viewer: Viewer, announcement_id: PublicId) -> None:
    """Take back what was sent: for its recipients it is no longer there. A booked one is a draft again, with its moment
    and files. Twice is harmless.

    Letters and pushes that left cannot be taken back. Announces AnnouncementCancelled where it was sent. Raises NotFound,
    Conflict for a draft that was never booked.
    """
    row = policy.claim(viewer, Announcement, announcement_id, "cancel")
    if row.state == "draft" and row.cancelled_at is None:
        raise Conflict(_("まだ送信されていないため、取り消すものがありません。下書きは削除できます。"))
    if row.state in {"draft", "cancelled"}:
        return
    if row.state == "scheduled":
        return _unbook(row)
    row.state, row.cancelled_at = "cancelled", now()
    if row.sent_at is not None and not _has_reached(row):
        session.execute(delete(ContactSpent).where(ContactSpent.announcement_id == row.id))
    announce(AnnouncementCancelled(announcement_id=row.id))


def _has_reached(row: Announcement) -> bool:
    """Whether anything may have left already; until the quiet hours in which it was sent end, nothing has."""
    assert row.sent_at is not None
    return bool(row.emergency_reason) or quiet_hours().next_open(row.sent_at) <= now()


# ── 確認しました ─────────────────────────────────────────────────────────────────────────────────────────────


@operation
def acknowledge(viewer: Viewer, announcement_id: PublicId) -> None:
    """Say 確認しました; twice is harmless, and no moment is kept. Raises NotFound, Forbidden where nobody asked."""
    row = policy.claim(viewer, AnnouncementRecipient, announcement_id, "acknowledge")
    row.is_acknowledged = True


@operation
def acknowledge_by_letter(secret: str) -> None:
    """The same by the link of a letter, without an account. Raises NotFound once the invitation has ended."""
    row = session.scalar(
        select(AnnouncementRecipient).where(open_letter(secret)).with_for_update(of=AnnouncementRecipient)
    )
    if row is None:
        raise NotFound()
    row.is_acknowledged = True


def open_letter(secret: str) -> Any:
    """A clause over AnnouncementRecipient: the one this secret belongs to, while it and the invitation stand."""
    return (
        (AnnouncementRecipient.secret_hash == hashed(secret))
        & AnnouncementRecipient.announcement_id.in_(
            select(Announcement.id).where(
                Announcement.state == "sent", Announcement.asks_acknowledgement.is_(True)
            )
        )
        & AnnouncementRecipient.invitation_id.in_(
            select(Invitation.id).where(Invitation.revoked_at.is_(None))
        )
    )


@operation
def remind(viewer: Viewer, announcement_id: PublicId) -> date | None:
    """Remind whoever has not acknowledged; during quiet hours on the day they end, which is then given back.

    Announces AcknowledgementReminded. Raises NotFound, Forbidden where nothing is asked, Conflict beyond one
    reminder (procedures: two).
    """
    row = policy.claim(viewer, Announcement, announcement_id, "remind")
    if row.reminders >= most_reminders(row.is_procedure):
        raise Conflict(_("お願いを送れる回数（手続きは2回、ほかは1回）を使い終わっています。"))
    if quiet_hours().is_quiet(now()):
        row.remind_on = _day_of(quiet_hours().next_open(now()))
        return row.remind_on
    _remind(row)
    return None


def most_reminders(is_procedure: bool) -> int:
    """How often HR may ask again."""
    return 2 if is_procedure else 1


def _remind(row: Announcement) -> None:
    row.reminders += 1
    row.remind_on = None
    announce(AcknowledgementReminded(announcement_id=row.id, number=row.reminders))


# ── every minute ─────────────────────────────────────────────────────────────────────────────────────────────


def send_due() -> int:
    """Send what was scheduled for now or earlier, each in its own transaction; how many."""
    due = session.scalars(
        select(Announcement.id)
        .where(Announcement.state == "scheduled", Announcement.scheduled_at <= now())
        .order_by(Announcement.scheduled_at, Announcement.id)
    ).all()
    session.rollback()
    return sum(_send_scheduled(announcement_id) for announcement_id in due)


@operation
def _send_scheduled(announcement_id: int) -> bool:
    """Send one, unless another process does so, or HR took it back meanwhile."""
    row = session.scalar(
        select(Announcement)
        .where(
            Announcement.id == announcement_id,
            Announcement.state == "scheduled",
            Announcement.scheduled_at <= now(),
        )
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return False
    # After a long stop of the server its dates may have passed: nobody is named before they were told.
    if why_not_ready(row, told_on(now())) or not _send(row):
        row.state = "draft"  # its moment stays, so that the list can say why it is a draft again
        return False
    return True


@operation
def remind_due() -> int:
    """Send the reminders whose day has come, outside quiet hours; how many."""
    if quiet_hours().is_quiet(now()):
        return 0
    due = session.scalars(
        select(Announcement)
        .where(
            Announcement.state == "sent",
            Announcement.asks_acknowledgement.is_(True),
            Announcement.remind_on <= company_today(),
        )
        .order_by(Announcement.id)
        .with_for_update(skip_locked=True)
    ).all()
    for row in due:
        if row.reminders < most_reminders(row.is_procedure):
            _remind(row)
        else:
            row.remind_on = None
    return len(due)


def is_told_of() -> ColumnElement[bool]:
    """A clause over Member, joined to its copy: whom HR's number counts. Neither HR nor anybody who has not joined.

    Letters go to whatever address HR typed. Nine of one's own, of which four press the button, would make the number
    turn on the tenth person alone.
    """
    return Member.roles.bitwise_and(int(Role.HR | Role.LEAD)) == 0


@operation
def count_acknowledgements() -> int:
    """Once a morning, fix what HR sees until tomorrow; gives how many announcements were counted."""
    moment = now().astimezone(company_zone())
    if moment.hour < COUNTING_HOUR:
        return 0
    due = session.scalars(
        select(Announcement.id)
        .where(
            Announcement.state == "sent",
            Announcement.asks_acknowledgement.is_(True),
            Announcement.sent_at < moment.replace(hour=0, minute=0, second=0, microsecond=0),
            or_(Announcement.counted_on.is_(None), Announcement.counted_on < moment.date()),
        )
        .order_by(Announcement.id)
        .with_for_update(skip_locked=True)
    ).all()
    recipient = AnnouncementRecipient
    session.execute(
        update(recipient)
        .where(
            recipient.announcement_id.in_(due),
            recipient.is_acknowledged.is_(True),
            recipient.is_counted.is_(False),
        )
        .values(is_counted=True)
        .execution_options(synchronize_session=False)
    )
    counted = (
        select(func.count())
        .select_from(recipient)
        .join(Member, Member.id == recipient.member_id)
        .where(recipient.announcement_id == Announcement.id, recipient.is_counted.is_(True), is_told_of())
        .correlate(Announcement)
        .scalar_subquery()
    )
    session.execute(
        update(Announcement)
        .where(Announcement.id.in_(due))
        .values(acknowledged=counted, counted_on=moment.date())
        .execution_options(synchronize_session=False)
    )
    return len(due)


@operation
def post_letters(most: int = LETTERS_A_MINUTE) -> int:
    """Let the next letters to invited people leave, at most `most`, outside quiet hours; how many.

    Announces InvitedMailDue for each: a letter is written when it is sent.
    """
    recipient = AnnouncementRecipient
    waiting = (
        select(recipient, Announcement.reminders)
        .join(Announcement, Announcement.id == recipient.announcement_id)
        .join(Invitation, Invitation.id == recipient.invitation_id)
        .where(
            Announcement.state == "sent",
            # With a corrected address it waits until the invitation has gone there.
            Invitation.sent_at.is_not(None),
            Invitation.revoked_at.is_(None),
            recipient.letters <= Announcement.reminders,
            or_(recipient.letters == 0, recipient.is_acknowledged.is_(False)),
        )
    )
    if quiet_hours().is_quiet(now()):
        waiting = waiting.where(Announcement.emergency_reason != "", recipient.letters == 0)
    found = session.execute(
        waiting.order_by(recipient.id).limit(most).with_for_update(of=recipient, skip_locked=True)
    ).all()
    for row, reminders in found:
        if row.secret_hash is None:
            row.nonce = new_nonce()
            row.secret_hash = hashed(secret_of(PURPOSE, row.nonce))
        announce(InvitedMailDue(recipient_id=row.id, number=reminders if row.letters else 0))
        row.letters = reminders + 1
    return len(found)


@operation
def postpone_letter(recipient_id: int, number: int) -> None:
    """Let a letter, or reminder number `number`, wait for the end of the quiet hours that began before it left."""
    recipient = AnnouncementRecipient
    session.execute(
        update(recipient)
        .where(recipient.id == recipient_id, recipient.letters > number)
        .values(letters=number)
    )


EVERY_MINUTE = (send_due, remind_due, count_acknowledgements, post_letters)

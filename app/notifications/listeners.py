"""What follows: notices are made from facts of boards, rooms and announcements, and letters and pushes leave."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from app.accounts.events import MembershipEnded, SessionsEnded
from app.announcements.events import AcknowledgementReminded, AnnouncementSent
from app.boards.events import PostEdited, ReplyPosted, TopicStarted
from app.chat.events import MessageEdited, MessagesReported, MessageWaits, TalkAsked
from app.core.db import session
from app.core.events import Delivery, delivers, hints, listens
from app.core.i18n import speaking, tn
from app.core.mail import letter_text, link_to, send_letter
from app.core.push import PushGone, PushRefused, PushTemporarilyFailed, send_push
from app.core.sockets import push
from app.invitations.events import MemberJoined
from app.models import Post

from . import operations, queries
from .audiences import reminded, told_of_announcement, told_of_edit, told_of_post, told_on_joining
from .cards import Bundle
from .duties import told_of_report, told_of_wish
from .events import BundleDue, NoticesMade, PushDue, TestPushAsked
from .hours import is_quiet
from .rooms import told_of_message, told_of_new_words
from .telling import tell

log = structlog.get_logger(__name__)

# About a day of trying, as long as a push service itself would keep it; nobody waits longer for a test than minutes.
MOST_TRIES = 32
MOST_TEST_TRIES = 5


# ── notices ──────────────────────────────────────────────────────────────────────────────────────────────────


@listens(TopicStarted)
def tell_of_topic(fact: TopicStarted, delivery: Delivery) -> None:
    """Whom a new topic speaks to by name."""
    post_id = session.scalar(select(Post.id).where(Post.topic_id == fact.topic_id, Post.is_first))
    if post_id is not None:
        tell(*told_of_post(post_id))


@listens(ReplyPosted)
def tell_of_reply(fact: ReplyPosted, delivery: Delivery) -> None:
    """Whom it speaks to or answers, and who follows the topic."""
    tell(*told_of_post(fact.post_id))


@listens(PostEdited)
def tell_of_edit(fact: PostEdited, delivery: Delivery) -> None:
    """Whom the new text speaks to and the old one did not."""
    tell(*told_of_edit(fact.post_id, fact.mentioned))


@listens(MessageWaits)
def tell_of_message(fact: MessageWaits, delivery: Delivery) -> None:
    """Whom it speaks to, and those who have not read it meanwhile."""
    tell(*told_of_message(fact.message_id))


@listens(MessageEdited)
def tell_of_new_words(fact: MessageEdited, delivery: Delivery) -> None:
    """Whom the new words speak to and the old ones did not."""
    tell(*told_of_new_words(fact.message_id, fact.seq, fact.mentioned))


@listens(TalkAsked)
def tell_of_wish(fact: TalkAsked, delivery: Delivery) -> None:
    """The HR team, where somebody wishes to talk with them."""
    tell(*told_of_wish(fact.request_id))


@listens(MessagesReported)
def tell_of_report(fact: MessagesReported, delivery: Delivery) -> None:
    """The moderators who may look at it."""
    tell(*told_of_report(fact.report_id))


@listens(AnnouncementSent)
def tell_of_announcement(fact: AnnouncementSent, delivery: Delivery) -> None:
    """Everybody it is for."""
    tell(*told_of_announcement(fact.announcement_id))


@listens(MemberJoined)
def tell_of_what_waited(fact: MemberJoined, delivery: Delivery) -> None:
    """Whoever joins before the letter of an announcement left is told of it as a member."""
    for told in told_on_joining(fact.member_id):
        tell(*told)


@listens(AcknowledgementReminded)
def remind(fact: AcknowledgementReminded, delivery: Delivery) -> None:
    """Everybody it is for who has not acknowledged; a second reminder takes the place of the first."""
    tell(*reminded(fact.announcement_id))


@hints(NoticesMade)
def hint_at_notices(fact: NoticesMade) -> None:
    """An open page may ask again how many there are."""
    push(fact.member_ids, "notice:new", {})


# ── letters and pushes ───────────────────────────────────────────────────────────────────────────────────────


@delivers(BundleDue)
def mail_bundle(fact: BundleDue, delivery: Delivery) -> None:
    """One letter about everything that is due to a member; none where they may see none of it any more."""
    due = queries.due_mail(fact.member_id)
    bundle = queries.bundle_of(fact.member_id, due)
    if bundle is not None:
        _send(bundle, delivery)
    operations.settle_mail(fact.member_id, due, was_sent=bundle is not None)


def _send(bundle: Bundle, delivery: Delivery) -> None:
    with speaking(bundle.language):
        subject = tn(
            "【%(community)s】%(count)s件の新しいお知らせ",
            "【%(community)s】%(count)s件の新しいお知らせ",
            bundle.total,
            community=bundle.community,
        )
    unsubscribe = link_to(bundle.unsubscribe_path)
    text = letter_text(
        "notifications/bundle.txt",
        bundle.language,
        name=bundle.to_name,
        community=bundle.community,
        items=bundle.items,
        more=bundle.total - sum(item.count for item in bundle.items),
        is_digest=bundle.is_digest,
        link=link_to("/notices"),
        settings_link=link_to("/me/notices"),
        unsubscribe=unsubscribe,
    )
    send_letter(
        to_address=bundle.to_address,
        to_name=bundle.to_name,
        subject=subject,
        text=text,
        language=bundle.language,
        key=delivery.key,
        unsubscribe=unsubscribe,
    )


@delivers(PushDue)
def push_notice(fact: PushDue, delivery: Delivery) -> None:
    """One notice to one device; a device its push service no longer knows is forgotten."""
    found = queries.push_of(fact.notice_id, fact.subscription_id)
    if found is None:
        return
    if is_quiet() and not found.is_emergency:
        operations.postpone_push(fact.notice_id)
        return
    try:
        send_push(found.endpoint, found.p256dh, found.auth, found.payload, key=delivery.key)
    except PushGone:
        operations.forget_device(fact.subscription_id, fact.notice_id)
    except PushTemporarilyFailed:
        if delivery.attempt < MOST_TRIES:
            raise
        log.warning("a push was given up")
    except PushRefused as refusal:
        log.warning("a push was refused for good", reason=str(refusal))


@delivers(TestPushAsked)
def push_test(fact: TestPushAsked, delivery: Delivery) -> None:
    """The push somebody asked for, to see that it arrives."""
    found = queries.test_push_of(fact.subscription_id)
    if found is None:
        return
    try:
        send_push(found.endpoint, found.p256dh, found.auth, found.payload, key=delivery.key)
    except PushGone:
        operations.forget_device(fact.subscription_id)
    except PushTemporarilyFailed:
        if delivery.attempt < MOST_TEST_TRIES:
            raise
        log.warning("a push was given up")
    except PushRefused as refusal:
        log.warning("a push was refused for good", reason=str(refusal))


# ── whoever leaves ───────────────────────────────────────────────────────────────────────────────────────────


@listens(MembershipEnded)
def forget_notices(fact: MembershipEnded, delivery: Delivery) -> None:
    """Nothing is kept of the notices of somebody who left, nor of their devices."""
    operations.forget_member(fact.member_id)


@listens(SessionsEnded)
def forget_devices(fact: SessionsEnded, delivery: Delivery) -> None:
    """Whoever signed out everywhere gets no more pushes; a single device says so itself (push.js)."""
    operations.forget_devices_signed_out(fact.member_id)

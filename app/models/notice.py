"""Notices: what the product tells one person, how it may reach them, and their devices that take pushes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, BigId
from app.core.ids import new_public_id
from app.core.tokens import new_nonce

from .announcement import Announcement
from .board import Post
from .chat import Message, MessageReport, TalkRequest

# Why somebody is told; the order of the settings page.
NOTICE_KINDS = (
    "announcement",
    "reminder",
    "talk",
    "report",
    "message",
    "mention",
    "answer",
    "reply",
    "topic",
    "room",
)


class Notice(Base):
    """One thing to tell one member. What it leads to is asked again whenever it is shown or sent.

    `kind`: announcement, reminder (to acknowledge), message (from one person, or in 人事への連絡), mention, answer (a
    quote of one's own post, or a reply to one's own topic), reply (in a followed topic), topic (a new one on a followed
    board), room (the first message in a room that was quiet), talk (to HR: somebody pressed 話したい), report (to
    moderators). There is no "read" mark: one bookmark per person says up to where the list is old
    (`Member.notice_bookmark_id`).
    """

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint(
            "kind IN (" + ", ".join(f"'{kind}'" for kind in NOTICE_KINDS) + ")",
            name="kind",
        ),
        CheckConstraint(
            "(CASE WHEN post_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN announcement_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN message_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN talk_request_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN report_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="about_one_thing",
        ),
        Index("ix_notice_member_id_id", "member_id", "id"),
        # Nobody is told twice of one post: the strongest reason is the one they read.
        Index("ix_notice_post", "post_id", "member_id", unique=True),
        Index("ix_notice_announcement", "announcement_id", "member_id", "kind", unique=True),
        Index("ix_notice_message", "message_id", "member_id", unique=True),
        Index("ix_notice_talk_request", "talk_request_id", "member_id", unique=True),
        Index("ix_notice_report", "report_id", "member_id", unique=True),
        Index("ix_notice_mail", "member_id", "mail"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    kind: Mapped[str] = mapped_column(String(12))
    post_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("post.id"))
    announcement_id: Mapped[int | None] = mapped_column(ForeignKey("announcement.id"))
    message_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("message.id"))
    talk_request_id: Mapped[int | None] = mapped_column(ForeignKey("talk_request.id"))
    report_id: Mapped[int | None] = mapped_column(ForeignKey("message_report.id"))
    made_at: Mapped[datetime]
    # '' when it goes by mail neither now nor later; 'bundle' or 'digest' while it waits for one.
    mail: Mapped[str] = mapped_column(String(8), default="")
    # It waits for the end of the quiet hours, or for its turn, to be pushed.
    waits_for_push: Mapped[bool] = mapped_column(default=False)

    post: Mapped[Post | None] = relationship(lazy="raise")
    announcement: Mapped[Announcement | None] = relationship(lazy="raise")
    message: Mapped[Message | None] = relationship(lazy="raise")
    talk_request: Mapped[TalkRequest | None] = relationship(lazy="raise")
    report: Mapped[MessageReport | None] = relationship(lazy="raise")


class NoticeChoice(Base):
    """What one member chose for one kind of notice; without a row the defaults of the kind hold."""

    __tablename__ = "notice_choice"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    by_mail: Mapped[str] = mapped_column(String(8))  # 'bundle', 'digest' or ''
    by_push: Mapped[bool]


class NoticeMail(Base):
    """When the next bundle, the next digest and the next pushes may leave for one member; deleted when nothing waits.

    Times of what the product sends, never of what the member does.
    """

    __tablename__ = "notice_mail"
    __table_args__ = (
        Index("ix_notice_mail_due_at", "due_at"),
        Index("ix_notice_mail_digest_at", "digest_at"),
        Index("ix_notice_mail_push_at", "push_at"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    due_at: Mapped[datetime | None]
    digest_at: Mapped[datetime | None]
    push_at: Mapped[datetime | None]
    # A letter is on its way: what comes meanwhile waits for the next one, so that no two leave at once.
    is_going: Mapped[bool] = mapped_column(default=False)
    # Not earlier than half an hour after the bundle before.
    not_before: Mapped[datetime | None]


class NoticeSettings(Base):
    """How often a member wants the digest (`daily`, `weekly` or empty), and the secret of one-tap unsubscribing.

    `is_paused`（しばらく休む）: only procedures are sent; the list goes on.
    """

    __tablename__ = "notice_settings"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(6), default="daily")
    is_paused: Mapped[bool] = mapped_column(default=False)
    nonce: Mapped[str] = mapped_column(String(32), default=new_nonce)
    secret_hash: Mapped[str | None] = mapped_column(String(64), unique=True)


class PushSubscription(Base):
    """One device that takes pushes: the address its browser vendor gave, and the keys only that browser can use."""

    __tablename__ = "push_subscription"
    __table_args__ = (Index("ix_push_subscription_member_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    endpoint: Mapped[str] = mapped_column(String(1000), unique=True)
    p256dh: Mapped[str] = mapped_column(String(120))
    auth: Mapped[str] = mapped_column(String(60))
    device: Mapped[str] = mapped_column(String(40))

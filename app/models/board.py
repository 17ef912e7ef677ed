"""Boards（ひろば）, their audiences, topics and posts."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base, BigId
from app.core.ids import new_public_id

from .member import Member


class Board(Base):
    """A place with a purpose, readers and writers."""

    __tablename__ = "board"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(String(400), default="")
    position: Mapped[int] = mapped_column(default=0)
    # Put away by HR: still read, no longer written on.
    archived_at: Mapped[datetime | None]


class BoardAudience(Base):
    """One set of people who read a board, and perhaps write there: a role, a cohort or a group, one of the three."""

    __tablename__ = "board_audience"
    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN role IS NULL THEN 0 ELSE 1 END) + (CASE WHEN cohort_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN group_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_set",
        ),
        Index("ix_board_audience_board_id", "board_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    role: Mapped[int | None]
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
    is_writer: Mapped[bool] = mapped_column(default=False)


class Topic(Base):
    """A conversation on a board; its first post carries the text."""

    __tablename__ = "topic"
    __table_args__ = (
        Index("ix_topic_board_id_id", "board_id", "id"),
        # Where something is new: from the newest post back to a reader's bookmark.
        Index("ix_topic_board_id_newest_id", "board_id", "newest_id"),
        Index("ix_topic_newest_id", "newest_id"),
        Index("ix_topic_author_id", "author_id"),
        Index(
            "ix_topic_pinned",
            "board_id",
            "id",
            sqlite_where=text("pinned_at IS NOT NULL"),
            postgresql_where=text("pinned_at IS NOT NULL"),
        ),
        Index(
            "ix_topic_archived",
            "board_id",
            "id",
            sqlite_where=text("archived_at IS NOT NULL"),
            postgresql_where=text("archived_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    # The author's cohort, repeated here so that a wall is a plain comparison in every list.
    author_cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    title: Mapped[str] = mapped_column(String(200))
    started_at: Mapped[datetime]
    # How many replies nobody hid. What stands between two people is taken off when the topic is listed.
    replies: Mapped[int] = mapped_column(default=0, server_default="0")
    # No post of the topic is newer: whoever has read up to here need not be asked post by post.
    newest_id: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    pinned_at: Mapped[datetime | None]
    locked_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    # Taken back by its author: the title is gone, the replies of others stay.
    withdrawn_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(String(400), default="")

    board: Mapped[Board] = relationship(lazy="raise")
    author: Mapped[Member | None] = relationship(lazy="raise")


class Post(Base):
    """One contribution to a topic. `is_first` marks the topic's own text."""

    __tablename__ = "post"
    __table_args__ = (
        Index("ix_post_topic_id_id", "topic_id", "id"),
        Index("ix_post_author_id", "author_id"),
        # What a block or a wall takes off the number of replies is counted here.
        Index("ix_post_topic_id_author_id", "topic_id", "author_id"),
        Index("ix_post_topic_id_author_cohort_id", "topic_id", "author_cohort_id"),
        Index("ix_post_public_id", "public_id", unique=True),
        Index("ix_post_submission", "author_id", "submission_key", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), default=new_public_id)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    author_cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    is_first: Mapped[bool] = mapped_column(default=False)
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    renderer_version: Mapped[int]
    # The first words without markup: for quotes, notices and titles of mails.
    excerpt: Mapped[str] = mapped_column(String(200), default="", server_default="")
    # Raised by each edit; the editing form carries it, so that two tabs do not overwrite each other.
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    # The post this one answers; shown to whoever may see that one.
    quoted_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("post.id"))
    # Made with the form: sending the same form twice makes one post.
    submission_key: Mapped[str | None] = mapped_column(String(32))
    written_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(String(400), default="")

    topic: Mapped[Topic] = relationship(lazy="raise")
    author: Mapped[Member | None] = relationship(lazy="raise")


class PostRevision(Base):
    """What a post said before an edit; `number` counts from 1, the post itself holds the newest."""

    __tablename__ = "post_revision"

    post_id: Mapped[int] = mapped_column(BigId, ForeignKey("post.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # The topic's title then; empty for replies.
    title: Mapped[str] = mapped_column(String(200), default="", server_default="")
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    renderer_version: Mapped[int]
    written_at: Mapped[datetime]


class Mention(Base):
    """A post speaks to somebody by name, chosen among those its author could see."""

    __tablename__ = "mention"
    __table_args__ = (Index("ix_mention_member_id", "member_id"),)

    post_id: Mapped[int] = mapped_column(BigId, ForeignKey("post.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)


# The six reactions, in the order they are offered. There is no seventh, and none that judges.
REACTIONS = ("thanks", "agree", "helpful", "cheer", "laugh", "congrats")


class Reaction(Base):
    """One sign of one person under a post; without a time."""

    __tablename__ = "reaction"
    __table_args__ = (
        CheckConstraint("name IN (" + ", ".join(f"'{name}'" for name in REACTIONS) + ")", name="one_of_six"),
        Index("ix_reaction_member_id", "member_id"),
    )

    post_id: Mapped[int] = mapped_column(BigId, ForeignKey("post.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(12), primary_key=True)
    # Repeated from the member, as on posts: a wall is a plain comparison.
    member_cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))


class SavedPost(Base):
    """A post somebody keeps for themselves; its owner alone ever knows."""

    __tablename__ = "saved_post"
    __table_args__ = (Index("ix_saved_post_pair", "member_id", "post_id", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    post_id: Mapped[int] = mapped_column(BigId, ForeignKey("post.id"))


class Level(IntEnum):
    """How much one wishes to hear of a topic."""

    MUTED = 0  # nothing, and its topic is not listed as new
    NORMAL = 1  # mentions and answers to one's own posts
    FOLLOWED = 2  # every reply


class TopicReader(Base):
    """What one person keeps about one topic: a bookmark（しおり）without a time, and how much they wish to hear.

    `bookmark_id` is the newest post they have read, 0 before the first.
    """

    __tablename__ = "topic_reader"
    __table_args__ = (Index("ix_topic_reader_topic_id", "topic_id"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    topic_id: Mapped[int] = mapped_column(BigId, ForeignKey("topic.id"), primary_key=True)
    bookmark_id: Mapped[int] = mapped_column(BigId, default=0)
    level: Mapped[int] = mapped_column(default=int(Level.NORMAL))


class BoardReader(Base):
    """Up to which post one person marked a whole board as read; no time."""

    __tablename__ = "board_reader"

    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), primary_key=True)
    bookmark_id: Mapped[int] = mapped_column(BigId)

"""Boards（ひろば）, their audiences, topics and posts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import Base
from app.core.ids import new_public_id

from .member import Member

BigId = BigInteger().with_variant(Integer, "sqlite")


class Board(Base):
    """A place with a purpose, readers and writers."""

    __tablename__ = "board"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(String(400), default="")
    position: Mapped[int] = mapped_column(default=0)


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
        Index("ix_topic_author_id", "author_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(13), unique=True, default=new_public_id)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    # The author's cohort, repeated here so that a wall is a plain comparison in every list.
    author_cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohort.id"))
    title: Mapped[str] = mapped_column(String(200))
    started_at: Mapped[datetime]
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
    # Made with the form: sending the same form twice makes one post.
    submission_key: Mapped[str | None] = mapped_column(String(32))
    written_at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str] = mapped_column(String(400), default="")

    topic: Mapped[Topic] = relationship(lazy="raise")
    author: Mapped[Member | None] = relationship(lazy="raise")

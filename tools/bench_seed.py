"""Fill a demo's database with many posts, fast: rows are put straight into the real tables.

    python tools/bench_seed.py --posts 100000       (TSUBOMI_* settings name the database)

Topics of 20 posts on one board, and one topic that holds a fifth of everything, at most 20,000. Running it again adds
what is missing to the number. Prints as JSON which pages to measure.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import Connection, Table, func, insert, select

from app import create_app
from app.core.db import db
from app.core.ids import new_public_id
from app.core.text import RENDERER_VERSION, render_markdown
from app.models import Block, Board, BoardAudience, Member, Post, Role, Topic

POSTS_A_TOPIC = 20
LONGEST_TOPIC = 20_000
AT_ONCE = 10_000
TITLE = "計測のためのトピック"
BODY = (
    "はじめまして。春から一緒に働けるのを楽しみにしています。\n\n"
    "研修までに読んでおくとよい本があれば、教えてください。**通勤**のことも気になっています。\n"
)
BEGINNING = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)


def main() -> int:
    """Seed, then say what there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=1_000, help="posts of this tool's making, in all")
    wanted = parser.parse_args().posts
    app = create_app()
    with app.app_context(), db.engine.begin() as connection:
        board_id = _board(connection)
        _seed(connection, board_id, wanted)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
        print(json.dumps(_places(connection, board_id)))
    return 0


def _board(connection: Connection) -> int:
    """A board of the measurement's own, for everybody."""
    found = connection.scalar(select(Board.id).where(Board.slug == "bench"))
    if found is not None:
        return int(found)
    board_id = connection.execute(
        _insert(Board.__table__),
        {**_defaults(Board.__table__), "slug": "bench", "name": "計測のひろば", "position": 99},
    ).inserted_primary_key[0]  # type: ignore[index]
    for role in (Role.CANDIDATE, Role.EMPLOYEE, Role.HR, Role.MODERATOR):
        connection.execute(
            _insert(BoardAudience.__table__),
            {
                **_defaults(BoardAudience.__table__),
                "board_id": board_id,
                "role": int(role),
                "is_writer": True,
            },
        )
    return int(board_id)


def _seed(connection: Connection, board_id: int, wanted: int) -> None:
    have = (
        connection.scalar(
            select(func.count()).select_from(Post).join(Topic).where(Topic.board_id == board_id)
        )
        or 0
    )
    authors = connection.execute(
        select(Member.id, Member.cohort_id).where(
            Member.roles.in_((int(Role.CANDIDATE), int(Role.EMPLOYEE))),
            Member.suspended_at.is_(None),
            Member.ended_at.is_(None),
            Member.id.not_in(select(Block.blocker_id)),
            Member.id.not_in(select(Block.blocked_id)),
            Member.cohort_id.is_(None)
            | (
                Member.cohort_id
                == select(Member.cohort_id).where(Member.mail == "haruka@example.jp").scalar_subquery()
            ),
        )
    ).all()
    long = min(wanted // 5, LONGEST_TOPIC)
    sizes = _sizes(wanted - have, long if long > _longest(connection, board_id) else 0)
    topic_id = connection.scalar(select(func.max(Topic.id))) or 0
    post_id = connection.scalar(select(func.max(Post.id))) or 0
    topics: list[dict[str, Any]] = []
    posts: list[dict[str, Any]] = []
    for size in sizes:
        topic_id += 1
        for number in range(size):
            post_id += 1
            posts.append(_post(post_id, topic_id, authors[(topic_id + number) % len(authors)], number))
        topics.append(_topic(topic_id, board_id, authors[topic_id % len(authors)], size, post_id))
        if len(posts) >= AT_ONCE:
            _put(connection, topics, posts)
    _put(connection, topics, posts)
    _count_on(connection, "topic", topic_id)
    _count_on(connection, "post", post_id)


def _sizes(missing: int, long: int) -> Iterator[int]:
    if long and missing >= long:
        yield long
        missing -= long
    for _number in range(max(missing, 0) // POSTS_A_TOPIC):
        yield POSTS_A_TOPIC


def _longest(connection: Connection, board_id: int) -> int:
    sizes = (
        (select(func.count().label("size")).select_from(Post).join(Topic).where(Topic.board_id == board_id))
        .group_by(Topic.id)
        .subquery()
    )
    return connection.scalar(select(func.max(sizes.c.size))) or 0


_HTML = render_markdown(BODY)


def _post(post_id: int, topic_id: int, author: Any, number: int) -> dict[str, Any]:
    return {
        **_defaults(Post.__table__),
        "id": post_id,
        "public_id": new_public_id(),
        "topic_id": topic_id,
        "author_id": author.id,
        "author_cohort_id": author.cohort_id,
        "is_first": number == 0,
        "body": BODY,
        "body_html": _HTML,
        "renderer_version": RENDERER_VERSION,
        "written_at": BEGINNING + timedelta(seconds=post_id % 2_000_000),
    }


def _topic(topic_id: int, board_id: int, author: Any, size: int, newest_id: int) -> dict[str, Any]:
    return {
        **_defaults(Topic.__table__),
        "id": topic_id,
        "public_id": new_public_id(),
        "board_id": board_id,
        "author_id": author.id,
        "author_cohort_id": author.cohort_id,
        "title": f"{TITLE} {topic_id}",
        "started_at": BEGINNING + timedelta(seconds=topic_id % 2_000_000),
        **_known(Topic.__table__, replies=size - 1, newest_id=newest_id),
    }


def _known(table: Any, **values: Any) -> dict[str, Any]:
    """Those of the values that the table has a column for."""
    return {name: value for name, value in values.items() if name in table.columns}


def _defaults(table: Any) -> dict[str, Any]:
    """What a new row says where nobody says anything: the constants of the models, None where it may be."""
    return {
        column.name: column.default.arg if column.default is not None and column.default.is_scalar else None
        for column in table.columns
        if not column.primary_key
        and (column.nullable or (column.default is not None and column.default.is_scalar))
    }


def _insert(table: Any) -> Any:
    assert isinstance(table, Table)
    return insert(table)


def _put(connection: Connection, topics: list[dict[str, Any]], posts: list[dict[str, Any]]) -> None:
    if posts:
        connection.execute(_insert(Topic.__table__), topics)
        connection.execute(_insert(Post.__table__), posts)
    topics.clear()
    posts.clear()


def _count_on(connection: Connection, table: str, last: int) -> None:
    """PostgreSQL counts by itself and must be told where we stopped."""
    if connection.dialect.name == "postgresql" and last:
        connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})")


def _places(connection: Connection, board_id: int) -> dict[str, Any]:
    """Addresses: the board and a place far down in it; topics; the long topic and a place far down in that."""
    topics = connection.execute(
        select(Topic.id, Topic.public_id).where(Topic.board_id == board_id).order_by(Topic.id)
    ).all()
    long = connection.execute(
        select(Post.topic_id, func.count().label("size"))
        .join(Topic).where(Topic.board_id == board_id)
        .group_by(Post.topic_id).order_by(func.count().desc()).limit(1)
    ).one()  # fmt: skip
    long_id = next(topic.public_id for topic in topics if topic.id == long.topic_id)
    deep = connection.scalar(
        select(Post.public_id).where(Post.topic_id == long.topic_id)
        .order_by(Post.id).offset(max(long.size * 9 // 10, 0)).limit(1)
    )  # fmt: skip
    step = max(len(topics) // 200, 1)
    return {
        "posts": connection.scalar(select(func.count()).select_from(Post)),
        "board": "/boards/bench",
        "deep_board": f"/boards/bench?after={topics[len(topics) // 10].public_id}",
        "topics": [f"/topics/{topic.public_id}" for topic in topics[::step] if topic.public_id != long_id][
            :200
        ],
        "long": f"/topics/{long_id}",
        "deep": f"/topics/{long_id}?after={deep}",
    }


if __name__ == "__main__":
    sys.exit(main())

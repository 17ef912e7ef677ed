"""The working anchor: what a topic page must do at the very least, with the libraries we use and none of our code.

Flask, Flask-SocketIO and SQLAlchemy Core: a signed cookie, a member, a topic, a count, 20 posts with their authors,
one template. BENCH_ANCHOR_URL names its database, which is filled at the first start.
"""

from __future__ import annotations

import os
import random
from typing import Any, cast

from flask import Flask, session
from flask_socketio import SocketIO
from sqlalchemy import Connection, create_engine, text

MEMBERS, TOPICS, POSTS_A_TOPIC = 300, 500, 20
WORDS = (
    "<p>はじめまして。春から<b>一緒</b>に働けるのを楽しみにしています。</p><p>研修のことを教えてください。</p>"
    * 2
)

app = Flask(__name__, static_folder=None)
app.config["SECRET_KEY"] = "anchor"  # noqa: S105 - nothing real is signed with it
engine = create_engine(os.environ["BENCH_ANCHOR_URL"])
SocketIO(app, async_mode=cast(Any, os.environ.get("TSUBOMI_ASYNC_MODE", "threading")))

TABLES = (
    "CREATE TABLE anchor_member (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL)",
    "CREATE TABLE anchor_topic (id INTEGER PRIMARY KEY, title VARCHAR(200) NOT NULL)",
    "CREATE TABLE anchor_post (id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, member_id INTEGER NOT NULL,"
    " written_at VARCHAR(20) NOT NULL, html TEXT NOT NULL)",
    "CREATE INDEX ix_anchor_post ON anchor_post (topic_id, id)",
)
MEMBER = text("SELECT id, name FROM anchor_member WHERE id = :id")
TOPIC = text("SELECT id, title FROM anchor_topic WHERE id = :id")
NEWS = text(
    "SELECT count(*) FROM (SELECT 1 FROM anchor_post WHERE topic_id = :id AND id > :after LIMIT 100) news"
)
PAGE = text(
    "SELECT p.id, m.name AS author, p.written_at, p.html FROM anchor_post p JOIN anchor_member m ON m.id = p.member_id"
    " WHERE p.topic_id = :id AND p.id > :after ORDER BY p.id LIMIT 20"
)
TEMPLATE = app.jinja_env.from_string(
    """<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>{{ title }}</title></head><body>
<nav>{% for board in boards %}<a href="/boards/{{ loop.index }}">{{ board }}</a>{% endfor %}</nav><h1>{{ title }}</h1>
{% for post in posts %}<article id="p{{ post.id }}"><header><a href="/people/{{ post.author }}">{{ post.author }}</a>
<time>{{ post.written_at }}</time></header><div>{{ post.html }}</div><footer><a href="#r{{ post.id }}">返信</a></footer>
</article>{% endfor %}<form method="post"><textarea name="body"></textarea><button>送る</button></form></body></html>"""
)


def _fill(connection: Connection) -> None:
    for statement in TABLES:
        connection.exec_driver_sql(statement)
    posts = [
        {"id": number, "topic": number // POSTS_A_TOPIC + 1, "member": number % MEMBERS + 1, "html": WORDS}
        for number in range(TOPICS * POSTS_A_TOPIC)
    ]
    connection.execute(
        text("INSERT INTO anchor_member VALUES (:id, :name)"),
        [{"id": number + 1, "name": f"内定者{number}"} for number in range(MEMBERS)],
    )
    connection.execute(
        text("INSERT INTO anchor_topic VALUES (:id, :title)"),
        [{"id": number + 1, "title": f"トピック {number}"} for number in range(TOPICS)],
    )
    connection.execute(
        text("INSERT INTO anchor_post VALUES (:id, :topic, :member, '10月1日 12:00', :html)"), posts
    )


with engine.begin() as opening:
    if not engine.dialect.has_table(opening, "anchor_post"):
        _fill(opening)


@app.get("/page")
def page() -> str:
    """One topic of many."""
    topic_id = random.randint(1, TOPICS)  # noqa: S311 - no secret
    with engine.connect() as connection:
        me = connection.execute(MEMBER, {"id": session.get("member", 1)}).one()
        topic = connection.execute(TOPIC, {"id": topic_id}).one()
        connection.execute(NEWS, {"id": topic_id, "after": 0}).scalar()
        posts = connection.execute(PAGE, {"id": topic_id, "after": 0}).all()
        boards = [f"ひろば {number}" for number in range(8)]
        return TEMPLATE.render(title=f"{topic.title} {me.name}", posts=posts, boards=boards)

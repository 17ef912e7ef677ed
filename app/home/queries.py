"""What home shows, and the few facts about the community that stand on every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from app.announcements.queries import waiting_for
from app.boards.cards import TopicRow
from app.boards.queries import alive_topics, fresh_topics, my_boards
from app.boards.unread import POINTER, level_chosen, with_bookmarks
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import _, t
from app.core.ids import PublicId
from app.core.reading import Reading
from app.models import Community, Level, Member, Notice, Post, Topic
from app.people.queries import person_card, person_columns
from app.policy import Viewer, standing

from .cards import DemoDoor, ForMe, HomePage

# Few of each: home ends.
MOST_WAITING = 3
MOST_FOR_ME = 5
MOST_ALIVE = 5
MOST_FRESH = 5
LOOKED_AT = 20  # of the newest notices of these kinds

_LATELY = (
    select(Notice.id)
    .where(
        Notice.member_id == bindparam("viewer_id", type_=Integer),
        Notice.kind.in_(("mention", "answer")),
        Notice.post_id.is_not(None),  # messages stand in their rooms, and on the bell
        standing("view", Notice),
    )
    .order_by(Notice.id.desc())
    .limit(LOOKED_AT)
    .correlate(None)
)
_FOR_ME = Reading(
    with_bookmarks(
        select(
            Notice.kind,
            Post.public_id,
            Post.excerpt,
            Topic.public_id.label("topic_id"),
            Topic.title,
            Topic.withdrawn_at,
            *person_columns(),
        )
        .select_from(Notice)
        .join(Post, Post.id == Notice.post_id)
        .join(Topic, Topic.id == Post.topic_id)
    )
    .outerjoin(Member, Member.id == Post.author_id)
    .where(Notice.id.in_(_LATELY), Post.id > POINTER, level_chosen != int(Level.MUTED))
    .order_by(Notice.id.desc())
)


@dataclass(frozen=True)
class CommunityFacts:
    """The community as every page shows it. `is_set_up` turns true at the end of set-up and stays."""

    version: int
    name: str
    is_demo: bool
    help_line: str
    is_set_up: bool


_NOTHING = CommunityFacts(version=0, name="", is_demo=False, help_line="", is_set_up=False)
_kept: list[CommunityFacts] = [_NOTHING]


def community_facts(version: int | None = None) -> CommunityFacts:
    """The facts; kept in memory as long as `version` (read with the session row) says they still hold."""
    kept = _kept[0]
    if version is not None and kept.version == version:
        return kept
    row = session.execute(
        select(
            Community.version,
            Community.name,
            Community.is_demo,
            Community.help_line,
            Community.set_up_at.is_not(None).label("is_set_up"),
        ).where(Community.id == 1)
    ).first()
    facts = (
        CommunityFacts(row.version, row.name, row.is_demo, row.help_line, row.is_set_up) if row else _NOTHING
    )
    _kept[0] = facts
    return facts


def forget_facts() -> None:
    """Drop what is kept in memory (tests that start another world in the same process)."""
    _kept[0] = _NOTHING


def is_demo_community() -> bool:
    """Whether this database holds demo data."""
    return community_facts().is_demo


def sender_name() -> str:
    """The name letters come from."""
    try:
        name = community_facts().name
    except SQLAlchemyError:
        name = ""
    return t("%(name)s（つぼみ）", name=name) if name else t("つぼみ")


def home_page(viewer: Viewer, *, name: str, first_steps: bool) -> HomePage:
    """Home for one member called `name`: what waits for them, what is new where they read, and an end. Five queries."""
    for_me = _for_me(viewer)
    said = {each.topic_id for each in for_me}
    alive = _unsaid(alive_topics(viewer, most=MOST_ALIVE + len(said)), said, MOST_ALIVE)
    said |= {row.id for row in alive}
    fresh = _unsaid(fresh_topics(viewer, most=MOST_FRESH + len(said)), said, MOST_FRESH)
    return HomePage(
        greeting=_greeting(name),
        is_candidate=viewer.is_candidate,
        has_first_steps=first_steps,
        must_set_up=viewer.is_administrator and not community_facts().is_set_up,
        waiting=waiting_for(viewer, most=MOST_WAITING),
        for_me=for_me,
        alive=alive,
        fresh=fresh,
        boards=my_boards(viewer),
    )


def _for_me(viewer: Viewer) -> tuple[ForMe, ...]:
    """Unread posts that mention the viewer or answer them, those of one topic together, the newest topic first."""
    topics: dict[PublicId, list[Any]] = {}
    for row in _FOR_ME.all(viewer.binds):
        topics.setdefault(row.topic_id, []).append(row)
    return tuple(_one_for_me(viewer, rows) for rows in list(topics.values())[:MOST_FOR_ME])


def _one_for_me(viewer: Viewer, rows: list[Any]) -> ForMe:
    """One topic: what names the viewer comes before what answers them."""
    shown = next((row for row in rows if row.kind == "mention"), rows[0])
    return ForMe(
        topic_id=shown.topic_id,
        post_id=rows[-1].public_id,
        is_mention=shown.kind == "mention",
        author=person_card(viewer, shown),
        topic_title=shown.title if shown.withdrawn_at is None else t("取り消されたトピック"),
        excerpt=shown.excerpt,
        others=len(rows) - 1,
    )


def _unsaid(rows: tuple[TopicRow, ...], said: set[PublicId], most: int) -> tuple[TopicRow, ...]:
    """The first of those that stand nowhere else on the page."""
    return tuple(row for row in rows if row.id not in said)[:most]


def _greeting(name: str) -> str:
    """「はるかさん、こんにちは」; brackets behind a name are not spoken, and さん is not said twice."""
    spoken = name.partition("（")[0].strip() or name
    if spoken.endswith("さん"):
        return t("%(name)s、こんにちは", name=spoken)
    return t("%(name)sさん、こんにちは", name=spoken)


_DEMO_WORDS = {
    "haruka": (_("内定者"), _("同期のひろばを読み、ひとこと書いてみます")),
    "jinji": (_("人事・採用担当"), _("招待の一覧と、ひろばの様子を見ます")),
    "takumi": (_("社員"), _("内定者の話題に、5分だけ返事をします")),
    "mod": (_("ひろば運営"), _("ルールに合わない投稿を、理由を添えて非表示にします")),
}


def demo_doors() -> tuple[DemoDoor, ...]:
    """The demo's people one may be for a minute. Raises NotFound where the data is not a demo."""
    if not community_facts().is_demo:
        raise NotFound()
    mails = {f"{key}@example.jp": key for key in _DEMO_WORDS}
    rows = session.execute(
        select(Member.mail, Member.display_name, Member.bud).where(Member.is_demo, Member.mail.in_(mails))
    ).all()
    found = {mails[row.mail]: row for row in rows if row.mail is not None}
    return tuple(
        DemoDoor(key, found[key].display_name, role, found[key].bud, sentence)
        for key, (role, sentence) in _DEMO_WORDS.items()
        if key in found
    )

"""What pages of boards show, already for one viewer: lists, topics, places, the office's matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, case, func, literal, select

from app import policy
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import t, tn
from app.core.ids import PublicId
from app.core.paging import Cursor, Keyset, Slice
from app.core.text import RENDERER_VERSION, render_markdown, stored_html
from app.models import Board, Cohort, Group, Member, Post, Topic
from app.people.cards import Pager
from app.people.queries import person_card, person_columns
from app.policy import Viewer, allowed, standing

from .audience import ROLE_TOKENS, Let, audience_label, lets_of, organised_community, staff_label
from .cards import (
    AudienceSet,
    BoardCard,
    BoardPage,
    BoardsPage,
    ModerationPage,
    OfficeBoard,
    OfficeBoardPage,
    PostCard,
    PostPlace,
    TopicPage,
    TopicRow,
)

TOPICS_A_PAGE = 20
POSTS_A_PAGE = 20
# Counting goes no further, so that a row of a very long topic costs what any other row costs.
MOST_COUNTED = 1_000
# A permalink shows this many posts before the one it leads to.
POSTS_BEFORE = 10


# ── statements, built once: building one costs more than running it ──────────────────────────────────────────

_BOARD = (
    Board.id.label("board_id"),
    Board.slug.label("board_slug"),
    Board.name.label("board_name"),
    Board.description.label("board_description"),
)
_MY_BOARDS = select(*_BOARD).where(standing("view", Board)).order_by(Board.position, Board.id)
_BOARD_AT = select(*_BOARD).where(Board.slug == bindparam("slug"), standing("view", Board))


def _reply_count() -> ColumnElement[int]:
    """How many replies to the topic of the row the viewer sees, counted in the same statement."""
    replies = (
        select(literal(1).label("one"))
        .where(Post.topic_id == Topic.id, Post.is_first.is_(False), standing("view", Post))
        .limit(MOST_COUNTED)
        .correlate(Topic)
        .subquery()
    )
    return select(func.count()).select_from(replies).correlate(Topic).scalar_subquery()


_TOPIC_ROWS = select(
    Topic.public_id,
    Topic.title,
    Topic.started_at,
    Topic.hidden_at,
    _reply_count().label("reply_count"),
    *person_columns(),
).outerjoin(Member, Member.id == Topic.author_id)
_TOPICS_OF_BOARD = Keyset(
    _TOPIC_ROWS,
    key=Topic.id,
    public_id=Topic.public_id,
    visible=and_(Topic.board_id == bindparam("board_id"), standing("view", Topic)),
    size=TOPICS_A_PAGE,
    is_newest_first=True,
)
_FRESH_TOPICS = (
    _TOPIC_ROWS.add_columns(Board.name.label("board_name"))
    .join(Board, Board.id == Topic.board_id)
    .where(standing("view", Topic))
    .order_by(Topic.id.desc())
    .limit(bindparam("most"))
)
_TOPIC_AT = (
    select(
        Topic.id,
        Topic.public_id,
        Topic.title,
        Topic.hidden_at,
        Topic.hidden_reason,
        _reply_count().label("reply_count"),
        standing("reply", Topic).label("can_reply"),
        standing("hide", Topic).label("can_hide"),
        *_BOARD,
    )
    .join(Board, Board.id == Topic.board_id)
    .where(Topic.public_id == bindparam("public_id"), standing("view", Topic))
)
_POST_ROWS = select(
    Post.public_id,
    Post.is_first,
    Post.author_id,
    Post.body_html,
    # Read only where the stored HTML is of another renderer: a page view writes nothing, so it renders again.
    case((Post.renderer_version != RENDERER_VERSION, Post.body), else_=None).label("stale_body"),
    Post.written_at,
    Post.hidden_at,
    Post.hidden_reason,
    standing("hide", Post).label("can_hide"),
    *person_columns(),
).outerjoin(Member, Member.id == Post.author_id)
_POSTS_OF_TOPIC = Keyset(
    _POST_ROWS,
    key=Post.id,
    public_id=Post.public_id,
    visible=and_(Post.topic_id == bindparam("topic_id"), standing("view", Post)),
    size=POSTS_A_PAGE,
)
_POST_AT = (
    select(Post.id, Post.topic_id, Topic.public_id.label("topic_public_id"))
    .join(Topic, Topic.id == Post.topic_id)
    .where(Post.public_id == bindparam("public_id"), standing("view", Post))
)
_POSTS_BEFORE = (
    select(Post.public_id)
    .where(Post.topic_id == bindparam("topic_id"), Post.id < bindparam("post_key"), standing("view", Post))
    .order_by(Post.id.desc())
    .limit(POSTS_A_PAGE)
)


# ── boards ───────────────────────────────────────────────────────────────────────────────────────────────────


def boards_page(viewer: Viewer) -> BoardsPage:
    """The boards the viewer reads."""
    return BoardsPage(boards=my_boards(viewer), can_organise=viewer.is_hr)


def my_boards(viewer: Viewer) -> tuple[BoardCard, ...]:
    """The boards the viewer reads, in the order HR gave them; two queries."""
    rows = session.execute(_MY_BOARDS, viewer.binds).all()
    lets = lets_of(viewer, [row.board_id for row in rows])
    return tuple(_board_card(viewer, row, lets) for row in rows)


def _board_card(viewer: Viewer, row: Row[Any], lets: dict[int, list[Let]]) -> BoardCard:
    let_in = lets.get(row.board_id, [])
    return BoardCard(
        slug=row.board_slug,
        name=row.board_name,
        description=row.board_description,
        audience_label=audience_label(let_in),
        staff_label=staff_label(let_in),
        can_write=row.board_id in viewer.writable_board_ids,
    )


def board_card(viewer: Viewer, slug: str) -> BoardCard:
    """One board. Raises NotFound if the viewer does not read it."""
    return _board(viewer, slug)[1]


def _board(viewer: Viewer, slug: str) -> tuple[int, BoardCard]:
    row = session.execute(_BOARD_AT, {**viewer.binds, "slug": slug}).first()
    if row is None:
        raise NotFound()
    return row.board_id, _board_card(viewer, row, lets_of(viewer, [row.board_id]))


def check_can_start(viewer: Viewer, slug: str) -> None:
    """Raises NotFound or Forbidden where the viewer could not start a topic: said before anything is typed."""
    policy.fetch(viewer, Board, slug, "write", key=Board.slug)


def board_page(viewer: Viewer, slug: str, cursor: Cursor | None = None) -> BoardPage:
    """A board with one page of its topics. Raises NotFound if the viewer does not read it.

    Newest first by opening, never by the last reply: a reply this viewer may not see would move its topic.
    """
    board_id, card = _board(viewer, slug)
    topics = _slice(_TOPICS_OF_BOARD, cursor, {**viewer.binds, "board_id": board_id})
    return BoardPage(
        board=card,
        topics=tuple(_topic_row(viewer, row) for row in topics.rows),
        pager=_pager(f"/boards/{slug}", topics),
    )


def fresh_topics(viewer: Viewer, most: int = 5) -> tuple[TopicRow, ...]:
    """The newest topics over all boards the viewer reads, each with its board's name; one query."""
    rows = session.execute(_FRESH_TOPICS, {**viewer.binds, "most": most})
    return tuple(_topic_row(viewer, row, board_name=row.board_name) for row in rows)


def _topic_row(viewer: Viewer, row: Row[Any], board_name: str | None = None) -> TopicRow:
    return TopicRow(
        id=row.public_id,
        title=row.title,
        author=person_card(viewer, row),
        started_at=row.started_at,
        reply_count=row.reply_count,
        is_hidden=row.hidden_at is not None,
        board_name=board_name,
    )


# ── topics ───────────────────────────────────────────────────────────────────────────────────────────────────


def topic_page(viewer: Viewer, topic_id: PublicId, cursor: Cursor | None = None) -> TopicPage:
    """A topic with one page of its posts, oldest first. Raises NotFound if the viewer cannot see it."""
    topic = _topic(viewer, topic_id)
    posts = _slice(_POSTS_OF_TOPIC, cursor, {**viewer.binds, "topic_id": topic.id})
    return TopicPage(
        id=topic_id,
        title=topic.title,
        board=_board_card(viewer, topic, lets_of(viewer, [topic.board_id])),
        posts=tuple(_post_card(viewer, row, topic) for row in posts.rows),
        reply_count=topic.reply_count,
        is_hidden=topic.hidden_at is not None,
        can_reply=topic.can_reply,
        closed_sentence=None if topic.can_reply else _why_closed(topic),
        pager=_pager(f"/topics/{topic_id}", posts),
    )


def _topic(viewer: Viewer, topic_id: PublicId) -> Row[Any]:
    row = session.execute(_TOPIC_AT, {**viewer.binds, "public_id": topic_id}).first()
    if row is None:
        raise NotFound()
    return row


def _why_closed(topic: Row[Any]) -> str:
    if topic.hidden_at is not None:
        return t("ひろば運営が非表示にしているため、コメントできません")
    return t("このひろばは、読むための場所です")


def _post_card(viewer: Viewer, row: Row[Any], topic: Row[Any]) -> PostCard:
    """One post; the first one is hidden and shown again with its topic."""
    hidden = topic if row.is_first else row
    is_hidden = hidden.hidden_at is not None
    place = f"/topics/{topic.public_id}" if row.is_first else f"/posts/{row.public_id}"
    can_hide = topic.can_hide if row.is_first else row.can_hide
    return PostCard(
        id=row.public_id,
        author=person_card(viewer, row),
        body_html=stored_html(row.body_html if row.stale_body is None else render_markdown(row.stale_body)),
        written_at=row.written_at,
        is_mine=row.author_id is not None and row.author_id == viewer.id,
        is_hidden=is_hidden,
        hidden_reason=hidden.hidden_reason if is_hidden else None,
        hide_href=f"{place}/hide" if can_hide and not is_hidden else None,
        reveal_href=f"{place}/reveal" if can_hide and is_hidden else None,
        is_first=row.is_first,
    )


def post_place(viewer: Viewer, post_id: PublicId) -> PostPlace:
    """Where a post is read, counted in posts this viewer sees. Raises NotFound if it is not one of them."""
    post = session.execute(_POST_AT, {**viewer.binds, "public_id": post_id}).first()
    if post is None:
        raise NotFound()
    earlier = session.scalars(
        _POSTS_BEFORE, {**viewer.binds, "topic_id": post.topic_id, "post_key": post.id}
    ).all()
    is_on_first_page = len(earlier) < POSTS_A_PAGE
    return PostPlace(post.topic_public_id, after=None if is_on_first_page else earlier[POSTS_BEFORE])


def moderation_page_of_post(viewer: Viewer, post_id: PublicId) -> ModerationPage:
    """A reply about to be hidden or shown again. Raises NotFound, Forbidden."""
    policy.fetch(viewer, Post, post_id, "hide")
    return _moderation_page(viewer, Post.public_id == post_id, is_topic=False)


def moderation_page_of_topic(viewer: Viewer, topic_id: PublicId) -> ModerationPage:
    """A topic about to be hidden or shown again, by its first post. Raises NotFound, Forbidden."""
    policy.fetch(viewer, Topic, topic_id, "hide")
    return _moderation_page(viewer, and_(Topic.public_id == topic_id, Post.is_first.is_(True)), is_topic=True)


def _moderation_page(viewer: Viewer, which: ColumnElement[bool], *, is_topic: bool) -> ModerationPage:
    row = session.execute(
        _POST_ROWS.add_columns(Topic.public_id.label("topic_public_id"))
        .join(Topic, Topic.id == Post.topic_id)
        .where(which, standing("view", Post)),
        viewer.binds,
    ).first()
    if row is None:
        raise NotFound()
    topic = _topic(viewer, row.topic_public_id)
    card = _post_card(viewer, row, topic)
    return ModerationPage(
        post=replace(card, hide_href=None, reveal_href=None),
        topic_title=topic.title,
        back_href=f"/topics/{topic.public_id}" if is_topic else f"/posts/{row.public_id}",
        action=card.reveal_href or card.hide_href or "",
        is_topic=is_topic,
    )


# ── paging ───────────────────────────────────────────────────────────────────────────────────────────────────


def _slice(keyset: Keyset, cursor: Cursor | None, parameters: Mapping[str, object]) -> Slice[Any]:
    """One page. Where the post a link begins at has been hidden meanwhile, or never was, the list begins anew."""
    cursor = cursor or Cursor()
    found = keyset.read(cursor, parameters)
    if not found.rows and (cursor.after or cursor.before):
        return keyset.read(Cursor(), parameters)
    return found


def _pager(path: str, page: Slice[Any]) -> Pager:
    return Pager(
        newer=f"{path}?before={page.previous}" if page.previous else None,
        older=f"{path}?after={page.next}" if page.next else None,
    )


# ── the office ───────────────────────────────────────────────────────────────────────────────────────────────


def office_boards(viewer: Viewer) -> tuple[OfficeBoard, ...]:
    """Every board by name and readers, never its topics. Raises NotFound unless the viewer organises."""
    organised_community(viewer)
    rows = session.execute(select(*_BOARD).order_by(Board.position, Board.id)).all()
    lets = lets_of(viewer, [row.board_id for row in rows])
    return tuple(
        OfficeBoard(
            slug=row.board_slug,
            name=row.board_name,
            description=row.board_description,
            audience_label=audience_label(lets.get(row.board_id, [])),
            staff_label=staff_label(lets.get(row.board_id, [])),
            is_read=row.board_id in viewer.board_ids,
        )
        for row in rows
    )


def office_board_page(viewer: Viewer, slug: str | None = None) -> OfficeBoardPage:
    """The form of one board, or of a new one. Raises NotFound, also unless the viewer organises."""
    organised_community(viewer)
    if slug is None:
        return OfficeBoardPage(
            slug=None, name="", description="", position=0, sets=_sets(viewer, ()), is_narrowing_only=False
        )
    row = session.execute(
        select(
            *_BOARD,
            Board.position,
            select(Topic.id).where(Topic.board_id == Board.id).exists().label("has_topics"),
        ).where(Board.slug == slug)
    ).first()
    if row is None:
        raise NotFound()
    return OfficeBoardPage(
        slug=row.board_slug,
        name=row.board_name,
        description=row.board_description,
        position=row.position,
        sets=_sets(viewer, lets_of(viewer, [row.board_id]).get(row.board_id, ())),
        is_narrowing_only=row.has_topics,
    )


def _sets(viewer: Viewer, lets: Sequence[Let]) -> tuple[AudienceSet, ...]:
    """The lines of the matrix: roles, then cohorts, then groups."""
    labels = {
        "candidates": t("内定者全員"),
        "employees": tn("社員", "社員", 2),
        "hr": t("人事"),
        "moderators": t("ひろば運営（モデレーター）"),
        "desk": t("第三者相談窓口"),
    }
    sets = [
        _set(token, labels[token], "", (let for let in lets if (let.role or 0) & roles))
        for token, roles in ROLE_TOKENS.items()
    ]
    for cohort in session.execute(
        select(Cohort.id, Cohort.public_id, Cohort.name, Cohort.office_note)
        .where(allowed(viewer, "view", Cohort))
        .order_by(Cohort.starts_on, Cohort.id)
    ):
        theirs = (let for let in lets if let.cohort_id == cohort.id)
        sets.append(_set(f"cohort:{cohort.public_id}", cohort.name, cohort.office_note, theirs))
    for group in session.execute(
        select(Group.id, Group.public_id, Group.name, Cohort.name.label("cohort_name"))
        .join(Cohort, Cohort.id == Group.cohort_id)
        .where(allowed(viewer, "view", Group))
        .order_by(Group.cohort_id, Group.name)
    ):
        theirs = (let for let in lets if let.group_id == group.id)
        label = t("班「%(group)s」", group=group.name)
        sets.append(_set(f"group:{group.public_id}", label, group.cohort_name, theirs))
    return tuple(sets)


def _set(token: str, label: str, note: str, lets: Iterable[Let]) -> AudienceSet:
    found = list(lets)
    return AudienceSet(token, label, note, bool(found), any(let.is_writer for let in found))

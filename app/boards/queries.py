"""What pages of boards show, already for one viewer: lists, topics, places, the office's matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal_column,
    select,
    true,
    union_all,
)

from app import policy
from app.core.db import session
from app.core.errors import NotFound
from app.core.i18n import language_now, t, tn
from app.core.ids import PublicId
from app.core.paging import Cursor, Keyset, Slice
from app.core.reading import IdSet, Reading, each_of, is_among
from app.core.text import (
    RENDERER_VERSION,
    mark_mentions,
    mentions_in,
    render_markdown,
    show_mentions,
    stored_html,
)
from app.models import (
    Board,
    BoardAudience,
    BoardReader,
    Cohort,
    Group,
    Member,
    Post,
    Topic,
    TopicReader,
)
from app.people.cards import Pager
from app.people.queries import person_card, person_columns
from app.policy import Viewer, allowed, rules, standing, standing_part

from .audience import (
    LET_COLUMNS,
    ROLE_TOKENS,
    Let,
    audience_label,
    let_of,
    lets_of,
    organised_community,
    staff_label,
    with_lets,
)
from .cards import (
    AudienceSet,
    BoardCard,
    BoardNews,
    BoardPage,
    BoardsPage,
    ModerationPage,
    OfficeBoard,
    OfficeBoardPage,
    PostActsPage,
    PostCard,
    PostPlace,
    ReactionCard,
    TopicPage,
    TopicRow,
)
from .extras import Extras, extras_of
from .unread import (
    BOARD_BOOKMARK,
    FIRST_UNREAD,
    IS_NEW,
    MAY_BE_UNREAD,
    MOST_UNREAD,
    MY_BOOKMARK,
    NEWEST_UNREAD,
    POINTER,
    UNREAD,
    is_mine,
    level_chosen,
    with_board_bookmark,
    with_bookmarks,
)

TOPICS_A_PAGE = 20
POSTS_A_PAGE = 20
# A permalink shows this many posts before the one it leads to.
POSTS_BEFORE = 10
MOST_PINNED = 10
# What came alive again is looked for among the topics where something happened last, and told in few rows.
LOOKED_AT = 100
MOST_ALIVE = 5
# The first rows of the list are on the screen anyway: what is new there need not be said twice.
ON_THE_SCREEN = 5
MOST_NEWS = 20


# ── statements, built once: building one costs more than running it ──────────────────────────────────────────

_BOARD = (
    Board.id.label("board_id"),
    Board.slug.label("board_slug"),
    Board.name.label("board_name"),
    Board.description.label("board_description"),
    Board.archived_at.label("board_archived_at"),
)
# One row for each set of people that is let in: the board and its readers in one statement.
_BOARDS_AND_LETS = with_lets(
    select(*_BOARD, *LET_COLUMNS)
    .select_from(Board)
    .outerjoin(BoardAudience, BoardAudience.board_id == Board.id)
    .where(standing("view", Board))
)
_MY_BOARDS = Reading(_BOARDS_AND_LETS.order_by(Board.position, Board.id, BoardAudience.id))
_BOARD_AT = Reading(_BOARDS_AND_LETS.where(Board.slug == bindparam("slug")).order_by(BoardAudience.id))

_is_theirs = standing_part(rules.post_within_topic, Post)


def _between() -> ColumnElement[int]:
    """How many of the replies that stand are not there for the viewer: a block or a wall is between them.

    Whoever is blocked and walled counts once. Each half is an index of its own, asked once for each id of the set.
    """
    blocked_ids = bindparam("viewer_blocked_ids", type_=IdSet())
    is_blocked = func.coalesce(is_among(Post.author_id, blocked_ids), false())
    walled_ids = bindparam("viewer_walled_cohort_ids", type_=IdSet())
    return _counted(Post.author_id, blocked_ids) + _counted(Post.author_cohort_id, walled_ids, ~is_blocked)


def _counted(column: Any, ids: ColumnElement[Any], *which: ColumnElement[bool]) -> ColumnElement[int]:
    """The replies of the topic of the row that stand and whose `column` is one of the ids."""
    each = each_of(ids).table_valued("value", name="value")
    count = (
        select(func.count())
        .select_from(Post)
        .where(
            Post.topic_id == Topic.id,
            column == each.c.value,
            *which,
            Post.is_first.is_(False),
            Post.hidden_at.is_(None),
        )
        .correlate(Topic, each)
        .scalar_subquery()
    )
    return (
        select(cast(func.coalesce(func.sum(count), 0), Integer))
        .select_from(each)
        .correlate(Topic)
        .scalar_subquery()
    )


_REPLY_COUNT = (Topic.replies - _between()).label("reply_count")
_TOPIC_COLUMNS = (
    Topic.id,
    Topic.public_id,
    Topic.title,
    Topic.started_at,
    Topic.hidden_at,
    Topic.withdrawn_at,
    Topic.pinned_at,
    Topic.locked_at,
    Topic.archived_at,
    _REPLY_COUNT,
    UNREAD.label("unread"),
    IS_NEW.label("is_new"),
    *person_columns(),
)
_TOPIC_ROWS = with_bookmarks(select(*_TOPIC_COLUMNS)).outerjoin(Member, Member.id == Topic.author_id)


def _topics_of_board(which: ColumnElement[bool]) -> Keyset:
    return Keyset(
        _TOPIC_ROWS,
        key=Topic.id,
        public_id=Topic.public_id,
        visible=and_(Topic.board_id == bindparam("board_id"), which, standing("view", Topic)),
        size=TOPICS_A_PAGE,
        is_newest_first=True,
    )


_TOPICS_OF_BOARD = _topics_of_board(and_(Topic.archived_at.is_(None), Topic.pinned_at.is_(None)))
_ARCHIVE_OF_BOARD = _topics_of_board(Topic.archived_at.is_not(None))


def _alive(which: ColumnElement[bool], *columns: Any) -> Select[Any]:
    """Topics that go on behind the viewer's bookmark, the newest visible post first; `most` rows at most."""
    lately = (
        with_board_bookmark(select(Topic.id))
        .where(
            which,
            Topic.newest_id > MY_BOOKMARK,
            Topic.newest_id > BOARD_BOOKMARK,
            Topic.archived_at.is_(None),
            standing("view", Topic),
        )
        .order_by(Topic.newest_id.desc())
        .limit(LOOKED_AT)
    )
    return (
        _TOPIC_ROWS.add_columns(NEWEST_UNREAD.label("newest_unread"), *columns)
        .where(Topic.id.in_(lately.correlate(None)), MAY_BE_UNREAD, ~IS_NEW, NEWEST_UNREAD.is_not(None))
        .order_by(NEWEST_UNREAD.desc())
        .limit(bindparam("most", type_=Integer))
    )


def _above_the_list() -> Any:
    """What is pinned and what came alive again, in one statement."""
    board = Topic.board_id == bindparam("board_id")
    part = literal_column("0", Integer).label("is_alive")
    pinned = (
        _TOPIC_ROWS.add_columns(Topic.id.label("newest_unread"), part)
        .where(board, Topic.pinned_at.is_not(None), Topic.archived_at.is_(None), standing("view", Topic))
        .order_by(Topic.id.desc())
        .limit(MOST_PINNED)
    )
    alive = _alive(board, literal_column("1", Integer).label("is_alive"))
    return union_all(*(select(each.subquery()) for each in (pinned, alive)))


_ABOVE_THE_LIST = Reading(_above_the_list())
_is_current = and_(Topic.archived_at.is_(None), Board.archived_at.is_(None))
_FRESH_TOPICS = Reading(
    _TOPIC_ROWS.add_columns(Board.name.label("board_name"))
    .join(Board, Board.id == Topic.board_id)
    .where(standing("view", Topic), _is_current)
    .order_by(Topic.id.desc())
    .limit(bindparam("most", type_=Integer))
)
_ALIVE_TOPICS = Reading(
    _alive(true(), Board.name.label("board_name"))
    .join(Board, Board.id == Topic.board_id)
    .where(Board.archived_at.is_(None))
)


def _news_of_board() -> ColumnElement[int]:
    """In how many topics of the board of the row something is new, up to MOST_NEWS among the LOOKED_AT liveliest."""
    lately = (
        select(Topic.id)
        .where(
            Topic.board_id == Board.id,
            Topic.newest_id > MY_BOOKMARK,
            Topic.newest_id > BOARD_BOOKMARK,
            Topic.archived_at.is_(None),
            standing("view", Topic),
        )
        .order_by(Topic.newest_id.desc())
        .limit(LOOKED_AT)
        .correlate(Board, BoardReader)
    )
    new = (
        select(Topic.id)
        .select_from(Topic)
        .outerjoin(
            TopicReader,
            and_(
                TopicReader.topic_id == Topic.id,
                TopicReader.member_id == bindparam("viewer_id", type_=Integer),
            ),
        )
        .where(Topic.id.in_(lately), MAY_BE_UNREAD, NEWEST_UNREAD.is_not(None))
        .limit(MOST_NEWS)
        .correlate(Board, BoardReader)
        .subquery()
    )
    return select(func.count()).select_from(new).correlate(Board, BoardReader).scalar_subquery()


_NEWS = Reading(
    select(Board.id, _news_of_board().label("topics"))
    .outerjoin(
        BoardReader,
        and_(
            BoardReader.board_id == Board.id, BoardReader.member_id == bindparam("viewer_id", type_=Integer)
        ),
    )
    .where(standing("view", Board), Board.archived_at.is_(None))
)

# Every set of readers is a 班: few enough that a name beside a reaction tells nobody anything new.
_SHOWS_NAMES = and_(
    exists().where(BoardAudience.board_id == Board.id),
    ~exists().where(BoardAudience.board_id == Board.id, BoardAudience.group_id.is_(None)),
)
_TOPIC_AT = Reading(
    with_bookmarks(
        select(
            Topic.id,
            Topic.public_id,
            Topic.title,
            Topic.hidden_at,
            Topic.hidden_reason,
            Topic.withdrawn_at,
            Topic.pinned_at,
            Topic.locked_at,
            Topic.archived_at,
            _REPLY_COUNT,
            POINTER.label("bookmark"),
            level_chosen.label("level"),
            UNREAD.label("unread"),
            FIRST_UNREAD.label("first_unread"),
            IS_NEW.label("is_new"),
            standing("reply", Topic, Topic).label("can_reply"),
            standing("hide", Topic, Topic).label("can_hide"),
            standing("arrange", Topic, Topic).label("can_arrange"),
            _SHOWS_NAMES.label("shows_names"),
            *_BOARD,
        )
    )
    .join(Board, Board.id == Topic.board_id)
    .where(Topic.public_id == bindparam("public_id"), standing("view", Topic))
)
_stands = Post.withdrawn_at.is_(None)
_POST_ROWS = select(
    Post.id,
    Post.public_id,
    Post.is_first,
    Post.author_id,
    # What was taken back is not even read.
    case((_stands, Post.body_html), else_="").label("body_html"),
    # Read only where the stored HTML is of another renderer: a page view writes nothing, so it renders again.
    case((and_(_stands, Post.renderer_version != RENDERER_VERSION), Post.body), else_=None).label(
        "stale_body"
    ),
    Post.written_at,
    Post.edited_at,
    Post.withdrawn_at,
    Post.hidden_at,
    Post.hidden_reason,
    *person_columns(),
).outerjoin(Member, Member.id == Post.author_id)
# The topic was found for the viewer before, so its posts are asked only for themselves.
_POSTS_OF_TOPIC = Keyset(
    _POST_ROWS,
    key=Post.id,
    public_id=Post.public_id,
    visible=and_(Post.topic_id == bindparam("topic_id"), _is_theirs),
    size=POSTS_A_PAGE,
)
_POST_AT = Reading(
    select(Post.id, Post.topic_id, Topic.public_id.label("topic_public_id"))
    .join(Topic, Topic.id == Post.topic_id)
    .where(Post.public_id == bindparam("public_id"), standing("view", Post))
)
_POSTS_BEFORE = Reading(
    select(Post.public_id)
    .where(Post.topic_id == bindparam("topic_id"), Post.id < bindparam("post_key"), _is_theirs)
    .order_by(Post.id.desc())
    .limit(POSTS_A_PAGE)
)


def _news_of_topic() -> Select[Any]:
    """How much others wrote in a topic behind one of its posts, up to MOST_UNREAD; behind none that is seen, nothing."""
    place = (
        select(Post.id)
        .where(Post.public_id == bindparam("after"), Post.topic_id == Topic.id, _is_theirs)
        .correlate(Topic)
        .scalar_subquery()
    )
    later = (
        select(Post.id)
        .where(Post.topic_id == Topic.id, Post.id > place, ~is_mine(Post.author_id), _stands, _is_theirs)
        .limit(MOST_UNREAD)
        .correlate(Topic)
        .subquery()
    )
    count = select(func.count()).select_from(later).correlate(Topic).scalar_subquery()
    return select(count.label("posts")).where(
        Topic.public_id == bindparam("public_id"), standing("view", Topic)
    )


_NEWS_OF_TOPIC = Reading(_news_of_topic())


# ── boards ───────────────────────────────────────────────────────────────────────────────────────────────────


def boards_page(viewer: Viewer) -> BoardsPage:
    """The boards the viewer reads, with how much is new on each; two queries."""
    found = _boards(viewer, _MY_BOARDS)
    news = {row.id: row.topics for row in _NEWS.all(viewer.binds)}
    return BoardsPage(
        boards=tuple(
            BoardNews(card, news.get(board_id, 0)) for board_id, card in found if not card.is_archived
        ),
        archived=tuple(card for _id, card in found if card.is_archived),
        can_organise=viewer.is_hr,
    )


def my_boards(viewer: Viewer) -> tuple[BoardCard, ...]:
    """The boards the viewer reads and HR has not put away, in the order HR gave them; one query until a version changes."""
    return viewer.keep(
        ("my boards", language_now()),
        lambda: tuple(card for _id, card in _boards(viewer, _MY_BOARDS) if not card.is_archived),
    )


def _boards(viewer: Viewer, statement: Reading, **which: object) -> list[tuple[int, BoardCard]]:
    """Boards by internal id, from one row for each set of their readers."""
    boards: dict[int, Row[Any]] = {}
    lets: dict[int, list[Let]] = {}
    for row in statement.all({**viewer.binds, **which}):
        boards.setdefault(row.board_id, row)
        if row.let_board_id is not None:
            lets.setdefault(row.board_id, []).append(let_of(row))
    return [(key, _board_card(viewer, row, lets.get(key, []))) for key, row in boards.items()]


def _board_card(viewer: Viewer, row: Row[Any], lets: Sequence[Let]) -> BoardCard:
    return BoardCard(
        slug=row.board_slug,
        name=row.board_name,
        description=row.board_description,
        audience_label=audience_label(lets),
        staff_label=staff_label(lets),
        can_write=row.board_id in viewer.writable_board_ids,
        is_archived=row.board_archived_at is not None,
    )


def board_card(viewer: Viewer, slug: str) -> BoardCard:
    """One board. Raises NotFound if the viewer does not read it."""
    return _board(viewer, slug)[1]


def _board(viewer: Viewer, slug: str) -> tuple[int, BoardCard]:
    def find() -> tuple[int, BoardCard]:
        found = _boards(viewer, _BOARD_AT, slug=slug)
        if not found:
            raise NotFound()
        return found[0]

    # Whatever is said about a board stands until the community's or the viewer's version changes.
    return viewer.keep(("board", slug, language_now()), find)


def check_can_start(viewer: Viewer, slug: str) -> None:
    """Raises NotFound or Forbidden where the viewer could not start a topic: said before anything is typed."""
    policy.fetch(viewer, Board, slug, "write", key=Board.slug)


def board_page(viewer: Viewer, slug: str, cursor: Cursor | None = None) -> BoardPage:
    """A board with one page of its topics. Raises NotFound if the viewer does not read it.

    Newest first by opening, never by the last reply: a reply this viewer may not see would move its topic. What is
    pinned, and what came alive again since the viewer read it, stands above the first page.
    """
    board_id, card = _board(viewer, slug)
    topics = _slice(_TOPICS_OF_BOARD, cursor, {**viewer.binds, "board_id": board_id})
    rows = tuple(_topic_row(viewer, row) for row in topics.rows)
    pinned, alive = _above(viewer, board_id) if cursor in (None, Cursor()) else ((), ())
    said = {row.id for row in (*pinned, *rows[:ON_THE_SCREEN])}
    return BoardPage(
        board=card,
        topics=rows,
        pager=_pager(f"/boards/{slug}", topics),
        pinned=pinned,
        alive=tuple(row for row in alive if row.id not in said)[:MOST_ALIVE],
    )


def _above(viewer: Viewer, board_id: int) -> tuple[tuple[TopicRow, ...], tuple[TopicRow, ...]]:
    """What is pinned, and what came alive again by its newest post; more of it than will be shown."""
    most = MOST_ALIVE + ON_THE_SCREEN + MOST_PINNED
    found = _ABOVE_THE_LIST.all({**viewer.binds, "board_id": board_id, "most": most})
    found = sorted(found, key=lambda row: row.newest_unread, reverse=True)
    pinned, alive = (
        tuple(_topic_row(viewer, row) for row in found if row.is_alive == part) for part in (0, 1)
    )
    return pinned, alive


def archive_page(viewer: Viewer, slug: str, cursor: Cursor | None = None) -> BoardPage:
    """The topics of a board that were put away, newest first. Raises NotFound if the viewer does not read it."""
    board_id, card = _board(viewer, slug)
    topics = _slice(_ARCHIVE_OF_BOARD, cursor, {**viewer.binds, "board_id": board_id})
    return BoardPage(
        board=card,
        topics=tuple(_topic_row(viewer, row) for row in topics.rows),
        pager=_pager(f"/boards/{slug}/archive", topics),
        is_archive=True,
    )


def fresh_topics(viewer: Viewer, most: int = 5) -> tuple[TopicRow, ...]:
    """The newest topics over all boards the viewer reads, each with its board's name; one query."""
    return _over_all_boards(viewer, _FRESH_TOPICS, most)


def alive_topics(viewer: Viewer, most: int = 5) -> tuple[TopicRow, ...]:
    """Topics over all boards that go on since the viewer read them, each with its board's name; one query."""
    return _over_all_boards(viewer, _ALIVE_TOPICS, most)


def _over_all_boards(viewer: Viewer, statement: Reading, most: int) -> tuple[TopicRow, ...]:
    rows = statement.all({**viewer.binds, "most": most})
    return tuple(_topic_row(viewer, row, board_name=row.board_name) for row in rows)


def _topic_row(viewer: Viewer, row: Row[Any], board_name: str | None = None) -> TopicRow:
    return TopicRow(
        id=row.public_id,
        title=_title(row),
        author=person_card(viewer, row),
        started_at=row.started_at,
        reply_count=row.reply_count,
        is_hidden=row.hidden_at is not None,
        board_name=board_name,
        unread=row.unread,
        is_new=bool(row.is_new),
        is_pinned=row.pinned_at is not None,
        is_locked=row.locked_at is not None,
        is_archived=row.archived_at is not None,
    )


def _title(row: Row[Any]) -> str:
    """A topic's title; whoever took a topic back took its title along."""
    return row.title if row.withdrawn_at is None else t("取り消されたトピック")


# ── topics ───────────────────────────────────────────────────────────────────────────────────────────────────


def topic_page(viewer: Viewer, topic_id: PublicId, cursor: Cursor | None = None) -> TopicPage:
    """A topic with one page of its posts, oldest first. Raises NotFound if the viewer cannot see it; three queries."""
    topic = _topic(viewer, topic_id)
    posts = _slice(_POSTS_OF_TOPIC, cursor, {**viewer.binds, "topic_id": topic.id})
    extras = extras_of(viewer, topic, *_keys(posts.rows))
    none = Extras()
    page = TopicPage(
        id=topic_id,
        title=_title(topic),
        board=board_card(viewer, topic.board_slug),
        posts=tuple(_post_card(viewer, row, topic, extras.get(row.id, none)) for row in posts.rows),
        reply_count=topic.reply_count,
        is_hidden=topic.hidden_at is not None,
        can_reply=topic.can_reply,
        closed_sentence=None if topic.can_reply else _why_closed(topic),
        pager=_pager(f"/topics/{topic_id}", posts),
        is_pinned=topic.pinned_at is not None,
        is_locked=topic.locked_at is not None,
        is_archived=topic.archived_at is not None,
        can_arrange=topic.can_arrange,
        level=topic.level,
    )
    return _with_unread(page, topic, posts.rows)


def _keys(rows: Sequence[Row[Any]]) -> tuple[int, int]:
    """The internal keys of the first and last post of a page; of none, a span that holds nothing."""
    return (rows[0].id, rows[-1].id) if rows else (1, 0)


def _with_unread(page: TopicPage, topic: Row[Any], rows: Sequence[Row[Any]]) -> TopicPage:
    """The page with what the viewer has not read marked; a topic never opened has nothing to jump to."""
    newest = rows[-1] if rows else None
    page = replace(
        page,
        newest_id=newest.public_id if newest is not None else None,
        moves_bookmark=newest is not None and newest.id > topic.bookmark,
    )
    if topic.first_unread is None or topic.is_new:
        return page
    here = next((row.public_id for row in rows if row.id == topic.first_unread), None)
    href = "#unread" if here else f"/topics/{page.id}?unread=1#unread"
    return replace(page, unread=topic.unread, unread_from=here, unread_href=href)


def _topic(viewer: Viewer, topic_id: PublicId) -> Any:
    row = _TOPIC_AT.first({**viewer.binds, "public_id": topic_id})
    if row is None:
        raise NotFound()
    return row


def _why_closed(topic: Row[Any]) -> str:
    if topic.hidden_at is not None:
        return t("ひろば運営が非表示にしているため、コメントできません")
    if topic.withdrawn_at is not None:
        return t("取り消されたトピックのため、コメントできません")
    if topic.archived_at is not None or topic.board_archived_at is not None:
        return t("過去のトピックです。読むことはできますが、コメントはできません")
    if topic.locked_at is not None:
        return t("閉じられたトピックのため、コメントできません。続きは、同じひろばの新しいトピックで話せます")
    return t("このひろばは、読むための場所です")


def _post_card(viewer: Viewer, row: Row[Any], topic: Row[Any], extras: Extras) -> PostCard:
    """One post; the first one is hidden and shown again with its topic.

    What the viewer may do is said here without asking the database post by post; a test holds it against the rules.
    """
    hidden = topic if row.is_first else row
    is_hidden = hidden.hidden_at is not None
    place = f"/topics/{topic.public_id}" if row.is_first else f"/posts/{row.public_id}"
    is_mine = row.author_id is not None and row.author_id == viewer.id
    is_said = row.withdrawn_at is None and row.hidden_at is None
    return PostCard(
        id=row.public_id,
        author=person_card(viewer, row),
        body_html=stored_html(_body(row, extras)),
        written_at=row.written_at,
        is_mine=is_mine,
        is_hidden=is_hidden,
        hidden_reason=hidden.hidden_reason if is_hidden else None,
        hide_href=f"{place}/hide" if topic.can_hide and not is_hidden else None,
        reveal_href=f"{place}/reveal" if topic.can_hide and is_hidden else None,
        is_first=row.is_first,
        is_withdrawn=row.withdrawn_at is not None,
        edited_at=row.edited_at,
        can_react=not is_mine and is_said and topic.archived_at is None and topic.hidden_at is None,
        can_quote=is_said and topic.can_reply,
        can_edit=is_mine and is_said and topic.can_reply,
        can_withdraw=is_mine,
        **_carried(row, extras),
    )


def _body(row: Row[Any], extras: Extras) -> str:
    html = row.body_html
    if row.stale_body is not None:
        html = mark_mentions(render_markdown(row.stale_body), mentions_in(html))
    return show_mentions(html, extras.seen_mentions)


def _carried(row: Row[Any], extras: Extras) -> dict[str, Any]:
    """What stands under a post; what was taken back took it along."""
    if row.withdrawn_at is not None:
        return {}
    return {
        "quote": extras.quote,
        "reactions": extras.reactions,
        "files": extras.files,
        "is_saved": extras.is_saved,
    }


def topic_news(viewer: Viewer, topic_id: PublicId, after: PublicId) -> int:
    """How many posts of others came after one post of a topic, up to MOST_UNREAD; one query. Raises NotFound."""
    row = _NEWS_OF_TOPIC.first({**viewer.binds, "public_id": topic_id, "after": after})
    if row is None:
        raise NotFound()
    return int(row.posts)


def reactions_of(viewer: Viewer, post_id: PublicId) -> tuple[ReactionCard, ...]:
    """The signs under one post. Raises NotFound if the viewer does not see it."""
    post = _POST_AT.first({**viewer.binds, "public_id": post_id})
    if post is None:
        raise NotFound()
    extras = extras_of(viewer, _topic(viewer, post.topic_public_id), post.id, post.id)
    return extras.get(post.id, Extras()).reactions


def post_place(viewer: Viewer, post_id: PublicId) -> PostPlace:
    """Where a post is read, counted in posts this viewer sees. Raises NotFound if it is not one of them."""
    post = _POST_AT.first({**viewer.binds, "public_id": post_id})
    if post is None:
        raise NotFound()
    return PostPlace(post.topic_public_id, after=_page_before(viewer, post.topic_id, post.id))


def unread_cursor(viewer: Viewer, topic_id: PublicId) -> Cursor:
    """Where the viewer goes on reading a topic; with nothing unread, its end. Raises NotFound if they cannot see it."""
    topic = _topic(viewer, topic_id)
    if topic.is_new:
        return Cursor()
    if topic.first_unread is None:
        return Cursor(is_end=True)
    return Cursor(after=_page_before(viewer, topic.id, topic.first_unread))


def _page_before(viewer: Viewer, topic_key: int, post_key: int) -> PublicId | None:
    """The post after which the page that shows this one begins; None: it is on the first page."""
    earlier = _POSTS_BEFORE.all({**viewer.binds, "topic_id": topic_key, "post_key": post_key})
    return None if len(earlier) < POSTS_A_PAGE else earlier[POSTS_BEFORE].public_id


def moderation_page_of_post(viewer: Viewer, post_id: PublicId) -> ModerationPage:
    """A reply about to be hidden or shown again. Raises NotFound, Forbidden."""
    policy.fetch(viewer, Post, post_id, "hide")
    return _moderation_page(viewer, Post.public_id == post_id, is_topic=False)


def moderation_page_of_topic(viewer: Viewer, topic_id: PublicId) -> ModerationPage:
    """A topic about to be hidden or shown again, by its first post. Raises NotFound, Forbidden."""
    policy.fetch(viewer, Topic, topic_id, "hide")
    return _moderation_page(viewer, and_(Topic.public_id == topic_id, Post.is_first.is_(True)), is_topic=True)


def post_acts_page(viewer: Viewer, post_id: PublicId) -> PostActsPage:
    """One post and what the viewer may do with it. Raises NotFound if they do not see it."""
    _row, topic, card = _one_post(viewer, Post.public_id == post_id)
    given = tuple(reaction.name for reaction in card.reactions if reaction.is_mine)
    return PostActsPage(post=card, topic_title=_title(topic), given=given)


def _moderation_page(viewer: Viewer, which: ColumnElement[bool], *, is_topic: bool) -> ModerationPage:
    row, topic, card = _one_post(viewer, which)
    return ModerationPage(
        post=replace(card, hide_href=None, reveal_href=None),
        topic_title=_title(topic),
        back_href=f"/topics/{topic.public_id}" if is_topic else f"/posts/{row.public_id}",
        action=card.reveal_href or card.hide_href or "",
        is_topic=is_topic,
    )


def _one_post(viewer: Viewer, which: ColumnElement[bool]) -> tuple[Row[Any], Any, PostCard]:
    """One post outside its page: its row, its topic and its card. Raises NotFound."""
    row = session.execute(
        _POST_ROWS.add_columns(Topic.public_id.label("topic_public_id"))
        .join(Topic, Topic.id == Post.topic_id)
        .where(which, standing("view", Post)),
        viewer.binds,
    ).first()
    if row is None:
        raise NotFound()
    topic = _topic(viewer, row.topic_public_id)
    extras = extras_of(viewer, topic, row.id, row.id)
    return row, topic, _post_card(viewer, row, topic, extras.get(row.id, Extras()))


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
            is_archived=row.board_archived_at is not None,
        )
        for row in rows
    )


def office_board_page(viewer: Viewer, slug: str | None = None) -> OfficeBoardPage:
    """The form of one board, or of a new one. Raises NotFound, also unless the viewer organises."""
    organised_community(viewer)
    if slug is None:
        return OfficeBoardPage(
            slug=None,
            name="",
            description="",
            position=(session.scalar(select(func.max(Board.position))) or 0) + 1,  # behind all others
            sets=_sets(viewer, ()),
            is_narrowing_only=False,
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
        is_archived=row.board_archived_at is not None,
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

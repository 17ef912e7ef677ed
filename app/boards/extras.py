"""What stands under the posts of one page, read in one statement whose shape never depends on what there is.

Reactions, names of who reacted on small boards, mentions, quotes, files and what the viewer saved are branches of one
UNION ALL, whatever was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from app.core.ids import PublicId
from app.core.reading import Reading
from app.files.cards import FileCard
from app.models import (
    REACTIONS,
    Member,
    Mention,
    Post,
    Reaction,
    SavedPost,
    Upload,
)
from app.people.queries import person_card, person_columns
from app.policy import Viewer, standing

from .cards import QuoteCard, ReactionCard

_REACTION, _REACTOR, _MENTION, _QUOTE, _FILE, _SAVED = range(1, 7)

_viewer_id = bindparam("viewer_id", type_=Integer)


@dataclass(frozen=True)
class Extras:
    """What one post carries beside its text."""

    reactions: tuple[ReactionCard, ...] = ()
    seen_mentions: frozenset[PublicId] = frozenset()
    quote: QuoteCard | None = None
    files: tuple[FileCard, ...] = ()
    is_saved: bool = False


# ── the statement ────────────────────────────────────────────────────────────────────────────────────────────

_PERSON = person_columns()
_COLUMNS: dict[str, Any] = {
    "post_key": BigInteger(),
    "word": String(),
    "other": String(),
    "alt": String(),
    "number": Integer(),
    "width": Integer(),
    "height": Integer(),
    "place": Integer(),
    "is_one": Boolean(),
    "is_other": Boolean(),
}
_on_page = and_(
    Post.topic_id == bindparam("topic_id", type_=BigInteger),
    Post.id.between(bindparam("first_key", type_=BigInteger), bindparam("last_key", type_=BigInteger)),
)


def _branch(kind: int, *, with_person: bool = False, **columns: ColumnElement[Any]) -> Select[Any]:
    """One SELECT of the union: what it does not say is NULL of the right type, which PostgreSQL insists on."""
    plain = [columns.get(name, cast(null(), type_)).label(name) for name, type_ in _COLUMNS.items()]
    person = _PERSON if with_person else [cast(null(), each.type).label(each.name) for each in _PERSON]
    return select(literal_column(str(kind), Integer).label("kind"), *plain, *person)


def _col(column: Any) -> ColumnElement[Any]:
    return column  # type: ignore[no-any-return]


def _reactions() -> Select[Any]:
    mine = func.max(case((Reaction.member_id == _viewer_id, 1), else_=0))
    return (
        _branch(
            _REACTION, post_key=_col(Post.id), word=_col(Reaction.name), number=func.count(), is_one=mine == 1
        )
        .select_from(Post)
        .join(Reaction, Reaction.post_id == Post.id)
        .where(_on_page, standing("view", Reaction))
        .group_by(Post.id, Reaction.name)
    )


def _reactors() -> Select[Any]:
    return (
        _branch(_REACTOR, post_key=_col(Post.id), word=_col(Reaction.name), other=_col(Member.display_name))
        .select_from(Post)
        .join(Reaction, Reaction.post_id == Post.id)
        .join(Member, Member.id == Reaction.member_id)
        .where(
            bindparam("shows_names", type_=Boolean),
            _on_page,
            standing("view", Reaction),
            standing("view", Member),
        )
    )


def _mentions() -> Select[Any]:
    return (
        _branch(
            _MENTION, post_key=_col(Post.id), word=_col(Member.display_name), other=_col(Member.public_id)
        )
        .select_from(Post)
        .join(Mention, Mention.post_id == Post.id)
        .join(Member, Member.id == Mention.member_id)
        .where(_on_page, standing("view", Member))
    )


def _quotes() -> Select[Any]:
    """`Post` is the quoted one here, so that the rule of posts is asked about it."""
    quoting = aliased(Post, name="quoting")
    return (
        _branch(
            _QUOTE,
            with_person=True,
            post_key=_col(quoting.id),
            word=case((Post.withdrawn_at.is_(None), Post.excerpt), else_=""),
            other=_col(Post.public_id),
            is_one=Post.withdrawn_at.is_not(None),
        )
        .select_from(quoting)
        .join(Post, Post.id == quoting.quoted_id)
        .outerjoin(Member, Member.id == Post.author_id)
        .where(
            quoting.topic_id == bindparam("topic_id", type_=BigInteger),
            quoting.id.between(
                bindparam("first_key", type_=BigInteger), bindparam("last_key", type_=BigInteger)
            ),
            standing("view", Post),
        )
    )


def _files() -> Select[Any]:
    """The posts of the page are seen already, so of the rule of files only this is left: ready, or one's own."""
    return (
        _branch(
            _FILE,
            post_key=_col(Post.id),
            word=_col(Upload.name),
            other=_col(Upload.public_id),
            alt=_col(Upload.alt),
            number=_col(Upload.size_bytes),
            width=_col(Upload.width),
            height=_col(Upload.height),
            place=_col(Upload.position),
            is_one=Upload.kind == "picture",
            is_other=Upload.state == "waiting",
        )
        .select_from(Post)
        .join(Upload, Upload.post_id == Post.id)
        .where(
            _on_page,
            or_(Upload.state == "ready", and_(Upload.state == "waiting", Upload.owner_id == _viewer_id)),
        )
    )


def _saved() -> Select[Any]:
    return (
        _branch(_SAVED, post_key=_col(Post.id))
        .select_from(Post)
        .join(SavedPost, and_(SavedPost.post_id == Post.id, SavedPost.member_id == _viewer_id))
        .where(_on_page)
    )


_EXTRAS = Reading(union_all(_reactions(), _reactors(), _mentions(), _quotes(), _files(), _saved()))


# ── its answer ───────────────────────────────────────────────────────────────────────────────────────────────


def extras_of(viewer: Viewer, topic: Row[Any], first_key: int, last_key: int) -> Mapping[int, Extras]:
    """What the posts of a topic from one internal key to another carry, by key.

    `topic` has `id` and `shows_names`, and was found for this viewer.
    """
    rows = _EXTRAS.all(
        {
            **viewer.binds,
            "topic_id": topic.id,
            "shows_names": topic.shows_names,
            "first_key": first_key,
            "last_key": last_key,
        },
    )
    kinds: dict[int, dict[int, list[Row[Any]]]] = {}
    for row in rows:
        kinds.setdefault(row.kind, {}).setdefault(row.post_key, []).append(row)
    keys = {key for found in kinds.values() for key in found}
    return {key: _extras(viewer, {kind: found.get(key, []) for kind, found in kinds.items()}) for key in keys}


def _by_place(row: Row[Any]) -> int:
    return int(row.place)


def _extras(viewer: Viewer, found: dict[int, list[Row[Any]]]) -> Extras:
    quotes = found.get(_QUOTE, [])
    return Extras(
        reactions=_reaction_cards(found.get(_REACTION, []), found.get(_REACTOR, [])),
        seen_mentions=frozenset(row.other for row in found.get(_MENTION, [])),
        quote=_quote_card(viewer, quotes[0]) if quotes else None,
        files=tuple(_file_card(row) for row in sorted(found.get(_FILE, []), key=_by_place)),
        is_saved=bool(found.get(_SAVED)),
    )


def _reaction_cards(counts: list[Row[Any]], reactors: list[Row[Any]]) -> tuple[ReactionCard, ...]:
    """In the order the six are offered, never by their number; names by the alphabet."""
    cards = (
        ReactionCard(
            name=row.word,
            count=row.number,
            is_mine=row.is_one,
            names=tuple(sorted(each.other for each in reactors if each.word == row.word)),
        )
        for row in counts
    )
    return tuple(sorted(cards, key=lambda card: REACTIONS.index(card.name)))


def _quote_card(viewer: Viewer, row: Row[Any]) -> QuoteCard:
    return QuoteCard(
        post_id=row.other, author=person_card(viewer, row), excerpt=row.word, is_withdrawn=row.is_one
    )


def _file_card(row: Row[Any]) -> FileCard:
    return FileCard(
        id=row.other,
        is_picture=row.is_one,
        is_waiting=row.is_other,
        name=row.word,
        alt=row.alt,
        size_bytes=row.number,
        width=row.width,
        height=row.height,
    )

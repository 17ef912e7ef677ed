"""What a reader kept for themselves, as far as it is still there for them."""

from __future__ import annotations

from sqlalchemy import Integer, and_, bindparam, select

from app.core.i18n import t
from app.core.paging import Cursor, Keyset
from app.models import Board, Member, Post, SavedPost, Topic
from app.people.cards import Pager
from app.people.queries import person_card, person_columns
from app.policy import Viewer, standing

from .cards import SavedPage, SavedRow

SAVED_A_PAGE = 20

# Hidden or taken back meanwhile, behind a block or a wall: no longer there, as if it had never been saved.
_SAVED = Keyset(
    select(
        Post.public_id,
        Post.excerpt,
        Post.written_at,
        Topic.title,
        Topic.withdrawn_at,
        Board.name.label("board_name"),
        *person_columns(),
    )
    .select_from(SavedPost)
    .join(Post, Post.id == SavedPost.post_id)
    .join(Topic, Topic.id == Post.topic_id)
    .join(Board, Board.id == Topic.board_id)
    .outerjoin(Member, Member.id == Post.author_id),
    key=SavedPost.id,
    public_id=Post.public_id,
    visible=and_(
        SavedPost.post_id == Post.id,
        SavedPost.member_id == bindparam("viewer_id", type_=Integer),
        standing("view", Post),
        Post.withdrawn_at.is_(None),
    ),
    size=SAVED_A_PAGE,
    is_newest_first=True,
)


def saved_page(viewer: Viewer, cursor: Cursor | None = None) -> SavedPage:
    """The viewer's saved posts that are still there; what was saved last comes first. One query."""
    cursor = cursor or Cursor()
    found = _SAVED.read(cursor, viewer.binds)
    if not found.rows and (cursor.after or cursor.before):
        found = _SAVED.read(Cursor(), viewer.binds)
    return SavedPage(
        posts=tuple(
            SavedRow(
                id=row.public_id,
                author=person_card(viewer, row),
                excerpt=row.excerpt,
                topic_title=row.title if row.withdrawn_at is None else t("取り消されたトピック"),
                board_name=row.board_name,
                written_at=row.written_at,
            )
            for row in found.rows
        ),
        pager=Pager(
            newer=f"/me/saved?before={found.previous}" if found.previous else None,
            older=f"/me/saved?after={found.next}" if found.next else None,
        ),
    )

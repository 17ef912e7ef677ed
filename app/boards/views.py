"""Doors to boards: reading, writing, keeping order, and the office where boards are opened."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.core.forms import blank, parse, redisplay
from app.core.i18n import _, t
from app.core.ids import PublicId, is_public_id
from app.core.limits import Budget, spend
from app.core.paging import Cursor
from app.core.web import page

from . import operations, queries
from .forms import ChangeBoardForm, HideForm, OpenBoardForm, ReplyForm, RevealForm, TopicForm

bp = Blueprint("boards", __name__)

# Far above what a person types, far below what fills a board over lunch.
WRITING = Budget(
    "writing",
    "60/minute;600/hour",
    _("短い時間にたくさん投稿されました。少し時間をおいてください。書いた内容は、下に残してあります。"),
)


def _cursor() -> Cursor:
    def place(name: str) -> PublicId | None:
        value = request.args.get(name, "")
        return value if is_public_id(value) else None

    return Cursor(after=place("after"), before=place("before"), is_end=request.args.get("last") == "1")


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/boards")
def boards() -> str:
    """The boards I read."""
    return page("boards/boards.html", page=queries.boards_page(g.viewer))


@bp.get("/boards/<slug>")
def board(slug: str) -> str:
    """One board and its topics."""
    return page("boards/board.html", page=queries.board_page(g.viewer, slug, _cursor()))


@bp.get("/topics/<id:topic_id>")
def topic(topic_id: PublicId) -> str:
    """One topic and its posts."""
    found = queries.topic_page(g.viewer, topic_id, _cursor())
    return page("boards/topic.html", page=found, form=blank(ReplyForm).renewed())


@bp.get("/posts/<id:post_id>")
def post(post_id: PublicId) -> Response:
    """A post's own address leads to the page it is read on."""
    return _to_post(post_id)


def _to_post(post_id: PublicId) -> Response:
    place = queries.post_place(g.viewer, post_id)
    return redirect(
        url_for(".topic", topic_id=place.topic_id, after=place.after, _anchor=f"post-{post_id}"), 303
    )


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/boards/<slug>/new")
def new_topic(slug: str) -> str:
    """The form for a new topic."""
    queries.check_can_start(g.viewer, slug)
    return page(
        "boards/new_topic.html",
        board=queries.board_card(g.viewer, slug),
        form=blank(TopicForm).renewed(),
    )


@bp.post("/boards/<slug>/new")
@redisplay(new_topic)
def start_topic(slug: str) -> Response:
    """Open a topic."""
    typed = parse(TopicForm)
    spend(WRITING, g.viewer.public_id)
    topic_id = operations.start_topic(g.viewer, slug, **typed)
    return redirect(url_for(".topic", topic_id=topic_id), 303)


@bp.post("/topics/<id:topic_id>/replies")
@redisplay(topic)
def reply(topic_id: PublicId) -> Response:
    """Reply to a topic."""
    typed = parse(ReplyForm)
    spend(WRITING, g.viewer.public_id)
    return _to_post(operations.reply_to_topic(g.viewer, topic_id, **typed))


# ── keeping order ────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/posts/<id:post_id>/hide")
def hide_post_form(post_id: PublicId) -> str:
    """Why is this reply to be hidden?"""
    return _hide_form(queries.moderation_page_of_post(g.viewer, post_id))


@bp.post("/posts/<id:post_id>/hide")
@redisplay(hide_post_form)
def hide_post(post_id: PublicId) -> Response:
    """Hide a reply."""
    operations.hide_post(g.viewer, post_id, reason=_reason())
    flash(t("投稿を非表示にしました。投稿した方には、理由をお知らせします"))
    return _to_post(post_id)


@bp.get("/posts/<id:post_id>/reveal")
def reveal_post_form(post_id: PublicId) -> str:
    """Show this reply again?"""
    return page("boards/reveal.html", page=queries.moderation_page_of_post(g.viewer, post_id))


@bp.post("/posts/<id:post_id>/reveal")
def reveal_post(post_id: PublicId) -> Response:
    """Show a reply again."""
    parse(RevealForm)
    operations.reveal_post(g.viewer, post_id)
    flash(t("もう一度表示しました。投稿した方にお知らせします"))
    return _to_post(post_id)


@bp.get("/topics/<id:topic_id>/hide")
def hide_topic_form(topic_id: PublicId) -> str:
    """Why is this topic to be hidden?"""
    return _hide_form(queries.moderation_page_of_topic(g.viewer, topic_id))


@bp.post("/topics/<id:topic_id>/hide")
@redisplay(hide_topic_form)
def hide_topic(topic_id: PublicId) -> Response:
    """Hide a topic with all its posts."""
    operations.hide_topic(g.viewer, topic_id, reason=_reason())
    flash(t("トピックを非表示にしました。投稿した方には、理由をお知らせします"))
    return redirect(url_for(".topic", topic_id=topic_id), 303)


@bp.get("/topics/<id:topic_id>/reveal")
def reveal_topic_form(topic_id: PublicId) -> str:
    """Show this topic again?"""
    return page("boards/reveal.html", page=queries.moderation_page_of_topic(g.viewer, topic_id))


@bp.post("/topics/<id:topic_id>/reveal")
def reveal_topic(topic_id: PublicId) -> Response:
    """Show a topic again."""
    parse(RevealForm)
    operations.reveal_topic(g.viewer, topic_id)
    flash(t("もう一度表示しました。投稿した方にお知らせします"))
    return redirect(url_for(".topic", topic_id=topic_id), 303)


def _hide_form(found: Any) -> str:
    return page("boards/hide.html", page=found, form=blank(HideForm))


def _reason() -> str:
    parse(HideForm)
    form: HideForm = g.form
    return form.words()


# ── the office ───────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/hr/boards")
def office_boards() -> str:
    """Every board, for HR."""
    return page("boards/office_boards.html", boards=queries.office_boards(g.viewer))


@bp.get("/hr/boards/new")
def new_board() -> str:
    """The form for a new board."""
    found = queries.office_board_page(g.viewer)
    return page("boards/office_board.html", page=found, form=blank(OpenBoardForm, readers=[], writers=[]))


@bp.post("/hr/boards/new")
@redisplay(new_board)
def open_board() -> Response:
    """Open a board."""
    operations.open_board(g.viewer, **_board(parse(OpenBoardForm)))
    flash(t("ひろばを開きました"))
    return redirect(url_for(".office_boards"), 303)


@bp.get("/hr/boards/<slug>")
def edit_board(slug: str) -> str:
    """The form of one board."""
    found = queries.office_board_page(g.viewer, slug)
    form = blank(
        ChangeBoardForm,
        name=found.name,
        description=found.description,
        position=found.position,
        readers=[each.token for each in found.sets if each.is_reader],
        writers=[each.token for each in found.sets if each.is_writer],
    )
    return page("boards/office_board.html", page=found, form=form)


@bp.post("/hr/boards/<slug>")
@redisplay(edit_board)
def change_board(slug: str) -> Response:
    """Change a board."""
    operations.change_board(g.viewer, slug, **_board(parse(ChangeBoardForm)))
    flash(t("ひろばの設定を保存しました"))
    return redirect(url_for(".office_boards"), 303)


def _board(typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed, with the empty fields as the operation knows them."""
    return {
        **typed,
        "position": typed["position"] or 0,
        "readers": typed["readers"] or [],
        "writers": typed["writers"] or [],
    }

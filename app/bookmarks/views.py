"""Doors to what a reader keeps: bookmarks, levels, saved posts, and what is new in an open topic."""

from __future__ import annotations

from flask import Blueprint, flash, g, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from app.boards.queries import topic_news
from app.chat.messages.queries import saved_messages
from app.core.forms import PressForm, parse
from app.core.i18n import _, t
from app.core.ids import PublicId, is_public_id
from app.core.limits import Budget, spend
from app.core.web import cursor_asked, page, safe_next

from . import operations, queries
from .forms import BookmarkForm, LevelForm

bp = Blueprint("bookmarks", __name__)

# A page of a topic each; nobody reads faster.
KEEPING = Budget("keeping", "120/minute;2400/hour", _("少し時間をおいてから、もう一度お試しください。"))


def _answer(target: str) -> Response:
    """Back to the page the button stood on; a script of the page needs nothing."""
    if "X-Fragment" in request.headers:
        return Response(status=204)
    return redirect(target, 303)


@bp.post("/topics/<id:topic_id>/bookmark")
def move_bookmark(topic_id: PublicId) -> Response:
    """I have read up to here."""
    typed = parse(BookmarkForm)
    spend(KEEPING, g.viewer.public_id)
    operations.move_bookmark(g.viewer, topic_id, typed["post"])
    return _answer(url_for("boards.post", post_id=typed["post"]))


@bp.post("/topics/<id:topic_id>/level")
def set_level(topic_id: PublicId) -> Response:
    """How much I wish to hear of this topic."""
    level = parse(LevelForm)["level"]
    spend(KEEPING, g.viewer.public_id)
    operations.set_level(g.viewer, topic_id, level)
    said = {
        "follow": t("フォローしました。コメントがあるとお知らせします"),
        "normal": t("あなたへのコメントだけお知らせします"),
        "mute": t("このトピックのお知らせを止めました"),
    }
    flash(said[level])
    return redirect(url_for("boards.topic", topic_id=topic_id), 303)


@bp.post("/boards/<slug>/read")
def mark_board_read(slug: str) -> Response:
    """Nothing on this board is new to me any more."""
    parse(PressForm)
    spend(KEEPING, g.viewer.public_id)
    operations.mark_board_read(g.viewer, slug)
    return redirect(url_for("boards.board", slug=slug), 303)


@bp.post("/read")
def mark_all_read() -> Response:
    """Nothing on any board is new to me any more."""
    parse(PressForm)
    spend(KEEPING, g.viewer.public_id)
    operations.mark_all_read(g.viewer)
    return redirect(safe_next(request.args.get("next")), 303)


@bp.post("/posts/<id:post_id>/save")
def save_post(post_id: PublicId) -> Response:
    """Keep this post for myself."""
    parse(PressForm)
    spend(KEEPING, g.viewer.public_id)
    operations.save_post(g.viewer, post_id)
    if "X-Fragment" not in request.headers:
        flash(t("保存しました。マイページの「保存したもの」で読めます"))
    return _answer(url_for("boards.post", post_id=post_id))


@bp.post("/posts/<id:post_id>/unsave")
def unsave_post(post_id: PublicId) -> Response:
    """Keep it no longer."""
    parse(PressForm)
    spend(KEEPING, g.viewer.public_id)
    operations.unsave_post(g.viewer, post_id)
    is_list = request.args.get("from") == "saved"
    return _answer(url_for(".saved") if is_list else url_for("boards.post", post_id=post_id))


@bp.get("/me/saved")
def saved() -> str:
    """The posts I keep; `?of=messages` the messages, which also come first where nothing else is kept."""
    kind = request.args.get("of", "")
    if kind == "messages":
        return page("bookmarks/saved.html", page=None, kept=saved_messages(g.viewer))
    found = queries.saved_page(g.viewer, cursor_asked())
    if not (kind or found.posts) and (kept := saved_messages(g.viewer)):
        return page("bookmarks/saved.html", page=None, kept=kept)
    return page("bookmarks/saved.html", page=found, kept=None)


@bp.get("/api/topics/<id:topic_id>/news")
def news(topic_id: PublicId) -> Response:
    """How much others wrote behind the last post of an open page."""
    after = request.args.get("after", "")
    count = topic_news(g.viewer, topic_id, after if is_public_id(after) else "")
    return jsonify(ok=True, count=count)

"""Doors to boards: reading, writing, keeping order, and the office where boards are opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, g, jsonify, redirect, request, url_for
from werkzeug.wrappers import Response

from app.core.errors import Invalid, Sentence
from app.core.forms import PressForm, blank, parse, redisplay, untouched
from app.core.i18n import _, t
from app.core.ids import PublicId
from app.core.images import MOST_BYTES
from app.core.limits import Budget, spend
from app.core.uploads import sent_files
from app.core.web import cursor_asked, page, takes_files
from app.files.operations import check_number
from app.files.receiving import take_in
from app.policy.viewer import Viewer

from . import acting, completion, operations, queries
from .cards import QuoteCard
from .forms import (
    ArrangeForm,
    ChangeBoardForm,
    EditReplyForm,
    EditTopicForm,
    HideForm,
    MoveForm,
    OpenBoardForm,
    ReactionForm,
    ReplyForm,
    TopicForm,
)

bp = Blueprint("boards", __name__)

# Far above what a person types, far below what fills a board over lunch.
WRITING = Budget(
    "writing",
    "60/minute;600/hour",
    _("短い時間にたくさん投稿されました。少し時間をおいてください。書いた内容は、下に残してあります。"),
)
# Files that travel with a form, together: each may be as large as ever, but one request not ten times that.
MOST_SENT = 3 * MOST_BYTES
# A tap each; a finger that plays is slower.
REACTING = Budget(
    "reacting",
    "120/minute;1200/hour",
    _("短い時間にたくさん押されました。少し時間をおいてから、もう一度お試しください。"),
)

# The list asks when somebody pauses; whoever wants every name of a company has the directory.
COMPLETING = Budget(
    "completing names",
    "60/minute;600/hour",
    _("短い時間にたくさん検索されました。少し時間をおいてから、もう一度お試しください。"),
)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/boards")
def boards() -> str:
    """The boards I read."""
    return page("boards/boards.html", page=queries.boards_page(g.viewer))


@bp.get("/boards/<slug>")
def board(slug: str) -> str:
    """One board and its topics."""
    return page("boards/board.html", page=queries.board_page(g.viewer, slug, cursor_asked()))


@bp.get("/boards/<slug>/archive")
def archive(slug: str) -> str:
    """The topics of a board that were put away."""
    return page("boards/board.html", page=queries.archive_page(g.viewer, slug, cursor_asked()))


@bp.get("/topics/<id:topic_id>")
def topic(topic_id: PublicId) -> str:
    """One topic and its posts; with `?unread=1` the page on which one goes on reading."""
    is_unread = request.args.get("unread") == "1"
    cursor = queries.unread_cursor(g.viewer, topic_id) if is_unread else cursor_asked()
    found = queries.topic_page(g.viewer, topic_id, cursor)
    form, quote = _answer_to(topic_id)
    return page("boards/topic.html", page=found, form=form, quote=quote)


def _answer_to(topic_id: PublicId) -> tuple[Any, QuoteCard | None]:
    """The form for a reply, and the post it quotes; a quote nobody may make leaves the form untouched."""
    form: Any = untouched(ReplyForm)
    quoted = form.quoted.data if form.is_drawn_anew else request.args.get("quote", "")
    quote = acting.quote_to_answer(g.viewer, topic_id, quoted) if quoted else None
    if quote is not None and not form.is_drawn_anew:
        form = untouched(ReplyForm, quoted=quote.post_id)
    return form.renewed(), quote


@bp.get("/posts/<id:post_id>")
def post(post_id: PublicId) -> Response:
    """A post's own address leads to the page it is read on."""
    return _to_post(post_id)


@bp.get("/posts/<id:post_id>/acts")
def post_acts(post_id: PublicId) -> str:
    """What I may do with a post: with JavaScript a menu on the page of its topic."""
    return page("boards/post_acts.html", page=queries.post_acts_page(g.viewer, post_id))


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
    board, form = queries.board_card(g.viewer, slug), blank(TopicForm).renewed()
    form.told.data = board.told  # also after a refusal: what this page says now is what counts
    return page("boards/new_topic.html", board=board, form=form)


@bp.post("/boards/<slug>/new")
@takes_files(MOST_SENT)
@redisplay(new_topic)
def start_topic(slug: str) -> Response:
    """Open a topic."""
    typed = parse(TopicForm)
    spend(WRITING, g.viewer.public_id)
    topic_id = operations.start_topic(g.viewer, slug, **_with_attachments(typed))
    return redirect(url_for(".topic", topic_id=topic_id), 303)


@bp.post("/topics/<id:topic_id>/replies")
@takes_files(MOST_SENT)
@redisplay(topic)
def reply(topic_id: PublicId) -> Response:
    """Reply to a topic."""
    typed = parse(ReplyForm)
    spend(WRITING, g.viewer.public_id)
    return _to_post(operations.reply_to_topic(g.viewer, topic_id, **_with_attachments(typed)))


def _with_attachments(typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed, with the files that came along with the form: without JavaScript they are not sent before."""
    given = tuple(sent_files("attachments"))
    if not given:
        return typed
    earlier = typed["files"] or ()
    check_number(len(earlier) + len(given))
    files = (*earlier, *(take_in(g.viewer, each) for each in given))
    g.form.files.data = files  # a form shown again keeps them
    return {**typed, "files": files}


@bp.get("/api/mentions")
def mentions() -> Response:
    """Whom I may speak to on this board, called like what I have typed after the @."""
    spend(COMPLETING, g.viewer.public_id)
    found = completion.mention_candidates(g.viewer, request.args.get("board", ""), request.args.get("q", ""))
    people = [{"id": one.id, "name": one.name, "bud": one.bud, "mark": one.role_mark} for one in found]
    return jsonify(ok=True, people=people)


# ── changing one's mind ──────────────────────────────────────────────────────────────────────────────────────


@bp.get("/posts/<id:post_id>/quote")
def quote(post_id: PublicId) -> Response:
    """Answer this post: the composer of its page, with the quote in it."""
    place = queries.post_place(g.viewer, post_id)
    return redirect(
        url_for(".topic", topic_id=place.topic_id, after=place.after, quote=post_id, _anchor="reply"), 303
    )


@bp.get("/posts/<id:post_id>/edit")
def edit_form(post_id: PublicId) -> str:
    """My post as a form. Where it was changed meanwhile, what it says now stands beside what I typed."""
    found = acting.edit_page(g.viewer, post_id)
    now_there: dict[str, Any] = {
        "revision": str(found.revision),
        "body": found.body,
        "mentions": found.mentions,
        "files": found.files,
    }
    form: EditTopicForm | EditReplyForm = (
        blank(EditReplyForm, **now_there)
        if found.title is None
        else blank(EditTopicForm, title=found.title, **now_there)
    )
    is_overtaken = form.revision.data != str(found.revision)
    form.revision.data = str(found.revision)
    return page("boards/edit.html", page=found, form=form, is_overtaken=is_overtaken)


@bp.post("/posts/<id:post_id>/edit")
@takes_files(MOST_SENT)
@redisplay(edit_form)
def edit(post_id: PublicId) -> Response:
    """Change my post."""
    typed = parse(EditTopicForm if "title" in request.form else EditReplyForm)
    spend(WRITING, g.viewer.public_id)
    typed = {**_with_attachments(typed), "revision": int(typed["revision"])}
    operations.edit_post(g.viewer, post_id, **typed)
    flash(t("変更を保存しました"))
    return _to_post(post_id)


@bp.get("/posts/<id:post_id>/history")
def history(post_id: PublicId) -> str:
    """What a post said before."""
    return page("boards/history.html", page=acting.history_page(g.viewer, post_id))


@bp.get("/posts/<id:post_id>/withdraw")
def withdraw_form(post_id: PublicId) -> str:
    """Take this post back?"""
    return page("boards/withdraw.html", page=acting.withdraw_page(g.viewer, post_id))


@bp.post("/posts/<id:post_id>/withdraw")
def withdraw(post_id: PublicId) -> Response:
    """Take my post back."""
    parse(PressForm)
    operations.withdraw_post(g.viewer, post_id)
    flash(t("投稿を取り消しました"))
    return _to_post(post_id)


@bp.post("/posts/<id:post_id>/reactions")
def react(post_id: PublicId) -> Response | str:
    """Give a sign to a post, or take it back. The page's script gets the bar alone."""
    typed = parse(ReactionForm)
    spend(REACTING, g.viewer.public_id)
    operations.set_reaction(g.viewer, post_id, typed["on"] or typed["off"], bool(typed["on"]))
    if "X-Fragment" not in request.headers:
        return _to_post(post_id)
    return page("boards/reactions.html", post_id=post_id, reactions=queries.reactions_of(g.viewer, post_id))


# ── arranging ────────────────────────────────────────────────────────────────────────────────────────────────

ARRANGING: dict[str, tuple[Callable[[Viewer, PublicId], None], Sentence]] = {
    "pin": (operations.pin_topic, _("ひろばの上に固定しました")),
    "unpin": (operations.unpin_topic, _("固定を外しました")),
    "lock": (operations.lock_topic, _("トピックを閉じました。読むことはできます")),
    "unlock": (operations.unlock_topic, _("もう一度コメントできるようにしました")),
    "archive": (operations.archive_topic, _("過去のトピックへ移しました。読むことはできます")),
    "unarchive": (operations.unarchive_topic, _("過去のトピックから戻しました")),
}


@bp.post("/topics/<id:topic_id>/arrange")
def arrange(topic_id: PublicId) -> Response:
    """Pin, close or put away a topic, or the other way round."""
    act = parse(ArrangeForm)["act"]
    if act not in ARRANGING:
        raise Invalid(_("この操作はありません。画面を開き直してください。"))
    operate, sentence = ARRANGING[act]
    operate(g.viewer, topic_id)
    flash(str(sentence))
    return redirect(url_for(".topic", topic_id=topic_id), 303)


@bp.get("/topics/<id:topic_id>/move")
def move_form(topic_id: PublicId) -> str:
    """To which board?"""
    found = acting.move_page(g.viewer, topic_id)
    return page("boards/move.html", page=found, form=blank(MoveForm))


@bp.post("/topics/<id:topic_id>/move")
@redisplay(move_form)
def move(topic_id: PublicId) -> Response:
    """Move a topic to another board."""
    operations.move_topic(g.viewer, topic_id, board=parse(MoveForm)["board"] or "")
    flash(t("トピックを移しました。アドレスは変わりません"))
    return redirect(url_for(".topic", topic_id=topic_id), 303)


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
    parse(PressForm)
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
    parse(PressForm)
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

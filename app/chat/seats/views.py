"""Doors to first friends: another card, and the quiz."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.core.forms import PressForm, blank, parse, redisplay
from app.core.i18n import _, t
from app.core.ids import PublicId
from app.core.limits import Budget, spend
from app.core.web import page

from ..door import bp
from . import operations, queries
from .forms import QuizForm

TURNING = Budget(
    "turning cards",
    "10/minute;60/hour",
    _("短い時間にたくさん押されました。少し時間をおいてから、もう一度お試しください。"),
)


@bp.post("/rooms/<id:room_id>/prompt")
def change_prompt(room_id: PublicId) -> Response:
    """Lay another card for everybody in the room."""
    parse(PressForm)
    spend(TURNING, g.viewer.public_id)
    operations.change_prompt(g.viewer, room_id)
    return redirect(f"/rooms/{room_id}", 303)


@bp.get("/rooms/<id:room_id>/quiz")
def quiz(room_id: PublicId) -> str:
    """The quiz; who answered sees what the others chose, and `?again=1` the questions once more."""
    found = queries.quiz_page(g.viewer, room_id)
    chosen = {
        f"q{question.number}": str(choice.number)
        for question in found.questions
        for choice in question.choices
        if choice.is_mine
    }
    is_asking = not found.is_closed and (not found.is_answered or "again" in request.args)
    return page("chat/quiz.html", page=found, form=blank(QuizForm, **chosen), is_asking=is_asking)


@bp.post("/rooms/<id:room_id>/quiz")
@redisplay(quiz)
def answer_quiz(room_id: PublicId) -> Response:
    """Answer it."""
    typed = parse(QuizForm)
    spend(TURNING, g.viewer.public_id)
    answers = {int(name[1:]): _number(choice) for name, choice in typed.items() if choice}
    operations.answer_quiz(g.viewer, room_id, answers)
    flash(t("クイズに答えました"))
    return redirect(url_for(".quiz", room_id=room_id), 303)


def _number(choice: str) -> int:
    """The number of an answer; one there is not for anything else."""
    return int(choice) if choice in {"0", "1"} else -1

"""Doors of 話したい and 人事への連絡, of HR's inbox, and of お変わりありませんか."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.core.errors import NotFound
from app.core.forms import PressForm, blank, parse, redisplay
from app.core.i18n import _, moment, t
from app.core.ids import PublicId, is_public_id
from app.core.limits import Budget, spend
from app.core.web import cursor_asked, page

from ..door import bp
from . import operations, queries
from .cards import TalkPage
from .forms import AskMentorForm, AskOfficeForm, CheckInForm, CloseForm

P = ParamSpec("P")

ASKING = Budget(
    "asking to talk",
    "10/hour",
    _(
        "短いあいだに何度も送られたため、いったん止めています。"
        "お急ぎのときは、画面のいちばん下の相談窓口にお電話ください。"
    ),
)


def hr(view: Callable[P, Any]) -> Callable[P, Any]:
    """Before anything is read from the request: for whoever is not HR, the page does not exist."""

    @wraps(view)
    def door(*args: P.args, **kwargs: P.kwargs) -> Any:
        queries.check_office(g.viewer)
        return view(*args, **kwargs)

    return door


def _to_room(room_id: PublicId) -> Response:
    return redirect(url_for(".room", room_id=room_id), 303)


# ── for a candidate ──────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/talk")
def talk() -> str:
    """話したい: whom one may turn to; no reason is asked."""
    found = queries.talk_page(g.viewer)
    return page(
        "chat/talks.html",
        page=found,
        office_form=blank(AskOfficeForm),
        mentor_form=_mentor_form(found),
        words_to_mentor=queries.words_to_mentor(),
    )


def _mentor_form(found: TalkPage) -> AskMentorForm:
    form = blank(AskMentorForm, words=queries.words_to_mentor())
    form.mentor.choices = [(mentor.id, mentor.called) for mentor in found.mentors]
    return form


@bp.post("/talk/office")
def open_own_office() -> Response:
    """Open one's own 人事への連絡."""
    queries.check_candidate(g.viewer)
    parse(PressForm)
    return _to_room(operations.open_office(g.viewer))


@bp.post("/talk/office/ask")
@redisplay(talk)
def ask_office() -> Response:
    """Tell HR that one would like to talk."""
    queries.check_candidate(g.viewer)
    typed = parse(AskOfficeForm)
    spend(ASKING, g.viewer.public_id)
    operations.ask_office(g.viewer, line=typed["words"] or "", key=typed["submission_key"])
    return redirect(url_for(".talk"), 303)


@bp.post("/talk/mentor/ask")
@redisplay(talk)
def ask_mentor() -> Response:
    """Tell a mentor that one would like to talk."""
    queries.check_candidate(g.viewer)
    typed = parse(AskMentorForm)
    mentor_id = typed["mentor"] or ""
    if not is_public_id(mentor_id):
        raise NotFound()
    spend(ASKING, g.viewer.public_id)
    operations.ask_mentor(g.viewer, mentor_id, line=typed["words"] or "", key=typed["submission_key"])
    return redirect(url_for(".talk"), 303)


@bp.post("/talk/requests/<id:request_id>/withdraw")
def withdraw_request(request_id: PublicId) -> Response:
    """Take it back."""
    parse(PressForm)
    operations.withdraw_request(g.viewer, request_id)
    flash(t("取り消しました。話したくなったら、いつでもどうぞ"))
    return redirect(url_for(".talk"), 303)


# ── HR's inbox ───────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/hr/talks")
@hr
def talks() -> str:
    """What waits for an answer, and every thread."""
    show = "all" if request.args.get("show") == "all" else "waiting"
    return page("chat/talks_office.html", page=queries.talks_page(g.viewer, show, cursor_asked()))


@bp.post("/hr/people/<id:person_id>/talk")
@hr
def open_office_with(person_id: PublicId) -> Response:
    """Open a candidate's 人事への連絡."""
    parse(PressForm)
    return _to_room(operations.open_office(g.viewer, person_id))


@bp.get("/hr/talks/requests/<id:request_id>")
@hr
def talk_request(request_id: PublicId) -> str:
    """One 話したい, to be answered with a sentence."""
    found = queries.request_row(g.viewer, request_id)
    return page("chat/talks_request.html", request_row=found, form=blank(CloseForm))


@bp.post("/hr/talks/requests/<id:request_id>")
@hr
@redisplay(talk_request)
def close_request(request_id: PublicId) -> Response:
    """Answer it and close it."""
    typed = parse(CloseForm)
    operations.close_request(g.viewer, request_id, line=typed["words"], key=typed["submission_key"])
    flash(t("ひとことを送り、「話したい」を対応済みにしました"))
    return redirect(url_for(".talks"), 303)


# ── お変わりありませんか ─────────────────────────────────────────────────────────────────────────────────────


@bp.get("/hr/talks/check-in")
@hr
def check_in() -> str:
    """The same words to everybody: how it stands, and the next round."""
    found = queries.check_in_page(g.viewer)
    return page(
        "chat/talks_check_in.html", page=found, form=blank(CheckInForm, body=found.body), is_checked=False
    )


@bp.post("/hr/talks/check-in")
@hr
@redisplay(check_in)
def send_check_in() -> Response | str:
    """Look at it once more; or send it, where that was done."""
    typed = parse(CheckInForm)
    if typed["then"] != "send":
        found = queries.check_in_page(g.viewer, typed["body"])
        form = CheckInForm(None, body=found.body)
        return page("chat/talks_check_in.html", page=found, form=form, is_checked=True)
    operations.plan_check_in(g.viewer, body=typed["body"])
    opens_at = queries.check_in_page(g.viewer).opens_at
    if opens_at is None:
        flash(t("送り始めました"))
    else:
        flash(t("通知オフの時間帯のため、%(moment)sに届きます", moment=moment(opens_at)))
    return redirect(url_for(".check_in"), 303)


@bp.post("/hr/talks/check-in/<id:check_in_id>/cancel")
@hr
def cancel_check_in(check_in_id: PublicId) -> Response:
    """Take it back before it leaves."""
    parse(PressForm)
    operations.cancel_check_in(g.viewer, check_in_id)
    flash(t("取り消しました。誰にも届きません"))
    return redirect(url_for(".check_in"), 303)

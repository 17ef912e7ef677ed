"""Doors to announcements: HR writes, checks, sends and takes back; recipients read and acknowledge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, flash, g, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from app.accounts.budgets import AT_THE_DOOR
from app.core.clock import now
from app.core.errors import Conflict, Invalid, NotFound, Sentence
from app.core.forms import PressForm, blank, parse, redisplay
from app.core.i18n import _, day, moment, t
from app.core.ids import PublicId, is_public_id
from app.core.limits import Budget, spend
from app.core.uploads import sent_files
from app.core.web import cursor_asked, error_answer, page, public, takes_files
from app.files.operations import check_number
from app.files.queries import my_files
from app.files.receiving import MOST_BYTES_OF_ONE, take_in

from . import office, operations, queries
from .audience import check_entrance
from .forms import (
    AnnouncementForm,
    EmergencyForm,
    MomentForm,
    ScheduleForm,
    SendForm,
    TemplateForm,
    manuscript_of,
    typed_of,
)
from .reaching import company_moment, wall_clock

P = ParamSpec("P")
Answer = str | Response | tuple[str, int]

bp = Blueprint("announcements", __name__)

MOST_SENT = 3 * MOST_BYTES_OF_ONE  # files of one form together; more go with the next saving
WRITING = Budget(
    "announcing",
    "60/minute;1000/day",
    _("操作の回数が多いため、いったん止めています。1分ほどおいてから、もう一度お試しください。"),
)
TESTS = Budget(
    "test letters",
    "20/hour",
    _("テスト送信は1時間に20通までです。少し時間をおいてからお試しください。"),
)


def hr(view: Callable[P, Any]) -> Callable[P, Any]:
    """Before anything is read from the request: for whoever does not announce, the page does not exist."""

    @wraps(view)
    def door(*args: P.args, **kwargs: P.kwargs) -> Any:
        check_entrance(g.viewer)
        if request.method == "POST":
            spend(WRITING, g.viewer.public_id)
        return view(*args, **kwargs)

    return door


# ── HR: the list and the form ────────────────────────────────────────────────────────────────────────────────


@bp.get("/hr/announcements")
@hr
def office_list() -> str:
    """HR's list."""
    number = request.args.get("page", 1, type=int)
    found = office.office_list(g.viewer, state=request.args.get("state", ""), number=number)
    return page("announcements/office_list.html", page=found)


@bp.get("/hr/announcements/new")
@hr
def new() -> str:
    """The form of a new announcement, perhaps from a template."""
    template = request.args.get("template", "")
    found = office.new_page(g.viewer, template if is_public_id(template) else None)
    return _form_page(found)


@bp.post("/hr/announcements/new")
@takes_files(MOST_SENT)
@hr
@redisplay(new)
def write() -> Response:
    """Keep a new announcement as a draft."""
    typed = _typed()
    announcement_id = operations.save_announcement(g.viewer, manuscript_of(typed))
    return _saved(announcement_id, typed["then"])


@bp.get("/hr/announcements/<id:announcement_id>")
@hr
def office_one(announcement_id: PublicId) -> str:
    """The form while it may be changed; afterwards what became of it."""
    if _is_open(announcement_id):
        return _form_page(office.writing_page(g.viewer, announcement_id))
    found = office.sent_page(g.viewer, announcement_id)
    return page("announcements/sent.html", page=found, template_form=blank(TemplateForm))


@bp.post("/hr/announcements/<id:announcement_id>")
@takes_files(MOST_SENT)
@hr
@redisplay(office_one)
def rewrite(announcement_id: PublicId) -> Response:
    """Keep the changes; what was scheduled has to be scheduled again."""
    typed = _typed()
    operations.save_announcement(g.viewer, manuscript_of(typed), announcement_id, revision=typed["revision"])
    return _saved(announcement_id, typed["then"])


def _typed() -> dict[str, Any]:
    """What was typed. Raises Invalid with everything that is wrong with it at once, wherever it is found."""
    refused: dict[str, list[Sentence | str]] = {}
    try:
        typed = parse(AnnouncementForm)
    except Invalid as wrong:
        if not wrong.fields:
            raise
        refused, typed = wrong.fields, g.form.data
    try:
        typed = _with_attachments(typed)
    except Invalid as wrong:
        refused |= wrong.fields
    operations.check_manuscript(manuscript_of(typed), refused)
    return typed


def _with_attachments(typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed, with the files that came along; the form, shown again, keeps them."""
    given = tuple(sent_files("attachments"))
    try:
        check_number(len(typed["files"]) + len(given))
        files = (*typed["files"], *(take_in(g.viewer, each) for each in given))
    except Invalid as refused:  # said beside the field the file was chosen in
        raise Invalid(refused.sentence, {"attachments": [refused.sentence]}) from None
    g.form.files.data = list(files)
    return {**typed, "files": files}


def _form_page(found: Any) -> str:
    form = blank(AnnouncementForm, **typed_of(found.manuscript, found.revision))
    # Shown again after a refusal, it stands on what is stored now: saving once more is a choice.
    form.revision.data = found.revision
    attached = {file.id for file in found.files}
    loose = my_files(g.viewer, [key for key in form.files.data or () if key not in attached])
    return page(
        "announcements/write.html", page=found, form=form, loose=loose, template_form=blank(TemplateForm)
    )


def _saved(announcement_id: PublicId, then: str) -> Response:
    if then == "check":
        return redirect(url_for(".check", announcement_id=announcement_id), 303)
    flash(t("下書きを保存しました。まだ誰にも届いていません"))
    return _to_office(announcement_id)


def _is_open(announcement_id: PublicId) -> bool:
    """Whether it may still be changed: before it is sent."""
    return office.state_of(g.viewer, announcement_id) in {"draft", "scheduled"}


def _to_office(announcement_id: PublicId) -> Response:
    return redirect(url_for(".office_one", announcement_id=announcement_id), 303)


# ── HR: before sending ───────────────────────────────────────────────────────────────────────────────────────


NOW = "now"  # in the place of a moment: not the one it was booked for


def _chosen_moment() -> datetime | None:
    """The moment the page is asked about, on the company's clock; None for none. Raises Invalid for none that is."""
    if request.values.get("at", NOW) in {"", NOW}:
        return None
    form = MomentForm(request.values)
    if not form.validate() or form.at.data is None:
        raise Invalid(_("日時を読み取れませんでした。もう一度選んでください。"))
    return company_moment(form.at.data)


@bp.get("/hr/announcements/<id:announcement_id>/check")
@hr
def check(announcement_id: PublicId) -> Answer:
    """Who is reached when, what stands against it, and the buttons."""
    return _check_page(announcement_id)


def _check_page(announcement_id: PublicId, changed: Sentence | str | None = None) -> Answer:
    if not _is_open(announcement_id):
        return _to_office(announcement_id)
    wrong = None
    try:
        at = _chosen_moment()
        operations.check_moment(at)
    except Invalid as refused:
        at, wrong = None, str(refused.sentence)
    is_for_now = request.values.get("at") == NOW
    found = office.check_page(g.viewer, announcement_id, now() if is_for_now else at)
    return page(
        "announcements/check.html",
        page=found,
        wrong=wrong,
        changed=changed,
        is_for_later=not is_for_now and (at is not None or found.booked_for is not None),
        at=wall_clock(found.at),
        suggestion=wall_clock(found.suggestion),
        form=blank(SendForm),
        emergency_form=blank(EmergencyForm),
    )


def checked_again(view: Callable[[PublicId], Response]) -> Callable[[PublicId], Answer]:
    """Where it changed since it was checked: the check once more, with what it says now."""

    @wraps(view)
    def door(announcement_id: PublicId) -> Answer:
        try:
            return view(announcement_id)
        except Conflict as changed:
            g.is_redisplayed = True  # a typed reason stays
            return make_response(_check_page(announcement_id, changed.sentence), 409)

    return door


@bp.post("/hr/announcements/<id:announcement_id>/send")
@hr
@redisplay(check)
@checked_again
def send(announcement_id: PublicId) -> Response:
    """Send now."""
    operations.send_announcement(g.viewer, announcement_id, **parse(SendForm))
    flash(t("送信しました。取り消すときは、このページから操作できます"))
    return _to_office(announcement_id)


@bp.post("/hr/announcements/<id:announcement_id>/emergency")
@hr
@redisplay(check)
@checked_again
def send_at_once(announcement_id: PublicId) -> Response:
    """Send now, past quiet hours and budget."""
    typed = parse(EmergencyForm)
    operations.send_announcement(
        g.viewer, announcement_id, revision=typed["revision"], emergency_reason=typed["reason"]
    )
    flash(t("緊急のお知らせとして送信しました。理由は、このページと一覧に残ります"))
    return _to_office(announcement_id)


@bp.post("/hr/announcements/<id:announcement_id>/schedule")
@hr
@redisplay(check)
@checked_again
def schedule(announcement_id: PublicId) -> Response:
    """Send at the moment that was checked."""
    typed = parse(ScheduleForm)
    at = company_moment(typed["at"])
    operations.schedule_announcement(g.viewer, announcement_id, at, revision=typed["revision"])
    flash(t("%(moment)sに送信するよう予約しました", moment=moment(at)))
    return redirect(url_for(".office_list", state="scheduled"), 303)


@bp.post("/hr/announcements/<id:announcement_id>/test")
@hr
def test(announcement_id: PublicId) -> Response:
    """A letter to oneself, and the page as its readers will see it."""
    parse(PressForm)
    spend(TESTS, g.viewer.public_id)
    operations.ask_for_test(g.viewer, announcement_id)
    flash(t("ご自分にだけテストメールを送りました。アプリではこのように表示されます"))
    return redirect(url_for(".preview", announcement_id=announcement_id), 303)


@bp.get("/hr/announcements/<id:announcement_id>/preview")
@hr
def preview(announcement_id: PublicId) -> Answer:
    """What one person of the audience would read."""
    if not _is_open(announcement_id):
        return _to_office(announcement_id)
    person = request.args.get("person", "")
    found = office.preview_page(
        g.viewer,
        announcement_id,
        person=person if is_public_id(person) else None,
        query=request.args.get("q", "").replace("\0", "").strip()[:60],
        variant=request.args.get("v", ""),
    )
    return page("announcements/preview.html", page=found)


# ── HR: afterwards ───────────────────────────────────────────────────────────────────────────────────────────


@bp.post("/hr/announcements/<id:announcement_id>/cancel")
@hr
def cancel(announcement_id: PublicId) -> Response:
    """Take it back."""
    parse(PressForm)
    was_scheduled = office.state_of(g.viewer, announcement_id) == "scheduled"
    operations.cancel_announcement(g.viewer, announcement_id)
    flash(_taken_back(was_scheduled))
    return _to_office(announcement_id)


def _taken_back(was_scheduled: bool) -> str:
    if was_scheduled:
        return t("予約を取り消し、下書きに戻しました。日時とファイルは残しています")
    return t("お知らせを取り消しました")


@bp.post("/hr/announcements/<id:announcement_id>/discard")
@hr
def discard(announcement_id: PublicId) -> Response:
    """Delete a draft."""
    parse(PressForm)
    operations.discard_draft(g.viewer, announcement_id)
    flash(t("下書きを削除しました"))
    return redirect(url_for(".office_list"), 303)


@bp.post("/hr/announcements/<id:announcement_id>/copy")
@hr
def copy(announcement_id: PublicId) -> Response:
    """Write a new one with the same words."""
    parse(PressForm)
    copy_id = operations.copy_announcement(g.viewer, announcement_id)
    flash(t("内容を写して、新しい下書きを作りました。日付とファイルは写していません"))
    return redirect(url_for(".office_one", announcement_id=copy_id), 303)


@bp.post("/hr/announcements/<id:announcement_id>/remind")
@hr
def remind(announcement_id: PublicId) -> Response:
    """Ask again those who have not acknowledged; who they are is not told."""
    parse(PressForm)
    later = operations.remind(g.viewer, announcement_id)
    if later is None:
        flash(t("まだ確認していない方に、もう一度お知らせしています"))
    else:
        flash(t("通知オフの時間帯のため、%(day)sにもう一度お知らせします", day=day(later)))
    return _to_office(announcement_id)


# ── HR: templates ────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/hr/announcements/templates")
@hr
def templates() -> str:
    """The texts HR uses again."""
    return page("announcements/templates.html", templates=office.templates(g.viewer))


@bp.post("/hr/announcements/<id:announcement_id>/template")
@hr
@redisplay(office_one)
def keep_template(announcement_id: PublicId) -> Response:
    """Keep the text of an announcement under a name."""
    operations.save_template(g.viewer, announcement_id, **parse(TemplateForm))
    flash(t("テンプレートとして保存しました"))
    return redirect(url_for(".templates"), 303)


@bp.post("/hr/announcements/templates/<id:template_id>/delete")
@hr
def drop_template(template_id: PublicId) -> Response:
    """Delete a template."""
    parse(PressForm)
    operations.delete_template(g.viewer, template_id)
    flash(t("テンプレートを削除しました"))
    return redirect(url_for(".templates"), 303)


# ── recipients ───────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/announcements")
def received() -> str:
    """What was announced to me."""
    return page("announcements/received.html", page=queries.received_list(g.viewer, cursor_asked()))


@bp.get("/announcements/<id:announcement_id>")
def announcement(announcement_id: PublicId) -> str:
    """One announcement; that it was opened is noted nowhere."""
    found = queries.received_page(g.viewer, announcement_id, request.args.get("v", ""))
    return page("announcements/announcement.html", page=found)


@bp.post("/announcements/<id:announcement_id>/acknowledge")
def acknowledge(announcement_id: PublicId) -> Response:
    """確認しました."""
    parse(PressForm)
    operations.acknowledge(g.viewer, announcement_id)
    flash(t("「確認しました」を受け付けました"))
    variant = request.args.get("v") or None
    return redirect(url_for(".announcement", announcement_id=announcement_id, v=variant), 303)


# ── without an account ───────────────────────────────────────────────────────────────────────────────────────


def letter_door(view: Callable[[str], Answer]) -> Callable[[str], Answer]:
    """Every link that does not work gets one and the same page."""

    @wraps(view)
    def door(secret: str) -> Any:
        spend(AT_THE_DOOR, request.remote_addr or "")
        try:
            return view(secret)
        except NotFound:
            return error_answer(
                404,
                "dead_link",
                _("このリンクは使えません"),
                _(
                    "お知らせが取り消されたか、招待が終わった可能性があります。"
                    "すでに参加された方は、サインインの画面からお入りください。"
                    "ご不明な点は、人事の担当者までお問い合わせください。"
                ),
            )

    return door


@bp.get("/announcements/letters/<string(length=26):secret>")
@public
@letter_door
def letter(secret: str) -> Answer:
    """The announcement behind a letter's link; opening it changes nothing, mail scanners do it too."""
    return page("announcements/letter.html", page=queries.letter_page(secret), secret=secret)


@bp.post("/announcements/letters/<string(length=26):secret>")
@public
@letter_door
def acknowledge_letter(secret: str) -> Answer:
    """確認しました, without an account."""
    parse(PressForm)
    operations.acknowledge_by_letter(secret)
    return redirect(url_for(".letter", secret=secret), 303)

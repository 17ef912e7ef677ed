"""The doors of invitations for HR, and of the first run for whoever holds a link."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, Response, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts import community_rules
from app.accounts.budgets import AT_THE_DOOR
from app.accounts.devices import device_name
from app.accounts.operations import open_session
from app.accounts.proving import new_password_hash
from app.accounts.sessions import visitor_of
from app.core.errors import Invalid, NotFound
from app.core.forms import blank, parse, redisplay
from app.core.i18n import _, language_now, t
from app.core.ids import PublicId
from app.core.limits import spend
from app.core.tables import TableError, decode_table
from app.core.tokens import hashed
from app.core.web import (
    begin_browser_session,
    choose_language,
    error_answer,
    forget_surroundings,
    keep_in_browser,
    kept_in_browser,
    page,
    public,
    settings_now,
)

from . import operations, queries
from .budgets import INVITING
from .cards import Welcome
from .forms import (
    InviteForm,
    NameForm,
    PaceForm,
    PasswordForm,
    PersonForm,
    RulesForm,
    SelectionForm,
    SheetForm,
    WholeListForm,
    invitee_of,
    typed_of,
)
from .scope import invitable_roles
from .sheet import sheet_preview

P = ParamSpec("P")
Answer = str | AnyResponse | tuple[str, int]

bp = Blueprint("invitations", __name__)


def office(view: Callable[P, Any]) -> Callable[P, Any]:
    """Before anything is read from the request: for whoever may not invite, the page does not exist."""

    @wraps(view)
    def door(*args: P.args, **kwargs: P.kwargs) -> Any:
        invitable_roles(g.viewer)
        if request.method == "POST":
            spend(INVITING, g.viewer.public_id)
        return view(*args, **kwargs)

    return door


# ── HR: the list ─────────────────────────────────────────────────────────────────────────────────────────────


def _filter() -> dict[str, str]:
    return {"state": request.args.get("state", ""), "cohort": request.args.get("cohort", "")}


@bp.get("/hr/invitations")
@office
def invitations() -> str:
    """HR's list."""
    number = request.args.get("page", 1, type=int)
    return page(
        "invitations/list.html",
        page=queries.invitations_page(g.viewer, **_filter(), number=number),
        form=blank(SelectionForm),
    )


def _to_list() -> AnyResponse:
    chosen = _filter()
    return redirect(url_for(".invitations", state=chosen["state"] or None, cohort=chosen["cohort"] or None))


@bp.post("/hr/invitations/send/review")
@office
@redisplay(invitations)
def review_sending() -> str:
    """Who would get a letter."""
    ids = parse(SelectionForm)["ids"]
    return page("invitations/review_sending.html", page=queries.selection_review(g.viewer, ids), **_filter())


@bp.get("/hr/invitations/send-all")
@office
def review_all() -> str:
    """Who would get a letter if everyone of the filtered list did."""
    return page(
        "invitations/review_sending.html", page=queries.whole_review(g.viewer, **_filter()), **_filter()
    )


@bp.post("/hr/invitations/send")
@office
@redisplay(invitations)
def send() -> Answer:
    """Send to the chosen ones."""
    _say_sent(operations.send_invitations(g.viewer, parse(SelectionForm)["ids"]))
    return _to_list()


@bp.post("/hr/invitations/send-all")
@office
def send_all() -> Answer:
    """Send to everyone of the filtered list."""
    _say_sent(operations.send_all_invitations(g.viewer, **parse(WholeListForm)))
    return _to_list()


def _say_sent(count: int) -> None:
    if not count:
        flash(t("送信できる招待がありませんでした。取り消した招待は送信されません"), "info")
        return
    flash(t("%(count)s名に招待メールを送信しています。リンクは7日間使えます", count=f"{count:,}"))


@bp.post("/hr/invitations/revoke/review")
@office
@redisplay(invitations)
def review_revoking() -> str:
    """Whose link would stop working."""
    ids = parse(SelectionForm)["ids"]
    return page("invitations/review_revoking.html", page=queries.selection_review(g.viewer, ids), **_filter())


@bp.post("/hr/invitations/revoke")
@office
@redisplay(invitations)
def revoke() -> Answer:
    """Revoke the chosen ones."""
    count = operations.revoke_invitations(g.viewer, parse(SelectionForm)["ids"])
    flash(t("%(count)s名の招待を取り消しました。届いていたリンクは使えなくなります", count=f"{count:,}"))
    return _to_list()


# ── HR: one person ───────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/hr/invitations/new")
@office
def new() -> str:
    """The form for one person."""
    choices = queries.inviting_choices(g.viewer)
    return page("invitations/new.html", form=blank(InviteForm).offer(choices), choices=choices)


@bp.post("/hr/invitations/new")
@office
@redisplay(new)
def invite() -> Answer:
    """Invite one person; the letter is a separate act."""
    invitation_id = operations.invite_person(g.viewer, invitee_of(parse(InviteForm)))
    flash(t("招待を作成しました。メールはまだ送信していません"))
    return redirect(url_for(".invitation", invitation_id=invitation_id))


@bp.get("/hr/invitations/<id:invitation_id>")
@office
def invitation(invitation_id: PublicId) -> str:
    """One invitation, to be corrected, sent or revoked."""
    found = queries.invitation_page(g.viewer, invitation_id)
    form = blank(PersonForm, **typed_of(found.invitee)).offer(found.choices)
    return page("invitations/invitation.html", page=found, form=form)


@bp.post("/hr/invitations/<id:invitation_id>")
@office
@redisplay(invitation)
def correct(invitation_id: PublicId) -> Answer:
    """Correct a name, an address or a place."""
    found = queries.invitation_page(g.viewer, invitation_id)
    invitee = invitee_of(parse(PersonForm), found.invitee.roles)
    operations.correct_invitation(g.viewer, invitation_id, invitee)
    if invitee.mail.lower() != found.invitee.mail and found.row.sent_at:
        flash(
            t("保存しました。メールアドレスが変わったため、前のリンクは使えません。もう一度送信してください")
        )
    else:
        flash(t("保存しました"))
    return redirect(url_for(".invitation", invitation_id=invitation_id))


# ── HR: many people ──────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/hr/invitations/import")
@office
def sheet() -> str:
    """Where lines are pasted or a file is chosen."""
    return _sheet_page(None, None)


@bp.post("/hr/invitations/import")
@office
@redisplay(sheet)
def preview_sheet() -> str:
    """What would happen; nothing is stored, and the pasted text is carried on in the page."""
    typed = parse(SheetForm)
    g.form.lines.data = _uploaded() or typed["lines"] or ""
    preview = sheet_preview(g.viewer, g.form.lines.data, cohort=typed["cohort"] or "")
    return _sheet_page(g.form, preview)


@bp.post("/hr/invitations/import/confirm")
@office
@redisplay(sheet)
def import_sheet() -> Answer:
    """Make the invitations of the lines without problems; the others stay on the page to be corrected."""
    typed = parse(SheetForm)
    preview = sheet_preview(g.viewer, typed["lines"] or "", cohort=typed["cohort"] or "")
    count = operations.invite_people(g.viewer, preview.invitees)
    flash(t("%(count)s名の招待を作成しました。メールはまだ送信していません", count=f"{count:,}"))
    if not preview.problem_count:
        return redirect(url_for(".invitations", state="unsent"))
    g.form.lines.data = preview.remaining
    return _sheet_page(g.form, sheet_preview(g.viewer, preview.remaining, cohort=typed["cohort"] or ""))


def _sheet_page(form: SheetForm | None, preview: Any) -> str:
    choices = queries.inviting_choices(g.viewer)
    shown = (form or blank(SheetForm)).offer(choices)
    return page("invitations/import.html", form=shown, preview=preview, choices=choices)


def _uploaded() -> str | None:
    """The text of an uploaded table, or None. Raises Invalid with the reason it cannot be read."""
    file = request.files.get("sheet")
    if file is None or not file.filename:
        return None
    try:
        return decode_table(file.read())
    except TableError as refused:
        raise Invalid(refused.sentence, {"lines": [refused.sentence]}) from refused


# ── the invited person ───────────────────────────────────────────────────────────────────────────────────────

STEPS = ("name", "rules", "pace", "password")


def link_door(view: Callable[..., Any]) -> Callable[..., Any]:
    """Whoever is signed in is asked to sign out first; every link that does not work gets one and the same page."""

    @wraps(view)
    def door(secret: str) -> Any:
        if g.visitor is not None:
            return page("invitations/signed_in.html"), 409
        spend(AT_THE_DOOR, request.remote_addr or "")
        try:
            return view(secret)
        except NotFound:
            return _dead_link()

    return door


def _dead_link() -> Response:
    return error_answer(
        404,
        "dead_link",
        _("このリンクは使えません"),
        _(
            "期限（7日）が過ぎたか、新しいリンクが届いている可能性があります。"
            "いちばん新しい招待メールをご確認のうえ、それでも開けないときは、人事担当者に再送をご依頼ください。"
            "すでに参加された方は、サインインの画面からお入りください。"
        ),
    )


def _draft(secret: str) -> dict[str, Any]:
    """What this browser answered so far for this link; it lies in its own signed cookie only."""
    kept = kept_in_browser("first_run")
    return kept if isinstance(kept, dict) and kept.get("link") == hashed(secret)[:16] else {}


def _note(secret: str, **answers: Any) -> None:
    keep_in_browser("first_run", {**_draft(secret), "link": hashed(secret)[:16], **answers})


def _next_step(draft: dict[str, Any], opened: Welcome) -> str:
    if "display_name" not in draft:
        return "name"
    if draft.get("rules") != opened.rules_version:
        return "rules"
    return "password" if "pace" in draft else "pace"


def _is_ahead(step: str, secret: str, opened: Welcome) -> bool:
    """Whether something before this step is still open."""
    return STEPS.index(step) > STEPS.index(_next_step(_draft(secret), opened))


def _go_on(secret: str, opened: Welcome) -> AnyResponse:
    return redirect(url_for(f".first_{_next_step(_draft(secret), opened)}", secret=secret))


def _step(template: str, step: str, secret: str, opened: Welcome, **context: Any) -> Answer:
    if _is_ahead(step, secret, opened):
        return _go_on(secret, opened)
    number = STEPS.index(step) + 1
    back = (
        url_for(f".first_{STEPS[number - 2]}", secret=secret)
        if number > 1
        else url_for(".link", secret=secret)
    )
    return page(template, welcome=opened, number=number, total=len(STEPS), back=back, **context)


@bp.get("/invitations/<secret>")
@public
@link_door
def link(secret: str) -> Answer:
    """The welcome; opening a link changes nothing, mail scanners do it too."""
    opened = queries.welcome(secret)
    go_on = url_for(f".first_{_next_step(_draft(secret), opened)}", secret=secret)
    return page("invitations/welcome.html", welcome=opened, go_on=go_on, is_resumed=bool(_draft(secret)))


@bp.get("/invitations/<secret>/name")
@public
@link_door
def first_name(secret: str) -> Answer:
    """呼び名 and つぼみ."""
    opened = queries.welcome(secret)
    draft = _draft(secret)
    form = blank(
        NameForm, display_name=draft.get("display_name", ""), bud=str(draft.get("bud", opened.suggested_bud))
    )
    return _step("invitations/first_name.html", "name", secret, opened, form=form)


@bp.post("/invitations/<secret>/name")
@public
@link_door
@redisplay(first_name)
def answer_name(secret: str) -> Answer:
    """Keep the name in this browser and go on."""
    opened = queries.welcome(secret)
    typed = parse(NameForm)
    _note(secret, display_name=queries.free_name(secret, typed["display_name"]), bud=int(typed["bud"]))
    return _go_on(secret, opened)


@bp.get("/invitations/<secret>/rules")
@public
@link_door
def first_rules(secret: str) -> Answer:
    """The community's rules."""
    opened = queries.welcome(secret)
    has_accepted = _draft(secret).get("rules") == opened.rules_version
    form = blank(RulesForm, version=str(opened.rules_version), accepted=has_accepted)
    return _step(
        "invitations/first_rules.html",
        "rules",
        secret,
        opened,
        form=form,
        rules=community_rules.ITEMS[language_now()],
    )


@bp.post("/invitations/<secret>/rules")
@public
@link_door
@redisplay(first_rules)
def answer_rules(secret: str) -> Answer:
    """Keep which version was accepted and go on."""
    opened = queries.welcome(secret)
    typed = parse(RulesForm)
    if typed["version"] != str(opened.rules_version):
        raise Invalid(_("ルールが新しくなりました。もう一度お読みください。"))
    _note(secret, rules=opened.rules_version)
    return _go_on(secret, opened)


@bp.get("/invitations/<secret>/pace")
@public
@link_door
def first_pace(secret: str) -> Answer:
    """参加のペース."""
    opened = queries.welcome(secret)
    form = blank(PaceForm, pace=_draft(secret).get("pace", "few"))
    return _step("invitations/first_pace.html", "pace", secret, opened, form=form)


@bp.post("/invitations/<secret>/pace")
@public
@link_door
@redisplay(first_pace)
def answer_pace(secret: str) -> Answer:
    """Keep the pace and go on."""
    opened = queries.welcome(secret)
    _note(secret, pace=parse(PaceForm)["pace"])
    return _go_on(secret, opened)


@bp.get("/invitations/<secret>/password")
@public
@link_door
def first_password(secret: str) -> Answer:
    """A password, optional where a letter can sign one in, and the end of the first run."""
    opened = queries.welcome(secret)
    return _step(
        "invitations/first_password.html",
        "password",
        secret,
        opened,
        form=blank(PasswordForm),
        is_needed=_needs_password(opened),
        display_name=_draft(secret).get("display_name", ""),
    )


def _needs_password(opened: Welcome) -> bool:
    """People with powers never sign in by letter alone; nobody does where no letters leave this machine."""
    return opened.has_powers or not (settings_now().sends_mail or opened.is_demo)


@bp.post("/invitations/<secret>/password")
@public
@link_door
@redisplay(first_password)
def accept(secret: str) -> Answer:
    """Join: the one act of the first run that is stored."""
    opened = queries.welcome(secret)
    draft = _draft(secret)
    if _next_step(draft, opened) != "password":
        return _go_on(secret, opened)
    member_id = operations.accept_invitation(
        g.viewer,
        secret,
        display_name=draft["display_name"],
        bud=draft["bud"],
        pace=draft["pace"],
        rules_version=draft["rules"],
        language=choose_language(),
        password_hash=_password_hash(parse(PasswordForm)["password"] or "", opened, draft),
    )
    return _enter(member_id)


def _password_hash(password: str, opened: Welcome, draft: dict[str, Any]) -> str | None:
    if not password:
        if _needs_password(opened):
            sentence = _("パスワードを入力してください")
            raise Invalid(sentence, {"password": [sentence]})
        return None
    about = (opened.mail, opened.legal_name, str(draft["display_name"]))
    return new_password_hash(password, about=about, field="password")


def _enter(member_id: int) -> AnyResponse:
    """Sign the new member in, here, and lead people with powers to their second factor."""
    visitor = visitor_of(open_session(member_id, device=device_name(request.user_agent.string)))
    if visitor is None:
        raise NotFound()
    begin_browser_session(visitor, is_kept=not visitor.is_idle_limited)
    forget_surroundings()
    if visitor.must_go:
        flash(t("登録できました。続けて、2段階認証を設定してください"))
        return redirect(visitor.must_go)
    keep_in_browser("welcome", True)  # home greets a newcomer, on this device only
    return redirect("/")

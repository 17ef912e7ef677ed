"""Doors of the set-up and the administrator's pages; those of HR's desk stand in the folders beside."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import Response, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts import operations as accounts
from app.accounts import second_factor
from app.accounts.budgets import AT_THE_DOOR
from app.accounts.freshness import fresh
from app.accounts.proving import new_password_hash
from app.accounts.sessions import device_name, visitor_of
from app.core.errors import NotFound
from app.core.forms import PressForm, blank, parse, redisplay
from app.core.i18n import t
from app.core.limits import spend
from app.core.web import (
    begin_browser_session,
    forget_surroundings,
    keep_in_browser,
    kept_in_browser,
    page,
    public,
    settings_now,
)

from . import budgets, operations, queries, system
from .approvals import views as approval_doors
from .boards import views as board_doors
from .bulk import views as bulk_doors
from .cards import SetUpPage
from .door import bp
from .forms import (
    CommunityForm,
    CompanyForm,
    FirstAdministratorForm,
    FirstCohortForm,
    FirstHrForm,
    HelpLineForm,
    RolesForm,
    SizeForm,
)
from .mentors import views as mentor_doors
from .people import views as people_doors
from .places import views as place_doors
from .privacy import views as privacy_doors
from .today import views as today_doors

__all__ = [
    "approval_doors",
    "board_doors",
    "bp",
    "bulk_doors",
    "mentor_doors",
    "people_doors",
    "place_doors",
    "privacy_doors",
    "today_doors",
]

P = ParamSpec("P")


def appointing(view: Callable[P, Any]) -> Callable[P, Any]:
    """Ask whether the viewer appoints before anything else is asked of them; stands under the route decorator."""

    @wraps(view)
    def door(*args: P.args, **kwargs: P.kwargs) -> Any:
        system.check_may_appoint(g.viewer)
        return view(*args, **kwargs)

    return door


# ── the first administrator ──────────────────────────────────────────────────────────────────────────────────


@bp.get("/setup/<string(length=26):secret>")
@public
def welcome(secret: str) -> str:
    """The one-time link was opened: nothing happens before the form is sent, since mail scanners open links too."""
    queries.check_first_link(secret)
    return page(
        "office/setup/welcome.html",
        form=blank(FirstAdministratorForm),
        secret=secret,
        key=second_factor.key_of(_pending_factor()),
    )


@bp.post("/setup/<string(length=26):secret>")
@public
@redisplay(welcome)
def become_first_administrator(secret: str) -> str:
    """Make the first administrator, sign them in, and show their recovery codes this once."""
    spend(AT_THE_DOOR, request.remote_addr or "")
    queries.check_first_link(secret)
    form = parse(FirstAdministratorForm)
    del form["accepts_rules"]
    password_hash = new_password_hash(
        form.pop("password"), about=(form["mail"], form["legal_name"], form["display_name"]), field="password"
    )
    made = operations.become_first_administrator(
        secret, **form, password_hash=password_hash, factor=_pending_factor()
    )
    visitor = visitor_of(accounts.open_session(made.member_id, device=device_name(request.user_agent.string)))
    if visitor is None:
        raise NotFound()
    begin_browser_session(visitor, is_kept=True)
    forget_surroundings()
    return page("office/setup/recovery_codes.html", codes=made.recovery_codes)


@bp.get("/setup/<string(length=26):secret>/qr.svg")
@public
def first_qr(secret: str) -> Response:
    """The picture an authenticator app reads, for the browser that holds the link."""
    queries.check_first_link(secret)
    address = second_factor.address_of(_pending_factor(), mail=t("システム管理者"), community="")
    return Response(second_factor.qr_of(address), content_type="image/svg+xml")


def _pending_factor() -> str:
    """The nonce of the authenticator being set up, kept in this browser; its secret is not in it."""
    nonce = kept_in_browser("first factor")
    if nonce is None:
        nonce = second_factor.start_second_factor()
        keep_in_browser("first factor", nonce)
    return str(nonce)


# ── set-up ───────────────────────────────────────────────────────────────────────────────────────────────────


@bp.get("/setup")
def set_up() -> str:
    """Where the set-up stands; every answer can be changed, and the whole be left and resumed."""
    return page("office/setup/overview.html", page=_set_up())


@bp.get("/setup/company")
def company() -> str:
    """The company's name."""
    found = _set_up()
    return _step("company", found, blank(CompanyForm, name=found.name))


@bp.post("/setup/company")
@redisplay(company)
def name_company() -> AnyResponse:
    """Take it and go on."""
    operations.name_community(g.viewer, **parse(CompanyForm))
    return _go_on("company")


@bp.get("/setup/size")
def size() -> str:
    """How many candidates, and what follows from it."""
    found = _set_up()
    return _step("size", found, blank(SizeForm, count=found.expected_candidates))


@bp.post("/setup/size")
@redisplay(size)
def expect_candidates() -> AnyResponse:
    """Take it and go on."""
    operations.expect_candidates(g.viewer, **parse(SizeForm))
    return _go_on("size")


@bp.get("/setup/mail")
def mail() -> str:
    """How letters leave."""
    return _step("mail", _set_up(), blank(PressForm), server=system.mail_server(settings_now()))


@bp.post("/setup/mail/test")
def send_test_letter() -> AnyResponse:
    """Send a letter to oneself, by the way every other letter takes."""
    parse(PressForm)
    spend(budgets.SAMPLE_LETTER, str(g.viewer.id))
    operations.ask_for_sample_letter(g.viewer)
    if system.mail_server(settings_now()):
        flash(t("テストメールを送りました。1分ほどたっても届かないときは、設定をご確認ください"))
    else:
        flash(t("テストメールを保存しました。「保存されたメールを開く」から読めます"))
    return redirect(url_for(".mail"))


@bp.get("/setup/help-line")
def help_line() -> str:
    """Whom to call."""
    found = _set_up()
    return _step("help-line", found, blank(HelpLineForm, help_line=found.help_line))


@bp.post("/setup/help-line")
@redisplay(help_line)
def set_help_line() -> AnyResponse:
    """Take it and go on."""
    operations.set_help_line(g.viewer, **parse(HelpLineForm))
    return _go_on("help-line")


@bp.get("/setup/hr")
def first_hr() -> str:
    """The first person of HR."""
    return _step("hr", _set_up(), blank(FirstHrForm))


@bp.post("/setup/hr")
@redisplay(first_hr)
def invite_first_hr() -> AnyResponse:
    """Invite them and go on."""
    operations.invite_first_hr(g.viewer, **parse(FirstHrForm))
    flash(t("招待メールを送りました。リンクの有効期限は7日間です"))
    return _go_on("hr")


@bp.get("/setup/cohort")
def first_cohort() -> str:
    """The first cohort and boards to begin on."""
    queries.check_may_organise(g.viewer)
    return _step("cohort", _set_up(), blank(FirstCohortForm))


@bp.post("/setup/cohort")
@redisplay(first_cohort)
def open_first_cohort() -> AnyResponse:
    """Make them and go on."""
    operations.open_first_cohort(g.viewer, **parse(FirstCohortForm))
    return _go_on("cohort")


@bp.post("/setup/finish")
def finish_set_up() -> AnyResponse:
    """The set-up is done."""
    parse(PressForm)
    operations.finish_set_up(g.viewer)
    if _set_up().invited:
        flash(t("初期設定が終わりました。あとは人事の担当者が、内定者の方を招待できます"))
    else:
        flash(t("初期設定が終わりました。次は「社員と担当者の招待」から、人事の担当者を招待してください"))
    return redirect(url_for(".admin"))


STEP_PAGES = {
    "company": "company",
    "size": "size",
    "mail": "mail",
    "help-line": "help_line",
    "hr": "first_hr",
    "cohort": "first_cohort",
}


def _set_up() -> SetUpPage:
    return queries.set_up_page(g.viewer, has_mail=bool(settings_now().mail_url))


def _step(key: str, found: SetUpPage, form: Any, **more: Any) -> str:
    return page(f"office/setup/{key.replace('-', '_')}.html", page=found, key=key, form=form, **more)


def _go_on(key: str) -> AnyResponse:
    following = _set_up().after(key)
    return redirect(url_for(f".{STEP_PAGES[following]}" if following else ".set_up"))


# ── the administrator's pages ────────────────────────────────────────────────────────────────────────────────


@bp.get("/admin")
def admin() -> str:
    """How the installation stands."""
    return page("office/admin.html", page=system.system_page(g.viewer, settings_now()))


@bp.get("/admin/mail")
def letters() -> str:
    """The letters kept in the mail folder."""
    return page("office/letters.html", page=system.shelf_page(g.viewer, settings_now()))


@bp.get("/admin/mail/<string(length=32):letter_id>")
def letter(letter_id: str) -> str:
    """One of them, without what would sign somebody in."""
    return page("office/letter.html", page=system.letter_page(g.viewer, settings_now(), letter_id))


@bp.get("/admin/community")
def community() -> str:
    """What stands on every page."""
    found = queries.community_page(g.viewer)
    return page(
        "office/community.html", form=blank(CommunityForm, name=found.name, help_line=found.help_line)
    )


@bp.post("/admin/community")
@redisplay(community)
def change_community() -> AnyResponse:
    """Change it."""
    operations.change_community(g.viewer, **parse(CommunityForm))
    flash(t("保存しました"))
    return redirect(url_for(".community"))


@bp.get("/admin/roles")
def roles() -> str:
    """Who may do what."""
    return page("office/roles.html", page=system.roles_page(g.viewer))


@bp.get("/admin/roles/<id:person_id>")
@appointing
@fresh
def role(person_id: str) -> str:
    """What one member of staff may do."""
    found = system.role_page(g.viewer, person_id)
    return page("office/role.html", page=found, form=blank(RolesForm, roles=list(found.roles)))


@bp.post("/admin/roles/<id:person_id>")
@appointing
@fresh
@redisplay(role)
def give_roles(person_id: str) -> AnyResponse:
    """Give exactly the chosen ones."""
    operations.give_named_roles(g.viewer, person_id, parse(RolesForm)["roles"])
    flash(t("役割を変更しました。ご本人は、次の操作の前にサインインし直します"))
    return redirect(url_for(".roles"))

"""Doors of the doors: sign-in, one's own security, the rules, leaving."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.clock import now
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.forms import PressForm, blank, parse, redisplay
from app.core.i18n import _, t
from app.core.limits import Budget, has_left, spend
from app.core.web import (
    begin_browser_session,
    browser_secret,
    confirm_identity,
    end_browser_session,
    forget_surroundings,
    keep_in_browser,
    kept_in_browser,
    page,
    public,
    safe_next,
    settings_now,
)

from . import budgets, operations, proving, queries, second_factor
from .cards import Known
from .forms import (
    ConfirmForm,
    FactorCodeForm,
    FirstCodeForm,
    LeaveForm,
    LinkForm,
    MailCodeForm,
    MailForm,
    NewMailForm,
    NewPasswordForm,
    ResetForm,
    RulesForm,
    SignInForm,
)
from .freshness import fresh
from .mails import normal_mail
from .sessions import device_name, visitor_of

bp = Blueprint("accounts", __name__)

HALF_WAY_SECONDS = 300  # between the password and the second factor

WRONG = _("メールアドレスかパスワードが違うようです。もう一度ご確認ください。")
WRONG_CODE = _("コードが違うか、有効な時間を過ぎています。新しいコードでお試しください")
WRONG_MAIL_CODE = _("番号が違うか、有効な時間を過ぎています。メールをもう一度ご確認ください")


# ── sign-in ──────────────────────────────────────────────────────────────────────────────────────


@bp.get("/sign-in")
@public
def sign_in() -> Any:
    """One card, two ways: a letter, or the password."""
    going = request.values.get("next", "")
    if g.visitor is not None and request.method == "GET":
        return redirect(safe_next(going))
    return page(
        "accounts/sign_in.html",
        form=blank(SignInForm, next=going),
        link_form=blank(LinkForm, next=going) if _has_letters() else None,
    )


@bp.post("/sign-in")
@public
@redisplay(sign_in)
def sign_in_by_password() -> AnyResponse:
    """By password; a second factor, where there is one, is asked next."""
    form = parse(SignInForm)
    mail, address = normal_mail(form["email"]), request.remote_addr or ""
    spend(budgets.AT_THE_DOOR, address)
    spend(budgets.SIGN_IN, mail)
    _need_left(budgets.WRONG_PASSWORD, mail)
    _need_left(budgets.WRONG_HERE, address)
    member_id = proving.prove_by_password(mail, form["password"])
    if member_id is None:
        spend(budgets.WRONG_PASSWORD, mail)
        spend(budgets.WRONG_HERE, address)
        raise Invalid(WRONG)
    return _go_on(member_id, is_kept=not form["is_shared"], going=form["next"])


@bp.get("/sign-in/code")
@public
def code() -> Any:
    """The second step for those who have set one up."""
    if _half_way() is None:
        return _too_late()
    return page("accounts/code.html", form=blank(FactorCodeForm))


@bp.post("/sign-in/code")
@public
@redisplay(code)
def take_code() -> AnyResponse:
    """A code of the authenticator or a recovery code, each of them once."""
    half = _half_way()
    if half is None:
        return _too_late()
    form = parse(FactorCodeForm)
    known, is_kept, going = half
    _take_code(known.member_id, form["code"])
    return _open(known.member_id, is_kept=is_kept, going=going)


@bp.post("/sign-in/link")
@public
@redisplay(sign_in)
def ask_for_link() -> AnyResponse:
    """Ask for a letter; whoever asks for whatever address gets the same answer."""
    _need_letters()
    form = parse(LinkForm)
    spend(budgets.AT_THE_DOOR, request.remote_addr or "")
    spend(budgets.MAIL_LINK, normal_mail(form["mail"]))
    operations.ask_for_sign_in_link(form["mail"], browser=browser_secret())
    keep_in_browser("asked", [not form["is_shared"], safe_next(form["next"])])
    return redirect(url_for(".link_sent"))


@bp.get("/sign-in/sent")
@public
def link_sent() -> str:
    """The letter is on its way; its 6 digits can be typed here."""
    return page("accounts/link_sent.html", form=blank(MailCodeForm))


@bp.post("/sign-in/sent")
@public
@redisplay(link_sent)
def take_link_code() -> AnyResponse:
    """Sign in by the 6 digits, in the browser that asked."""
    form = parse(MailCodeForm)
    address = request.remote_addr or ""
    spend(budgets.LINK_CODE, browser_secret())
    _need_left(budgets.WRONG_HERE, address)
    member_id = operations.redeem_sign_in_code(form["code"], browser=browser_secret())
    if member_id is None:
        spend(budgets.WRONG_HERE, address)
        raise Invalid(t("番号をご確認ください。"), {"code": [WRONG_MAIL_CODE]})
    return _go_on_as_asked(member_id)


@bp.get("/sign-in/<string(length=26):secret>")
@public
def link(secret: str) -> Any:
    """A sign-in link that was opened: a button, since mail scanners open links too."""
    found = queries.link_page(secret, browser_secret())
    if not found.is_alive:
        return _dead_link()
    return page("accounts/link.html", page=found, secret=secret)


@bp.post("/sign-in/<string(length=26):secret>")
@public
def redeem_link(secret: str) -> Any:
    """Sign in by the link, in the browser that asked."""
    parse(PressForm)
    member_id = operations.redeem_sign_in_link(secret, browser=browser_secret())
    return link(secret) if member_id is None else _go_on_as_asked(member_id)


@bp.post("/sign-out")
def sign_out() -> AnyResponse:
    """Sign out on this device."""
    operations.close_session(g.visitor.token)
    end_browser_session()
    flash(t("サインアウトしました"))
    return redirect(url_for(".sign_in"))


def _go_on_as_asked(member_id: int) -> AnyResponse:
    is_kept, going = kept_in_browser("asked") or [True, "/"]
    return _go_on(member_id, is_kept=is_kept, going=going)


def _go_on(member_id: int, *, is_kept: bool, going: str) -> AnyResponse:
    """After the first proof: ask for the second factor where there is one, else open the door."""
    known = queries.known(member_id)
    if known is None:
        raise Invalid(WRONG)
    if not known.needs_code:
        return _open(member_id, is_kept=is_kept, going=going)
    since = int(now().timestamp())
    keep_in_browser("half", [known.public_id, known.seal, since, is_kept, safe_next(going)])
    return redirect(url_for(".code"))


def _half_way() -> tuple[Known, bool, str] | None:
    half = kept_in_browser("half")
    if not half:
        return None
    public_id, seal, since, is_kept, going = half
    if now().timestamp() - since > HALF_WAY_SECONDS:
        return None
    known = queries.half_signed_in(public_id, seal)
    return None if known is None else (known, is_kept, going)


def _too_late() -> AnyResponse:
    keep_in_browser("half", None)
    flash(t("時間が過ぎたため、はじめからサインインしてください"), "info")
    return redirect(url_for(".sign_in"))


def _open(member_id: int, *, is_kept: bool, going: str) -> AnyResponse:
    """Open a session of its own for this browser; what it carried before ends."""
    if g.visitor is not None:
        operations.close_session(g.visitor.token)
    _begin(member_id, is_kept=is_kept)
    return redirect(safe_next(going))


def _begin(member_id: int, *, is_kept: bool) -> None:
    token = operations.open_session(member_id, device=device_name(request.user_agent.string))
    visitor = visitor_of(token)
    if visitor is None:
        raise NotFound()
    begin_browser_session(visitor, is_kept=is_kept)
    forget_surroundings()


def _stay() -> None:
    """Go on under a new session after a change that ended them all."""
    _begin(g.viewer.id, is_kept=session.permanent)


def _take_code(member_id: int, typed: str) -> None:
    key = str(member_id)
    spend(budgets.CODE, key)
    _need_left(budgets.WRONG_CODE, key)
    if not operations.take_code(member_id, typed):
        spend(budgets.WRONG_CODE, key)
        raise Invalid(t("コードをご確認ください。"), {"code": [WRONG_CODE]})


def _need_left(budget: Budget, key: str) -> None:
    """Refuse when nothing is left; spending what is not there says how long to wait."""
    if not has_left(budget, key):
        spend(budget, key)


def _has_letters() -> bool:
    """Whether a letter reaches anybody: through SMTP, or in a demo on the administrator's page."""
    return settings_now().sends_mail or bool(current_app.extensions["tsubomi.is_demo"]())


def _need_letters() -> None:
    if not _has_letters():
        raise Forbidden(
            _("メールの送信が設定されていないため、この方法は使えません。システム管理者にご相談ください。")
        )


def _dead_link() -> tuple[str, int]:
    return page("accounts/dead_link.html"), 404


# ── a forgotten password, a new address ──────────────────────────────────────────────────────────


@bp.get("/password/forgot")
@public
def forgot() -> str:
    """Ask for a letter that leads to a new password."""
    return page("accounts/forgot.html", form=blank(MailForm), has_letters=_has_letters())


@bp.post("/password/forgot")
@public
@redisplay(forgot)
def ask_for_reset() -> AnyResponse:
    """Whoever asks for whatever address gets the same answer."""
    _need_letters()
    form = parse(MailForm)
    spend(budgets.AT_THE_DOOR, request.remote_addr or "")
    spend(budgets.MAIL_LINK, normal_mail(form["mail"]))
    operations.ask_for_reset(form["mail"])
    return redirect(url_for(".reset_sent"))


@bp.get("/password/sent")
@public
def reset_sent() -> str:
    """The letter is on its way."""
    return page("accounts/reset_sent.html")


@bp.get("/password/<string(length=26):secret>")
@public
def reset(secret: str) -> Any:
    """A reset that was opened: choose a new password."""
    found = queries.reset_page(secret)
    if found is None:
        return _dead_link()
    return page("accounts/reset.html", form=blank(ResetForm), needs_code=found.needs_code, secret=secret)


@bp.post("/password/<string(length=26):secret>")
@public
@redisplay(reset)
def reset_now(secret: str) -> Any:
    """Set the new password; whoever has a second factor shows it too."""
    spend(budgets.AT_THE_DOOR, request.remote_addr or "")
    found = queries.reset_page(secret)
    if found is None:
        return _dead_link()
    form = parse(ResetForm)
    password_hash = proving.new_password_hash(form["new_password"], about=found.about)
    outcome = operations.reset_password(secret, password_hash, code=form["code"] or "")
    if outcome == "wrong_code":
        raise Invalid(t("コードをご確認ください。"), {"code": [WRONG_CODE]})
    if outcome == "dead":
        return _dead_link()
    flash(t("パスワードを変更しました。新しいパスワードでサインインできます"))
    return redirect(url_for(".sign_in"))


@bp.get("/mail/<string(length=26):secret>")
@public
def new_mail(secret: str) -> Any:
    """The letter at the new address was opened: a button, since mail scanners open links too."""
    address = queries.new_mail_of(secret)
    if address is None:
        return _dead_link()
    return page("accounts/new_mail.html", address=address, secret=secret)


@bp.post("/mail/<string(length=26):secret>")
@public
def move_to_new_mail(secret: str) -> Any:
    """Letters go to the new address from now on."""
    parse(PressForm)
    if not operations.move_to_new_mail(secret):
        return _dead_link()
    flash(t("メールアドレスを変更しました。次のサインインから、新しいアドレスをお使いください"))
    return redirect(url_for(".security" if g.visitor else ".sign_in"))


# ── who is it ────────────────────────────────────────────────────────────────────────────────────


@bp.get("/confirm")
def confirm() -> str:
    """Ask who it is before something that matters."""
    return _confirm_page()


@bp.get("/me/security/second-factor/confirm")
def confirm_for_factor() -> str:
    """The same, for those who are kept on the page of the second factor until it is set up."""
    return _confirm_page()


@bp.post("/confirm")
@redisplay(confirm)
def confirm_now() -> AnyResponse:
    """Take the proof this member can give, and go on."""
    form = parse(ConfirmForm)
    method = queries.own_factors(g.viewer).method
    if method == "code":
        _take_code(g.viewer.id, form["code"] or "")
    else:
        _prove(method, form)
    confirm_identity()
    return redirect(safe_next(form["next"]))


@bp.post("/confirm/mail")
def confirm_by_mail() -> AnyResponse:
    """Send the 6 digits to one's own address."""
    form = parse(ConfirmForm)
    _need_letters()
    spend(budgets.MAIL_LINK, f"confirm {g.viewer.id}")
    operations.ask_for_confirmation(g.viewer, browser=browser_secret())
    flash(t("確認の番号をメールでお送りしました"))
    return redirect(url_for(".confirm", next=safe_next(form["next"])))


def _confirm_page() -> str:
    return page(
        "accounts/confirm.html",
        form=blank(ConfirmForm, next=safe_next(request.values.get("next"))),
        method=queries.own_factors(g.viewer).method,
    )


def _prove(method: str, form: dict[str, Any]) -> None:
    key = str(g.viewer.id)
    spend(budgets.CODE, key)
    _need_left(budgets.WRONG_CODE, key)
    if method == "password":
        is_right = proving.prove_own_password(g.viewer, form["password"] or "")
        refusal = Invalid(t("パスワードをご確認ください。"), {"password": [t("パスワードが違うようです")]})
    else:
        is_right = operations.confirm_by_mail_code(g.viewer, form["code"] or "", browser=browser_secret())
        refusal = Invalid(t("番号をご確認ください。"), {"code": [WRONG_MAIL_CODE]})
    if not is_right:
        spend(budgets.WRONG_CODE, key)
        raise refusal


# ── one's own security ───────────────────────────────────────────────────────────────────────────


@bp.get("/me/security")
def security() -> str:
    """One's own address, proofs and devices."""
    return page(
        "accounts/security.html",
        page=queries.security_page(g.viewer, g.visitor.token),
        has_letters=_has_letters(),
    )


@bp.post("/me/security/sessions/<id:session_id>/end")
def end_session(session_id: str) -> AnyResponse:
    """Sign out one of one's own devices."""
    parse(PressForm)
    operations.end_session(g.viewer, session_id)
    flash(t("選んだ端末をサインアウトしました"))
    return redirect(url_for(".security"))


@bp.post("/me/security/sign-out-everywhere")
def sign_out_everywhere() -> AnyResponse:
    """Sign out every device, this one too."""
    parse(PressForm)
    operations.end_every_session(g.viewer)
    end_browser_session()
    flash(t("すべての端末でサインアウトしました"))
    return redirect(url_for(".sign_in"))


@bp.get("/me/security/password")
@fresh
def password() -> str:
    """Set a first password, or change it."""
    return page(
        "accounts/password.html",
        form=blank(NewPasswordForm),
        has_password=queries.own_factors(g.viewer).has_password,
    )


@bp.post("/me/security/password")
@fresh
@redisplay(password)
def set_password() -> AnyResponse:
    """Other devices are signed out; this one goes on under a new session."""
    form = parse(NewPasswordForm)
    spend(budgets.CHANGES, str(g.viewer.id))
    about = queries.own_factors(g.viewer).about
    operations.set_password(g.viewer, proving.new_password_hash(form["new_password"], about=about))
    _stay()
    flash(t("パスワードを設定しました。ほかの端末はサインアウトしました"))
    return redirect(url_for(".security"))


@bp.get("/me/security/mail")
@fresh
def mail() -> str:
    """Move to another address."""
    return page(
        "accounts/mail.html",
        form=blank(NewMailForm),
        address=queries.own_factors(g.viewer).mail,
        has_letters=_has_letters(),
    )


@bp.post("/me/security/mail")
@fresh
@redisplay(mail)
def ask_for_new_mail() -> AnyResponse:
    """A letter goes to the new address; whether it is taken makes no difference to the answer."""
    _need_letters()
    form = parse(NewMailForm)
    spend(budgets.MAIL_LINK, f"new mail {g.viewer.id}")
    operations.ask_for_new_mail(g.viewer, form["mail"])
    flash(t("新しいアドレスに確認のメールをお送りしました。メールのリンクを開くと、変更が完了します"))
    return redirect(url_for(".security"))


@bp.get("/me/security/second-factor")
@fresh
def factor() -> str:
    """Set up a second factor, or see that there is one."""
    factors = queries.own_factors(g.viewer)
    if factors.has_second_factor and "replace" not in request.args and kept_in_browser("factor") is None:
        return page("accounts/second_factor.html", factors=factors)
    return page(
        "accounts/second_factor_set_up.html",
        factors=factors,
        form=blank(FirstCodeForm),
        key=_grouped(second_factor.key_of(_pending_factor())),
    )


@bp.post("/me/security/second-factor")
@fresh
@redisplay(factor)
def put_factor() -> Any:
    """The first code proves the authenticator; then the recovery codes are shown, this once."""
    form = parse(FirstCodeForm)
    spend(budgets.CODE, str(g.viewer.id))
    codes = operations.put_second_factor(g.viewer.id, _pending_factor(), form["code"])
    if codes is None:
        raise Invalid(t("コードをご確認ください。"), {"code": [WRONG_CODE]})
    _stay()
    return page("accounts/recovery_codes.html", codes=codes)


@bp.get("/me/security/second-factor/qr.svg")
@fresh
def factor_qr() -> Response:
    """The picture an authenticator app reads; exists while one is being set up."""
    nonce = kept_in_browser("factor")
    if nonce is None:
        raise NotFound()
    address = second_factor.address_of(
        nonce, mail=queries.own_factors(g.viewer).mail, community=queries.community_name()
    )
    return Response(second_factor.qr_of(address), content_type="image/svg+xml")


@bp.post("/me/security/second-factor/recovery-codes")
@fresh
def renew_recovery_codes() -> str:
    """New recovery codes, shown this once; the old ones stop working."""
    parse(PressForm)
    spend(budgets.CHANGES, str(g.viewer.id))
    return page("accounts/recovery_codes.html", codes=operations.renew_recovery_codes(g.viewer))


@bp.post("/me/security/second-factor/remove")
@fresh
def remove_factor() -> AnyResponse:
    """Take it away again, where it is one's own choice."""
    parse(PressForm)
    operations.remove_second_factor(g.viewer)
    _stay()
    flash(t("2段階認証を解除しました"))
    return redirect(url_for(".security"))


def _pending_factor() -> str:
    """The nonce of the authenticator being set up, kept in this browser; its secret is not in it."""
    nonce = kept_in_browser("factor")
    if nonce is None:
        nonce = second_factor.start_second_factor()
        keep_in_browser("factor", nonce)
    return str(nonce)


def _grouped(key: str) -> str:
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


# ── the rules, leaving ───────────────────────────────────────────────────────────────────────────


@bp.get("/rules")
@public
def rules() -> str:
    """The community's rules, to be read again at any time."""
    return page("accounts/rules.html", page=queries.rules_page(g.viewer))


@bp.post("/rules")
def accept_rules() -> AnyResponse:
    """Accept them in the version that was shown."""
    operations.accept_rules(g.viewer, parse(RulesForm)["version"])
    return redirect("/")


@bp.get("/me/leave")
@fresh
def leave() -> str:
    """What leaving means, and what becomes of one's name."""
    return page("accounts/leave.html", page=queries.leave_page(g.viewer), form=blank(LeaveForm))


@bp.post("/me/leave")
@fresh
@redisplay(leave)
def leave_now() -> AnyResponse:
    """Leave, at once and for good."""
    form = parse(LeaveForm)
    operations.end_membership(g.viewer, keeps_name=form["keeps_name"] == "yes")
    end_browser_session()
    return redirect(url_for(".left"))


@bp.get("/left")
@public
def left() -> str:
    """A quiet goodbye."""
    return page("accounts/left.html")

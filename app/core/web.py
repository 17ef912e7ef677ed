"""The HTTP door: who is looking, default deny, one way to render, error pages, security headers.

`g.viewer` is who is looking (below the doors it is passed on as the first argument). Every route needs a
signed-in member unless it is marked `@public`.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    jsonify,
    redirect,
    request,
    session,
    url_for,
)
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from jinja2 import StrictUndefined, Template
from jinja2.environment import TemplateModule
from jinja2.ext import Extension
from jinja2.runtime import Context
from markupsafe import Markup
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response as AnyResponse

from .assets import Assets
from .clock import now
from .config import LOOPBACK_HOSTS, Settings
from .db import is_row
from .errors import AppError, Conflict, Forbidden, Invalid, NotFound, TooOften
from .i18n import LANGUAGES, _, language_now
from .ids import PublicId, is_public_id
from .limits import Budget, has_left, spend
from .paging import Cursor
from .text import stored_html
from .uploads import UploadRequest

log = structlog.get_logger(__name__)
# Anybody may send a report of a violation; nobody may fill the log with them.
REPORTS = Budget("violation reports", "60/minute", "")
V = TypeVar("V", bound=Callable[..., Any])

SESSION_DAYS = 90
IDLE_LIMIT = timedelta(minutes=30)  # staff with powers: security.md, session
REAUTHENTICATED_FOR = timedelta(minutes=5)  # privacy.md, re-authentication
MOST_FIELDS = 6000  # everyone at once, ticked in a list
LONGEST_NEXT = 1_000  # the way back waits in a cookie, which has 4 KB in all
MOST_BYTES_OF_A_REPORT = 16 * 1024
MOST_SIGNED = 4_000  # browsers whose signed CSRF value is in memory
MOST_DRAWINGS = 8_000  # with their cards up to 8 KB each; 200 topics of 20 posts are 5,000
# Stand in a drawing that is kept for the values only one request has; nobody outside can know, or write, these words.
CSRF_PLACE = f"csrf-{secrets.token_hex(24)}"
KEY_PLACE = f"key-{secrets.token_hex(24)}"
MOST_BYTES = 2 * 1024 * 1024 + 64 * 1024  # one pasted sheet of invitations, plus the form around it
ROOM_FOR_THE_FORM = 256 * 1024  # around files: the longest text there is, in UTF-8, and its boundaries

# Said by a page that asks by itself while nobody touches it: an open chat is no activity.
UNATTENDED = "X-Unattended"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'; report-uri /csp-report"
)
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation",
        "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment",
        "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in, as the session row says. `must_go` names the one page they have to finish first."""

    token: str
    viewer: Any
    me: Any
    language: str
    is_idle_limited: bool
    must_go: str | None = None
    community_version: int | None = None
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """The session's own secret, which flask-login keeps in the signed cookie."""
        return self.token


@dataclass(frozen=True)
class Surroundings:
    """What every page shows around its content; made by the shell for a visitor or for nobody."""

    community_name: str
    is_demo: bool
    help_line: str
    nav: tuple[Any, ...] = ()
    side_nav: tuple[Any, ...] = ()
    # What waits for the visitor; asked only where a page is drawn.
    bell: Callable[[], Any] = lambda: None


@dataclass(frozen=True)
class Shell:
    """What core.web asks of the floors above it."""

    visitor_of: Callable[[str], Visitor | None]
    nobody: Any
    surroundings_of: Callable[[Visitor | None, str], Surroundings]


def public(view: V) -> V:
    """Mark a view that needs no signed-in member. The whole list stands in tests/guards."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def takes_files(most_bytes: int) -> Callable[[V], V]:
    """Mark a view whose form may bring files of together at most this many bytes; every other takes MOST_BYTES."""

    def mark(view: V) -> V:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return mark


class PublicIdConverter(BaseConverter):
    """`<id:…>` in a route: 13 characters of base32, anything else is not found before the view."""

    regex = "[a-z2-7]{13}"

    def to_python(self, value: str) -> str:
        """Give the id on as it is."""
        return value


class _Template(Template):
    """A template whose macros are imported without a look at the importing page: all of ours share one environment."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()


class _Unindented(Extension):
    """Pages without the spaces their lines begin with: those are for whoever reads the template."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template as it is compiled; a line stays the line it is."""
        return re.sub(r"\n[ \t]+", "\n", source) if (name or "").endswith(".html") else source


class _Cookies(SecureCookieSessionInterface):
    """Signed cookies as Flask makes them; their signer is made once for each key instead of twice a request."""

    def __init__(self) -> None:
        self._signers: dict[Any, Any] = {}

    def get_signing_serializer(self, app: Flask) -> Any:
        """The signer of the app's key."""
        key = app.secret_key
        if key not in self._signers:
            self._signers[key] = super().get_signing_serializer(app)
        return self._signers[key]


class _Json(DefaultJSONProvider):
    """JSON as Flask reads it; brackets in brackets without end are no JSON, not a mistake of ours."""

    ensure_ascii = False  # Japanese in half the bytes; an answer says that it is UTF-8

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read a text. Raises ValueError."""
        try:
            return super().loads(s, **kwargs)
        except RecursionError:
            raise ValueError("nested too deeply") from None


csrf = CSRFProtect()
_login = LoginManager()
_login.session_protection = None  # it would bind sessions to addresses, which we neither keep nor trust


def install_web(app: Flask, settings: Settings, shell: Shell) -> None:
    """Wire the HTTP door into the app; call it before blueprints are registered."""
    app.extensions["tsubomi.settings"] = settings
    app.extensions["tsubomi.shell"] = shell
    assets = Assets(settings_static_folder(app))
    app.extensions["tsubomi.assets"] = assets
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-tsubomi" if settings.is_https else "tsubomi",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=SESSION_DAYS),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # Origin and Sec-Fetch-Site are checked here instead of the Referer
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_HEADERS=["X-CSRF-Token"],
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_BYTES,
        MAX_FORM_PARTS=MOST_FIELDS,
        TEMPLATES_AUTO_RELOAD=settings.development,
    )
    app.request_class = UploadRequest
    app.json = _Json(app)
    app.url_map.converters["id"] = PublicIdConverter
    app.jinja_env.template_class = _Template
    app.jinja_env.add_extension(_Unindented)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["asset"] = assets.url
    app.jinja_env.globals["drawn"] = drawn
    app.jinja_env.globals["drawn_each"] = drawn_each
    app.session_interface = _Cookies()
    csrf.init_app(app)
    app.jinja_env.globals["csrf_token"] = lambda: CSRF_PLACE
    _login.init_app(app)
    _login.user_loader(shell.visitor_of)
    app.before_request(_meet)
    app.after_request(_add_headers)
    app.register_error_handler(AppError, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(OSError, _disk_error)
    app.register_error_handler(Exception, _mistake)
    app.register_blueprint(_doors())
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


def settings_static_folder(app: Flask) -> Any:
    """Where the static tree lies."""
    from pathlib import Path

    return Path(app.root_path).parent / "static"


def settings_now() -> Settings:
    """The settings of the running app."""
    settings: Settings = current_app.extensions["tsubomi.settings"]
    return settings


# ── every request ────────────────────────────────────────────────────────────────────────────────────────────


def _meet() -> Any:
    shell: Shell = current_app.extensions["tsubomi.shell"]
    g.viewer, g.visitor = shell.nobody, None
    if request.endpoint in {"doors.static", "doors.service_worker", "health.healthz"}:
        return None
    _recognise()
    _refuse_foreign_host()
    _refuse_oddities()
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None:
        return None  # the router answers: not found, or not with this method
    if not getattr(view, "is_public", False) and g.visitor is None:
        return _ask_to_sign_in()
    if request.method not in {"GET", "HEAD", "OPTIONS"} and not getattr(view, "is_exempt", False):
        _refuse_foreign_origin()
        _open_wider(view)
        csrf.protect()
    return _lead_on()


def _open_wider(view: Callable[..., Any]) -> None:
    """Let a door that takes files read more; only now, when it is known that one of us is sending."""
    most_bytes = getattr(view, "most_bytes", None)
    if most_bytes is not None:
        request.max_content_length = most_bytes + ROOM_FOR_THE_FORM


def _recognise() -> None:
    visitor = current_user._get_current_object()
    if not visitor.is_authenticated:
        return
    if visitor.is_idle_limited and not _is_awake():
        end_browser_session()
        return
    g.visitor, g.viewer = visitor, visitor.viewer


def _is_awake() -> bool:
    """Staff with powers sign in again after 30 idle minutes; the moment lives in their own signed cookie only."""
    moment = int(now().timestamp())
    seen = session.get("awake")
    if seen is not None and moment - seen > IDLE_LIMIT.total_seconds():
        return False
    if seen is None or (moment - seen > 60 and UNATTENDED not in request.headers):
        session["awake"] = moment
    return True


def visitor_of(session_token: str) -> Visitor | None:
    """Whose session this is now, asked anew; None once it has ended."""
    shell: Shell = current_app.extensions["tsubomi.shell"]
    return shell.visitor_of(session_token)


def awake_until(visitor: Visitor) -> float | None:
    """When the visitor's idle time is over, in seconds of the epoch; None: never. Asking is no activity."""
    if not visitor.is_idle_limited:
        return None
    seen: float = session.get("awake", now().timestamp())
    return seen + IDLE_LIMIT.total_seconds()


def _refuse_foreign_host() -> None:
    """Demo data answers on this machine's own addresses only, unless the installation allows more."""
    settings = settings_now()
    if settings.demo_public or not _surroundings().is_demo:
        return
    host = urlsplit(f"//{request.host}").hostname or ""
    if host not in LOOPBACK_HOSTS:
        raise Forbidden(
            _(
                "これはデモデータです。このサーバーの外からは開けません（TSUBOMI_DEMO_PUBLIC=1 で許可できます）。"
            )
        )


def _refuse_oddities() -> None:
    """No address of ours holds NUL, which no database takes; no form has more fields than a sheet has lines."""
    if "\0" in request.path:
        raise NotFound()
    if b"%00" in request.query_string:
        request.query_string = request.query_string.replace(b"%00", b"")
    is_form = "CONTENT_TYPE" in request.environ and request.mimetype == "application/x-www-form-urlencoded"
    if is_form and request.get_data().count(b"&") >= MOST_FIELDS:
        g.is_unreadable = True
        raise RequestEntityTooLarge()


def _refuse_foreign_origin() -> None:
    """Every unsafe request comes from our own pages: by Origin, or by Sec-Fetch-Site where there is none."""
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    if origin is not None:
        is_ours = origin in {settings_now().base_url.rstrip("/"), request.host_url.rstrip("/")}
    else:
        is_ours = site in {None, "same-origin", "none"}
    if not is_ours or site not in {None, "same-origin", "none"}:
        raise Forbidden(
            _(
                "ほかのサイトから送られた操作のため、受け付けませんでした。このサイトの画面からお試しください。"
            )
        )


def _ask_to_sign_in() -> Any:
    if request.method in {"GET", "HEAD"} and not wants_json():
        here = request.full_path.rstrip("?")
        return redirect(url_for("accounts.sign_in", next=None if here == "/" else here))
    return error_answer(
        401,
        "signed_out",
        _("サインインが切れています"),
        _("もう一度サインインしてください。書いた内容は、下に残してあります。"),
    )


def _lead_on() -> Any:
    """Send a member with something to finish first (new rules, a missing second factor) there."""
    visitor = g.visitor
    if visitor is None or visitor.must_go is None:
        return None
    if request.path.startswith((visitor.must_go, "/sign-out", "/confirm", "/language", "/theme")):
        return None
    if request.method == "GET" and not wants_json():
        return redirect(visitor.must_go)
    raise Forbidden(_("先に済ませていただきたい手続きがあります。画面を開き直すと、その画面に進みます。"))


# ── sessions of the browser ──────────────────────────────────────────────────────────────────────────────────


def begin_browser_session(visitor: Visitor, *, is_kept: bool) -> None:
    """Sign this browser in: everything it carried before is dropped, so no session or token can be planted."""
    language, theme = session.get("language"), session.get("theme")
    session.clear()
    session.permanent = is_kept
    session.update({key: value for key, value in (("language", language), ("theme", theme)) if value})
    login_user(visitor)
    g.visitor, g.viewer = visitor, visitor.viewer
    confirm_identity()


def end_browser_session() -> None:
    """Sign this browser out; the session row is the caller's to end."""
    logout_user()
    language, theme = session.get("language"), session.get("theme")
    session.clear()
    session.update({key: value for key, value in (("language", language), ("theme", theme)) if value})
    shell: Shell = current_app.extensions["tsubomi.shell"]
    g.visitor, g.viewer = None, shell.nobody


def confirm_identity() -> None:
    """Note, in the signed cookie only, that this person has just proved who they are."""
    session["proved"] = int(now().timestamp())


def has_confirmed_identity() -> bool:
    """Whether the person proved who they are within the last five minutes."""
    proved = session.get("proved")
    return proved is not None and now().timestamp() - proved <= REAUTHENTICATED_FOR.total_seconds()


def keep_in_browser(name: str, value: Any) -> None:
    """Keep a small value in the signed cookie; None forgets it."""
    if value is None:
        session.pop(name, None)
    else:
        session[name] = value


def kept_in_browser(name: str) -> Any:
    """A value kept by `keep_in_browser`, or None."""
    return session.get(name)


def cursor_asked() -> Cursor:
    """Which page of a list the address asks for; what is no id is not asked."""

    def place(name: str) -> PublicId | None:
        value = request.args.get(name, "")
        return value if is_public_id(value) else None

    return Cursor(after=place("after"), before=place("before"), is_end=request.args.get("last") == "1")


def safe_next(target: str | None) -> str:
    """A path on this site to go on to; anything else becomes the home page."""
    if (
        not target
        or len(target) > LONGEST_NEXT
        or any(ord(letter) < 33 or letter == "\\" for letter in target)
    ):
        return "/"
    if not target.startswith("/") or target.startswith("//"):
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc else target


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────


class RowInTemplate(RuntimeError):
    """A database row reached a template: build a card in the query instead."""


def page(template: str, **context: Any) -> str:
    """Render a page; the only way to do so. Refuses any context that holds a database row."""
    for name, value in context.items():
        _refuse_rows(name, value, depth=4 if current_app.testing else 1)
    return _rendered(template, {**_around(), **context})


def _rendered(template: str, context: dict[str, Any]) -> str:
    """The finished text: what was drawn for everybody gets the values of this one request."""
    text = current_app.jinja_env.get_template(template).render(context)
    if CSRF_PLACE in text:
        text = text.replace(CSRF_PLACE, _csrf_value())
    if KEY_PLACE in text:
        text = text.replace(KEY_PLACE, secrets.token_hex(16))
    return text


def _csrf_value() -> str:
    """What the forms of this browser begin with; signed once, not with every page."""
    kept = session.get("csrf_token")
    return generate_csrf() if kept is None else _signed(kept, current_app.secret_key)


@lru_cache(maxsize=MOST_SIGNED)
def _signed(_kept: str, _key: Any) -> str:
    return str(generate_csrf())


def drawn(macro: Callable[..., Markup], *things: Any, **named: Any) -> Markup:
    """A macro's drawing of these things, kept: the same things are drawn once for everybody who is shown the same.

    A card is frozen and holds all that its viewer is shown of a thing, so it is the whole key, beside the language
    and the year (dates of this year say none). A form is drawn with places for its token and its key, which the
    page fills in at the end; one that was refused, with what was typed in it, is never kept.
    """
    if any(getattr(each, "is_drawn_anew", False) for each in things):
        return macro(*things, **named)
    return _drawn(macro, things, tuple(named.items()), language_now(), now().year)


def drawn_each(macro: Callable[..., Markup], things: Iterable[Any], *more: Any) -> Markup:
    """The same for each of a list of cards, one behind the other; `more` follows each card."""
    language, year = language_now(), now().year
    return stored_html("").join([_drawn(macro, (thing, *more), (), language, year) for thing in things])


@lru_cache(maxsize=MOST_DRAWINGS)
def _drawn(
    macro: Callable[..., Markup],
    things: tuple[Any, ...],
    named: tuple[tuple[str, Any], ...],
    _language: str,
    _year: int,
) -> Markup:
    return macro(*things, **dict(named))


def _around() -> dict[str, Any]:
    around = _surroundings()
    return {
        "me": g.visitor.me if g.get("visitor") else None,
        "nav": around.nav,
        "side_nav": around.side_nav,
        "bell": around.bell(),
        "community_name": around.community_name,
        "is_demo": around.is_demo,
        "help_line": around.help_line,
        "lang": choose_language(),
        "theme": session.get("theme", "auto"),
    }


def _surroundings() -> Surroundings:
    if "surroundings" not in g:
        shell: Shell = current_app.extensions["tsubomi.shell"]
        g.surroundings = None
        found = shell.surroundings_of(g.get("visitor"), request.path)
        g.surroundings = found
    around: Surroundings = g.surroundings
    return around


def forget_surroundings() -> None:
    """Make the next page ask for its surroundings again (after signing in or out within a request)."""
    g.pop("surroundings", None)


def _refuse_rows(name: str, value: Any, *, depth: int) -> None:
    if is_row(value):
        raise RowInTemplate(f"{name} is a {type(value).__name__} row")
    if depth == 0 or isinstance(value, str | bytes):
        return
    for inner in _parts_of(value):
        _refuse_rows(name, inner, depth=depth - 1)


def _parts_of(value: Any) -> Iterable[Any]:
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, each.name) for each in fields(value)]
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    return ()


def choose_language() -> str:
    """The member's language; signed out, the one chosen on this device; Japanese first."""
    visitor = g.get("visitor") if g else None
    chosen = visitor.language if visitor else session.get("language", "ja")
    return chosen if chosen in LANGUAGES else "ja"


def wants_json() -> bool:
    """Whether the caller is a script: an /api/ address, or JSON asked for above HTML."""
    accept = request.accept_mimetypes
    return request.path.startswith("/api/") or (
        accept.best_match(["text/html", "application/json"]) == "application/json"
        and accept["application/json"] > accept["text/html"]
    )


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────

TITLES: dict[int, str] = {
    400: _("受け取れませんでした"),
    401: _("サインインが切れています"),
    403: _("この操作はできません"),
    404: _("ページが見つかりません"),
    405: _("このページでは使えない操作です"),
    409: _("もう一度ご確認ください"),
    413: _("送られた内容が大きすぎます"),
    422: _("入力内容をご確認ください"),
    429: _("少し時間をおいてください"),
    500: _("こちらで問題が起きました"),
    503: _("ただいま利用できません"),
}
# Never shown again, wherever they were typed.
SECRET_FIELDS = frozenset({"password", "new_password", "code", "csrf_token", "submission_key", "token"})


def error_answer(
    status: int, code: str, title: Any, sentence: Any, *, retry_after: int | None = None, extra: Any = None
) -> Response:
    """The answer to a refusal: a page with what was typed still on it, or its JSON twin."""
    if wants_json():
        body = {"ok": False, "code": code, "message": str(sentence), **(extra or {})}
        if retry_after is not None:
            body["retry_after"] = retry_after
        answer = jsonify(body)
    else:
        context = {
            "status": status,
            "title": title,
            "sentence": sentence,
            "what_now": None,
            "retry_after": retry_after,
            "kept": _kept_texts(),
        }
        answer = current_app.make_response(_rendered("errors/error.html", {**_around_safely(), **context}))
    answer.status_code = status
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def _around_safely() -> dict[str, Any]:
    """The surroundings, or plain ones when even those cannot be had (a database that does not answer)."""
    try:
        if "surroundings" in g and g.surroundings is None:
            raise LookupError
        return _around()
    except Exception:
        plain = Surroundings(community_name="", is_demo=False, help_line="")
        g.surroundings = plain
        g.visitor = None
        return _around()


def _kept_texts() -> list[tuple[str, str]]:
    if (
        request.method != "POST"
        or g.get("is_unreadable")
        or not request.mimetype.startswith(("application/x-www-form", "multipart/form"))
    ):
        return []
    labels = {"title": _("タイトル"), "body": _("本文"), "reason": _("理由"), "lines": _("貼り付けた内容")}
    try:
        typed = request.form.items()
    except HTTPException:
        return []
    return [
        (str(labels.get(name, _("入力した内容"))), value)
        for name, value in typed
        if name in labels and name not in SECRET_FIELDS and value.strip()
    ]


def _refused(error: AppError) -> Response:
    extra = {}
    if isinstance(error, Invalid) and error.fields:
        extra["fields"] = {name: [str(text) for text in texts] for name, texts in error.fields.items()}
    return error_answer(
        error.status,
        error.code,
        TITLES[error.status],
        error.sentence,
        retry_after=error.retry_after if isinstance(error, TooOften) else None,
        extra=extra,
    )


def _stale_form(_error: CSRFError) -> Response:
    return error_answer(
        400,
        "stale_form",
        _("画面の有効期限が切れていました"),
        _("お手数ですが、前の画面を開き直してもう一度お試しください。書いた内容は、下に残してあります。"),
    )


def _http_error(error: HTTPException) -> AnyResponse:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    if status == 404:
        return _refused(NotFound())
    if isinstance(error, RequestEntityTooLarge):
        sentence = _too_large()
    elif status >= 500:
        sentence = _("時間をおいてもう一度お試しください。書いた内容は、下に残してあります。")
    else:
        sentence = _("お手数ですが、前の画面に戻ってもう一度お試しください。")
    answer = error_answer(
        status, error.name.lower().replace(" ", "_"), TITLES.get(status, TITLES[400]), sentence
    )
    if status == 405 and getattr(error, "valid_methods", None):
        answer.headers["Allow"] = ", ".join(error.valid_methods)  # type: ignore[attr-defined]
    return answer


def _too_large() -> str:
    view = current_app.view_functions.get(request.endpoint or "")
    most_bytes = getattr(view, "most_bytes", None)
    if most_bytes is None:
        return _("一度に送れるのは2 MBまでです。内容を分けてお試しください。")
    return _(
        "一度に送れるファイルは、合わせて%(most)s MBまでです。小さくするか、分けてお試しください。",
        most=most_bytes // (1024 * 1024),
    )


def _database_error(error: DBAPIError) -> Response:
    log.error("database error", kind=type(error).__name__, exc_info=not isinstance(error, OperationalError))
    return _later() if isinstance(error, OperationalError) else _mistake(error, is_logged=True)


def _disk_error(error: OSError) -> Response:
    log.error("system error", kind=type(error).__name__, errno=error.errno, exc_info=True)
    return _later()


def _later() -> Response:
    return error_answer(
        503,
        "unavailable",
        TITLES[503],
        _(
            "いま混み合っているか、保存先に問題があります。数分おいてもう一度お試しください。書いた内容は、下に残してあります。"
        ),
        retry_after=60,
    )


def _mistake(error: Exception, *, is_logged: bool = False) -> Response:
    if not is_logged:
        log.error("unexpected error", kind=type(error).__name__, exc_info=error)
    if current_app.testing and current_app.config.get("RAISE_MISTAKES", True):
        raise error
    return error_answer(
        500,
        "mistake",
        TITLES[500],
        _("お手数ですが、時間をおいてもう一度お試しください。書いた内容は、下に残してあります。"),
    )


# ── headers, statics, reports ────────────────────────────────────────────────────────────────────────────────


_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": PERMISSIONS_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


def _add_headers(response: Response) -> Response:
    headers = response.headers
    said = {name.lower() for name in headers.keys()}  # noqa: SIM118 - these are not a mapping's
    for name, value in _HEADERS.items():
        if name.lower() not in said:
            headers.add(name, value)
    if settings_now().is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response


def _doors() -> Blueprint:
    """Statics, the service worker and the violation report: doors that belong to no feature."""
    doors = Blueprint("doors", __name__)

    @doors.get("/static/<digest>/<path:path>", endpoint="static")
    @public
    def static(digest: str, path: str) -> AnyResponse:
        assets: Assets = current_app.extensions["tsubomi.assets"]
        found = assets.find(digest, path)
        if found is None:
            raise NotFound()
        return assets.response(found, request.headers.get("Accept-Encoding", ""))

    @doors.get("/sw.js", endpoint="service_worker")
    @public
    def service_worker() -> AnyResponse:
        assets: Assets = current_app.extensions["tsubomi.assets"]
        found = assets.find(assets.digest, "js/sw.js")
        if found is None:
            raise NotFound()
        answer = assets.response(found, request.headers.get("Accept-Encoding", ""))
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    @doors.get("/offline", endpoint="offline")
    @public
    def offline() -> str:
        return page("offline.html")

    @doors.post("/csp-report", endpoint="csp_report")
    @public
    def csp_report() -> tuple[str, int]:
        """Count a violation; what the browser tells of the person or the page is not kept."""
        if has_left(REPORTS, "all"):
            spend(REPORTS, "all")
            log.warning("content security policy violated", directive=_violated_directive())
        return "", 204

    csp_report.is_exempt = True  # type: ignore[attr-defined]
    return doors


def _violated_directive() -> str:
    request.max_content_length = MOST_BYTES_OF_A_REPORT
    try:
        report = request.get_json(silent=True, force=True)
    except (RecursionError, RequestEntityTooLarge):  # brackets in brackets, a megabyte: no browser says that
        return ""
    inner = report.get("csp-report") if isinstance(report, dict) else None
    return str(inner.get("effective-directive", ""))[:40] if isinstance(inner, dict) else ""


def browser_secret() -> str:
    """A random value in this browser's signed cookie, by which a mail link knows the browser that asked for it."""
    secret = session.get("browser")
    if not secret:
        secret = session["browser"] = secrets.token_hex(16)
    return str(secret)


def is_token(expected: str, given: str | None) -> bool:
    """Compare a bearer token without telling by time how much of it is right."""
    return bool(expected) and hmac.compare_digest(expected.encode(), (given or "").encode())


__all__ = [
    "Conflict", "Shell", "Surroundings", "Visitor", "begin_browser_session", "browser_secret", "choose_language",
    "confirm_identity", "csrf", "cursor_asked", "end_browser_session", "error_answer", "forget_surroundings",
    "has_confirmed_identity", "install_web", "is_public_id", "is_token", "keep_in_browser", "kept_in_browser",
    "page", "public", "safe_next", "settings_now", "takes_files", "wants_json",
]  # fmt: skip

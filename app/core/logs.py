"""Log lines: structured, safe to store, and without a word about who, what was said, or where exactly.

A line never holds an address, an id of a person, a body, a token or a path: routes are named by their
rule, people by their role at most, mistakes by their type and the place in the code. Nothing at all is
logged while a request under /anon is served.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Iterator, MutableMapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO

import structlog
from flask import Flask, Response, g, request

EventDict = MutableMapping[str, Any]

_ROOT = Path(__file__).resolve().parents[2]
_is_silent: ContextVar[bool] = ContextVar("nothing_is_logged", default=False)

_requests = logging.getLogger("app.request")
log = structlog.get_logger("app.request")


# ---------------------------------------------------------------- set up


def configure_logs(level: str = "INFO", json: bool = False) -> None:
    """Send every line of ours and of the libraries to stderr; calling again replaces the former set-up.

    `level` is the lowest of our own lines; libraries speak from WARNING on. An unknown level counts as INFO.
    """
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False) if json else _console()
    handler = _ToStderr()
    handler.setFormatter(
        _Formatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=_CHAIN,
            use_get_message=False,
        )
    )
    handler.addFilter(lambda _record: not _is_silent.get())
    structlog.configure(
        processors=[*_CHAIN, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    # Else a line that cannot be written is printed with all its values.
    logging.raiseExceptions = False
    _take_over(handler, level)


def _take_over(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, _ToStderr)] + [handler]
    root.setLevel(logging.WARNING)
    ours = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    logging.getLogger("app").setLevel(ours)
    for name in ("gunicorn.error", "gunicorn.access", "werkzeug"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    logging.getLogger("gunicorn.error").setLevel(logging.INFO)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    # These two would write addresses, paths and packets with what people say.
    logging.getLogger("gunicorn.access").disabled = True
    for name in ("engineio", "socketio", "engineio.server", "socketio.server"):
        logging.getLogger(name).setLevel(logging.ERROR)


class _ToStderr(logging.StreamHandler[TextIO]):
    """Writes to what stderr is now, not to what it was when the logs were set up."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Of a library's line it keeps the template: the values may be a path with a token or a row's content."""

    def format(self, record: logging.LogRecord) -> str:
        # What gunicorn says below a warning is about itself: where it listens, which worker started.
        if record.name.startswith("gunicorn") and record.levelno < logging.WARNING:
            record = logging.makeLogRecord({**record.__dict__, "msg": record.getMessage(), "args": ()})
        if record.name.startswith("gunicorn") and str(record.msg).startswith(_REFUSED_BY_THE_SERVER):
            record = logging.makeLogRecord({**record.__dict__, "msg": _REFUSED_BY_THE_SERVER, "args": ()})
        return super().format(record)


# gunicorn fills this line in itself, with the address of who asked and what: perhaps a link with its secret.
_REFUSED_BY_THE_SERVER = "Invalid request"


def _console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


# ---------------------------------------------------------------- what every line passes through


def _without_values_of_exceptions(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its types and the places it came through; its text may quote anything."""
    event.pop("stack_info", None)
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = " < ".join(type(each).__qualname__ for each in _causes(error))
        event["at"] = " < ".join(_places(error))
    return event


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what caused it, at most five."""
    seen: BaseException | None = error
    for _step in range(5):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or getattr(seen, "orig", None) or seen.__context__


def _places(error: BaseException) -> list[str]:
    """Where it happened, innermost first: our own code, and the innermost place of all."""
    frames = list(reversed(traceback.extract_tb(error.__traceback__)))
    kept = [frame for number, frame in enumerate(frames) if number == 0 or _is_ours(frame.filename)]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in kept[:8]]


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(_ROOT / "app") or path.parent == _ROOT


def _short(filename: str) -> str:
    """The file without the folders of this machine."""
    path = Path(filename)
    if _is_ours(filename):
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-2:])


# Control characters would forge a line, bidi controls would turn one around.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# What must not be in a line even if somebody writes it there: mail addresses (and URLs with a password),
# secrets of 26 base32 characters (core/tokens.py), and whatever stands behind an equal sign of that name.
_PRIVATE = re.compile(r"\S*@\S+|\b[a-z2-7]{26,}\b|(?i:token|code|password|secret)=\S+")
_FORBIDDEN_KEYS = frozenset(
    (
        *(
            "address",
            "body",
            "cookie",
            "csrf_token",
            "email",
            "ip",
            "mail",
            "member_id",
            "name",
            "params",
            "password",
        ),
        *(
            "path",
            "person_id",
            "query",
            "secret",
            "statement",
            "subject",
            "text",
            "token",
            "url",
            "viewer",
            "viewer_id",
        ),
    )
)
_LONGEST_VALUE = 300


def _safe(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Keep plain values only, each on one line; an object is named by its type."""
    return {key: _safe_value(value) for key, value in event.items() if key not in _FORBIDDEN_KEYS}


def _safe_value(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if not isinstance(value, str):
        return f"<{type(value).__name__}>"
    shown = _PRIVATE.sub("…", value[:_LONGEST_VALUE])
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), shown)


def _keep_record(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """As `_safe`, past the two values the formatter itself put there."""
    own = {key: event[key] for key in ("_record", "_from_structlog") if key in event}
    return {**_safe(_logger, _method, event), **own}


_CHAIN: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _without_values_of_exceptions,
    _keep_record,
]


# ---------------------------------------------------------------- requests

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_DULL = ("/static", "/healthz", "/readyz", "/metrics")


def install_request_log(app: Flask) -> None:
    """Write one line for each answered request, and give each a random `X-Request-ID` to ask about."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def is_untraced(path: str) -> bool:
    """Say whether nothing may remember a request to this path: the opinion box."""
    return path == "/anon" or path.startswith("/anon/")


def method_now() -> str:
    """Return the request's method, 'OTHER' for words nobody knows."""
    return request.method if request.method in _METHODS else "OTHER"


def rule_now() -> str:
    """Return the route's rule ('/topics/<id:topic_id>'), 'none' where no route matched; never the path."""
    return request.url_rule.rule if request.url_rule is not None else "none"


def _begin() -> None:
    structlog.contextvars.clear_contextvars()
    is_silent = is_untraced(request.path)
    _is_silent.set(is_silent)
    if not is_silent:
        g.request_began = time.perf_counter()
        g.request_id = secrets.token_hex(8)
        structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    request_id = g.get("request_id")
    if request_id is None:
        return response
    response.headers["X-Request-ID"] = request_id
    rule = rule_now()
    level = logging.DEBUG if rule.startswith(_DULL) else logging.INFO
    if not _requests.isEnabledFor(level):
        return response  # what nobody reads need not be composed
    log.log(
        level,
        "request",
        method=method_now(),
        rule=rule,
        status=response.status_code,
        ms=round((time.perf_counter() - g.request_began) * 1000),
        role=_role(g.get("viewer")),
    )
    return response


def _forget(_error: BaseException | None) -> None:
    structlog.contextvars.clear_contextvars()
    _is_silent.set(False)


def _role(viewer: object) -> str:
    """The class of who asked: finer would tell people apart."""
    if getattr(viewer, "is_candidate", False):
        return "candidate"
    return "staff" if getattr(viewer, "is_staff", False) else "none"

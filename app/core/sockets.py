"""The socket door: one Socket.IO server, who may connect, what events are answered, and who is told what.

    @handles("message:send", budget=Budget("messages", "60/minute", _("…")))
    def send(viewer, payload): ...          # gives what the ack holds beside {ok: true}; raises AppError

An open page follows channels (`follow`); whoever serves a channel asks for its `followers` and `tell`s them. What is told
is a hint: it may be lost, and the client finds out by itself. Other processes are reached through core.bus.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog
from engineio.packet import MESSAGE
from engineio.packet import Packet as EnginePacket
from flask import Flask, Response, current_app, g, request
from flask_login import current_user
from flask_socketio import SocketIO
from flask_wtf.csrf import validate_csrf
from socketio.exceptions import ConnectionRefusedError as Refused
from socketio.packet import Packet as SocketPacket
from wtforms import ValidationError

from .bus import install_bus, on_gap, publish, subscribes
from .clock import now
from .config import Settings
from .errors import AppError, Forbidden, Invalid, TooOften
from .i18n import _
from .lane import Lane
from .limits import Budget, spend
from .web import Visitor, awake_until, visitor_of
from .wire import Wire, frame_of, string_wires

log = structlog.get_logger(__name__)

SOCKET_PATH = "/socket.io"
MOST_BYTES = 64 * 1024  # realtime.md, limits
# A phone that dozes misses a ping or two; a dead one is noticed within a minute, before proxies give up (90 s).
PING_SECONDS, PING_TIMEOUT_SECONDS = 20, 25
MOST_SOCKETS_A_MEMBER = 100  # a thread each: one person with a script must not take the others' place
LONGEST_HOURS = 12  # then a page proves itself again by coming back
# One page never says this much by hand; what exceeds it costs nothing but the answer, and what goes on is sent away.
EVENTS_A_SECOND, BURST, MOST_REFUSED = 40.0, 200.0, 1_000
PARTING_SECONDS = 0.3  # so that the last answer arrives before the end
MEMBERS_A_HINT = 500

Payload = Mapping[str, Any]
Handler = Callable[[Any, Payload], Mapping[str, Any] | None]

# The published types of Flask-SocketIO leave out half of it.
socketio: Any = SocketIO()


class _Json:
    """JSON as Socket.IO asks for it; what cannot be read is an event nobody knows."""

    @staticmethod
    def dumps(value: Any, **_more: Any) -> str:
        """Compact, Japanese as it is."""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def loads(text: str, **_more: Any) -> Any:
        """Never fails: bombs and broken pairs of brackets are no mistake of ours."""
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return ["unreadable"]


class _TextPacket(SocketPacket):  # type: ignore[misc]
    """Nothing we say is binary, so nothing need be searched for it."""

    uses_binary_events = False


# ── coming in ────────────────────────────────────────────────────────────────────────────────────────────────


class _Gate:
    """Stands before the upgrade: an open socket holds a thread, so nobody from outside may open one.

    It also hides the browser's offer of permessage-deflate, which costs 1.65× in fan-out.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.wsgi_app = app.wsgi_app
        self._open: Counter[int] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Pass the request on without the offer, unless it wants a socket that is not its to have."""
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        if not environ.get("PATH_INFO", "").startswith(SOCKET_PATH):
            return self.wsgi_app(environ, start_response)
        member_id = self._who_enters(environ)
        if member_id is None:
            return Response("", 403, content_type="text/plain")(environ, start_response)
        with self._counted(member_id) as is_one_of_few:
            if not is_one_of_few:
                return Response("", 429, content_type="text/plain")(environ, start_response)
            return self.wsgi_app(environ, start_response)  # for as long as the socket is open

    def _who_enters(self, environ: dict[str, Any]) -> int | None:
        with _turn, self.app.request_context(environ):
            visitor = _visitor_now() if _is_our_origin() else None
            return None if visitor is None else visitor.viewer.id

    @contextmanager
    def _counted(self, member_id: int) -> Iterator[bool]:
        with self._lock:
            self._open[member_id] += 1
            is_one_of_few = self._open[member_id] <= MOST_SOCKETS_A_MEMBER
        try:
            yield is_one_of_few
        finally:
            with self._lock:
                self._open[member_id] -= 1
                if not self._open[member_id]:
                    del self._open[member_id]


# How many events are answered at once. With SQLite as for pages (core.turnstile): a crowd of threads is slower than a queue
# of them, and a few hundred pages that come back at once are such a crowd. With PostgreSQL fewer than there are connections.
TURNS_WITH_SQLITE, TURNS = 2, 24
_turn: AbstractContextManager[Any] = threading.BoundedSemaphore(TURNS)


def install_sockets(app: Flask, settings: Settings) -> None:
    """Wire the socket door; every handler must be registered before this is called."""
    global _turn
    _turn = threading.BoundedSemaphore(TURNS_WITH_SQLITE if settings.is_sqlite else TURNS)
    socketio.on_event("connect", _connect)
    socketio.on_event("disconnect", _disconnected)
    socketio.init_app(
        app,
        async_mode=settings.async_mode,
        transports=["websocket"],
        allow_upgrades=False,
        cors_allowed_origins=[],  # checked in _connect, where a missing Origin is refused too
        manage_session=False,
        max_http_buffer_size=MOST_BYTES,
        ping_interval=PING_SECONDS,
        ping_timeout=PING_TIMEOUT_SECONDS,
        monitor_clients=False,  # the sweep of core.wire does
        async_handlers=False,  # one page's events in order, each after the other: a flood holds up nobody else
        json=_Json,
        logger=False,
        engineio_logger=False,
    )
    socketio.server.packet_class = _TextPacket
    string_wires(socketio.server.eio)
    install_bus(app, settings.redis_url or None)
    app.wsgi_app = _Gate(app)  # type: ignore[method-assign]


def _connect(auth: Any = None) -> None:
    """Let in a signed-in member coming from our own pages; everyone else is refused with one word."""
    with _turn:
        visitor = _visitor_now() if _is_our_origin() and _has_csrf(auth) else None
    if visitor is None:
        raise Refused("signed_out")
    if visitor.must_go is not None:
        raise Refused("must_go")
    _remember(request.sid, visitor)  # type: ignore[attr-defined]


def _disconnected(*_reason: Any) -> None:
    _forget(request.sid)  # type: ignore[attr-defined]


def _visitor_now() -> Visitor | None:
    """Who is signed in, as the HTTP door would say, but without counting as activity."""
    visitor: Visitor = current_user._get_current_object()
    if not visitor.is_authenticated:
        return None
    until = awake_until(visitor)
    return visitor if until is None or now().timestamp() < until else None


def _is_our_origin() -> bool:
    origin = request.headers.get("Origin")
    settings: Settings = current_app.extensions["tsubomi.settings"]
    return origin is not None and origin in {settings.base_url.rstrip("/"), _own_origin()}


def _own_origin() -> str:
    parts = urlsplit(request.host_url)
    return f"{parts.scheme}://{parts.netloc}"


def _has_csrf(auth: Any) -> bool:
    try:
        validate_csrf(auth.get("csrf") if isinstance(auth, Mapping) else None)
    except ValidationError:
        return False
    return True


# ── who is here, and what they follow ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Follower:
    """One open page that follows a channel; another object when something of it changes."""

    sid: str
    member_id: int
    language: str


@dataclass(slots=True)
class _Open:
    """One open page: whose it is, until when its proof holds, how to reach it, what it follows."""

    follower: Follower
    session_token: str
    good_until: float
    engine_sid: str
    wire: Wire | None
    channels: set[Hashable] = field(default_factory=set)
    is_leaving: bool = False
    tokens: float = BURST
    counted_at: float = 0.0
    refused: int = 0

    def takes_one_more(self) -> bool:
        """Count one event against what a page may say at all."""
        moment = time.monotonic()
        self.tokens = min(BURST, self.tokens + (moment - self.counted_at) * EVENTS_A_SECOND)
        self.counted_at = moment
        if self.tokens < 1:
            self.refused += 1
            return False
        self.tokens -= 1
        self.refused = max(0, self.refused - 1)
        return True


@dataclass(slots=True)
class Channel:
    """Who follows it on this process, and what whoever serves it keeps about it for as long as anybody does."""

    sids: set[str] = field(default_factory=set)
    kept: dict[str, Any] = field(default_factory=dict)


_lock = threading.RLock()
_open: dict[str, _Open] = {}
_of_member: dict[int, set[str]] = {}
_channels: dict[Hashable, Channel] = {}


def forget_sockets() -> None:
    """Forget every open page (tests that start another world in the same process)."""
    with _lock:
        for registry in (_open, _of_member, _channels):
            registry.clear()


def _remember(sid: str, visitor: Visitor) -> None:
    server = socketio.server
    engine_sid = server.manager.eio_sid_from_sid(sid, "/")
    engine = server.eio.sockets.get(engine_sid)
    until = awake_until(visitor)
    longest = now().timestamp() + LONGEST_HOURS * 3600
    opened = _Open(
        follower=Follower(sid, visitor.viewer.id, visitor.language),
        session_token=visitor.token,
        good_until=longest if until is None else min(until, longest),
        engine_sid=engine_sid,
        wire=None if engine is None else getattr(engine.queue, "wire", None),
        counted_at=time.monotonic(),
    )
    with _lock:
        _open[sid] = opened
        _of_member.setdefault(opened.follower.member_id, set()).add(sid)


def _forget(sid: str) -> None:
    with _lock:
        opened = _open.pop(sid, None)
        if opened is None:
            return
        for name in opened.channels:
            _leave(name, sid)
        sids = _of_member.get(opened.follower.member_id, set())
        sids.discard(sid)
        if not sids:
            _of_member.pop(opened.follower.member_id, None)


def _leave(name: Hashable, sid: str) -> None:
    channel = _channels.get(name)
    if channel is not None:
        channel.sids.discard(sid)
        if not channel.sids:
            del _channels[name]


def follow(names: Iterable[Hashable]) -> None:
    """Let the page whose event is being answered follow these channels."""
    sid: str = request.sid  # type: ignore[attr-defined]
    with _lock:
        opened = _open.get(sid)
        if opened is None or opened.is_leaving:
            return
        for name in names:
            opened.channels.add(name)
            _channels.setdefault(name, Channel()).sids.add(sid)


def unfollow(name: Hashable, member_ids: Collection[int]) -> None:
    """Take every page of these members off a channel, on this process."""
    with _lock:
        for sid in [sid for member_id in member_ids for sid in _of_member.get(member_id, ())]:
            _open[sid].channels.discard(name)
            _leave(name, sid)


def followers(name: Hashable) -> list[Follower]:
    """The pages that follow a channel on this process."""
    with _lock:
        channel = _channels.get(name)
        return [] if channel is None else [_open[sid].follower for sid in channel.sids if sid in _open]


def pages_of(member_ids: Iterable[int]) -> dict[int, list[str]]:
    """Member → their open pages on this process, for those who have any."""
    with _lock:
        return {key: list(_of_member[key]) for key in member_ids if key in _of_member}


def kept_about(name: Hashable) -> dict[str, Any] | None:
    """What is kept about a channel while somebody follows it here; None if nobody does."""
    channel = _channels.get(name)
    return None if channel is None else channel.kept


def followed() -> list[Hashable]:
    """Every channel somebody follows on this process."""
    return list(_channels)


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────


def tell(sids: Iterable[str], event: str, *payloads: Payload) -> None:
    """Hint the same to some pages of this process, encoded once; several payloads are several events in order."""
    texts = ["2" + _Json.dumps([event, payload]) for payload in payloads]
    frames = b"".join(frame_of(f"{MESSAGE}{text}") for text in texts)
    moment = now().timestamp()
    for sid in sids:
        opened = _open.get(sid)
        if opened is None or opened.is_leaving:
            continue
        if opened.good_until < moment:
            _send_away(opened)
        elif opened.wire is not None:
            opened.wire.offer(frames)
        else:  # the test client has no connection
            for text in texts:
                socketio.server._send_eio_packet(opened.engine_sid, EnginePacket(MESSAGE, text))


def push(member_ids: Iterable[int], event: str, payload: Payload) -> None:
    """Hint something to every open page of these members, whichever process holds it; it may be lost."""
    members = list(member_ids)
    for start in range(0, len(members), MEMBERS_A_HINT):
        some = members[start : start + MEMBERS_A_HINT]
        publish("sockets:push", {"members": some, "event": event, "payload": dict(payload)})


@subscribes("sockets:push")
def _push_here(told: Payload) -> None:
    with _lock:
        sids = [sid for member_id in told["members"] for sid in _of_member.get(member_id, ())]
    if sids:
        tell(sids, told["event"], told["payload"])


def close_sockets(member_id: int) -> None:
    """Tell every page of this member, on every process, that its session ended, and close it."""
    publish("sockets:close", {"members": [member_id]})


@subscribes("sockets:close")
def _close_here(told: Payload) -> None:
    for member_id in told["members"]:
        _end(list(_of_member.get(member_id, ())))


def _end(sids: Iterable[str]) -> None:
    for sid in sids:
        tell([sid], "session:ended", {})
        _forget(sid)
        socketio.server.disconnect(sid)


@on_gap
def _prove_every_session() -> None:
    """Another process may have ended some of them; asked one after another, beside everything else."""
    with _lock:
        _proving.add({opened.session_token for opened in _open.values()})


def _prove(session_token: str) -> None:
    if visitor_of(session_token) is None:
        with _lock:
            over = [opened.follower.sid for opened in _open.values() if opened.session_token == session_token]
        _end(over)


_proving = Lane("proving", _prove)


def _send_away(opened: _Open) -> None:
    """Nothing more for this page; it is closed once the answer under way has left."""
    if not opened.is_leaving:
        opened.is_leaving = True
        socketio.start_background_task(_close_soon, opened.follower.sid)


def _close_soon(sid: str) -> None:
    socketio.sleep(PARTING_SECONDS)
    _forget(sid)
    socketio.server.disconnect(sid)


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────


def handles(event: str, *, budget: Budget | None) -> Callable[[Handler], Handler]:
    """Register what answers an event. `handler(viewer, payload)` gives what the ack holds, or raises AppError.

    Who is looking is found out anew for each event, from the session, as the HTTP door does for each request. The
    budget is each person's own; none where the operation keeps one itself.
    """
    if event in {"message", "json"}:
        raise ValueError("Flask-SocketIO keeps these two names for itself")

    def register(handler: Handler) -> Handler:
        socketio.on_event(event, partial(_answer, event, budget, handler))
        return handler

    return register


def _answer(event: str, budget: Budget | None, handler: Handler, *sent: Any) -> dict[str, Any]:
    with _turn:
        return _answered(event, budget, handler, sent)


def _answered(event: str, budget: Budget | None, handler: Handler, sent: tuple[Any, ...]) -> dict[str, Any]:
    opened = _open.get(request.sid)  # type: ignore[attr-defined]
    if opened is None or opened.is_leaving:
        return _signed_out()
    if not opened.takes_one_more():
        if opened.refused > MOST_REFUSED:
            _send_away(opened)
        return _refusal(TooOften(_TOO_MUCH, retry_after=1))
    visitor = _visitor_now()
    if visitor is None or visitor.viewer.id != opened.follower.member_id:
        _send_away(opened)
        return _signed_out()
    g.visitor, g.viewer = visitor, visitor.viewer
    if opened.follower.language != visitor.language:
        opened.follower = replace(opened.follower, language=visitor.language)
    try:
        return {"ok": True, **(_checked(visitor, budget, handler, sent) or {})}
    except AppError as error:
        return _refusal(error)
    except Exception as error:
        return _mistake(event, error)


_TOO_MUCH = _("送信が続いたため、少しお待ちください")


def _checked(
    visitor: Visitor, budget: Budget | None, handler: Handler, sent: tuple[Any, ...]
) -> Mapping[str, Any] | None:
    if visitor.must_go is not None:
        raise Forbidden(_("先に済ませていただきたい手続きがあります。画面を開き直すと、その画面に進みます。"))
    if budget is not None:
        spend(budget, visitor.viewer.public_id)
    if len(sent) != 1 or not isinstance(sent[0], Mapping):
        raise Invalid(_("内容を読み取れませんでした。画面を開き直してください。"))
    return handler(visitor.viewer, sent[0])


def _refusal(error: AppError) -> dict[str, Any]:
    answer: dict[str, Any] = {"ok": False, "code": error.code, "message": str(error.sentence)}
    if isinstance(error, TooOften):
        answer["retry_after"] = error.retry_after
    if isinstance(error, Invalid) and error.fields:
        answer["fields"] = {name: [str(text) for text in texts] for name, texts in error.fields.items()}
    return answer


def _signed_out() -> dict[str, Any]:
    sentence = _("サインインが切れています。もう一度サインインしてください。")
    return {"ok": False, "code": "signed_out", "message": str(sentence)}


def _mistake(event: str, error: Exception) -> dict[str, Any]:
    log.error("unexpected error in a socket event", name=event, kind=type(error).__name__, exc_info=error)
    if current_app.testing and current_app.config.get("RAISE_MISTAKES", True):
        raise error
    sentence = _("お手数ですが、時間をおいてもう一度お試しください。")
    return {"ok": False, "code": "error", "message": str(sentence)}

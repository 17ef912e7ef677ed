"""The socket door: one Socket.IO server, who may connect, and the only place that says emit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from flask_login import current_user
from flask_socketio import SocketIO, join_room
from flask_wtf.csrf import validate_csrf
from socketio.exceptions import ConnectionRefusedError as Refused
from wtforms import ValidationError

from .config import Settings

SOCKET_PATH = "/socket.io"
MOST_BYTES = 64 * 1024  # realtime.md, limits

# The published types of Flask-SocketIO leave out half of it.
socketio: Any = SocketIO()


class _Gate:
    """Stands before the upgrade: an open socket holds a thread, so nobody from outside may open one.

    It also hides the browser's offer of permessage-deflate: simple-websocket would accept it and pay 1.65× for
    fan-out.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.wsgi_app = app.wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Pass the request on without the offer, unless it wants a socket that is not its to have."""
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        if environ.get("PATH_INFO", "").startswith(SOCKET_PATH) and not self._may_enter(environ):
            return Response("", 403, content_type="text/plain")(environ, start_response)
        return self.wsgi_app(environ, start_response)

    def _may_enter(self, environ: dict[str, Any]) -> bool:
        with self.app.request_context(environ):
            return _is_our_origin() and bool(current_user.is_authenticated)


def install_sockets(app: Flask, settings: Settings) -> None:
    """Wire the socket door; every handler must be registered before this is called."""
    socketio.on_event("connect", _connect)
    socketio.init_app(
        app,
        async_mode=settings.async_mode,
        transports=["websocket"],
        cors_allowed_origins=[],  # checked in _connect, where a missing Origin is refused too
        manage_session=False,
        max_http_buffer_size=MOST_BYTES,
        message_queue=settings.redis_url or None,
        logger=False,
        engineio_logger=False,
    )
    app.wsgi_app = _Gate(app)  # type: ignore[method-assign]


def _connect(auth: Any = None) -> None:
    """Let in a signed-in member coming from our own pages; everyone else is refused with one word."""
    if not _is_our_origin() or not current_user.is_authenticated or not _has_csrf(auth):
        raise Refused("signed_out")
    join_room(_room_of(current_user.viewer.id))


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


def _room_of(member_id: int) -> str:
    return f"member:{member_id}"


def push(member_ids: Iterable[int], event: str, payload: Mapping[str, Any]) -> None:
    """Hint something to every open device of these members; it may be lost."""
    for member_id in member_ids:
        socketio.emit(event, dict(payload), to=_room_of(member_id))


def close_sockets(member_id: int) -> None:
    """Tell every device of this member that its session ended, and close its sockets on this process.

    On other processes the word arrives through the queue, and the room is emptied, so nothing more reaches them.
    """
    room = _room_of(member_id)
    socketio.emit("session:ended", {}, to=room)
    server = socketio.server
    for sid, _engine_sid in list(server.manager.get_participants("/", room)):
        server.disconnect(sid)
    socketio.close_room(room)

"""One WebSocket over the server's own connection, as Engine.IO wants it, but with nobody waiting behind it.

Engine.IO as it comes keeps three or four threads for each open page: one reads, one copies frames from a queue to the
connection, one sleeps until the next ping. Here the thread of the request reads; whoever has something to say writes it
to the connection at once and never waits; what a slow peer does not take is kept, up to a limit; one thread of the
process pings everybody. A frame that goes to many is made once (`frame_of`).

RFC 6455 without extensions, text only. What Engine.IO or Socket.IO would stumble over never reaches them.
"""

from __future__ import annotations

import re
import socket as sockets_of_the_system
import threading
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha1
from typing import Any

import structlog

from .clock import now

log = structlog.get_logger(__name__)

MOST_KEPT = 200  # frames a peer may be behind before hints are no longer kept for it
MOST_MISSED = 800  # hints it may then miss before it is sent away: it comes back and catches up
MOST_KEPT_BYTES = 4 * 1024 * 1024
PARTING_SECONDS = 5.0  # for the other side to close as well
SWEEP_SECONDS = 1.0

_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_NORMAL, _PROTOCOL, _NO_TEXT, _NOT_UTF8, _TOO_BIG = 1000, 1002, 1003, 1007, 1009
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
# What a client may say: leave, pong, enter (with what proves its page), leave the namespace, an event by its name (two
# names are the server's own), an ack.
_SOUND = re.compile(
    r"""1|3|40(\{.*)?|41|42\d{0,9}\["(?!connect"|disconnect")[^"\\]{1,60}"[,\]].*|43\d{1,9}\[.*""", re.DOTALL
)


def frame_of(text: str) -> bytes:
    """A whole text frame from a server."""
    return _frame(_TEXT, text.encode())


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


class _Over(Exception):
    """Nothing more is to be read; `code` is said to the other side."""

    def __init__(self, code: int = _NORMAL) -> None:
        self.code = code


class Wire:
    """The connection of one open page. `engine` is Engine.IO's socket, whose queue it stands for."""

    def __init__(self, handler: Callable[[Any], Any], server: Any) -> None:
        self.engine: Any = handler.__self__  # type: ignore[attr-defined]
        self._handler = handler
        self._most_bytes: int = server.max_http_buffer_size
        self._lock = threading.Lock()
        self._kept: deque[bytes] = deque()
        self._kept_bytes = 0
        self._missed = 0
        self._is_draining = False
        self._is_open = False
        self._parted_at: float | None = None
        self._read_buffer = b""
        self._connection: Any = None
        self._direct: Any = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Shake hands and serve the connection until it is over (as a WSGI application)."""
        connection = environ.get("gunicorn.socket")
        key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
        if connection is None or environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13" or not key:
            start_response("400 Bad Request", [("Content-Type", "text/plain")])
            return [b""]
        self._open(connection, key)
        try:
            self._handler(self)
        finally:
            self._end()
        raise StopIteration  # gunicorn then closes the connection without adding an answer of its own

    def _open(self, connection: Any, key: str) -> None:
        self._connection = connection
        connection.settimeout(None)
        # Under gevent the real one, which never waits; a thread's own is told not to wait with each call.
        self._direct = getattr(connection, "_sock", connection)
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + b64encode(sha1(key.encode() + _GUID).digest()) + b"\r\n\r\n"  # noqa: S324
        )
        self._is_open = True
        early, self.engine.queue = self.engine.queue, _Outlet(self)
        for packet in early.early:
            self.engine.queue.put(packet)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────

    def offer(self, frames: bytes, *, is_hint: bool = True) -> bool:
        """Write without waiting, from any thread; a hint is left out for a peer that is too far behind."""
        with self._lock:
            if not self._is_open:
                return False
            if self._kept or self._is_draining:
                return self._keep(frames, is_hint)
            sent = self._write(frames)
            if sent == len(frames):
                return True
            self._kept.append(frames[sent:])
            self._kept_bytes = len(frames) - sent
            self._is_draining = True
        threading.Thread(target=self._drain, name="slow peer", daemon=True).start()
        return True

    def _write(self, frames: bytes) -> int:
        try:
            return int(self._direct.send(frames, sockets_of_the_system.MSG_DONTWAIT))
        except BlockingIOError:
            return 0
        except OSError:
            self._is_open = False  # the reader finds out by itself
            return len(frames)

    def _keep(self, frames: bytes, is_hint: bool) -> bool:
        """Keep it for a slow peer. Hints are left out first; whoever takes nothing at all is cut off."""
        most = MOST_KEPT if is_hint else MOST_KEPT + MOST_MISSED
        if len(self._kept) >= most or self._kept_bytes + len(frames) > MOST_KEPT_BYTES:
            self._missed += 1
            if not is_hint or self._missed > MOST_MISSED:
                self._cut()
            return False
        self._kept.append(frames)
        self._kept_bytes += len(frames)
        return True

    def _drain(self) -> None:
        """Bring a slow peer what was kept for it; this thread may wait, and ends when nothing is left."""
        while True:
            with self._lock:
                connection = self._connection
                if not self._kept or not self._is_open or connection is None:
                    self._is_draining = False
                    if self._parted_at is not None:
                        self._say_goodbye()
                    return
                frames = b"".join(self._kept)
                self._kept.clear()
                self._kept_bytes = self._missed = 0
            try:
                connection.sendall(frames)
            except OSError:
                with self._lock:
                    self._cut()

    def part(self) -> None:
        """Say goodbye once everything kept is on its way."""
        with self._lock:
            if self._parted_at is None:
                self._parted_at = time.monotonic()
                if not self._is_draining:
                    self._say_goodbye()

    def _say_goodbye(self) -> None:
        if self._is_open:
            self._write(_frame(_CLOSE, _NORMAL.to_bytes(2, "big")))
            self._is_open = False
            _shut(self._direct, sockets_of_the_system.SHUT_WR)

    def cut(self) -> None:
        """End it now, whatever the other side does."""
        with self._lock:
            self._cut()

    def _cut(self) -> None:
        self._is_open = False
        self._kept.clear()
        if self._direct is not None:
            _shut(self._direct, sockets_of_the_system.SHUT_RDWR)

    def _end(self) -> None:
        with self._lock:
            self._cut()
            self._direct = self._connection = None

    @property
    def is_over(self) -> bool:
        """Whether nothing goes through it any more."""
        return self._connection is None

    @property
    def is_overdue(self) -> bool:
        """Whether the other side had its time to close as well."""
        return self._parted_at is not None and time.monotonic() - self._parted_at > PARTING_SECONDS

    # ── reading; the names are those Engine.IO calls ─────────────────────────────────────────────────────────

    def wait(self) -> str | None:
        """The next thing the other side says, None when it is over."""
        try:
            while True:
                text = self._message()
                if not _SOUND.fullmatch(text):
                    raise _Over(_PROTOCOL)
                if not text.startswith("43"):  # nothing we say asks for an ack
                    return text
        except _Over as over:
            self._answer_close(over.code)
        except OSError:
            pass
        return None

    def _answer_close(self, code: int) -> None:
        with self._lock:
            if self._is_open and not self._kept:
                self._write(_frame(_CLOSE, code.to_bytes(2, "big")))
            self._is_open = False

    def _message(self) -> str:
        whole, is_begun = b"", False
        while True:
            is_last, opcode, payload = self._next_frame(self._most_bytes - len(whole))
            if opcode == _PING:
                self.offer(_frame(_PONG, payload))
            elif opcode == _CLOSE:
                raise _Over
            elif (opcode == _TEXT and not is_begun) or (opcode == 0 and is_begun):
                whole, is_begun = whole + payload, True
                if is_last:
                    return _decoded(whole)
            elif opcode != _PONG:
                raise _Over(_NO_TEXT)

    def _next_frame(self, room: int) -> tuple[bool, int, bytes]:
        first, second = self._take(2)
        is_last, opcode, size = bool(first & 0x80), first & 0x0F, second & 0x7F
        is_control = opcode >= _CLOSE
        if first & 0x70 or not second & 0x80 or (is_control and (size > 125 or not is_last)):
            raise _Over(_PROTOCOL)
        if size >= 126:
            size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
        if not is_control and size > room:
            raise _Over(_TOO_BIG)
        mask = self._take(4)
        return is_last, opcode, _unmasked(self._take(size), mask)

    def _take(self, size: int) -> bytes:
        while len(self._read_buffer) < size:
            more = self._connection.recv(max(4096, size - len(self._read_buffer)))
            if not more:
                raise ConnectionResetError
            self._read_buffer += more
        taken, self._read_buffer = self._read_buffer[:size], self._read_buffer[size:]
        return taken

    def send(self, text: str) -> None:
        """Engine.IO's own way to write."""
        self.offer(frame_of(text), is_hint=False)

    def close(self) -> None:
        """Engine.IO's own way to end."""
        self.part()


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def _decoded(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise _Over(_NOT_UTF8) from None


def _shut(connection: Any, how: int) -> None:
    with suppress(OSError):  # it is gone already
        connection.shutdown(how)


# ── in the places of Engine.IO's queues and threads ──────────────────────────────────────────────────────────


class _Early:
    """Engine.IO's queue until the wire stands: keeps the first packets."""

    def __init__(self, *_args: Any, **_more: Any) -> None:
        self.early: list[Any] = []

    def put(self, packet: Any) -> None:
        """Keep one packet."""
        self.early.append(packet)

    def join(self) -> None:
        """Nobody takes anything yet."""


class _Outlet:
    """Engine.IO's queue once the wire stands: what is put into it is written."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def put(self, packet: Any) -> None:
        """Write one packet; None is the end."""
        if packet is None:
            self.wire.part()
        else:
            self.wire.offer(frame_of(packet.encode()), is_hint=False)

    def join(self) -> None:
        """What was put is written, or kept by the wire."""


class _Nothing:
    """A task that need not run."""

    def start(self) -> None:
        """Nothing to start."""

    def join(self) -> None:
        """Nothing to wait for."""


class _NextPing(_Nothing):
    """Notes when the next ping is due; the sweep sends it."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine

    def start(self) -> None:
        """Note it."""
        self.engine.ping_due = now().timestamp() + self.engine.server.ping_interval


def string_wires(engine_server: Any) -> None:
    """Put wires in the places of this Engine.IO server's queues, writers and timers.

    What is replaced, in python-engineio 4.15: `Socket.queue` (put, join), and the tasks `writer` and `_send_ping`.
    tests/chat/test_live_real.py speaks to the whole over a real connection.
    """
    ordinary = engine_server._async["thread"]

    def task(target: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(target, "__name__", "")
        if name == "writer":
            return _Nothing()
        if name == "_send_ping":
            return _NextPing(target.__self__)
        return ordinary(target=target, args=args, kwargs=kwargs or {})

    engine_server._async = {**engine_server._async, "thread": task, "queue": _Early, "websocket": Wire}
    _Sweep(engine_server).hook()


class _Sweep:
    """One thread for all open pages of a server: pings, and what is over or too late."""

    def __init__(self, engine_server: Any) -> None:
        self.server = engine_server
        self._is_started = False
        self._lock = threading.Lock()

    def hook(self) -> None:
        """Begin with the first page that opens: a process that serves none needs no sweep."""
        handle = self.server._handle_connect

        def handle_connect(*args: Any, **more: Any) -> Any:
            self._start()
            return handle(*args, **more)

        self.server._handle_connect = handle_connect

    def _start(self) -> None:
        with self._lock:
            if not self._is_started:
                self._is_started = True
                threading.Thread(target=self._run, name="sweep", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(SWEEP_SECONDS)
            for sid, engine in list(self.server.sockets.items()):
                try:
                    self._see_to(sid, engine)
                except Exception as error:
                    log.warning("wire.sweep_failed", error=type(error).__name__)

    def _see_to(self, sid: str, engine: Any) -> None:
        wire = getattr(engine.queue, "wire", None)
        if wire is not None and wire.is_overdue:
            wire.cut()
        if engine.closed:
            if wire is None or wire.is_over:
                self.server.sockets.pop(sid, None)
            return
        moment = now().timestamp()
        due = getattr(engine, "ping_due", None)
        if engine.last_ping and moment - engine.last_ping > self.server.ping_timeout:
            engine.check_ping_timeout()
        elif due is not None and due <= moment and wire is not None:
            engine.ping_due = None
            engine.last_ping = moment
            wire.offer(_PING_FRAME, is_hint=False)


_PING_FRAME = frame_of("2")

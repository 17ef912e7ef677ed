"""Clients that keep the protocol of rooms over real connections, and lose, repeat and break what they can.

Each is a task of one event loop, so that a thousand of them fit into one thread. A client keeps an outbox with keys, has
one message in flight in a room, drops what it has, applies what follows, and catches up where something is missing.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import secrets
import ssl
import struct
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

CONNECT_SECONDS = 20.0
ACK_SECONDS = 10.0


class Gone(Exception):
    """The connection is over."""


class Refused(Exception):
    """The server did not let us in; `status` of HTTP, or 0 where we are signed out."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def frame(payload: bytes, opcode: int = 1, *, is_last: bool = True) -> bytes:
    """A frame of a client; its mask is zero, which is legal and leaves the text readable."""
    size = len(payload)
    first = (0x80 if is_last else 0) | opcode
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    return head + b"\0\0\0\0" + payload


@dataclass(frozen=True)
class Door:
    """Where a client comes in, and as whom."""

    port: int
    cookie: str
    csrf: str
    origin: str
    is_tls: bool = False

    @property
    def headers(self) -> str:
        """Of a browser that is signed in."""
        name = "__Host-tsubomi" if self.is_tls else "tsubomi"
        host = self.origin.removeprefix("https://") if self.is_tls else f"127.0.0.1:{self.port}"
        return f"Host: {host}\r\nOrigin: {self.origin}\r\nCookie: {name}={self.cookie}\r\n"

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection; through a proxy over TLS, whose certificate is of a test."""
        trust = None
        if self.is_tls:
            trust = ssl.create_default_context()
            trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        return await asyncio.open_connection("127.0.0.1", self.port, limit=2**22, ssl=trust)


_opened: list[Connection] = []


def play(scene: Coroutine[Any, Any, Any]) -> None:
    """Run a scene, and close whatever it opened; in a thread of its own, because a browser's loop may be running in ours."""

    async def whole() -> None:
        try:
            await scene
        finally:
            for connection in list(_opened):
                connection.cut()
            _opened.clear()
            await asyncio.sleep(0.05)

    with ThreadPoolExecutor(1) as alone:
        alone.submit(asyncio.run, whole()).result()


class Connection:
    """One Socket.IO connection over WebSocket: events with acks, and what is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        _opened.append(self)
        self.told: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue()
        self._acks: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, door: Door) -> Connection:
        """Connect and enter. Raises Refused, OSError, Gone."""
        reader, writer = await door.open()
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        writer.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{door.headers}Upgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n".encode()
        )
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):
            writer.close()
            raise Gone from None
        status = int(head.split()[1])
        if status != 101:
            writer.close()
            raise Refused(status)
        made = cls(reader, writer)
        await made._text()  # the server's greeting
        made.say("40" + json.dumps({"csrf": door.csrf}))
        answer = await made._text()
        if not answer.startswith("40"):
            writer.close()
            raise Refused(0 if "signed_out" in answer else 503)
        made._reading = asyncio.create_task(made._read())
        return made

    def say(self, text: str) -> None:
        """Send one text."""
        self.writer.write(frame(text.encode()))

    async def ask(self, event: str, payload: Any) -> Any:
        """Emit an event and wait for its ack. Raises Gone."""
        self._number += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[self._number] = future
        self.say(f"42{self._number}" + json.dumps([event, payload]))
        try:
            return await asyncio.wait_for(future, ACK_SECONDS)
        except TimeoutError:
            raise Gone from None

    def cut(self) -> None:
        """Break the connection without a word."""
        if self._reading is not None:
            self._reading.cancel()
        self._end()
        self.writer.transport.abort()
        if self in _opened:
            _opened.remove(self)

    def _end(self) -> None:
        for future in self._acks.values():
            if not future.done():
                future.set_exception(Gone())
                future.exception()
        self.told.put_nowait(None)

    async def _read(self) -> None:
        try:
            while True:
                text = await self._text()
                if text == "2":
                    self.say("3")
                elif text.startswith("42"):
                    event, *rest = json.loads(text[2:])
                    self.told.put_nowait((event, rest[0] if rest else None))
                elif text.startswith("43"):
                    number, _bracket, rest_text = text[2:].partition("[")
                    future = self._acks.pop(int(number), None)
                    if future is not None and not future.done():
                        future.set_result(json.loads("[" + rest_text)[0])
                elif text.startswith("41"):
                    raise Gone
        except (Gone, OSError):
            self._end()

    async def _text(self) -> str:
        try:
            while True:
                first, second = await self.reader.readexactly(2)
                size = second & 127
                if size == 126:
                    size = int.from_bytes(await self.reader.readexactly(2), "big")
                elif size == 127:
                    size = int.from_bytes(await self.reader.readexactly(8), "big")
                payload = await self.reader.readexactly(size)
                if first & 15 == 8:
                    raise Gone
                if first & 15 == 1:
                    return payload.decode()
        except (asyncio.IncompleteReadError, OSError):
            raise Gone from None


async def get_json(door: Door, path: str) -> tuple[int, Any]:
    """The status of a GET and its JSON, or its text."""
    reader, writer = await door.open()
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\n{door.headers}Accept: application/json\r\nConnection: close\r\n\r\n".encode()
        )
        answer = await reader.read()
    finally:
        writer.close()
    head, _gap, body = answer.partition(b"\r\n\r\n")
    if not head:
        raise Gone
    try:
        return int(head.split()[1]), json.loads(body)
    except ValueError:
        return int(head.split()[1]), body.decode("utf-8", "replace")


@dataclass
class Mischief:
    """How often each thing goes wrong, between 0 and 1."""

    drops: float = 0.0  # the connection breaks around a sending
    repeats: float = 0.0  # the same message is sent twice at once
    deaf: float = 0.0  # something told is lost on the way


@dataclass
class Client:
    """One person's page on some rooms."""

    door: Door
    rooms: tuple[str, ...]
    chance: random.Random = field(default_factory=random.Random)
    mischief: Mischief = field(default_factory=Mischief)
    have: dict[str, int] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    logs: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    outbox: deque[dict[str, Any]] = field(default_factory=deque)
    acked: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[dict[str, Any]] = field(default_factory=list)
    heads: dict[str, Any] = field(default_factory=dict)
    connects: int = 0
    resets: int = 0
    ended: bool = False
    connection: Connection | None = None
    is_synced: asyncio.Event = field(default_factory=asyncio.Event)
    _wakes: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, room: str, body: str) -> str:
        """Put a message into the outbox; gives its key."""
        key = f"{self.chance.getrandbits(128):032x}"
        self.outbox.append({"room": room, "key": key, "body": body})
        self._wakes.set()
        return key

    async def run(self) -> None:
        """Stay connected until cancelled or signed out, with growing waits in between."""
        wait = 0.05
        while not self.ended:
            try:
                connection = self.connection = await asyncio.wait_for(
                    Connection.open(self.door), CONNECT_SECONDS
                )
                self.connects += 1
                wait = 0.05
                await self._live(connection)
            except Refused as refusal:
                if refusal.status in {0, 403}:
                    self.ended = True
            except (Gone, OSError, TimeoutError):
                pass
            finally:
                self.is_synced.clear()
                if self.connection is not None:
                    self.connection.cut()
            await asyncio.sleep(wait * self.chance.uniform(0.5, 1.0))
            wait = min(wait * 2, 2.0)

    async def _live(self, connection: Connection) -> None:
        sending = asyncio.create_task(self._send(connection))
        try:
            await self.catch_up()
            self.is_synced.set()
            while True:
                told = await connection.told.get()
                if told is None:
                    raise Gone
                await self._hear(*told)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError, Gone):
                await sending

    async def catch_up(self) -> None:
        """Ask for what is missing, and take it."""
        if self.connection is None:
            raise Gone
        asked = {room: self.have.get(room, 0) for room in self.rooms}
        answer = await self.connection.ask("rooms:sync", {"rooms": asked, "epochs": self.epochs})
        if not answer["ok"]:
            if answer["code"] == "signed_out":
                raise Gone
            await asyncio.sleep(answer.get("retry_after", 1))
            raise Gone
        for room, state in answer["rooms"].items():
            if state.get("gone"):
                self.heads[room] = None
                continue
            self.epochs[room] = state["epoch"]
            if state["reset"]:
                await self._begin_afresh(room)
            for event in state["events"]:
                self._apply(room, event)

    async def _begin_afresh(self, room: str) -> None:
        """What a page does with its latest page; here the whole log is wanted, so it is read from its beginning."""
        self.resets += 1
        self.have[room], self.logs[room] = 0, []
        more = True
        while more:
            path = f"/api/rooms/{room}/events?after={self.have[room]}&limit=200"
            status, answer = await get_json(self.door, path)
            if status == 429:
                await asyncio.sleep(answer["retry_after"])
                continue
            if status != 200:
                raise Gone
            for event in answer["events"]:
                self._apply(room, event)
            more = answer["more"]

    async def _hear(self, event: str, payload: Any) -> None:
        if event == "session:ended":
            self.ended = True
            raise Gone
        if event == "room:heads":
            self.heads.update(payload["rooms"])
        if event != "room:event" or self.chance.random() < self.mischief.deaf:
            return
        room, have = payload["room"], self.have.get(payload["room"], 0)
        if payload["seq"] <= have:
            return
        if payload["prev"] <= have:
            self._apply(room, payload)
        else:
            await self.catch_up()

    def _apply(self, room: str, event: dict[str, Any]) -> None:
        if event["seq"] <= self.have.get(room, 0):
            return
        message = event.get("message") or {}
        self.have[room] = event["seq"]
        self.logs.setdefault(room, []).append((event["seq"], event["kind"], message.get("id", "")))
        if event["kind"] in {"message", "edit"}:
            self.texts[message["id"]] = message["body"]
        elif event["kind"] == "unsend":
            self.texts[message["id"]] = ""

    async def _send(self, connection: Connection) -> None:
        await self.is_synced.wait()
        while True:
            if not self.outbox:
                self._wakes.clear()
                await self._wakes.wait()
                continue
            said = self.outbox[0]
            if self.chance.random() < self.mischief.repeats:
                connection.say("42" + json.dumps(["message:send", said]))
            if self.chance.random() < self.mischief.drops:
                connection.say("42" + json.dumps(["message:send", said]))
                await asyncio.sleep(self.chance.uniform(0, 0.05))
                connection.cut()
            try:
                answer = await connection.ask("message:send", said)
            except Gone:
                connection.cut()  # silent for so long, it is tried again over a new one
                raise
            if answer["ok"]:
                self.acked[said["key"]] = answer
                self.outbox.popleft()
            elif answer["code"] in {"too_often", "error"}:
                await asyncio.sleep(answer.get("retry_after", 1))
            else:
                self.refused.append(answer)
                self.outbox.popleft()


async def until(true: Any, seconds: float) -> bool:
    """Ask again and again whether something has become true."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not true():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


async def settle(clients: list[Client], seconds: float) -> bool:
    """Wait until every outbox is empty, then let everybody catch up; whether that came about."""
    if not await until(lambda: all(not client.outbox for client in clients), seconds):
        return False
    for client in clients:
        client.mischief = Mischief()
    for client in clients:
        for _try in range(50):
            try:
                await asyncio.wait_for(client.is_synced.wait(), 10)
                await client.catch_up()
                break
            except (Gone, TimeoutError):
                await asyncio.sleep(0.1)
    return True

"""Load for chat: many Socket.IO connections in one epoll loop, each copy of a message timed.

    bench_chat_load.py --port 8000 --doors doors.json --style ours --work most      copies a second, 8 messages in flight
    …                                                         --work steady    latency at 20 messages a second
    …                                                         --work idle      sockets that do nothing (waits for a line)

Prints one line of JSON. A message carries a marker, so that a copy is known wherever in an event it stands.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import os
import re
import secrets
import select
import socket
import statistics
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MARK = re.compile(rb"~@(\d+),(\d+)@~")
BODY = "おはようございます。きょうの集まり、何時からでしたっけ。"  # as people write: a sentence or two


def frame(text: str) -> bytes:
    """A frame of a client with a zero mask."""
    payload = text.encode()
    size = len(payload)
    head = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
    return head + b"\0\0\0\0" + payload


class Page:
    """One connection."""

    def __init__(self, load: Load, door: dict[str, str]) -> None:
        self.load = load
        self.rest = b""
        self.is_in = False
        self.number = 0
        self.socket = socket.create_connection(("127.0.0.1", load.port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.socket.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{load.port}\r\n"
            f"Origin: http://127.0.0.1:{load.port}\r\nCookie: {door['cookie']}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{load.offer}\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            more = self.socket.recv(4096)
            if not more:
                break
            head += more
        if not head.startswith(b"HTTP/1.1 101"):
            raise SystemExit(f"refused: {head[:200]!r}")
        self.rest = head.partition(b"\r\n\r\n")[2]
        self.say("40" + json.dumps({"csrf": door["csrf"]}))

    def say(self, text: str) -> None:
        """Send one text."""
        self.socket.sendall(frame(text))

    def ask(self, event: str, payload: Any) -> None:
        """Emit with an ack."""
        self.number += 1
        self.say(f"42{self.number}" + json.dumps([event, payload], ensure_ascii=False))

    def read(self) -> None:
        """Take what is there."""
        more = self.socket.recv(262_144)
        if not more:
            raise SystemExit("the server closed a connection")
        data = self.rest + more
        place, size = 0, len(data)
        while size - place >= 2:
            length, head = data[place + 1] & 127, 2
            if length == 126:
                if size - place < 4:
                    break
                length, head = (data[place + 2] << 8) | data[place + 3], 4
            elif length == 127:
                if size - place < 10:
                    break
                length, head = int.from_bytes(data[place + 2 : place + 10], "big"), 10
            if place + head + length > size:
                break
            self._text(data, place + head, place + head + length)
            place += head + length
        self.rest = data[place:]

    def _text(self, data: bytes, start: int, end: int) -> None:
        kind = data[start : start + 2]
        if kind == b"42":
            found = MARK.search(data, start, end)
            if found is not None:
                self.load.copy(int(found[1]), int(found[2]))
        elif kind == b"43":
            if b'"ok":true' not in data[start:end].replace(b" ", b""):
                raise SystemExit(f"refused: {data[start:end][:300]!r}")
            self.is_in = True
        elif kind[:1] == b"2":
            self.say("3")
        elif kind == b"44":
            raise SystemExit(f"refused: {data[start:end]!r}")
        elif kind == b"40":
            self.load.enter(self)


class Load:
    """All connections, and what was measured."""

    def __init__(self, options: argparse.Namespace) -> None:
        given = json.loads(Path(options.doors).read_text())
        self.port: int = options.port
        self.room: str = given["room"]
        self.is_ours = options.style == "ours"
        self.offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if options.deflate else ""
        self.poll = select.epoll()
        self.pages: dict[int, Page] = {}
        self.missing: dict[int, int] = {}
        self.times: list[int] = []
        self.copies = 0
        self.is_counting = False
        self.on_done: Callable[[], None] = lambda: None
        self.numbers = itertools.count(1)
        doors = given["doors"]
        for number in range(options.sockets):
            page = Page(self, doors[number % len(doors)])
            self.pages[page.socket.fileno()] = page
            self.poll.register(page.socket.fileno(), select.EPOLLIN)
            self.run(0.0)
        self.speakers = itertools.cycle(list(self.pages.values()))
        self.run(20, lambda: all(page.is_in for page in self.pages.values()))
        if not all(page.is_in for page in self.pages.values()):
            raise SystemExit("not everybody came in")

    def enter(self, page: Page) -> None:
        """Come into the room."""
        if self.is_ours:
            page.ask("rooms:sync", {"rooms": {self.room: 2**61}, "epochs": {}})
        else:
            page.ask("enter", {})

    def run(self, seconds: float, is_over: Callable[[], bool] = lambda: False) -> None:
        """Let things happen."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            for number, _event in self.poll.poll(max(0.0, min(left, 0.02))):
                self.pages[number].read()
            if left <= 0 or is_over():
                return

    def speak(self) -> None:
        """One message of whoever is next."""
        number = next(self.numbers)
        self.missing[number] = len(self.pages)
        body = f"{BODY}~@{number},{time.monotonic_ns()}@~"
        page = next(self.speakers)
        if self.is_ours:
            page.ask("message:send", {"room": self.room, "key": secrets.token_hex(16), "body": body})
        else:
            page.ask("chat", {"body": body})

    def copy(self, number: int, sent_ns: int) -> None:
        """One copy arrived."""
        if number not in self.missing:
            return
        if self.is_counting:
            self.copies += 1
            self.times.append(time.monotonic_ns() - sent_ns)
        self.missing[number] -= 1
        if not self.missing[number]:
            del self.missing[number]
            self.on_done()

    def most(self, seconds: float, window: int) -> dict[str, Any]:
        """As many copies a second as go, with `window` messages in flight."""
        self.on_done = self.speak
        for _each in range(window):
            self.speak()
        self.run(1.0)
        self.is_counting, began, cpu = True, time.monotonic(), time.process_time()
        self.run(seconds)
        wall = time.monotonic() - began
        self.on_done = lambda: None
        used = (time.process_time() - cpu) / wall
        self.is_counting = False
        self.run(5, lambda: not self.missing)
        return {"copies_per_second": self.copies / wall, "generator": used, **self.latencies()}

    def steady(self, seconds: float, rate: float) -> dict[str, Any]:
        """Latency of copies at so many messages a second."""
        for warming in (True, False):
            self.is_counting = not warming
            began, sent = time.monotonic(), 0
            while time.monotonic() - began < (1.0 if warming else seconds):
                if time.monotonic() >= began + sent / rate:
                    self.speak()
                    sent += 1
                else:
                    self.run(min(0.005, max(0.0, began + sent / rate - time.monotonic())))
            self.run(5, lambda: not self.missing)
        return {"missing": sum(self.missing.values()), **self.latencies()}

    def latencies(self) -> dict[str, float]:
        """Milliseconds."""
        ordered = sorted(self.times) or [0]
        return {
            "p50_ms": statistics.median(ordered) / 1e6,
            "p99_ms": ordered[int(len(ordered) * 0.99)] / 1e6,
        }


def main() -> None:
    """Do one kind of work."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--doors", required=True)
    parser.add_argument("--style", choices=("ours", "anchor"), required=True)
    parser.add_argument("--work", choices=("most", "steady", "idle"), required=True)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--window", type=int, default=8)
    parser.add_argument("--deflate", action="store_true", help="offer compression, as browsers do")
    options = parser.parse_args()
    load = Load(options)
    if options.work == "most":
        print(json.dumps(load.most(options.seconds, options.window)), flush=True)
    elif options.work == "steady":
        print(json.dumps(load.steady(options.seconds, options.rate)), flush=True)
    else:
        load.run(2)
        print(json.dumps({"open": len(load.pages)}), flush=True)
        sys.stdin.readline()
    os._exit(0)


if __name__ == "__main__":
    main()

"""Scripts that people wait for stay small: what a page can ever bring is weighed here, without a browser."""

from __future__ import annotations

import re
from pathlib import Path

import brotli

from tests.guards.sources import ROOT

SCRIPTS = ROOT / "static" / "js"
CHAT_BYTES = 50_000  # the chat page, with everything it may bring later and the client of Socket.IO
IMPORT = re.compile(r"""(?:\bfrom|\bimport\(?)\s*["'](\.[^"']+)["']""")
# Brought by app.js only where there is such a form, or such a shelf; the page of a room has neither.
ELSEWHERE = {"composer.js"}


def _brought_by(*names: str) -> set[Path]:
    """These scripts and all they import, now or later."""
    found: set[Path] = set()
    waiting = [SCRIPTS / name for name in names]
    while waiting:
        path = waiting.pop().resolve()
        if path in found or path.name in ELSEWHERE:
            continue
        found.add(path)
        waiting += [path.parent / other for other in IMPORT.findall(path.read_text("utf-8"))]
    return found


def test_the_chat_page_brings_at_most_fifty_kilobytes_of_script() -> None:
    sizes = {
        path.relative_to(ROOT / "static").as_posix(): len(brotli.compress(path.read_bytes()))
        for path in _brought_by("app.js", "chat/room.js")
    }
    assert "vendor/socket.io.esm.min.js" in sizes
    assert sum(sizes.values()) <= CHAT_BYTES, sorted(sizes.items(), key=lambda each: -each[1])


def test_every_script_a_script_imports_is_there() -> None:
    missing = [
        f"{path.name} imports {name}"
        for path in sorted(SCRIPTS.rglob("*.js"))
        for name in IMPORT.findall(path.read_text("utf-8"))
        if not (path.parent / name).is_file()
    ]
    assert not missing


def test_only_pages_of_a_chat_open_sockets() -> None:
    """Every other page costs the server nothing once it is read."""
    found = [
        path.relative_to(SCRIPTS).as_posix()
        for path in sorted(SCRIPTS.rglob("*.js"))
        if path.parent.name != "chat"
        and re.search(r"socket\.io|new WebSocket|EventSource|chat/session", path.read_text("utf-8"))
    ]
    assert not found

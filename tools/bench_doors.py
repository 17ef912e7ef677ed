"""What the measurements do at our doors: sign in, find pages, ask one page after another, reply, weigh a first view."""

from __future__ import annotations

import http.client
import re
import time
from itertools import cycle, islice
from posixpath import join, normpath
from urllib.parse import urlencode, urlsplit


def ask(
    port: int, method: str, path: str, cookie: str = "", body: str | None = None
) -> tuple[int, str, str, int]:
    """One request: status, cookie set, text, bytes on the wire with gzip allowed."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Cookie": cookie, "Accept-Encoding": "identity" if method == "GET" else ""}
    if body is not None:
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{port}"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.request(
        "GET", path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"}
    ) if method == "GET" else None
    size = len(connection.getresponse().read()) if method == "GET" else 0
    connection.close()
    return answer.status, (answer.getheader("Set-Cookie") or "").partition(";")[0], text, size


def sign_in(port: int, name: str) -> str:
    """The cookie of one of the demo's people, as a browser holds it after the first page."""
    _status, cookie, text, _size = ask(port, "GET", "/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert token is not None
    form = {"email": f"{name}@example.jp", "password": "tsubomi-demo", "csrf_token": token.group(1)}
    status, signed_in, _text, _ = ask(port, "POST", "/sign-in", cookie, urlencode(form))
    if status not in {302, 303} or not signed_in:
        raise SystemExit(f"signing in answered {status}")
    return ask(port, "GET", "/", signed_in)[1] or signed_in


def full_pages(port: int, cookie: str) -> tuple[str, str]:
    """A board and a topic of it that fill a page."""
    best = ("", "", -1)
    boards = dict.fromkeys(re.findall(r'href="(/boards/[a-z0-9-]+)"', ask(port, "GET", "/boards", cookie)[2]))
    for board in boards:
        text = ask(port, "GET", board, cookie)[2]
        for topic in dict.fromkeys(re.findall(r'href="(/topics/[a-z2-7]{13})"', text)):
            posts = ask(port, "GET", topic, cookie)[2].count('id="post-')
            best = max(best, (board, topic, posts), key=lambda each: each[2])
    return best[0], best[1]


def first_room(port: int, cookie: str) -> str:
    """The room on top of this person's list."""
    found = re.search(r'href="(/rooms/[a-z2-7]{13})"', ask(port, "GET", "/rooms", cookie)[2])
    if found is None:
        raise SystemExit("nobody talks in the demo")
    return found[1]


def one_by_one(port: int, paths: list[str], cookie: str, times: int) -> list[float]:
    """Milliseconds of this many requests over one connection, going round the paths; each path is asked once before."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}
    taken = []
    for number, path in enumerate(islice(cycle(paths), len(paths) + times)):
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}")
        if number >= len(paths):
            taken.append((time.perf_counter() - began) * 1000)
    connection.close()
    return taken


def replies(port: int, cookies: list[str], topics: list[str], each: int) -> list[float]:
    """Milliseconds of each reply these people send, from the post to the redirect; the forms are read untimed."""
    taken = []
    for number, (cookie, topic) in enumerate(islice(zip(cycle(cookies), cycle(topics)), len(cookies) * each)):
        _status, renewed, text, _size = ask(port, "GET", topic, cookie)
        form = text[text.index('class="composer') :]
        form = form[: form.index("</form>")]
        hidden = [dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", form)]
        typed = {one["name"]: one.get("value", "") for one in hidden if one.get("type") == "hidden"}
        typed["body"] = f"計測の返信 {number} です。\n\nありがとうございます。"
        action = re.search(rf'action="({re.escape(topic)}/[a-z-]+)"', form)
        if action is None:
            raise SystemExit(f"{topic} has no form for replies")
        began = time.perf_counter()
        status = ask(port, "POST", action.group(1), renewed or cookie, urlencode(typed))[0]
        taken.append((time.perf_counter() - began) * 1000)
        if status not in {302, 303}:
            raise SystemExit(f"replying answered {status}")
    return taken


_NAMED = re.compile(
    r'<(?:link rel="(?!apple-touch-icon)|script|img)[^>]*?(?:href|src)="(/static/[^"]+)"[^>]*>|<use href="(/static/[^"#]+)'
)
_IMPORTED = re.compile(r"""(?:from|import)\s*["'](\.{1,2}/[^"']+)["']""")


def first_view(port: int, path: str, cookie: str) -> dict[str, int]:
    """Bytes on the wire of a page and of every file it names, modules of modules included: address → bytes.

    Not the icon for home screens, which no browser asks for before somebody puts the page there.
    """
    _status, _cookie, text, size = ask(port, "GET", path, cookie)
    sizes = {path: size}
    waiting = [one or other for one, other in _NAMED.findall(text)]
    while waiting:
        address = urlsplit(waiting.pop()).path
        if address in sizes:
            continue
        is_text = not address.endswith((".png", ".webp", ".ico", ".woff2"))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", address, headers={"Accept-Encoding": "gzip"})
        sizes[address] = len(connection.getresponse().read())
        connection.close()
        if is_text and address.endswith((".js", ".mjs")):
            code = ask(port, "GET", address)[2]
            waiting += [normpath(join(address, "..", name)) for name in _IMPORTED.findall(code)]
    return sizes

"""Measure our pages beside a bare Flask hello, on the same server software, in one run: only the ratios count.

    make bench                       both serving modes (PostgreSQL and Redis are started where installed)
    make bench ARGS="--mode threading --seconds 2 --rounds 1"

Each server's processes work on core 0 and the load generator (wrk) on core 1. Everything stays on loopback.
The figures go to standard output as a table and to var/bench.json.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent
CONNECTIONS = 16
# performance.md: of bare hello on the same server, the least that is acceptable.
MUST = {"threading": 0.10, "gevent": 0.06}


@dataclass(frozen=True)
class Server:
    """A server that answers: its port, the seconds until it did, and its process."""

    port: int
    start_seconds: float
    pid: int


@dataclass(frozen=True)
class Started:
    """What a fresh server costs before anybody comes: seconds until it answers, memory of its processes (PSS, MB)."""

    mode: str
    server: str
    start_seconds: float
    memory_mb: float


@dataclass(frozen=True)
class Measured:
    """One page of one server: requests a second, latencies in milliseconds, bytes of the answer on the wire."""

    mode: str
    page: str
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    body_bytes: int
    failed: int


def main() -> int:
    """Measure and print; 1 when a request failed, because then the figures say nothing."""
    options = _options()
    if shutil.which("wrk") is None:
        print(
            "wrk がありません。apt install wrk で入れられます / wrk is missing: apt install wrk",
            file=sys.stderr,
        )
        return 1
    found: list[Measured] = []
    started: list[Started] = []
    for mode in options.mode:
        costs, rows = _measure_mode(mode, options.seconds, options.rounds)
        _print_table(mode, costs, rows)
        found += rows
        started += costs
    report = ROOT / "var" / "bench.json"
    report.parent.mkdir(exist_ok=True)
    report.write_text(
        json.dumps(
            {"pages": [asdict(one) for one in found], "starts": [asdict(one) for one in started]}, indent=1
        )
    )
    return 1 if any(one.failed for one in found) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mode", action="append", choices=("threading", "gevent"))
    parser.add_argument("--seconds", type=int, default=4, help="of load for each page and round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.mode = options.mode or ["threading", "gevent"]
    return options


# ── one mode ─────────────────────────────────────────────────────────────────────────────────────────────────


def _measure_mode(mode: str, seconds: int, rounds: int) -> tuple[list[Started], list[Measured]]:
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tsubomi-bench-")))
        settings = {**_plain_environment(), "TSUBOMI_DATA": str(data), "TSUBOMI_ASYNC_MODE": mode}
        settings["TSUBOMI_THREADS"] = "32"
        if mode == "gevent":
            settings |= stack.enter_context(_services())
        anchor = stack.enter_context(_served("tools.bench_anchor:app", {**settings}))
        ours_settings = {**settings, "TSUBOMI_PORT": str(_free_port())}
        subprocess.run(
            [PROGRAMS / "flask", "--app", "wsgi", "prepare"],
            cwd=ROOT, env=ours_settings, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        ours = stack.enter_context(_served("wsgi:app", ours_settings))
        costs = [_cost(mode, "anchor", anchor), _cost(mode, "ours", ours)]
        cookie = _sign_in(ours.port)
        board, topic = _full_pages(ours.port, cookie)
        pages = {
            "anchor": (anchor.port, "/hello", ""),
            "hello": (ours.port, "/healthz", ""),
            "sign-in": (ours.port, "/sign-in", ""),
            "home": (ours.port, "/", cookie),
            "board": (ours.port, board, cookie),
            "topic": (ours.port, topic, cookie),
        }
        rows: dict[str, list[Measured]] = {name: [] for name in pages}
        for _round in range(rounds):
            for name, (port, path, with_cookie) in pages.items():
                rows[name].append(_load(mode, name, port, path, with_cookie, seconds))
        return costs, [_median(each) for each in rows.values()]


def _median(rounds: list[Measured]) -> Measured:
    first = rounds[0]
    return Measured(
        first.mode,
        first.page,
        statistics.median(one.requests_per_second for one in rounds),
        statistics.median(one.p50_ms for one in rounds),
        statistics.median(one.p99_ms for one in rounds),
        first.body_bytes,
        sum(one.failed for one in rounds),
    )


def _cost(mode: str, name: str, server: Server) -> Started:
    return Started(mode, name, server.start_seconds, sum(map(_pss_mb, _family(server.pid))))


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _pss_mb(pid: int) -> float:
    """Proportional memory of one process: shared pages are counted once over all who share them."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rollup.partition("Pss:")[2].split()[0]) / 1024


def _print_table(mode: str, costs: list[Started], found: list[Measured]) -> None:
    anchor = found[0].requests_per_second
    print(f"\n{mode}: {CONNECTIONS} connections, server on core 0, generator on core 1")
    bare, ours = costs
    print(
        f"start {ours.start_seconds:.2f} s ({ours.start_seconds / bare.start_seconds:.1f} of the anchor's), "
        f"memory {ours.memory_mb:.0f} MB ({ours.memory_mb / bare.memory_mb:.1f})"
    )
    print(
        f"{'page':10} {'req/s':>9} {'of anchor':>10} {'p50 ms':>8} {'p99/p50':>8} {'bytes gz':>9} {'failed':>7}"
    )
    for one in found:
        ratio = one.requests_per_second / anchor
        spread = one.p99_ms / one.p50_ms if one.p50_ms else 0.0
        short = one.page in {"board", "topic"} and ratio < MUST[mode]
        print(
            f"{one.page:10} {one.requests_per_second:9.0f} {ratio:10.3f} {one.p50_ms:8.2f} {spread:8.1f} "
            f"{one.body_bytes:9d} {one.failed:7d}{'  below ' + str(MUST[mode]) if short else ''}"
        )


# ── servers ──────────────────────────────────────────────────────────────────────────────────────────────────


def _plain_environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TSUBOMI_")}
    return {**kept, "TSUBOMI_HOST": "127.0.0.1", "TSUBOMI_LOG_LEVEL": "WARNING"}


@contextmanager
def _services() -> Iterator[dict[str, str]]:
    """PostgreSQL and Redis of this run, as settings."""
    sys.path.insert(0, str(ROOT))
    from tests.services import postgres

    programs = postgres.programs_folder()
    if programs is None:
        raise SystemExit("PostgreSQL がないため gevent は測れません / no PostgreSQL: use --mode threading")
    cluster = postgres.start(programs)
    port = _free_port()
    redis = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield {
            "TSUBOMI_DATABASE_URL": cluster.create("bench"),
            "TSUBOMI_REDIS_URL": f"redis://127.0.0.1:{port}/0",
        }
    finally:
        redis.terminate()
        redis.wait()
        postgres.stop(cluster)


@contextmanager
def _served(target: str, settings: dict[str, str]) -> Iterator[Server]:
    """gunicorn with our own configuration on core 0."""
    port = int(settings.get("TSUBOMI_PORT") or _free_port())
    began = time.monotonic()
    server = subprocess.Popen(
        ["taskset", "-c", "0", PROGRAMS / "gunicorn", "-c", "deploy/gunicorn.conf.py", target],
        cwd=ROOT,
        env={**settings, "TSUBOMI_PORT": str(port)},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        _ask(port, "GET", "/")  # a listening socket is not yet an answer
        yield Server(port, time.monotonic() - began, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _attempt in range(1000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit(f"nothing answers on port {port}")


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────


def _ask(
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


def _sign_in(port: int) -> str:
    _status, cookie, text, _size = _ask(port, "GET", "/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', text)
    assert token is not None
    form = {"email": "haruka@example.jp", "password": "tsubomi-demo", "csrf_token": token.group(1)}
    status, signed_in, _text, _ = _ask(port, "POST", "/sign-in", cookie, urlencode(form))
    if status not in {302, 303} or not signed_in:
        raise SystemExit(f"signing in answered {status}")
    return signed_in


def _full_pages(port: int, cookie: str) -> tuple[str, str]:
    """A board and a topic of it that fill a page."""
    best = ("", "", -1)
    boards = dict.fromkeys(
        re.findall(r'href="(/boards/[a-z0-9-]+)"', _ask(port, "GET", "/boards", cookie)[2])
    )
    for board in boards:
        text = _ask(port, "GET", board, cookie)[2]
        for topic in dict.fromkeys(re.findall(r'href="(/topics/[a-z2-7]{13})"', text)):
            posts = _ask(port, "GET", topic, cookie)[2].count('id="post-')
            best = max(best, (board, topic, posts), key=lambda each: each[2])
    return best[0], best[1]


def _load(mode: str, name: str, port: int, path: str, cookie: str, seconds: int) -> Measured:
    size = _ask(port, "GET", path, cookie)[3]
    command = [
        "taskset", "-c", "1", "wrk", "--latency", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s",
        "-H", "Accept-Encoding: gzip", "-H", f"Cookie: {cookie}", f"http://127.0.0.1:{port}{path}",
    ]  # fmt: skip
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", output)))
    failed += sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", output)))
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert rate is not None, output
    return Measured(
        mode, name, float(rate.group(1)), _percentile(output, 50), _percentile(output, 99), size, failed
    )


def _percentile(output: str, which: int) -> float:
    found = re.search(rf"{which}%\s+([\d.]+)(us|ms|s)", output)
    assert found is not None, output
    return float(found.group(1)) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found.group(2)]


if __name__ == "__main__":
    sys.exit(main())

"""Measure our pages beside two anchors, on the same server software, in one run: only the ratios count.

    make bench                       both serving modes (PostgreSQL and Redis are started where installed)
    make bench ARGS="--mode threading --seconds 2 --rounds 1"
    make bench ARGS="--posts 1000000"    growth up to a million posts instead of 50,000

The first anchor is a bare Flask hello; the second (bench_core_anchor.py) does what a topic page must do at the least.
Each server's processes work on core 0 and the load generator (wrk) on core 1. Everything stays on loopback.
The figures go to standard output as tables and to var/bench.json. Ends with 1 when a request failed, because then the
figures say nothing, and with 2 when something is worse than it must be (docs/performance.md).
"""

from __future__ import annotations

import argparse
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
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.bench_doors import ask, first_view, full_pages, one_by_one, replies, sign_in  # noqa: E402

PROGRAMS = Path(sys.executable).parent
CONNECTIONS = 16
# docs/performance.md: what must be. Of bare hello on the same server; over the working anchor; over the small database.
OF_HELLO = {"threading": 0.10, "gevent": 0.06}
P99_OVER_P50 = 8.0
START_OVER_CORE, MEMORY_OVER_CORE = 2.5, 1.6
GROWTH, DEEP = 1.2, 1.2
FIRST_VIEW_BYTES, FIRST_VIEW_REQUESTS = 70_000, 8
# Chat: copies a second of the bare anchor's (ours are stored), end of the latencies over the anchor's, idle memory.
COPIES_OF_ANCHOR, CHAT_P99_OVER_ANCHOR, IDLE_SOCKETS_MB = 0.6, 1.5, 80
SOCKETS, IDLE_SOCKETS, SPEAKERS = 200, 1_000, 200
FEW_POSTS = 1_000  # where growth begins
SINGLE_REQUESTS = 200  # one after another, for latencies without a queue
WRITERS = ("haruka", "takumi", "jinji")  # of the demo; one person may write 60 times a minute
REPLIES_EACH = 50


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


@dataclass(frozen=True)
class Single:
    """Requests one after another: what was asked for, and latencies in milliseconds."""

    mode: str
    what: str
    posts: int
    p50_ms: float
    p99_ms: float


@dataclass
class Report:
    """Everything one run found out; `missed` holds a sentence for whatever is worse than it must be."""

    pages: list[Measured] = field(default_factory=list)
    starts: list[Started] = field(default_factory=list)
    singles: list[Single] = field(default_factory=list)
    first_view: dict[str, int] = field(default_factory=dict)
    chat: list[dict[str, Any]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def judge(self, what: str, value: float, limit: float, *, digits: int = 2) -> None:
        """Print one figure beside its limit, and remember it if it is too high."""
        is_missed = value > limit
        print(f"  {what:46} {value:9.{digits}f}  must be at most {limit:g}{'  MISSED' if is_missed else ''}")
        if is_missed:
            self.missed.append(f"{what}: {value:.{digits}f} > {limit:g}")


def main() -> int:
    """Measure and print; the exit status says whether the figures hold, and whether they are good enough."""
    options = _options()
    if shutil.which("wrk") is None:
        print(
            "wrk がありません。apt install wrk で入れられます / wrk is missing: apt install wrk",
            file=sys.stderr,
        )
        return 1
    report = Report()
    for mode in options.mode:
        _measure_mode(report, mode, options)
        _measure_chat(report, mode, options)
        _soak(report, mode, options.soak)
    target = ROOT / "var" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(asdict(report), indent=1))
    if any(one.failed for one in report.pages):
        return 1
    return 2 if report.missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mode", action="append", choices=("threading", "gevent"))
    parser.add_argument("--seconds", type=int, default=4, help="of load for each page and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--posts", type=int, default=50_000, help="posts at the end of the growth; 0 leaves it out"
    )
    parser.add_argument(
        "--soak", type=int, default=3, help="rounds of breaking connections, each with a fresh seed"
    )
    options = parser.parse_args()
    options.mode = options.mode or ["threading", "gevent"]
    return options


# ── chat ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _measure_chat(report: Report, mode: str, options: argparse.Namespace) -> None:
    """One room of 200 sockets beside Flask-SocketIO as it comes, which stores nothing; then sockets that do nothing."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tsubomi-bench-")))
        settings = {**_plain_environment(), "TSUBOMI_DATA": str(data), "TSUBOMI_ASYNC_MODE": mode}
        settings |= {"TSUBOMI_THREADS": str(SOCKETS + 60)}
        if mode == "gevent":
            settings |= stack.enter_context(_services())
        ours_settings = {**settings, "TSUBOMI_PORT": str(_free_port())}
        _run("-m", "flask", "--app", "wsgi", "prepare", settings=ours_settings)
        doors = data / "doors.json"
        doors.write_text(_run("tools/bench_chat_seed.py", "--people", str(SPEAKERS), settings=ours_settings))
        print(f"\n{mode}: chat, {SOCKETS} sockets in one room")
        rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for _round in range(options.rounds):
            for work in ("most", "steady"):
                for style, target, its in (
                    ("anchor", "tools.bench_chat_anchor:app", settings),
                    ("ours", "wsgi:app", ours_settings),
                ):
                    with _served(target, its) as server:
                        found = _chat_load(server.port, doors, style, work, options.seconds + 2)
                    report.chat.append({"mode": mode, "style": style, "work": work, **found})
                    rows.setdefault((work, style), []).append(found)
        _report_chat(report, mode, rows)
        if mode == "gevent":
            with _served("wsgi:app", ours_settings) as server:
                _report_idle_sockets(report, server, doors)


def _chat_command(port: int, doors: Path, style: str, work: str) -> list[str]:
    return [
        "taskset", "-c", "1", sys.executable, "tools/bench_chat_load.py", "--port", str(port), "--doors", str(doors),
        "--style", style, "--work", work,
    ]  # fmt: skip


def _chat_load(port: int, doors: Path, style: str, work: str, seconds: int) -> dict[str, Any]:
    command = [*_chat_command(port, doors, style, work), "--seconds", str(seconds), "--sockets", str(SOCKETS)]
    done = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _report_chat(report: Report, mode: str, rows: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
    def middle(work: str, style: str, figure: str) -> float:
        return float(statistics.median(row[figure] for row in rows[work, style]))

    for (work, style), found in rows.items():
        copies = f"{middle(work, style, 'copies_per_second'):9.0f} copies/s" if work == "most" else " " * 18
        times = f"p50 {middle(work, style, 'p50_ms'):7.1f} ms, p99 {middle(work, style, 'p99_ms'):7.1f} ms"
        print(f"  {work:7} {style:7} {copies}   {times}   ({len(found)} rounds)")
    copies_of_anchor = middle("most", "ours", "copies_per_second") / middle(
        "most", "anchor", "copies_per_second"
    )
    is_missed = copies_of_anchor < COPIES_OF_ANCHOR
    print(
        f"  copies/s of the anchor's: {copies_of_anchor:.2f}, must be {COPIES_OF_ANCHOR}{'  MISSED' if is_missed else ''}"
    )
    if is_missed:
        report.missed.append(
            f"{mode} chat: {copies_of_anchor:.2f} of the anchor's copies < {COPIES_OF_ANCHOR}"
        )
    late = middle("steady", "ours", "p99_ms") / middle("steady", "anchor", "p99_ms")
    report.judge("chat p99 at 20 messages/s over the anchor's", late, CHAT_P99_OVER_ANCHOR)


def _report_idle_sockets(report: Report, server: Server, doors: Path) -> None:
    """What a thousand open pages cost, of browsers that offer compression."""
    before = sum(map(_pss_mb, _family(server.pid)))
    command = [
        *_chat_command(server.port, doors, "ours", "idle"),
        "--sockets",
        str(IDLE_SOCKETS),
        "--deflate",
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as load:
        assert load.stdout is not None
        if not load.stdout.readline():
            raise SystemExit("the idle sockets were not let in")
        grown = sum(map(_pss_mb, _family(server.pid))) - before
        load.communicate("\n")
    report.judge(f"{IDLE_SOCKETS} idle sockets, MB", grown, IDLE_SOCKETS_MB, digits=0)


def _soak(report: Report, mode: str, rounds: int) -> None:
    """Thirteen clients whose connections break, whose hints are lost and messages repeated: what the suite proves, again."""
    test = "tests/chat/test_live_real.py::test_thirteen_clients_and_three_hundred_messages_end_with_one_log"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{test}[{mode}]"]
    for number in range(rounds):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        is_one_log = done.returncode == 0
        print(f"  soak {number + 1}: {'one log for everybody' if is_one_log else 'NOT ONE LOG'}")
        if not is_one_log:
            print(done.stdout[-2_000:])
            report.missed.append(f"{mode} soak: the logs differ")


# ── one mode ─────────────────────────────────────────────────────────────────────────────────────────────────


def _measure_mode(report: Report, mode: str, options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tsubomi-bench-")))
        settings = {**_plain_environment(), "TSUBOMI_DATA": str(data), "TSUBOMI_ASYNC_MODE": mode}
        settings["TSUBOMI_THREADS"] = "32"
        settings["BENCH_ANCHOR_URL"] = f"sqlite:///{data}/anchor.db"
        if mode == "gevent":
            settings |= stack.enter_context(_services())
            settings["BENCH_ANCHOR_URL"] = settings["TSUBOMI_DATABASE_URL"]
        ours_settings = {**settings, "TSUBOMI_PORT": str(_free_port())}
        _run("-m", "flask", "--app", "wsgi", "prepare", settings=ours_settings)
        places = _seed(ours_settings, FEW_POSTS)
        hello = stack.enter_context(_served("tools.bench_anchor:app", settings))
        with _served("tools.bench_core_anchor:app", settings):
            pass  # fills its database, so that the next start is one like any other
        core = stack.enter_context(_served("tools.bench_core_anchor:app", settings))
        with _served("wsgi:app", ours_settings):
            pass
        ours = stack.enter_context(_served("wsgi:app", ours_settings))
        costs = [_cost(mode, "hello", hello), _cost(mode, "core", core), _cost(mode, "ours", ours)]
        cookie = sign_in(ours.port, "haruka")
        print(f"\n{mode}: {CONNECTIONS} connections, servers on core 0, generator on core 1")
        _report_start(report, costs)
        _report_pages(report, mode, _measure_pages(mode, options, hello, core, ours, cookie))
        if not report.first_view:
            _report_first_view(report, ours.port, full_pages(ours.port, cookie)[1], cookie)
        if options.posts:
            _report_growth(report, mode, options.posts, ours, ours_settings, places, cookie)


def _measure_pages(
    mode: str, options: argparse.Namespace, hello: Server, core: Server, ours: Server, cookie: str
) -> list[Measured]:
    board, topic = full_pages(ours.port, cookie)
    pages = {
        "hello": (hello.port, "/hello", ""),
        "core": (core.port, "/page", ""),
        "healthz": (ours.port, "/healthz", ""),
        "sign-in": (ours.port, "/sign-in", ""),
        "home": (ours.port, "/", cookie),
        "board": (ours.port, board, cookie),
        "topic": (ours.port, topic, cookie),
    }
    rows: dict[str, list[Measured]] = {name: [] for name in pages}
    for _round in range(options.rounds):
        for name, (port, path, with_cookie) in pages.items():
            rows[name].append(_load(mode, name, port, path, with_cookie, options.seconds))
    return [_median(each) for each in rows.values()]


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


def _report_start(report: Report, costs: list[Started]) -> None:
    report.starts += costs
    hello, core, ours = costs
    for one in costs:
        print(f"  {one.server:6} starts in {one.start_seconds:5.2f} s, idle {one.memory_mb:5.0f} MB")
    print(
        f"  ours over hello: start {ours.start_seconds / hello.start_seconds:.1f}, "
        f"memory {ours.memory_mb / hello.memory_mb:.1f}"
    )
    report.judge("start over the working anchor's", ours.start_seconds / core.start_seconds, START_OVER_CORE)
    report.judge("idle memory over the working anchor's", ours.memory_mb / core.memory_mb, MEMORY_OVER_CORE)


def _report_pages(report: Report, mode: str, found: list[Measured]) -> None:
    report.pages += found
    by_name = {one.page: one for one in found}
    hello, core = by_name["hello"].requests_per_second, by_name["core"].requests_per_second
    print(
        f"  {'page':10} {'req/s':>9} {'of hello':>10} {'of core':>10} {'p50 ms':>8} {'p99/p50':>8} "
        f"{'bytes gz':>9} {'failed':>7}"
    )
    for one in found:
        ratio = one.requests_per_second / hello
        is_missed = one.page in {"board", "topic"} and ratio < OF_HELLO[mode]
        print(
            f"  {one.page:10} {one.requests_per_second:9.0f} {ratio:10.3f} {one.requests_per_second / core:10.3f} "
            f"{one.p50_ms:8.2f} {one.p99_ms / one.p50_ms:8.1f} {one.body_bytes:9d} {one.failed:7d}"
            f"{f'  MISSED, must be {OF_HELLO[mode]} of hello' if is_missed else ''}"
        )
        if is_missed:
            report.missed.append(f"{mode} {one.page}: {ratio:.3f} of hello < {OF_HELLO[mode]}")
    for name in ("board", "topic"):
        report.judge(
            f"{name}: p99 over p50", by_name[name].p99_ms / by_name[name].p50_ms, P99_OVER_P50, digits=1
        )


def _report_first_view(report: Report, port: int, topic: str, cookie: str) -> None:
    sizes = first_view(port, topic, cookie)
    report.first_view = sizes
    report.judge("first view of a topic, bytes on the wire", sum(sizes.values()), FIRST_VIEW_BYTES, digits=0)
    report.judge("first view of a topic, requests", len(sizes), FIRST_VIEW_REQUESTS, digits=0)


# ── growth ───────────────────────────────────────────────────────────────────────────────────────────────────


def _seed(settings: dict[str, str], posts: int) -> dict[str, Any]:
    places: dict[str, Any] = json.loads(_run("tools/bench_seed.py", "--posts", str(posts), settings=settings))
    return places


def _report_growth(
    report: Report,
    mode: str,
    posts: int,
    ours: Server,
    settings: dict[str, str],
    few: dict[str, Any],
    cookie: str,
) -> None:
    """The same kinds of pages with few posts and with many; far down and at the top; and what a reply takes."""
    before = _singles(report, mode, ours.port, few, cookie)
    many = _seed(settings, posts)
    after = _singles(report, mode, ours.port, many, cookie)
    for what in ("topic", "board"):
        growth = after[what].p50_ms / before[what].p50_ms
        report.judge(f"{what}: {many['posts']:,} posts over {few['posts']:,}", growth, GROWTH)
    report.judge(
        "topic: far down over the first page", after["deep topic"].p50_ms / after["long topic"].p50_ms, DEEP
    )
    report.judge(
        "board: far down over the first page", after["deep board"].p50_ms / after["board"].p50_ms, DEEP
    )
    times = replies(ours.port, [sign_in(ours.port, name) for name in WRITERS], many["topics"], REPLIES_EACH)
    reply = Single(mode, "reply", many["posts"], *_middle_and_end(times))
    report.singles.append(reply)
    print(
        f"  {'reply (with the form read first, untimed)':46} p50 {reply.p50_ms:.1f} ms, p99 {reply.p99_ms:.1f} ms"
    )


def _singles(report: Report, mode: str, port: int, places: dict[str, Any], cookie: str) -> dict[str, Single]:
    asked = {
        "topic": places["topics"],
        "board": [places["board"]],
        "deep board": [places["deep_board"]],
        "long topic": [places["long"]],
        "deep topic": [places["deep"]],
    }
    found = {}
    for what, paths in asked.items():
        times = one_by_one(port, paths, cookie, SINGLE_REQUESTS)
        found[what] = Single(mode, what, places["posts"], *_middle_and_end(times))
        print(
            f"  {what:12} {places['posts']:9,} posts   p50 {found[what].p50_ms:6.2f} ms   p99 {found[what].p99_ms:6.2f} ms"
        )
    report.singles += found.values()
    return found


def _middle_and_end(times: list[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.99)]


# ── servers ──────────────────────────────────────────────────────────────────────────────────────────────────


def _plain_environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TSUBOMI_")}
    return {**kept, "TSUBOMI_HOST": "127.0.0.1", "TSUBOMI_LOG_LEVEL": "WARNING"}


@contextmanager
def _services() -> Iterator[dict[str, str]]:
    """PostgreSQL and Redis of this run, as settings."""
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
        ask(port, "GET", "/")  # a listening socket is not yet an answer
        yield Server(port, time.monotonic() - began, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=20)


def _run(*command: str, settings: dict[str, str]) -> str:
    """What a Python program of ours prints."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=settings, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


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


# ── load ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _load(mode: str, name: str, port: int, path: str, cookie: str, seconds: int) -> Measured:
    size = ask(port, "GET", path, cookie)[3]
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

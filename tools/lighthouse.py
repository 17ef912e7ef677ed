"""Lighthouse's simulated phone on the pages people open most: performance ≥ 95, accessibility 100, best practices 100.

    make lighthouse                     every page of PAGES
    make lighthouse ARGS="/ /boards"    only these

A contributor's tool: Lighthouse comes from npm into var/lighthouse, nothing of it is needed to run Tsubomi. A server
of its own with the demo's data is started on this machine, and each page is opened signed in.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.bench import PROGRAMS, _free_port, _plain_environment, _served  # noqa: E402 - the path comes first
from tools.bench_doors import ask, first_room, full_pages, sign_in  # noqa: E402

VERSION = "12.8.2"
HOME = ROOT / "var" / "lighthouse"
PAGES = (
    "/", "/boards", "BOARD", "TOPIC", "/rooms", "ROOM", "/talk", "/announcements", "/notices", "/people", "/me", "/me/notices",
)  # fmt: skip
LEAST = {"performance": 95, "accessibility": 100, "best-practices": 100}  # interface.md, budgets
MOST_LCP_MS = 1_500
MOST_CLS = 0.02


@dataclass(frozen=True)
class Result:
    """One page: scores of 100, largest contentful paint in ms, layout shift, and what Lighthouse found wrong."""

    path: str
    scores: dict[str, int]
    lcp_ms: float
    cls: float
    faults: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether the page is as interface.md wants it."""
        reaches = all(self.scores[name] >= least for name, least in LEAST.items())
        return reaches and self.lcp_ms <= MOST_LCP_MS and self.cls <= MOST_CLS


def main() -> int:
    """Measure and print; 1 when a page stays below."""
    program = _lighthouse()
    with tempfile.TemporaryDirectory(prefix="tsubomi-lighthouse-") as data:
        settings = {**_plain_environment(), "TSUBOMI_DATA": data, "TSUBOMI_PORT": str(_free_port())}
        subprocess.run(
            [PROGRAMS / "flask", "--app", "wsgi", "prepare"],
            cwd=ROOT, env=settings, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        with _served("wsgi:app", settings) as server:
            cookie = sign_in(server.port, "haruka")
            board, topic = full_pages(server.port, cookie)
            named = {"BOARD": board, "TOPIC": topic, "ROOM": first_room(server.port, cookie)}
            paths = [named.get(path, path) for path in (sys.argv[1:] or PAGES)]
            results = [_measure(program, server.port, path, cookie) for path in paths]
            results.append(_measure(program, server.port, "/sign-in", ""))
    _print(results)
    return 0 if all(each.is_good for each in results) else 1


def _lighthouse() -> str:
    found = HOME / "node_modules" / ".bin" / "lighthouse"
    if not found.exists():
        if shutil.which("npm") is None:
            raise SystemExit("npm がありません / npm is missing: Lighthouse comes from npm")
        HOME.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--prefix", str(HOME), "--no-audit", "--no-fund", f"lighthouse@{VERSION}"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return str(found)


def _measure(program: str, port: int, path: str, cookie: str) -> Result:
    status = ask(port, "GET", path, cookie)[0]
    if status != 200:
        raise SystemExit(f"{path} answered {status}")
    with tempfile.TemporaryDirectory(prefix="tsubomi-chromium-") as folder:
        report = Path(folder) / "report.json"
        headers = Path(folder) / "headers.json"
        headers.write_text(json.dumps({"Cookie": cookie} if cookie else {}))
        subprocess.run(
            [
                program, f"http://127.0.0.1:{port}{path}", "--quiet", "--output=json", f"--output-path={report}",
                "--only-categories=performance,accessibility,best-practices", f"--extra-headers={headers}",
                f"--chrome-flags=--headless=new --no-sandbox --disable-gpu --user-data-dir={folder}/profile",
            ],
            check=True,
            env={**os.environ, "CHROME_PATH": shutil.which("chromium") or ""},
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        found = json.loads(report.read_text())
    audits = found["audits"]
    return Result(
        path,
        {name: round(100 * found["categories"][name]["score"]) for name in LEAST},
        float(audits["largest-contentful-paint"]["numericValue"]),
        float(audits["cumulative-layout-shift"]["numericValue"]),
        _faults(found),
    )


def _faults(found: dict[str, dict[str, dict[str, object]]]) -> tuple[str, ...]:
    weighed = {
        reference["id"]
        for name in ("accessibility", "best-practices")
        for reference in found["categories"][name]["auditRefs"]  # type: ignore[attr-defined]
        if reference["weight"]
    }
    return tuple(sorted(each for each in weighed if found["audits"][each]["score"] == 0))


def _print(results: list[Result]) -> None:
    print(f"{'page':32} {'perf':>5} {'a11y':>5} {'best':>5} {'LCP ms':>8} {'CLS':>7}")
    for one in results:
        scores = " ".join(f"{one.scores[name]:5d}" for name in LEAST)
        end = "" if one.is_good else f"  below: {', '.join(one.faults) or 'see the figures'}"
        print(f"{one.path:32} {scores} {one.lcp_ms:8.0f} {one.cls:7.3f}{end}")


if __name__ == "__main__":
    sys.exit(main())

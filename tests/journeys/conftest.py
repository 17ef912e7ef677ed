"""Real Chromium against a real server: what every journey stands on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import select

from app.core.db import session
from app.core.operation import unit_of_work
from app.core.passwords import hash_password
from app.core.text import RENDERER_VERSION, render_markdown
from app.models import Member, Post, Topic
from tests.conftest import NOON, PASSWORD
from tests.guards.houses import live_in
from tests.services.houses import Served, serving

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
PC = {"width": 1366, "height": 768}
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)

# Said on the console, where the fixture below hears it: the policy forbids a page nothing more than this needs.
HEAR_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("Content Security Policy violated: " + event.effectiveDirective + " " + event.blockedURI));
"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; skips where Chromium is not installed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not installed: /usr/bin/chromium is missing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A lived-in community, served as `make run` serves it."""
    folder = tmp_path_factory.mktemp("house")
    with serving(folder, f"sqlite:///{folder / 'tsubomi.db'}", TSUBOMI_DEVELOPMENT="1") as served:
        live_in(served.app, served.world)
        with served.app.app_context(), unit_of_work():
            _write_twenty_posts(served)
            for member in session.scalars(select(Member)):
                member.password_hash = hash_password(PASSWORD)
        yield served


def _write_twenty_posts(served: Served) -> None:
    topic = session.scalars(select(Topic).where(Topic.public_id == served.world.topic_id)).one()
    for number in range(19):
        author = (served.world.takumi, served.world.haruka, served.world.sora)[number % 3]
        body = f"{number + 1}つめのコメントです。研修の日は、駅から歩いて10分ほどでした。\n\n**昼食**は社員食堂が便利です。"
        session.add(
            Post(
                topic_id=topic.id,
                author_id=author.id,
                author_cohort_id=None if author is served.world.takumi else served.world.april.id,
                body=body,
                body_html=render_markdown(body),
                renderer_version=RENDERER_VERSION,
                written_at=NOON,
            )
        )
        session.flush()


class Tab:
    """One browser of one person, and everything it complained about."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.address = context, address
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _hear(self, message: Any) -> None:
        if "Content Security Policy" in message.text or "violat" in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> Page:
        """Open a page of the house."""
        self.page.goto(self.address + path)
        return self.page


@pytest.fixture
def tab(chromium: Browser, house: Served) -> Iterator[Callable[..., Tab]]:
    """Opens a browser, signed in as somebody or as nobody; no browser may complain until the end."""
    opened: list[Tab] = []

    def open_tab(key: str | None = None, size: dict[str, int] = PC, **more: Any) -> Tab:
        more.setdefault("service_workers", "block")
        context = chromium.new_context(
            viewport=size, locale="ja-JP", timezone_id="Asia/Tokyo", has_touch=size == PHONE, **more
        )
        context.add_init_script(HEAR_VIOLATIONS)
        if key is not None:
            value, _csrf = house.cookie(key)
            context.add_cookies([{"name": "tsubomi", "value": value, "url": house.address, "httpOnly": True}])
        opened.append(Tab(context, house.address))
        return opened[-1]

    yield open_tab
    complaints = [complaint for each in opened for complaint in each.complaints]
    for each in opened:
        each.context.close()
    assert complaints == []


@pytest.fixture
def mail_folder(house: Served) -> Path:
    """Where the served house keeps its letters."""
    return house.folder / "mail"

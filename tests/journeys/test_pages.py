"""Every page in a real browser: no barrier, no violation of the policy, no sideways scrolling, and light to load."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect

from tests.journeys.conftest import PC, PHONE, Tab
from tests.services.houses import Served

# (who opens it, the address); `{topic}` and so on are filled from the world.
PAGES: list[tuple[str | None, str]] = [
    (None, "/sign-in"),
    (None, "/password/forgot"),
    (None, "/password/sent"),
    (None, "/sign-in/sent"),
    (None, "/invitations/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
    (None, "/rules"),
    (None, "/left"),
    (None, "/offline"),
    (None, "/styleguide"),
    (None, "/no/such/page"),
    ("haruka", "/"),
    ("haruka", "/boards"),
    ("haruka", "/boards/square"),
    ("haruka", "/boards/square/new"),
    ("haruka", "/topics/{topic}"),
    ("haruka", "/people"),
    ("haruka", "/people/{sora}"),
    ("haruka", "/people/{haruka}"),
    ("haruka", "/me"),
    ("haruka", "/me/profile"),
    ("haruka", "/me/privacy"),
    ("haruka", "/me/privacy?preset=open"),
    ("haruka", "/me/blocks"),
    ("haruka", "/me/leave"),
    ("haruka", "/me/security"),
    ("haruka", "/me/security/mail"),
    ("haruka", "/me/security/password"),
    ("haruka", "/confirm"),
    ("haruka", "/rules"),
    ("haruka", "/ledger/head"),
    ("mod", "/topics/{topic}"),
    ("mod", "/topics/{topic}/hide"),
    ("mod", "/posts/{post}/hide"),
    ("jinji", "/hr"),
    ("jinji", "/hr/people"),
    ("jinji", "/hr/people/{haruka}"),
    ("jinji", "/hr/cohorts"),
    ("jinji", "/hr/cohorts/{april}"),
    ("jinji", "/hr/groups/{group}"),
    ("jinji", "/hr/walls"),
    ("jinji", "/hr/privacy"),
    ("jinji", "/hr/privacy/university?cap=nobody"),
    ("jinji", "/hr/approvals"),
    ("jinji", "/hr/boards"),
    ("jinji", "/hr/boards/square"),
    ("jinji", "/hr/boards/new"),
    ("jinji", "/hr/invitations"),
    ("jinji", "/hr/invitations/new"),
    ("jinji", "/hr/invitations/import"),
    ("admin", "/admin"),
    ("admin", "/admin/community"),
    ("admin", "/admin/mail"),
    ("admin", "/admin/roles"),
    ("admin", "/admin/roles/{takumi}"),
    ("admin", "/setup/company"),
    ("admin", "/setup/size"),
    ("admin", "/setup/mail"),
    ("admin", "/setup/hr"),
    ("admin", "/setup/help-line"),
]  # fmt: skip

# What does not answer 200: refusals are pages too.
ODD = {"/no/such/page": 404, "/invitations/aaaaaaaaaaaaaaaaaaaaaaaaaa": 404}

COMBINATIONS = list(itertools.product(("ja", "en"), ("light", "dark"), (PHONE, PC)))
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def _fill(path: str, house: Served) -> str:
    world = house.world
    return path.format(
        topic=world.topic_id,
        post=_second_post(house),
        sora=world.sora.public_id,
        haruka=world.haruka.public_id,
        takumi=world.takumi.public_id,
        april=world.april.public_id,
        group=world.group_id,
    )


def _second_post(house: Served) -> str:
    from sqlalchemy import select

    from app.core.db import session
    from app.models import Post

    with house.app.app_context():
        wanted = select(Post.public_id).where(Post.is_first.is_(False), Post.hidden_at.is_(None)).limit(1)
        return str(session.scalar(wanted))


def _choose(page: Page, house: Served, language: str, theme: str) -> None:
    """Language and theme, through the forms of the footer or the request they make."""
    page.goto(house.address + "/rules")
    for path, name, value in (("/language", "lang", language), ("/theme", "theme", theme)):
        token = page.locator("[name=csrf_token]").first.get_attribute("value")
        form = {"csrf_token": token or "", name: value, "next": "/offline"}
        answer = page.request.post(house.address + path, form=form, headers={"Origin": house.address})
        assert answer.ok, answer.status


def _sideways(page: Page) -> int:
    width: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


@pytest.mark.parametrize(
    "turn", range(len(COMBINATIONS)), ids=lambda turn: "-".join(map(str, COMBINATIONS[turn][:2]))
)
def test_no_page_has_a_barrier_or_violates_the_policy(
    tab: Callable[..., Tab], house: Served, turn: int
) -> None:
    """Each page is opened in one combination; the combinations rotate over the list."""
    language, theme, size = COMBINATIONS[turn]
    axe, problems = Axe(), []
    mine = [page for number, page in enumerate(PAGES) if number % len(COMBINATIONS) == turn]
    tabs: dict[str | None, Tab] = {}
    for key, path in mine:
        if key not in tabs:
            tabs[key] = tab(key, size, reduced_motion="reduce")
            _choose(tabs[key].page, house, language, theme)
        page = tabs[key].page
        answer = page.goto(house.address + _fill(path, house))
        assert answer is not None
        assert answer.status == ODD.get(path, 200), f"{path} answers {answer.status}"
        expect(page.locator("h1").first).to_be_visible()
        assert page.locator("html").get_attribute("lang") == language, path
        assert page.locator("html").get_attribute("data-theme") == theme, path
        found = axe.run(page, options=RULES).response["violations"]
        problems += [
            f"{path}: {each['id']}: {node['target']} {node['failureSummary'][:200]}"
            for each in found
            for node in each["nodes"][:3]
        ]
        if _sideways(page) > 0:
            problems.append(f"{path}: scrolls sideways by {_sideways(page)} px at {size['width']} px")
    assert problems == []


def test_the_search_for_barriers_finds_one_and_the_browser_tells_of_a_violation(
    tab: Callable[..., Tab], house: Served
) -> None:
    mine = tab(None, PHONE)
    page = mine.go("/sign-in")
    page.evaluate("() => document.querySelector('main').append(document.createElement('img'))")
    found = Axe().run(page, options=RULES).response["violations"]
    assert "image-alt" in {each["id"] for each in found}
    page.evaluate("() => document.body.setAttribute('style', 'color: red')")
    page.evaluate(
        "() => { const one = document.createElement('script'); one.text = '1'; document.body.append(one); }"
    )
    expect(page.locator("h1").first).to_be_visible()
    assert mine.complaints
    mine.complaints.clear()


@pytest.mark.parametrize("path", ["/", "/boards", "/topics/{topic}", "/me"])
def test_pages_fit_320_pixels(tab: Callable[..., Tab], house: Served, path: str) -> None:
    page = tab("haruka", {"width": 320, "height": 640}).go(_fill(path, house))
    assert _sideways(page) <= 0


# interface.md, budgets: bytes as they are sent, first view, cache empty.
JAVASCRIPT, SHEET, TOPIC, FIRST_VIEW, REQUESTS = 30_000, 15_000, 8_000, 70_000, 8


@pytest.mark.parametrize(
    ("key", "path"),
    [(None, "/sign-in"), ("haruka", "/"), ("haruka", "/boards/square"), ("haruka", "/topics/{topic}")],
)
def test_a_first_view_is_light(tab: Callable[..., Tab], house: Served, key: str | None, path: str) -> None:
    mine, answers = tab(key, PHONE), []
    mine.page.on("response", lambda answer: answers.append(answer))
    mine.go(_fill(path, house))
    mine.page.wait_for_load_state("networkidle")
    elsewhere = [answer.url for answer in answers if not answer.url.startswith(house.address)]
    assert elsewhere == [], "no third-party request at all"
    sizes = {answer.url.removeprefix(house.address): _bytes(answer) for answer in answers}
    assert len(answers) <= REQUESTS, sizes
    assert sum(sizes.values()) <= FIRST_VIEW, sizes
    assert sum(size for url, size in sizes.items() if url.endswith(".js")) <= JAVASCRIPT, sizes
    assert sum(size for url, size in sizes.items() if url.endswith(".css")) <= SHEET, sizes


def _bytes(answer: Response) -> int:
    sizes: Any = answer.request.sizes()
    return int(sizes["responseBodySize"])


def test_a_topic_of_twenty_posts_is_light(house: Served) -> None:
    cookie, _csrf = house.cookie("haruka")
    answer = house.get(f"/topics/{house.world.topic_id}", Cookie=f"tsubomi={cookie}")
    text: str = answer.text  # type: ignore[attr-defined]
    assert text.count('<article class="post') == 20, "twenty posts are one page"
    assert len(gzip.compress(text.encode(), 4)) <= TOPIC


@pytest.mark.parametrize(
    "payload",
    [
        "<img src=x onerror=console.error('violated')>",
        "<base href=//evil.example>",
        "[x](javascript:alert(1))",
    ],
)
def test_what_somebody_injects_stays_text(tab: Callable[..., Tab], house: Served, payload: str) -> None:
    page = tab("haruka", PHONE).go("/boards/square/new")
    page.locator("[name=title]").fill(payload)
    page.locator("[name=body]").fill(payload)
    page.locator(".composer [type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(payload)
    assert page.locator(".prose img, base, .prose a[href^=javascript]").count() == 0


def test_everything_can_be_reached_with_the_keyboard(tab: Callable[..., Tab], house: Served) -> None:
    page = tab("haruka", PC).go(f"/topics/{house.world.topic_id}")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.getAttribute('href')") == "#main", (
        "first the way to the text"
    )
    page.keyboard.press("Enter")
    seen = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate("() => document.activeElement.getAttribute('name') || document.activeElement.type")
        )
    assert "body" in seen
    assert "submit" in seen

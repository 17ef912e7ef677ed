"""The page of a room in two real browsers: light, there before any script, and whole again after a tunnel."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from app.core.db import session
from app.core.operation import unit_of_work
from app.models import Member, Notice, Post
from tests.conftest import NOON
from tests.journeys.conftest import PC, PHONE, Tab
from tests.journeys.test_chat_protocol import open_room, truth
from tests.services.houses import Served, until

SCRIPTS_BYTES = (
    50_000  # brief of the chat page: all its scripts, as they are sent, with the client of Socket.IO
)


def write(page: Page, text: str) -> None:
    """Type it and send it with the button."""
    page.locator("form[data-write-room] [name=body]").fill(text)
    page.locator("form[data-write-room] .room-send").click()


def said(page: Page) -> list[str]:
    """The texts on the page, oldest first."""
    return [text.strip() for text in page.locator("[data-list] .say-text").all_inner_texts()]


def test_two_people_write_in_a_tunnel_and_read_the_same_afterwards(
    tab: Callable[..., Tab], house: Served
) -> None:
    room = open_room(house)
    tabs = [tab("haruka", PHONE), tab("sora", PC)]
    pages = [each.go(f"/rooms/{room}") for each in tabs]
    for page in pages:
        expect(page.locator("[data-link=live]")).to_be_attached()
    for each in tabs:
        each.context.set_offline(True)
    for name, page in zip(("はるか", "そら"), pages, strict=True):
        for number in range(3):
            write(page, f"{name}の{number}")
    for each in tabs:
        each.context.set_offline(False)
    expected = {f"{name}の{number}" for name in ("はるか", "そら") for number in range(3)}
    for page in pages:
        assert until(lambda page=page: set(said(page)) == expected, 30), said(page)
    order = [line.partition(" ")[2] for line in truth(house, room)]
    assert sorted(order) == sorted(expected)
    for page in pages:
        assert said(page) == order
        expect(page.locator("[data-waiting] .say")).to_have_count(0)
        page.reload()
        assert said(page) == order, "the server draws the same"


def test_the_page_of_a_room_is_there_without_a_script_and_its_scripts_are_small(
    tab: Callable[..., Tab], house: Served
) -> None:
    room = open_room(house)
    writer = tab("sora", PC).go(f"/rooms/{room}")
    write(writer, "部屋を見つけました")
    assert until(lambda: len(truth(house, room)) == 1)
    plain = tab("haruka", PHONE, java_script_enabled=False).go(f"/rooms/{room}")
    expect(plain.locator("[data-list] .say-text", has_text="部屋を見つけました")).to_be_visible()

    mine, answers = tab("haruka", PHONE), []
    mine.page.on("response", lambda answer: answers.append(answer))
    page = mine.go(f"/rooms/{room}")
    page.wait_for_load_state("networkidle")
    page.locator("form[data-write-room] [name=body]").click()
    page.wait_for_load_state("networkidle")
    scripts = {
        answer.url.removeprefix(house.address): int(answer.request.sizes()["responseBodySize"])
        for answer in list(answers)
        if answer.url.endswith(".js")
    }
    assert any("socket.io" in url for url in scripts)
    assert sum(scripts.values()) <= SCRIPTS_BYTES, scripts


def test_the_bell_counts_a_notice_that_comes_while_the_room_is_open(
    tab: Callable[..., Tab], house: Served
) -> None:
    page = tab("takumi", PC).go("/rules")
    badge = page.locator("[data-bell] .badge")
    before = badge.count()
    with house.app.app_context(), unit_of_work():
        post = session.scalars(select(Post).where(Post.is_first.is_(True), Post.hidden_at.is_(None))).first()
        assert post is not None
        takumi = house.world.takumi.id
        session.execute(update(Member).where(Member.id == takumi).values(version=Member.version + 1))
        session.add(Notice(member_id=takumi, kind="mention", post_id=post.id, made_at=NOON))
    files = page.locator("script[src*='js/app.js']").first.get_attribute("src") or ""
    bell = files.replace("js/app.js", "js/chat/bell.js")
    page.evaluate("async (bell) => (await import(bell)).refreshBell()", bell)
    expect(badge).to_have_count(1)
    assert before == 0

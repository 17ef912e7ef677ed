"""My rooms beside the open one, as at a desk: there without a script, and they say what is new in the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import PC, PHONE, Tab
from tests.journeys.test_chat_protocol import open_room
from tests.journeys.test_room_on_screen import enter, fill
from tests.services.houses import Served

OpenTab = Callable[..., Tab]


@pytest.fixture
def rooms(house: Served) -> tuple[str, str]:
    """Two rooms of Haruka and Sora."""
    return open_room(house), open_room(house)


def row(page: Page, room: str) -> Locator:
    """The room's row beside the open one, or in the list."""
    return page.locator(f".room-row:has([href='/rooms/{room}'])")


def test_at_a_desk_one_goes_from_room_to_room_with_the_list_beside(
    tab: OpenTab, house: Served, rooms: tuple[str, str]
) -> None:
    here, there = rooms
    fill(house, there, "どちらにしますか")
    page = tab("haruka", PC, java_script_enabled=False).go("/rooms")
    expect(page.get_by_text("一覧からルームを選ぶと、ここで話せます")).to_be_visible()
    listed = row(page, here).bounding_box()
    row(page, here).locator("a").click()
    expect(page.locator(".room-write")).to_be_visible()
    expect(page.locator(".room-row a[aria-current]")).to_have_attribute("href", f"/rooms/{here}")
    beside = row(page, here).bounding_box()
    assert listed is not None
    assert beside is not None
    assert (listed["x"], listed["width"]) == (beside["x"], beside["width"]), "the list stays where it was"
    row(page, there).locator("a").click()
    expect(page.locator("[data-list]")).to_contain_text("どちらにしますか")


def test_on_a_phone_there_is_the_list_or_the_room(
    tab: OpenTab, house: Served, rooms: tuple[str, str]
) -> None:
    page = enter(tab("haruka", PHONE), rooms[0])
    expect(page.locator(".room-side")).to_be_hidden()
    page.get_by_role("link", name="トークの一覧へ").click()
    expect(row(page, rooms[1])).to_be_visible()
    expect(page.get_by_text("一覧からルームを選ぶと、ここで話せます")).to_be_hidden()


def test_on_a_phone_the_list_says_what_is_new_when_one_comes_back_to_it(
    tab: OpenTab, house: Served, rooms: tuple[str, str]
) -> None:
    page = tab("haruka", PHONE).go("/rooms")
    expect(row(page, rooms[0])).to_be_visible()
    expect(row(page, rooms[0]).locator(".badge")).to_have_count(0)
    fill(house, rooms[0], "こちらにもどうぞ")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as every half minute
    expect(row(page, rooms[0]).locator(".badge [aria-hidden]")).to_have_text("1")
    expect(row(page, rooms[0])).to_contain_text("そら：こちらにもどうぞ")


def test_what_is_said_meanwhile_shows_beside_the_open_room(
    tab: OpenTab, house: Served, rooms: tuple[str, str]
) -> None:
    here, there = rooms
    mine = tab("haruka", PC)
    with mine.page.expect_response(lambda answer: "/api/rooms/heads" in answer.url and there in answer.url):
        page = enter(mine, here)
    expect(row(page, there).locator(".badge")).to_have_count(0)
    fill(house, there, "こちらにもどうぞ")
    page.evaluate("dispatchEvent(new Event('online'))")  # as every half minute
    expect(row(page, there).locator(".badge [aria-hidden]")).to_have_text("1")
    expect(row(page, there)).to_contain_text("そら：こちらにもどうぞ")
    expect(page.locator(".room-row a[aria-current]")).to_have_attribute("href", f"/rooms/{here}")


def test_what_is_said_here_is_the_last_word_beside_it_and_never_new(
    tab: OpenTab, house: Served, rooms: tuple[str, str]
) -> None:
    here, _there = rooms
    page = enter(tab("haruka", PC), here)
    writer = enter(tab("sora", PC), here)
    writer.locator("#body").fill("おはようございます")
    writer.get_by_role("button", name="送る", exact=True).click()
    expect(row(page, here)).to_contain_text("そら：おはようございます")
    expect(row(page, here).locator(".badge")).to_have_count(0)
    expect(page.locator(".room-row a[aria-current]")).to_have_attribute("href", f"/rooms/{here}")


def test_the_open_room_is_in_sight_in_a_long_list(tab: OpenTab, house: Served) -> None:
    rooms = [open_room(house) for _each in range(14)]
    for room in rooms:
        fill(house, room, "こんにちは")
    page = enter(tab("haruka", PC), rooms[0])
    expect(row(page, rooms[-1])).to_be_visible()
    expect(row(page, rooms[0])).to_be_in_viewport()

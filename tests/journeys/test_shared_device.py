"""A device two people use in turn: what one began is not there for the next."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.conftest import PC, Tab
from tests.services.houses import Served


def test_what_somebody_began_is_gone_from_the_device_once_another_person_is_signed_in(
    tab: Callable[..., Tab], house: Served
) -> None:
    """Also where the first was signed out by time or from elsewhere, so that no button was pressed."""
    device = tab("sora", PC)
    page = device.go("/boards/square/new")
    page.locator("[name=body]").fill("そらの書きかけ")
    expect(page.locator("[data-draft-state]")).to_have_text("下書きを保存しました")
    kept = "() => Object.values(localStorage).filter((text) => text.includes('そらの書きかけ')).length"
    assert page.evaluate(kept) == 1
    value, _csrf = house.cookie("haruka")
    device.context.add_cookies([{"name": "tsubomi", "value": value, "url": house.address, "httpOnly": True}])
    other = device.go("/boards")
    other.wait_for_function(f"({kept})() === 0")
    back = tab("sora", PC).go("/boards/square/new")
    expect(back.locator("[name=body]")).to_have_value("そらの書きかけ")

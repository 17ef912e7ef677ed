"""自己紹介 and 公開範囲 in a real browser: with a script the words come at once, without one nothing is missing."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.journeys.conftest import PC, PHONE, Tab

DEFAULT = "班に表示（人事には表示されません）"


def test_a_quiet_word_comes_while_one_types_and_goes_again(tab: Callable[..., Tab]) -> None:
    """And what is typed is saved all the same."""
    page = tab("sora", PHONE).go("/me/profile")
    word = page.locator("[data-nudge-for=topics]")
    expect(word).to_be_hidden()
    page.locator("[name=topics]").fill("090-1234-5678 に電話ください")
    expect(word).to_contain_text("連絡先は、書かないことをおすすめします")
    page.locator("[name=topics]").fill("健康診断の日程の話")
    expect(word).to_be_hidden()
    page.locator("[name=wish]").fill("通院しながらでも旅行")
    page.locator("main form[action='/me/profile'] button[type=submit]").click()
    expect(page.get_by_text("プロフィールを保存しました")).to_be_visible()
    expect(page.locator("[data-nudge-for=wish]")).to_contain_text("健康や体調のことは")
    expect(page.locator("[data-nudge-for=topics]")).to_be_hidden()


def test_the_chip_says_at_once_who_would_see_it_and_nothing_is_saved_yet(tab: Callable[..., Tab]) -> None:
    """Until the button is pressed."""
    page = tab("haruka", PHONE).go("/me/privacy")
    setting = page.locator("#wish")
    expect(setting.locator(".chip-audience")).to_have_text(DEFAULT)
    setting.get_by_text("変える").click()
    setting.get_by_label("同期").check()
    setting.get_by_label("社員まで").check()
    expect(setting.locator(".chip-audience")).to_have_text("同期・人事・社員に表示")
    page.reload()
    expect(page.locator("#wish .chip-audience")).to_have_text(DEFAULT)


def test_a_preset_is_looked_at_and_saved_without_any_script(tab: Callable[..., Tab]) -> None:
    """Three taps: the preset, what changes, save."""
    page = tab("ren", PC, java_script_enabled=False).go("/me/privacy")
    page.get_by_role("link", name="ひかえめ").click()
    expect(page.locator("#changes")).to_contain_text("自分だけに表示")
    page.locator("#changes").get_by_role("button", name="保存する").click()
    expect(page.get_by_text("公開範囲を保存しました")).to_be_visible()
    expect(page.locator("#wish .chip-audience")).to_have_text("自分だけに表示")

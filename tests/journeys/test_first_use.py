"""The whole first use: HR invites on a PC, a candidate accepts on a phone, writes, is answered, and is moderated."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from app.core.postal import shelf
from tests.conftest import PASSWORD
from tests.journeys.conftest import PC, PHONE, Tab
from tests.services.houses import Served, until

NEWCOMER = "newcomer@example.jp"


def _invite(page: Page) -> None:
    page.get_by_label("氏名").fill("髙﨑 みらい")
    page.locator("[name=mail]").fill(NEWCOMER)
    page.locator("[name=cohort]").select_option(label="2027年4月入社")
    page.get_by_role("button", name="招待を作成する").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("髙﨑 みらい")
    page.get_by_role("button", name="送信する").click()
    expect(page.get_by_role("status").or_(page.locator(".notice")).first).to_be_visible()


def _link_of_the_letter(folder: Path) -> str:
    def letters() -> list[str]:
        return [mail.text for mail in shelf(folder) if NEWCOMER in mail.to]

    assert until(lambda: bool(letters())), "no letter arrived in var/mail"
    found = re.search(r"/invitations/[a-z2-7]{26}", letters()[0])
    assert found is not None, letters()[0]
    return found[0]


def _accept(page: Page) -> None:
    page.get_by_role("link", name="はじめる").click()
    page.locator("[name=display_name]").fill("みらい")
    page.locator("label:has([name=bud])").nth(4).click()
    page.get_by_role("button", name="次へ").click()
    page.locator("[name=accepted]").check()
    page.get_by_role("button", name="次へ").click()
    page.locator("[name=pace][value=few]").check(force=True)
    page.get_by_role("button", name="次へ").click()
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登録してはじめる").click()
    expect(page.get_by_role("navigation").first).to_be_visible()


def test_from_an_invitation_to_a_moderated_reply(
    tab: Callable[..., Tab], house: Served, mail_folder: Path
) -> None:
    _invite(tab("jinji", PC).go("/hr/invitations/new"))
    link = _link_of_the_letter(mail_folder)

    phone = tab(None, PHONE)
    _accept(phone.go(link))
    page = phone.go("/boards/square")
    page.get_by_role("link", name="トピックをつくる").click()
    expect(page.get_by_text("名前で（みらい）")).to_be_visible()
    page.locator("[name=title]").fill("配属の前に読んでおく本")
    page.locator("[name=body]").fill("おすすめはありますか。\n**「研修」**の前に読みたいです。")
    page.get_by_role("button", name="投稿する").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("配属の前に読んでおく本")
    expect(page.locator(".prose strong")).to_have_text("「研修」")
    topic = page.url.partition("#")[0].removeprefix(house.address)

    employee = tab("takumi", PC).go(topic)
    employee.locator("[name=body]").fill("この本を読まないと困りますよ")
    employee.get_by_role("button", name="コメントする").click()
    expect(employee.get_by_text("この本を読まないと困りますよ")).to_be_visible()
    page.reload()
    expect(page.get_by_text("この本を読まないと困りますよ")).to_be_visible()

    moderator = tab("mod", PC).go(topic)
    moderator.get_by_label("この投稿でできること").last.click()
    moderator.get_by_role("link", name="非表示にする").last.click()
    moderator.locator("[name=reason]").fill("急がせる言い方になっているため")
    moderator.get_by_role("button", name="非表示にして、理由を知らせる").click()
    expect(moderator.get_by_text("急がせる言い方になっているため")).to_be_visible()

    page.reload()
    expect(page.get_by_text("この本を読まないと困りますよ")).to_have_count(0)
    employee.goto(house.address + topic)
    expect(employee.get_by_text("この本を読まないと困りますよ")).to_be_visible()
    expect(employee.get_by_text("急がせる言い方になっているため")).to_be_visible()

    # The link has done its work: nobody joins with it again.
    again = tab(None, PHONE).go(link)
    expect(again.get_by_role("link", name="はじめる")).to_have_count(0)


def test_what_is_being_written_survives_a_session_that_ends(tab: Callable[..., Tab], house: Served) -> None:
    mine = tab("sora", PHONE)
    page = mine.go(f"/topics/{house.world.topic_id}")
    page.locator("[name=body]").fill("書いている途中で切れても、なくならない文章")
    expect(page.locator("form[data-ready]")).to_be_attached()
    mine.context.clear_cookies()
    page.get_by_role("button", name="コメントする").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("サインインが切れています")
    expect(page.get_by_text("書いている途中で切れても、なくならない文章")).to_be_visible()
    page.goto(house.address + "/sign-in")
    page.locator("[name=email]").fill(house.world.sora.mail)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="サインイン").last.click()
    expect(page.get_by_role("navigation").first).to_be_visible()
    page.goto(f"{house.address}/topics/{house.world.topic_id}")
    expect(page.locator("[name=body]")).to_have_value("書いている途中で切れても、なくならない文章")


def test_reading_writing_and_settings_work_without_javascript(tab: Callable[..., Tab], house: Served) -> None:
    page = tab(None, PHONE, java_script_enabled=False).go("/sign-in?next=/boards/square")
    page.locator("[name=email]").fill(house.world.ren.mail)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="サインイン").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("みんなのひろば")
    page.get_by_role("link", name="トピックをつくる").click()
    page.locator("[name=title]").fill("スクリプトなしで書いた題")
    page.locator("[name=body]").fill("本文も届きます")
    page.get_by_role("button", name="投稿する").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("スクリプトなしで書いた題")
    page.locator("[name=body]").fill("")
    page.get_by_role("button", name="コメントする").click()
    page.goto(house.address + "/me/profile")
    page.locator("[name=display_name]").fill("れんれん")
    page.get_by_role("button", name="保存").first.click()
    page.goto(house.address + "/me")
    expect(page.get_by_role("main").get_by_text("れんれん")).to_be_visible()


def test_without_a_connection_a_page_says_so(tab: Callable[..., Tab], house: Served) -> None:
    mine = tab("haruka", PHONE, service_workers="allow")
    page = mine.go("/")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    mine.context.set_offline(True)
    page.goto(house.address + "/boards")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("body")).to_contain_text("通信")
    assert house.world.haruka.name not in page.content()
    mine.context.set_offline(False)
    page.goto(house.address + "/boards")
    expect(page.get_by_role("heading", level=1)).to_have_text("ひろば")

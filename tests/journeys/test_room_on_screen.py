"""A room as it feels: writing on a phone and at a desk, what is done with a message, reading on and reading back."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from app.chat import log
from app.core import clock
from app.core.db import session
from app.core.operation import unit_of_work
from app.core.text import RENDERER_VERSION, render_plain
from app.models import Message, MessageMention, Room, RoomReader
from app.policy import viewer_of
from tests.chat.conftest import new_key
from tests.journeys.conftest import PC, PHONE, Tab
from tests.journeys.test_chat_protocol import open_room
from tests.services.houses import Served, until

OpenTab = Callable[..., Tab]

HOLD = """(node, { across, held }) => {
  const box = node.querySelector(".say-main").getBoundingClientRect();
  const at = (x) => new Touch({ identifier: 1, target: node, clientX: box.x + 40 + x, clientY: box.y + 10 });
  const say = (type, touches) => node.querySelector(".say-main").dispatchEvent(
    new TouchEvent(type, { bubbles: true, cancelable: true, touches }));
  say("touchstart", [at(0)]);
  for (let x = 15; x <= across; x += 15) say("touchmove", [at(x)]);
  return new Promise((go) => setTimeout(() => go(say("touchend", [])), held));
}"""


WEIGH = """() => {
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (body) {
    window.sent = body.get("file").size;
    send.call(this, body);
  };
}"""


@pytest.fixture
def room(house: Served) -> str:
    """A new room of Haruka and Sora."""
    return open_room(house)


def fill(house: Served, room: str, *bodies: str, by: str = "sora") -> None:
    """Let somebody have said these, a minute apart, the last of them just now."""
    with house.app.app_context(), unit_of_work():
        room_id = session.query(Room.id).filter_by(public_id=room).scalar()
        viewer = viewer_of(house.world.people[by].id)
        for number, body in enumerate(bodies):
            seq = log.next_seq(room_id)
            message = Message(
                room_id=room_id,
                seq=seq,
                author_id=viewer.id,
                author_cohort_id=viewer.cohort_id,
                client_key=new_key(),
                body=body,
                body_html=render_plain(body),
                renderer_version=RENDERER_VERSION,
                sent_at=clock.now() - timedelta(minutes=len(bodies) - number),
            )
            session.add(message)
            session.flush()
            log.append(viewer, room_id, "message", seq=seq, message=message)


def enter(tab: Tab, room: str) -> Page:
    """Open the room and wait until its socket is there."""
    page = tab.go(f"/rooms/{room}")
    expect(page.locator("[data-link=live]")).to_be_attached()
    return page


def area(page: Page) -> Locator:
    """Where one writes."""
    return page.locator("#body")


def said(page: Page, words: str) -> Locator:
    """The message with these words, as the server gave it."""
    return page.locator("[data-list] .say").filter(has_text=words)


def open_menu(page: Page, words: str) -> Locator:
    """Open a message's menu with its button."""
    said(page, words).hover()
    said(page, words).locator(".say-more").click()
    return page.get_by_role("dialog")


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_one_says_is_there_at_once_and_reaches_the_other(tab: OpenTab, room: str) -> None:
    haruka, sora = enter(tab("haruka", PHONE), room), enter(tab("sora", PC), room)
    area(haruka).fill("はじめまして")
    haruka.get_by_role("button", name="送る", exact=True).click()
    expect(haruka.locator(".say.is-mine")).to_contain_text("はじめまして")
    expect(said(haruka, "はじめまして")).to_have_count(1)
    expect(haruka.locator("[data-waiting] .say")).to_have_count(0)
    expect(area(haruka)).to_have_value("")
    expect(area(haruka)).to_be_focused()
    expect(said(sora, "はじめまして")).to_contain_text("はるか")
    expect(sora.get_by_role("log")).to_contain_text("はるか はじめまして")
    expect(sora.locator(".say-empty")).to_have_count(0)


def test_enter_is_a_new_line_on_a_phone_and_sends_at_a_desk(tab: OpenTab, room: str) -> None:
    phone, desk = enter(tab("haruka", PHONE, is_mobile=True), room), enter(tab("sora", PC), room)
    area(phone).click()
    phone.keyboard.type("一行め")
    phone.keyboard.press("Enter")
    phone.keyboard.type("二行め")
    expect(area(phone)).to_have_value("一行め\n二行め")
    expect(phone.locator("[data-enter]")).to_be_hidden()
    area(desk).click()
    desk.keyboard.type("一行め")
    desk.keyboard.press("Shift+Enter")
    desk.keyboard.type("二行め")
    desk.keyboard.press("Enter")
    expect(said(desk, "二行め")).to_have_count(1)
    expect(area(desk)).to_have_value("")


def test_the_choice_of_enter_stays_on_the_device(tab: OpenTab, room: str) -> None:
    page = enter(tab("haruka", PC), room)
    page.get_by_label("Enterキーで送信").uncheck()
    page.reload()
    expect(page.get_by_label("Enterキーで送信")).not_to_be_checked()
    area(page).click()
    page.keyboard.type("一行め")
    page.keyboard.press("Enter")
    page.keyboard.type("二行め")
    expect(area(page)).to_have_value("一行め\n二行め")
    page.keyboard.press("Control+Enter")
    expect(said(page, "二行め")).to_have_count(1)


def test_an_input_method_that_composes_never_sends(tab: OpenTab, room: str) -> None:
    mine = tab("haruka", PC)
    page = enter(mine, room)
    area(page).click()
    devtools = mine.context.new_cdp_session(page)
    devtools.send("Input.imeSetComposition", {"text": "かな", "selectionStart": 2, "selectionEnd": 2})
    for code in (229, 13):  # 13 while it composes: as Firefox says it
        area(page).dispatch_event(
            "keydown", {"key": "Enter", "keyCode": code, "isComposing": True, "bubbles": True}
        )
    area(page).dispatch_event(
        "keydown", {"key": "Enter", "keyCode": 229, "isComposing": False, "bubbles": True}
    )
    page.wait_for_timeout(300)
    assert page.locator(".say").count() == 0, "Safari ends the composition before the key"
    devtools.send("Input.insertText", {"text": "仮名"})
    page.keyboard.press("Enter")
    expect(said(page, "仮名")).to_have_count(1)


def test_a_draft_waits_in_its_room_and_goes_with_the_message(tab: OpenTab, room: str, house: Served) -> None:
    mine = tab("haruka", PHONE)
    page = enter(mine, room)
    area(page).click()
    page.keyboard.type("書きかけ")
    page.wait_for_timeout(600)
    enter(mine, open_room(house))
    expect(area(page)).to_have_value("")
    enter(mine, room)
    expect(area(page)).to_have_value("書きかけ")
    expect(page.get_by_text("書きかけの下書きを戻しました")).to_be_visible()
    page.get_by_role("button", name="送る", exact=True).click()
    expect(said(page, "書きかけ")).to_have_count(1)
    page.wait_for_timeout(600)
    page.reload()
    expect(area(page)).to_have_value("")


def test_without_a_connection_the_bubble_waits_and_says_so(tab: OpenTab, room: str) -> None:
    mine = tab("haruka", PHONE)
    page = enter(mine, room)
    mine.context.set_offline(True)
    area(page).fill("トンネルの中")
    page.get_by_role("button", name="送る", exact=True).click()
    expect(page.locator("[data-waiting] span[data-state]")).to_have_text("送信待ち")
    expect(page.locator("[data-state-line]")).to_contain_text("つながると送られます")
    expect(page.locator(".toast")).to_have_count(0)
    mine.context.set_offline(False)
    expect(said(page, "トンネルの中")).to_have_count(1)
    expect(page.locator("[data-waiting] .say")).to_have_count(0)
    expect(page.locator("[data-state-line]")).to_be_hidden()


def test_what_was_refused_can_be_sent_again_or_taken_away(tab: OpenTab, room: str) -> None:
    mine = tab("haruka", PC)
    refusal = '{"ok": false, "code": "invalid", "message": "いまは送れません"}'
    mine.page.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    mine.page.route(
        f"**/api/rooms/{room}/messages",
        lambda route: (
            route.fulfill(status=422, content_type="application/json", body=refusal)
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    page = mine.go(f"/rooms/{room}")
    for words in ("一つめ", "二つめ"):
        area(page).fill(words)
        page.get_by_role("button", name="送る", exact=True).click()
    refused = page.locator("[data-state=refused]")
    expect(refused).to_have_count(2)
    expect(refused.first).to_contain_text("いまは送れません")
    expect(refused.first.locator("[data-state]")).to_have_text("再送できます")
    refused.first.get_by_role("button", name="取り消す").click()
    expect(refused).to_have_count(1)
    page.unroute(f"**/api/rooms/{room}/messages")
    refused.get_by_role("button", name="もう一度送る").click()
    expect(said(page, "二つめ")).to_have_count(1)
    expect(page.locator("[data-waiting] .say")).to_have_count(0)
    expect(page.get_by_text("一つめ")).to_have_count(0)


def test_a_stamp_is_one_tap(tab: OpenTab, room: str) -> None:
    haruka, sora = enter(tab("haruka", PHONE), room), enter(tab("sora", PHONE), room)
    haruka.get_by_role("button", name="スタンプ").click()
    haruka.get_by_role("button", name="了解です").click()
    expect(haruka.locator(".stamps")).to_be_hidden()
    expect(said(haruka, "了解です").locator(".stamp-art")).to_be_visible()
    expect(said(sora, "了解です").locator("use[href$='#understood']")).to_have_count(1)


def _photo() -> FilePayload:
    made = io.BytesIO()
    Image.effect_noise((3000, 1500), 60).convert("RGB").save(made, "JPEG", quality=95)
    return {"name": "写真.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()}


def test_a_photo_is_made_smaller_before_it_leaves_the_phone(tab: OpenTab, room: str) -> None:
    page = enter(tab("haruka", PHONE), room)
    photo = _photo()
    page.evaluate(WEIGH)
    page.locator("[data-pick]").set_input_files(photo)
    expect(page.locator(".attach-row")).to_have_count(1)
    expect(page.locator(".attach-row:is([data-state=ready], [data-state=working])")).to_have_count(1)
    assert page.evaluate("window.sent") < len(photo["buffer"]) * 0.7
    area(page).fill("駅の写真です")
    page.get_by_role("button", name="送る", exact=True).click()
    expect(said(page, "駅の写真です").locator(".say-files li")).to_have_count(1)
    expect(page.locator(".attach-row")).to_have_count(0)


def test_a_photo_comes_in_by_itself_for_those_who_read_along(tab: OpenTab, room: str, house: Served) -> None:
    haruka, sora = enter(tab("haruka", PHONE), room), enter(tab("sora", PC), room)
    haruka.locator("[data-pick]").set_input_files(_photo())
    expect(haruka.locator(".attach-row:is([data-state=ready], [data-state=working])")).to_have_count(1)
    haruka.get_by_role("button", name="送る", exact=True).click()
    for page in (sora, haruka):
        expect(page.locator("[data-list] .say-files img")).to_be_visible()
        expect(page.locator("[data-list] .say .file-row")).to_have_count(0)
        expect(page.locator("[data-list] .say-edited")).to_have_count(0)


# ── what is done with a message ──────────────────────────────────────────────────────────────────────────────


def test_a_long_press_opens_the_menu_and_a_short_one_does_not(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, "押される文章")
    page = enter(tab("haruka", PHONE), room)
    said(page, "押される文章").evaluate(HOLD, {"across": 0, "held": 100})
    expect(page.get_by_role("dialog")).to_have_count(0)
    said(page, "押される文章").evaluate(HOLD, {"across": 0, "held": 600})
    menu = page.get_by_role("dialog")
    expect(menu.get_by_role("button", name="返信")).to_be_visible()
    expect(menu.get_by_role("button", name="送信取消")).to_be_hidden()
    menu.get_by_role("button", name="閉じる").click()
    expect(menu).to_have_count(0)


def test_drawn_to_the_right_a_message_is_answered(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, "答えてほしい文章")
    page = enter(tab("haruka", PHONE), room)
    said(page, "答えてほしい文章").evaluate(HOLD, {"across": 30, "held": 50})
    expect(page.locator("[data-reply]")).to_be_hidden()
    said(page, "答えてほしい文章").evaluate(HOLD, {"across": 75, "held": 50})
    expect(page.locator("[data-reply]")).to_contain_text("答えてほしい文章")
    area(page).fill("答えです")
    page.get_by_role("button", name="送る", exact=True).click()
    answer = page.locator("[data-list] .say.is-mine").filter(has_text="答えです")
    expect(answer.locator(".say-quote")).to_contain_text("そら")
    expect(page.locator("[data-reply]")).to_be_hidden()
    answer.locator(".say-quote").click()
    expect(page.locator(".is-shown")).to_contain_text("答えてほしい文章")


def test_the_keyboard_reaches_the_menu_and_comes_back(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, "文章")
    page = enter(tab("haruka", PC), room)
    button = said(page, "文章").locator(".say-more")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_editing_leaves_the_draft_alone_and_reaches_everybody(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, "まちがい\nの文章", by="haruka")
    haruka, sora = enter(tab("haruka", PC), room), enter(tab("sora", PHONE), room)
    area(haruka).fill("書きかけ")
    open_menu(haruka, "まちがい").get_by_role("button", name="編集").click()
    sheet = haruka.get_by_role("dialog", name="メッセージを編集")
    expect(sheet.get_by_role("textbox")).to_have_value("まちがい\nの文章")
    sheet.get_by_role("textbox").fill("正しい\n文章")
    sheet.get_by_role("button", name="保存する").click()
    for page in (haruka, sora):
        expect(said(page, "正しい")).to_contain_text("編集済み")
        expect(said(page, "まちがい")).to_have_count(0)
    expect(area(haruka)).to_have_value("書きかけ")


def test_taking_back_asks_once_and_leaves_a_trace(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, "消したい文章", by="haruka")
    haruka, sora = enter(tab("haruka", PC), room), enter(tab("sora", PHONE), room)
    open_menu(haruka, "消したい文章").get_by_role("button", name="送信取消").click()
    asking = haruka.get_by_role("dialog", name="送信を取り消しますか")
    expect(asking.get_by_role("button", name="やめる")).to_be_focused()
    asking.get_by_role("button", name="送信を取り消す").click()
    for page in (haruka, sora):
        expect(page.locator("[data-list] .say-gone")).to_have_text("送信が取り消されました")
        expect(page.locator("[data-list]").get_by_text("消したい文章")).to_have_count(0)


def test_a_message_is_kept_and_let_go_from_its_menu(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, "集合は十時です", *(f"{number}番の文章です" for number in range(60)))
    page = enter(tab("haruka", PC), room)

    def press(words: str, act: str, other: str) -> None:
        menu = open_menu(page, words)
        expect(menu.get_by_role("button", name=other, exact=True)).to_be_hidden()
        menu.get_by_role("button", name=act, exact=True).click()

    press("59番の", "保存", "保存をやめる")
    expect(page.locator(".toast")).to_have_text("保存しました")
    page.locator("[data-scroll]").evaluate("(log) => (log.scrollTop = -log.scrollHeight)")
    press("集合は十時です", "保存", "保存をやめる")
    page.reload()
    press("59番の", "保存をやめる", "保存")
    expect(page.locator(".toast")).to_have_text("保存をやめました")
    page.locator("[data-scroll]").evaluate("(log) => (log.scrollTop = -log.scrollHeight)")
    expect(said(page, "集合は十時です")).to_have_attribute("data-saved", "")
    page.goto(page.url.replace(f"/rooms/{room}", "/me/saved?of=messages"))
    expect(page.get_by_text("59番の")).to_have_count(0)
    row = page.get_by_role("article").filter(has_text="集合は十時です")
    row.get_by_role("button", name="保存をやめる").click()
    expect(row).to_have_count(0)


def test_without_a_script_the_dots_lead_to_what_can_be_done(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, "集合は十時です")
    page = tab("haruka", PHONE, java_script_enabled=False).go(f"/rooms/{room}")
    said(page, "集合は十時です").get_by_label("このメッセージでできること").click()
    page.get_by_role("button", name="保存する").click()
    page.get_by_role("button", name="保存をやめる").click()
    expect(page.get_by_role("button", name="保存する")).to_be_visible()


def test_a_name_is_completed_while_editing_too(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, "十時に集合です", by="haruka")
    page = enter(tab("haruka", PC), room)
    open_menu(page, "十時に集合です").get_by_role("button", name="編集").click()
    sheet = page.get_by_role("dialog", name="メッセージを編集")
    sheet.get_by_role("textbox").press("End")
    page.keyboard.type(" @そ")
    sheet.get_by_role("option", name="そら").click()
    sheet.get_by_role("button", name="保存する").click()
    expect(said(page, "@そら")).to_contain_text("編集済み")
    with house.app.app_context():
        named = (
            session.query(MessageMention.member_id).join(Message).filter(Message.body.like("%@そら%")).all()
        )
        session.remove()
    assert house.world.sora.id in {key for (key,) in named}


def test_a_sign_is_counted_and_says_who_gave_it(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, "うれしい知らせ")
    haruka, sora = enter(tab("haruka", PC), room), enter(tab("sora", PHONE), room)
    open_menu(haruka, "うれしい知らせ").get_by_role("button", name="おめでとう").click()
    for page in (haruka, sora):
        expect(said(page, "うれしい知らせ").locator(".say-sign .reaction-count")).to_have_text("1")
    sora.locator(".say-signs summary").click()
    expect(sora.locator(".say-givers p")).to_contain_text("はるか")
    menu = open_menu(haruka, "うれしい知らせ")
    expect(menu.get_by_role("button", name="おめでとう")).to_have_attribute("aria-pressed", "true")
    menu.get_by_role("button", name="おめでとう").click()
    for page in (haruka, sora):
        expect(page.locator("[data-list] .say-signs")).to_have_count(0)


# ── reading on, reading back ─────────────────────────────────────────────────────────────────────────────────


def test_ones_own_signs_and_ones_own_name_stand_out(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, "@はるか おすすめはありますか。@はるか に聞きたいです", "だれでもどうぞ")
    haruka, sora = enter(tab("haruka", PC), room), enter(tab("sora", PC), room)
    expect(haruka.locator(".say.is-called")).to_have_text([re.compile("おすすめ")])
    expect(sora.locator(".say.is-called")).to_have_count(0)
    said(haruka, "だれでも").hover()
    said(haruka, "だれでも").locator(".say-more").click()
    haruka.get_by_role("button", name="応援").click()
    for page, count in ((haruka, 1), (sora, 0)):
        expect(said(page, "だれでも").locator(".say-sign")).to_have_count(1)
        expect(said(page, "だれでも").locator(".say-sign.is-mine")).to_have_count(count)
    haruka.reload()
    expect(said(haruka, "だれでも").locator(".say-sign.is-mine")).to_have_count(1)


def test_older_pages_come_in_without_moving_what_is_read(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, *(f"{number}番の文章です。\n二行めもあります。" for number in range(1, 161)))
    page = enter(tab("haruka", PHONE), room)
    expect(said(page, "160番の")).to_be_in_viewport()
    expect(said(page, "110番の")).to_have_count(0)
    page.locator("[data-scroll]").evaluate(
        "(log) => (log.scrollTop = -(log.scrollHeight - log.clientHeight - 1300))"
    )
    where = "() => [...document.querySelectorAll('[data-list] .say')].map((one) => [one.id, one.getBoundingClientRect().top]).filter(([, top]) => top > 100)[0]"
    page.wait_for_timeout(100)
    with page.expect_response("**/messages?before=*"):
        page.locator("[data-scroll]").evaluate("(log) => (log.scrollTop -= 200)")
        name, top = page.evaluate(where)
    expect(said(page, "100番の")).to_have_count(1)
    moved = page.evaluate("(id) => document.getElementById(id).getBoundingClientRect().top", name)
    assert abs(moved - top) <= 2
    assert page.locator(".say-day").count() <= 2, "a day is named once"


def test_who_reads_back_is_told_of_what_is_new_and_not_moved(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, *(f"{number}番の文章です" for number in range(1, 41)))
    haruka, sora = enter(tab("haruka", PHONE), room), enter(tab("sora", PC), room)
    haruka.locator("[data-scroll]").evaluate("(log) => (log.scrollTop = -900)")
    haruka.wait_for_timeout(100)
    before = said(haruka, "15番の").bounding_box()
    area(sora).fill("新しい知らせ")
    sora.keyboard.press("Enter")
    jump = haruka.get_by_role("button", name="最新のメッセージへ")
    expect(jump).to_contain_text("新しいメッセージ 1件")
    after = said(haruka, "15番の").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) <= 2
    jump.click()
    expect(said(haruka, "新しい知らせ")).to_be_in_viewport()
    expect(jump).to_be_hidden()


def _bookmark(house: Served, room: str, key: str) -> int:
    with house.app.app_context():
        found = (
            session.query(RoomReader.bookmark_seq)
            .join(Room, Room.id == RoomReader.room_id)
            .filter(Room.public_id == room, RoomReader.member_id == house.world.people[key].id)
            .scalar()
        )
        session.remove()
        return int(found or 0)


def test_the_bookmark_moves_with_what_was_on_the_screen_only(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, *(f"{number}番の文章です" for number in range(1, 41)))
    page = enter(tab("haruka", PHONE), room)
    assert until(lambda: _bookmark(house, room, "haruka") > 0)
    first = _bookmark(house, room, "haruka")
    page.locator("[data-scroll]").evaluate("(log) => (log.scrollTop = -1200)")
    page.wait_for_timeout(300)
    fill(house, room, "あとから届いた文章")
    sora = enter(tab("sora", PC), room)
    area(sora).fill("さらに")
    sora.keyboard.press("Enter")
    expect(said(page, "さらに")).to_have_count(1)
    page.wait_for_timeout(2000)
    assert _bookmark(house, room, "haruka") == first, "it was never on the screen"
    page.get_by_role("button", name="最新のメッセージへ").click()
    assert until(lambda: _bookmark(house, room, "haruka") > first)


def test_whoever_comes_back_begins_where_they_stopped(tab: OpenTab, room: str, house: Served) -> None:
    fill(house, room, "前に読んだ文章")
    mine = tab("haruka", PHONE)
    enter(mine, room)
    assert until(lambda: _bookmark(house, room, "haruka") > 0)
    mine.go("/rooms")
    fill(house, room, *(f"{number}番の文章です" for number in range(1, 31)))
    page = enter(mine, room)
    expect(page.get_by_text("ここから新しいメッセージ")).to_be_in_viewport()
    expect(said(page, "1番の").first).to_be_in_viewport()
    expect(said(page, "30番の")).not_to_be_in_viewport()


@pytest.mark.parametrize("size", [PHONE, PC, {"width": 320, "height": 568}])
def test_a_room_fits_the_screen(tab: OpenTab, room: str, house: Served, size: dict[str, int]) -> None:
    fill(house, room, "https://example.jp/" + "a" * 300, "あ" * 900, "短い")
    page = enter(tab("haruka", size), room)
    wide, high = page.evaluate(
        "[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"
    )
    assert wide <= 0
    assert high <= 0
    assert page.locator("[data-scroll]").evaluate("(log) => log.scrollWidth <= log.clientWidth")
    expect(area(page)).to_be_in_viewport()


def test_without_a_script_the_form_sends(tab: OpenTab, room: str, house: Served) -> None:
    page = tab("haruka", PHONE, java_script_enabled=False).go(f"/rooms/{room}")
    expect(page.locator("noscript .room-foot")).to_contain_text("画面を読み込み直すと表示されます")
    expect(page.locator("[data-stamps-open]")).to_be_hidden()
    page.locator("#body").fill("スクリプトなしで")
    page.get_by_role("button", name="送る", exact=True).click()
    expect(page.locator("[data-list] .say.is-mine")).to_contain_text("スクリプトなしで")


# interface.md: chat on its first view, cache empty; bytes as they are sent.
JAVASCRIPT, SHEET = 50_000, 15_000


def test_the_first_view_of_a_room_is_light(tab: OpenTab, room: str, house: Served) -> None:
    mine, answers = tab("haruka", PHONE), []
    mine.page.on("response", lambda answer: answers.append(answer))
    enter(mine, room)
    mine.page.wait_for_timeout(500)
    sizes = {
        answer.url: answer.request.sizes()["responseBodySize"]
        for answer in answers
        if answer.url.endswith((".js", ".css"))
    }
    assert sum(size for url, size in sizes.items() if url.endswith(".js")) <= JAVASCRIPT, sizes
    assert sum(size for url, size in sizes.items() if url.endswith(".css")) <= SHEET, sizes

"""Two real browsers in one room: whatever happens to the way between, nothing is lost, nothing is there twice, one order.

The protocol of static/js/chat is opened on a light page, without the page of a room around it: what is shown here is
the list of what it told, in its order.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute
from sqlalchemy import select, update

from app.core.db import session
from app.core.operation import unit_of_work
from app.models import Member, Message, Room, RoomEvent, RoomMember
from tests.journeys.conftest import ARGUMENTS, PC, Tab
from tests.services.houses import Served, serving, started, until, wait_until_alive

PEOPLE = ("haruka", "sora")
LONG = 30  # seconds; backing off may take its time

OPEN = """async ({ room, files, lateness }) => {
  if (lateness) {
    const There = Date;
    window.Date = class extends There {
      constructor(...given) { given.length ? super(...given) : super(There.now() + lateness); }
      static now() { return There.now() + lateness; }
    };
  }
  const { openChat } = await import(files + "js/chat/session.js");
  const found = await (await fetch(`/api/rooms/${room}/messages`)).json();
  const words = (message) => `${message.id} ${message.body}`;
  const pageOf = ({ items }) => items.filter(({ type }) => type === "message").map(({ message }) => words(message));
  Object.assign(window, { shown: pageOf(found), items: [], states: [], resets: 0, twice: 0 });
  window.chat = openChat({
    roomId: room,
    me: document.body.dataset.person,
    epoch: found.epoch,
    have: found.head,
    csrf: document.querySelector("[name=csrf_token]").value,
    onItems: (items) => (window.items = items),
    onState: (name, { kept }) => states.push(kept ? name : `${name}, not kept`),
    onReset: (page) => { resets += 1; shown.splice(0, shown.length, ...pageOf(page)); },
    onEvent: (event) => {
      if (event.kind !== "message") return;
      if (shown.includes(words(event.message))) twice += 1;
      shown.push(words(event.message));
    },
  });
}"""


class Chat:
    """One open page of a room."""

    def __init__(self, page: Page, house: Served, room: str, lateness: int = 0) -> None:
        self.page, self.house, self.room, self.lateness = page, house, room, lateness
        self.open()

    def open(self) -> None:
        """Go there, also again."""
        self.page.goto(self.house.address + "/rules")
        files = self.page.locator("script[src*='js/app.js']").first.get_attribute("src") or ""
        given = {"room": self.room, "files": files.removesuffix("js/app.js"), "lateness": self.lateness}
        self.page.evaluate(OPEN, given)

    def send(self, *bodies: str) -> None:
        """Write these, one after the other, without waiting."""
        self.page.evaluate("(bodies) => bodies.forEach((body) => chat.send({ body }))", list(bodies))

    def becomes(self, state: str, seconds: float = LONG) -> None:
        """Return when the page says that it is in this state."""
        assert until(lambda: self.ask("states.at(-1)") == state, seconds), self.ask("states")

    def ask(self, words: str) -> Any:
        """What a piece of JavaScript gives on this page."""
        return self.page.evaluate(words)

    def is_saved(self, count: int) -> None:
        """Return when so many messages lie on the shelf of this browser."""
        counted = """async () => {
          const open = indexedDB.open("outbox");
          const shelf = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
          if (!shelf.objectStoreNames.length) return 0;
          const rows = shelf.transaction("rows").objectStore("rows").count();
          const count = await new Promise((resolve) => (rows.onsuccess = () => resolve(rows.result)));
          shelf.close();
          return count;
        }"""
        assert until(lambda: self.ask(counted) == count), self.ask(counted)


def open_room(house: Served) -> str:
    """A new small room of Haruka and Sora; gives its public id."""
    with house.app.app_context(), unit_of_work():
        members = [house.world.people[key].id for key in PEOPLE]
        room = Room(kind="small", name="ふたりの部屋", owner_id=members[0])
        session.add(room)
        session.flush()
        session.add_all(RoomMember(room_id=room.id, member_id=member_id) for member_id in members)
        for member in session.scalars(select(Member).where(Member.id.in_(members))):
            member.version += 1
        return room.public_id


def truth(house: Served, room: str) -> list[str]:
    """What the database says was said, in its order."""
    wanted = (
        select(Message.public_id, Message.body)
        .join(RoomEvent, RoomEvent.message_id == Message.id)
        .join(Room, Room.id == Message.room_id)
        .where(Room.public_id == room, RoomEvent.kind == "message")
        .order_by(RoomEvent.seq)
    )
    with house.app.app_context():
        found = [f"{key} {body}" for key, body in session.execute(wanted)]
        session.rollback()
        return found


def all_have_all(house: Served, chats: list[Chat], bodies: set[str]) -> None:
    """Every page shows each of these exactly once, in the order of the database, and nothing waits any more."""
    room = chats[0].room
    for chat in chats:
        assert until(
            lambda chat=chat: not chat.ask("items") and len(chat.ask("shown")) >= len(bodies), LONG
        ), (
            chat.ask("({ shown, items, states })"),
            truth(house, room),
        )
    order = truth(house, room)
    assert sorted(line.partition(" ")[2] for line in order) == sorted(bodies)
    for chat in chats:
        assert chat.ask("shown") == order
        assert chat.ask("twice") == 0


@pytest.fixture
def room(house: Served) -> str:
    return open_room(house)


@pytest.fixture
def chat(tab: Callable[..., Tab], house: Served, room: str) -> Callable[..., Chat]:
    """Opens the room in a browser of somebody."""

    def open_chat(key: str, lateness: int = 0) -> Chat:
        return Chat(tab(key, PC).page, house, room, lateness)

    return open_chat


def test_what_two_people_write_without_a_connection_is_there_for_both_in_the_same_order(
    house: Served, chat: Callable[..., Chat]
) -> None:
    both = [chat(key) for key in PEOPLE]
    for each in both:
        each.becomes("live")
        each.page.context.set_offline(True)
        each.becomes("offline")
    bodies = [[f"{key} {number}" for number in range(4)] for key in PEOPLE]
    for each, mine in zip(both, bodies, strict=True):
        each.send(*mine)
        assert [item["body"] for item in each.ask("items")] == mine
        assert {item["state"] for item in each.ask("items")} == {"waiting"}
    for each in reversed(both):
        each.page.context.set_offline(False)
    all_have_all(house, both, {*bodies[0], *bodies[1]})
    order = [line.partition(" ")[2] for line in truth(house, both[0].room)]
    for mine in bodies:
        assert [body for body in order if body in mine] == mine, "each in the order it was written"


def test_a_reload_loses_nothing_of_what_was_not_sent_yet(house: Served, chat: Callable[..., Chat]) -> None:
    mine, other = chat("haruka"), chat("sora")
    mine.becomes("live")
    mine.page.context.set_offline(True)
    mine.send("一", "二", "三")
    mine.is_saved(3)
    mine.page.context.set_offline(False)
    mine.open()
    all_have_all(house, [mine, other], {"一", "二", "三"})
    mine.is_saved(0)


class LastingBrowser:
    """A browser of Haruka that keeps its profile on the disk, and can be killed."""

    def __init__(self, chromium: Browser, house: Served, folder: Path) -> None:
        self.chromium, self.house, self.folder = chromium, house, folder
        self.context: BrowserContext | None = None

    def open(self) -> Page:
        """Start it, with what it kept."""
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        self.context = self.chromium.browser_type.launch_persistent_context(
            self.folder, executable_path=program, args=ARGUMENTS, service_workers="block"
        )
        value, _csrf = self.house.cookie("haruka")
        self.context.add_cookies(
            [{"name": "tsubomi", "value": value, "url": self.house.address, "httpOnly": True}]
        )
        return self.context.new_page()

    def kill(self) -> None:
        """As an empty battery does it: at once, without a word."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if f"--user-data-dir={self.folder}" in (process / "cmdline").read_text():
                    os.kill(int(process.name), signal.SIGKILL)
            except (OSError, UnicodeDecodeError):
                continue  # ended meanwhile

    def close(self) -> None:
        """End it in an orderly way."""
        if self.context is not None:
            self.context.close()


@pytest.fixture
def lasting_browser(chromium: Browser, house: Served, tmp_path: Path) -> Iterator[LastingBrowser]:
    browser = LastingBrowser(chromium, house, tmp_path / "profile")
    yield browser
    browser.close()


def test_a_killed_browser_sends_when_it_is_opened_again(
    house: Served, chat: Callable[..., Chat], room: str, lasting_browser: LastingBrowser
) -> None:
    other = chat("sora")
    mine = Chat(lasting_browser.open(), house, room)
    mine.becomes("live")
    mine.page.context.set_offline(True)
    mine.send("トンネルで書いた", "つづき")
    mine.is_saved(2)
    lasting_browser.kill()
    again = Chat(lasting_browser.open(), house, room)
    all_have_all(house, [again, other], {"トンネルで書いた", "つづき"})


def test_where_sockets_are_blocked_messages_go_both_ways_over_plain_http(
    tab: Callable[..., Tab], house: Served, chat: Callable[..., Chat], room: str
) -> None:
    blocked_tab = tab("haruka", PC)
    blocked_tab.context.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    blocked, other = Chat(blocked_tab.page, house, room), chat("sora")
    other.becomes("live")
    blocked.send("届きますか")
    other.send("届いています")
    blocked.becomes("polling")
    all_have_all(house, [blocked, other], {"届きますか", "届いています"})
    other.send("返事")
    all_have_all(house, [blocked, other], {"届きますか", "届いています", "返事"})
    assert "live" not in blocked.ask("states")


def meddle(socket: WebSocketRoute) -> None:
    """Passes what the page says on to the server, but of what is pushed to it loses some, doubles some, swaps some."""
    server, held, count = socket.connect_to_server(), [], itertools.count()

    def deliver(frame: str | bytes) -> None:
        if '"room:event"' not in str(frame):
            return socket.send(frame)
        turn = next(count) % 4
        if turn == 0:
            return None
        if turn == 1:
            return held.append(frame)
        for each in (frame, frame, *held):
            socket.send(each)
        held.clear()

    server.on_message(deliver)


def test_pushes_that_are_lost_doubled_or_out_of_turn_change_nothing(
    tab: Callable[..., Tab], house: Served, chat: Callable[..., Chat], room: str
) -> None:
    reading = tab("sora", PC)
    reading.context.route_web_socket("**/socket.io/**", meddle)
    reader, writer = Chat(reading.page, house, room), chat("haruka")
    for each in (reader, writer):
        each.becomes("live")
    bodies = [f"{number}つめ" for number in range(10)]
    for body in bodies:
        writer.send(body)
        assert until(lambda: not writer.ask("items"))
    writer.send("さいご", "さいごのつぎ")
    all_have_all(house, [reader, writer], {*bodies, "さいご", "さいごのつぎ"})
    assert "polling" not in reader.ask("states"), "over the socket"


def test_a_clock_that_is_wrong_by_a_day_changes_nothing(house: Served, chat: Callable[..., Chat]) -> None:
    late, early = chat("haruka", -86_400_000), chat("sora", 86_400_000)
    for each in (late, early):
        each.becomes("live")
    bodies = set()
    for number in range(3):
        for name, each in (("きのう", late), ("あした", early)):
            each.send(f"{name} {number}")
            bodies.add(f"{name} {number}")
    all_have_all(house, [late, early], bodies)
    late.open()
    all_have_all(house, [late, early], bodies)


def test_two_tabs_of_one_browser_send_each_message_once(
    house: Served, tab: Callable[..., Tab], room: str
) -> None:
    first_tab = tab("haruka", PC)
    first = Chat(first_tab.page, house, room)
    second = Chat(first_tab.context.new_page(), house, room)
    bodies = {f"タブ {number}" for number in range(6)}
    for number, body in enumerate(sorted(bodies)):
        (first, second)[number % 2].send(body)
    all_have_all(house, [first, second], bodies)
    first_tab.context.set_offline(True)
    first.send("閉じる前に書いた")
    assert until(lambda: [item["body"] for item in second.ask("items")] == ["閉じる前に書いた"])
    first.page.close()
    first_tab.context.set_offline(False)
    all_have_all(house, [second], {*bodies, "閉じる前に書いた"})


def test_what_the_server_refuses_waits_for_the_person_and_holds_up_nothing(
    house: Served, chat: Callable[..., Chat]
) -> None:
    mine = chat("haruka")
    mine.becomes("live")
    mine.send(" ", "次の文章", "あ" * 4_001)
    assert until(lambda: [item["state"] for item in mine.ask("items")] == ["refused", "refused"])
    blank, long = mine.ask("items")
    assert "入力してください" in blank["sentence"]
    assert "4,000文字以内" in long["sentence"]
    mine.open()
    assert until(lambda: [item["state"] for item in mine.ask("items")] == ["refused", "refused"])
    mine.page.evaluate("(key) => chat.retry(key)", long["key"])
    assert until(lambda: [item["state"] for item in mine.ask("items")] == ["refused", "refused"])
    for item in (blank, long):
        mine.page.evaluate("(key) => chat.cancel(key)", item["key"])
    all_have_all(house, [mine], {"次の文章"})
    mine.is_saved(0)


def test_a_browser_that_keeps_nothing_says_so_and_sends_all_the_same(
    house: Served, tab: Callable[..., Tab], room: str
) -> None:
    private = tab("haruka", PC)
    private.context.add_init_script("indexedDB.open = () => { throw new Error('refused'); };")
    mine = Chat(private.page, house, room)
    mine.becomes("live, not kept")
    mine.send("残らない", "けれど届く")
    all_have_all(house, [mine], {"残らない", "けれど届く"})


def test_signing_out_takes_what_was_not_sent_from_the_device(
    tab: Callable[..., Tab], house: Served, room: str
) -> None:
    device = tab("haruka", PC, reduced_motion="reduce")
    device.context.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    mine = Chat(device.page, house, room)
    mine.page.route("**/api/rooms/*/messages", lambda route: route.abort())
    mine.send("送らずに去る")
    mine.is_saved(1)
    mine.page.goto(house.address + "/me")
    mine.page.wait_for_load_state("networkidle")
    mine.page.get_by_role("button", name="サインアウト").click()
    mine.page.wait_for_url("**/sign-in**")
    shelves = "indexedDB.databases().then((all) => all.map(({ name }) => name))"
    assert until(lambda: mine.ask(shelves) == [])
    assert truth(house, room) == []


def test_nothing_is_sent_in_the_name_of_the_next_person_on_the_device(
    house: Served, chat: Callable[..., Chat]
) -> None:
    mine = chat("haruka")
    mine.becomes("live")
    mine.page.context.set_offline(True)
    mine.send("はるかの言葉")
    mine.is_saved(1)
    value, _csrf = house.cookie("sora")
    mine.page.context.add_cookies(
        [{"name": "tsubomi", "value": value, "url": house.address, "httpOnly": True}]
    )
    mine.page.context.set_offline(False)
    mine.becomes("ended")
    theirs = Chat(mine.page.context.new_page(), house, mine.room)
    theirs.becomes("live")
    theirs.send("そらの言葉")
    all_have_all(house, [theirs], {"そらの言葉"})
    theirs.is_saved(0)


def test_whoever_leaves_a_room_or_signs_out_elsewhere_is_told(
    house: Served, chat: Callable[..., Chat]
) -> None:
    mine, other = chat("haruka"), chat("sora")
    for each in (mine, other):
        each.becomes("live")
    with house.app.app_context(), unit_of_work():
        member = session.get_one(Member, house.world.haruka.id)
        session.execute(
            update(RoomMember)
            .where(
                RoomMember.room_id == Room.id, Room.public_id == mine.room, RoomMember.member_id == member.id
            )
            .values(left_seq=0)
        )
        member.version += 1
    mine.page.evaluate("dispatchEvent(new Event('online'))")
    mine.becomes("gone")
    other.page.context.clear_cookies()
    other.page.evaluate("() => chat.pin('')")
    other.becomes("ended")


@pytest.fixture
def fragile_house(tmp_path: Path) -> Iterator[Served]:
    """A house whose server may be killed."""
    with serving(tmp_path, f"sqlite:///{tmp_path / 'tsubomi.db'}", TSUBOMI_DEVELOPMENT="1") as served:
        yield served


def test_a_server_that_is_killed_in_mid_sentence_loses_nothing_and_doubles_nothing(
    fragile_house: Served, chromium: Browser
) -> None:
    house, room = fragile_house, open_room(fragile_house)
    contexts = [chromium.new_context() for _ in PEOPLE]
    chats = []
    for key, context in zip(PEOPLE, contexts, strict=True):
        value, _csrf = house.cookie(key)
        context.add_cookies([{"name": "tsubomi", "value": value, "url": house.address, "httpOnly": True}])
        chats.append(Chat(context.new_page(), house, room))
    for each in chats:
        each.becomes("live")
    bodies = set()
    for key, each in zip(PEOPLE, chats, strict=True):
        mine = [f"{key} {number}" for number in range(6)]
        each.send(*mine)
        bodies |= {*mine}
    kill_with_workers(house)
    for each in chats:
        each.send("止まっているあいだ" + str(chats.index(each)))
    bodies |= {"止まっているあいだ0", "止まっているあいだ1"}
    with (house.folder / "server.log").open("ab") as log, started(house.environ, log) as process:
        house.process = process
        wait_until_alive(house)
        all_have_all(house, chats, bodies)
    for context in contexts:
        context.close()


def kill_with_workers(house: Served) -> None:
    """kill -9, the master first, so that it starts no new worker."""
    workers = Path(f"/proc/{house.process.pid}/task/{house.process.pid}/children").read_text().split()
    for pid in (house.process.pid, *map(int, workers)):
        os.kill(pid, signal.SIGKILL)
    house.process.wait()

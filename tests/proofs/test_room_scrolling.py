"""Reading back through ten thousand messages in Chromium: nothing that is read moves, and the page does not grow.

How long the frames take depends on the machine: they are printed (`-s` shows them), and only what must hold anywhere fails.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from app.core import clock
from app.core.db import session
from app.core.operation import unit_of_work
from app.core.text import RENDERER_VERSION, render_plain
from app.models import Message, Room, RoomEvent
from tests.chat.conftest import new_key
from tests.journeys.conftest import PHONE, Tab, house, tab  # noqa: F401 - fixtures of this proof too
from tests.journeys.test_chat_protocol import open_room
from tests.services.houses import Served

MESSAGES = 10_000
PAGES = 100  # of 50, loaded by reading back
MOST_ELEMENTS = 12_000  # in the document, whatever was read: a page of fifty messages has about 2,000
MOST_JUMP = 2  # pixels
STEP = 120  # pixels a frame: a hard flick

# Runs through the debugging protocol, so the page's own policy stays as it is. Each frame goes up by a fixed step, as a
# flick on a phone does, and looks whether the words in the middle of the screen moved by exactly that step (their foot: a
# message that turns out to go on loses the name above it).
READ_BACK = """async ({ pages, step }) => {
  const log = document.querySelector("[data-scroll]");
  const list = log.querySelector("[data-list]");
  const older = document.querySelector("[data-older]");
  const frame = () => new Promise((go) => requestAnimationFrame(go));
  const middle = () => {
    const box = log.getBoundingClientRect();
    return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)?.closest(".say, .say-note, .say-day");
  };
  const seen = { frames: [], jumps: [], elements: [], loaded: 0, waited: 0 };
  let before = await frame();
  let oldest = older.dataset.older;
  while (seen.loaded < pages && older.dataset.older) {
    const held = middle();
    const [foot, place] = [held?.getBoundingClientRect().bottom, log.scrollTop];
    log.scrollTop -= step;
    const now = await frame();
    seen.frames.push(now - before);
    before = now;
    if (log.scrollTop === place) seen.waited += 1;
    if (held?.isConnected) seen.jumps.push(Math.abs(held.getBoundingClientRect().bottom - foot - (place - log.scrollTop)));
    if (older.dataset.older !== oldest) {
      oldest = older.dataset.older;
      seen.loaded += 1;
      seen.elements.push(document.querySelectorAll("*").length);
    }
  }
  return seen;
}"""

STAND_STILL = """async () => {
  const log = document.querySelector("[data-scroll]");
  const box = log.getBoundingClientRect();
  const held = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2).closest(".say, .say-note");
  const tops = [];
  for (const end = performance.now() + 1500; performance.now() < end; ) {
    await new Promise((go) => requestAnimationFrame(go));
    tops.push(held.getBoundingClientRect().top);
  }
  return Math.max(...tops) - Math.min(...tops);
}"""


def plant(served: Served, room: str, count: int) -> None:
    """Let two people have talked for weeks: short words, long ones, runs of one person, many days."""
    with served.app.app_context(), unit_of_work():
        room_id = session.scalars(select(Room.id).where(Room.public_id == room)).one()
        people = [served.world.haruka.id, served.world.sora.id]
        april, begun = served.world.april.id, clock.now() - timedelta(minutes=count)
        rows = []
        for number in range(1, count + 1):
            body = f"{number}番の文章です。" + "研修の日は、駅から歩いて10分ほどでした。" * (number % 7)
            rows.append(
                {
                    "room_id": room_id,
                    "seq": number * 10,
                    "author_id": people[number // 3 % 2],
                    "author_cohort_id": april,
                    "client_key": new_key(),
                    "body": body,
                    "body_html": render_plain(body),
                    "renderer_version": RENDERER_VERSION,
                    "sent_at": begun + timedelta(minutes=number),
                }
            )
        session.execute(insert(Message), rows)
        said = session.execute(
            select(Message.id, Message.seq, Message.author_id, Message.sent_at).where(
                Message.room_id == room_id
            )
        )
        session.execute(
            insert(RoomEvent),
            [
                {
                    "room_id": room_id,
                    "seq": one.seq,
                    "kind": "message",
                    "message_id": one.id,
                    "actor_id": one.author_id,
                    "actor_cohort_id": april,
                    "author_id": one.author_id,
                    "author_cohort_id": april,
                    "payload": {},
                    "created_at": one.sent_at,
                }
                for one in said
            ],
        )
        session.get_one(Room, room_id).newest_seq = count * 10


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@pytest.mark.timeout(600)
def test_ten_thousand_messages_are_read_back_without_a_jump_in_a_page_that_does_not_grow(
    house: Served,  # noqa: F811
    tab: Callable[..., Tab],  # noqa: F811
) -> None:
    room = open_room(house)
    plant(house, room, MESSAGES)
    page = tab("haruka", PHONE).go(f"/rooms/{room}")
    page.set_default_timeout(0)
    watcher = page.context.new_cdp_session(page)
    watcher.send("Performance.enable")
    seen: dict[str, Any] = page.evaluate(READ_BACK, {"pages": PAGES, "step": STEP})
    still: float = page.evaluate(STAND_STILL)
    metrics = {one["name"]: one["value"] for one in watcher.send("Performance.getMetrics")["metrics"]}
    frames = seen["frames"]
    print(
        f"\n{seen['loaded']} pages, {len(frames)} frames ({seen['waited']} at the top): median {percentile(frames, 0.5):.1f} ms,"
        f" p95 {percentile(frames, 0.95):.1f}, p99 {percentile(frames, 0.99):.1f}, longest {max(frames):.0f};"
        f" {sum(each > 25 for each in frames) / len(frames):.2%} over 25 ms; elements at most {max(seen['elements'])};"
        f" largest jump {max(seen['jumps']):.1f} px; heap {metrics['JSHeapUsedSize'] / 2**20:.0f} MB"
    )
    assert seen["loaded"] >= PAGES - 1
    assert max(seen["jumps"]) <= MOST_JUMP
    assert still <= MOST_JUMP
    assert max(seen["elements"]) <= MOST_ELEMENTS

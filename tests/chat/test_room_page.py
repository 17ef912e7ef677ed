"""The page of a room: what stands on it before any script runs, for each who opens it."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, update

from app.chat.page import queries as page_queries
from app.core import clock
from app.core.db import session
from app.models import STAMPS, Message, Room, RoomEvent, RoomReader
from tests.chat.conftest import PlantedRoom, PlantRoom, new_key, say, send_json
from tests.conftest import NO_SUCH_ID, NOON, Client, Person, World
from tests.guards.sources import ROOT

As = Callable[[Person], Client]
Write = Callable[[Callable[[], Any]], Any]

STATEMENTS = 9  # who is looking; the frame; the log's place, rows, parts and people; the list beside it: rooms, last words; the bell
HTML = 10_000  # bytes, compressed: fifty messages, the composer, the sheets and what scripts cut theirs from


def opened(client: Client, room: PlantedRoom, asked: str = "") -> str:
    """The page of a room."""
    answer = client.get(f"/rooms/{room.public_id}{asked}")
    assert answer.status_code == 200, answer.text
    return answer.text


def said(page: str) -> str:
    """Its messages alone, without what scripts cut theirs from."""
    return page[page.index("data-list") : page.index('id="newest"')]


def lines(page: str) -> list[str]:
    """What stands below one another, in words: a day, a note, the unread line, a message."""
    pattern = r'<(?:article class="(say)|h2 class="(say-day)|p class="(say-note|unread-line))'
    return ["".join(found) for found in re.findall(pattern, said(page))]


def test_the_latest_page_is_there_before_any_script(as_: As, world: World, group_room: PlantedRoom) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    say(haruka, group_room, "はじめまして\nよろしくお願いします")
    say(sora, group_room, "こちらこそ")
    page = opened(haruka, group_room)
    assert "はじめまして<br>" in said(page)
    assert said(page).index("はじめまして") < said(page).index("こちらこそ")
    assert re.search(r'class="say is-mine is-first"[^>]*>.*?はじめまして', said(page), re.DOTALL)
    assert "班「若葉」の2名だけが読めます" in page, "who will read it stands beside the composer"
    assert "名前で（はるか）" in page


def test_an_empty_room_says_that_one_word_is_enough(as_: As, world: World, group_room: PlantedRoom) -> None:
    page = opened(as_(world.haruka), group_room)
    assert "まだメッセージはありません" in page
    assert "最初のひとことは「はじめまして」だけでも大丈夫です" in page


def test_what_somebody_writes_stays_text(as_: As, world: World, group_room: PlantedRoom) -> None:
    payload = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>"
    message = say(as_(world.sora), group_room, payload)["id"]
    say(as_(world.haruka), group_room, "返信", reply_to=message)
    send_json(as_(world.haruka), f"{group_room.api}/pin", {"message": message})
    page = opened(as_(world.haruka), group_room)
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3, (
        "in the bubble, the quote and above the room"
    )
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_words_of_a_blocked_person_are_absent_in_every_corner(
    as_: As, world: World, square_room: PlantedRoom
) -> None:
    ren, sora, haruka = as_(world.ren), as_(world.sora), as_(world.haruka)
    hers = say(sora, square_room, "そらの文章")["id"]
    his = say(ren, square_room, "れんの文章")["id"]
    say(sora, square_room, "れんさんへ", reply_to=his)
    send_json(ren, f"{square_room.api}/messages/{hers}/reactions", {"name": "cheer", "on": True})
    send_json(as_(world.jinji), f"{square_room.api}/pin", {"message": his})
    seen, hidden = opened(sora, square_room), opened(haruka, square_room)
    assert "れんの文章" in seen
    assert 'data-sign="cheer"' in said(seen)
    assert "れんの文章" not in hidden
    assert "れん<" not in hidden
    assert 'data-sign="cheer"' not in said(hidden)
    assert "そらの文章" in hidden


def test_a_room_of_others_looks_like_none(as_: As, world: World, group_room: PlantedRoom) -> None:
    ren = as_(world.ren)
    foreign, none = ren.get(f"/rooms/{group_room.public_id}"), ren.get(f"/rooms/{NO_SUCH_ID}")
    assert foreign.status_code == none.status_code == 404
    assert foreign.text.replace(group_room.public_id, "") == none.text.replace(NO_SUCH_ID, "")


def test_days_runs_and_the_unread_line_stand_where_they_belong(
    as_: As, world: World, group_room: PlantedRoom, held_clock: Callable[..., Any]
) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    with held_clock(NOON):
        say(sora, group_room, "一つめ")
        read = say(sora, group_room, "二つめ")
        send_json(haruka, f"{group_room.api}/read", {"seq": read["seq"]})
    with held_clock(NOON + timedelta(minutes=30)):
        say(sora, group_room, "間をおいて")
    with held_clock(NOON + timedelta(days=1)):
        say(sora, group_room, "次の日")
        page = opened(haruka, group_room)
    assert lines(page) == ["say-day", "say", "say", "unread-line", "say", "say-day", "say"]
    assert re.findall(r'class="say( is-first)?"', said(page)) == [" is-first", "", " is-first", " is-first"]
    assert "unread-line" not in lines(opened(sora, group_room)), "one's own words are no news"


def test_a_room_never_opened_has_no_unread_line(as_: As, world: World, group_room: PlantedRoom) -> None:
    say(as_(world.sora), group_room, "一つめ")
    assert "unread-line" not in lines(opened(as_(world.haruka), group_room))


def test_what_was_edited_or_taken_back_says_so(as_: As, world: World, group_room: PlantedRoom) -> None:
    sora = as_(world.sora)
    edited, gone = say(sora, group_room, "もとの文章")["id"], say(sora, group_room, "消える文章")["id"]
    send_json(sora, f"{group_room.api}/messages/{edited}/edit", {"body": "新しい文章"})
    send_json(sora, f"{group_room.api}/messages/{gone}/unsend")
    page = said(opened(as_(world.haruka), group_room))
    assert "新しい文章" in page
    assert "編集済み" in page
    assert "もとの文章" not in page
    assert "送信が取り消されました" in page
    assert "消える文章" not in page


def test_every_stamp_is_drawn_and_says_its_words(as_: As, world: World, group_room: PlantedRoom) -> None:
    sora = as_(world.sora)
    send_json(sora, f"{group_room.api}/messages", {"key": new_key(), "stamp": "well_done"})
    page = opened(as_(world.haruka), group_room)
    assert re.search(r'data-stamp="well_done".*?#well_done.*?お疲れさまです', said(page), re.DOTALL)
    sprite = sora.get(re.search(r'"([^"]*stamps\.svg)#', page)[1]).text  # type: ignore[index]
    assert re.findall(r'<symbol id="(\w+)"', sprite) == list(STAMPS)
    assert set(re.findall(r'data-stamp="(\w+)"', page[page.index("<template data-parts>") :])) == set(STAMPS)


def test_an_announcement_room_gives_the_reason_in_place_of_the_composer(
    as_: As, world: World, plant_room: PlantRoom
) -> None:
    room = plant_room("place", world.haruka, world.jinji, name="お知らせ", is_announcement=True)
    page = opened(as_(world.haruka), room)
    assert "data-write-room" not in page
    assert "このルームは、人事からのお知らせ用です。リアクションで気持ちを伝えられます。" in page
    assert "data-write-room" in opened(as_(world.jinji), room)


def test_a_request_is_answered_above_the_messages(
    as_: As, world: World, direct_room: PlantedRoom, write: Write
) -> None:
    ask = update(Room).where(Room.id == direct_room.id).values(asked_by_id=world.sora.id)
    write(lambda: session.execute(ask))
    asked, asker = opened(as_(world.haruka), direct_room), opened(as_(world.sora), direct_room)
    assert "そらさんからのメッセージのリクエストです" in asked
    assert f'action="/rooms/{direct_room.public_id}/accept"' in asked
    assert f'action="/rooms/{direct_room.public_id}/decline"' in asked
    assert "リクエストです" not in asker
    assert "data-write-room" not in asker, "who asked waits for an answer"


def test_a_page_without_script_sends_and_reads_back(as_: As, world: World, group_room: PlantedRoom) -> None:
    haruka = as_(world.haruka)
    page = opened(haruka, group_room)
    assert "新しいメッセージは、画面を読み込み直すと表示されます" in page
    key = re.search(r'name="submission_key"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]
    answer = haruka.post(
        f"/rooms/{group_room.public_id}/messages", data={"submission_key": key, "body": "スクリプトなし"}
    )
    assert answer.status_code == 303
    assert "スクリプトなし" in said(opened(haruka, group_room))


def test_a_refused_message_comes_back_with_the_sentence(
    as_: As, world: World, group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    page = opened(haruka, group_room)
    key = re.search(r'name="submission_key"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]
    answer = haruka.post(
        f"/rooms/{group_room.public_id}/messages", data={"submission_key": key, "body": "あ" * 4001}
    )
    assert answer.status_code == 422
    assert "あ" * 4001 in answer.text
    assert "4,000文字以内" in answer.text


def _fill(write: Write, room: PlantedRoom, world: World, count: int) -> None:
    from app.chat import log
    from app.core.text import RENDERER_VERSION, render_plain
    from app.policy import viewer_of

    def add() -> None:
        for number in range(count):
            author = (world.sora, world.haruka)[number % 3 == 2]
            viewer = viewer_of(author.id)
            body = f"{number + 1}番目の文章です。研修の日は、駅から歩いて10分ほどでした。"
            seq = log.next_seq(room.id)
            message = Message(
                room_id=room.id,
                seq=seq,
                author_id=author.id,
                author_cohort_id=viewer.cohort_id,
                client_key=new_key(),
                body=body,
                body_html=render_plain(body),
                renderer_version=RENDERER_VERSION,
                sent_at=clock.now() + timedelta(minutes=number),
            )
            session.add(message)
            session.flush()
            log.append(viewer, room.id, "message", seq=seq, message=message)

    write(add)


def test_fifty_messages_cost_the_same_queries_as_one(
    as_: As, world: World, group_room: PlantedRoom, write: Write, queries: Callable[[], Any]
) -> None:
    haruka = as_(world.haruka)
    _fill(write, group_room, world, 1)
    opened(haruka, group_room)
    with queries() as few:
        opened(haruka, group_room)
    _fill(write, group_room, world, 120)
    with queries() as many:
        page = opened(haruka, group_room)
    assert lines(page).count("say") == 50
    assert len(few) == len(many) == STATEMENTS


def test_a_page_of_fifty_messages_is_light(
    as_: As, world: World, group_room: PlantedRoom, write: Write
) -> None:
    _fill(write, group_room, world, 60)
    page = opened(as_(world.haruka), group_room)
    assert len(gzip.compress(page.encode(), 4)) <= HTML


def test_older_pages_and_a_message_looked_for_are_pages_of_their_own(
    as_: As, world: World, group_room: PlantedRoom, write: Write, rows: Callable[..., list[Any]]
) -> None:
    haruka = as_(world.haruka)
    _fill(write, group_room, world, 120)
    page = opened(haruka, group_room)
    older = re.search(r'href="(\?before=\w{13})"', page)[1]  # type: ignore[index]
    before = opened(haruka, group_room, older)
    assert "70番目" in said(before)
    assert "71番目" not in said(before)
    assert "data-write-room" not in before
    assert "最新のメッセージへ" in before
    (tenth,) = rows(select(Message.public_id).where(Message.body.like("10番目%")))
    sought = opened(haruka, group_room, f"?at={tenth}")
    assert f'id="m-{tenth}"' in said(sought)
    assert f'data-sought="{tenth}"' in sought
    (latest,) = rows(select(Message.public_id).where(Message.body.like("119番目%")))
    assert "data-write-room" in opened(haruka, group_room, f"?at={latest}"), "the latest page holds it"
    assert "data-write-room" in opened(haruka, group_room, f"?at={NO_SUCH_ID}")


def test_names_are_completed_among_the_members_one_meets(
    as_: As, world: World, square_room: PlantedRoom, group_room: PlantedRoom
) -> None:
    def called(client: Client, room: PlantedRoom, letters: str) -> list[str]:
        answer = client.get(f"{room.api}/people?q={letters}").get_json()
        return [person["name"] for person in answer["people"]]

    haruka, sora = as_(world.haruka), as_(world.sora)
    assert called(haruka, square_room, "そ") == ["そら"]
    assert called(haruka, square_room, "れん") == [], "blocked"
    assert called(haruka, square_room, "ゆい") == [], "behind a wall"
    assert called(haruka, square_room, "はるか") == [], "oneself"
    assert called(sora, square_room, "れん") == ["れん"]
    assert called(sora, group_room, "たくみ") == [], "not in this room"
    assert called(sora, square_room, "%") == called(sora, square_room, "") == []
    assert haruka.get(f"/api/rooms/{NO_SUCH_ID}/people?q=a").status_code == 404
    assert as_(world.ren).get(f"{group_room.api}/people?q=a").status_code == 404


def test_the_page_tells_its_script_what_may_be_done(
    as_: As, world: World, group_room: PlantedRoom, rows: Callable[..., list[Any]]
) -> None:
    haruka = as_(world.haruka)
    sent = say(haruka, group_room, "やあ")
    page = opened(haruka, group_room)
    place = json.loads(unescape(re.search(r"data-place='([^']*)'", page)[1]))  # type: ignore[index]
    assert place["canWrite"]
    assert place["canPin"]
    assert place["editSeconds"] == 900
    assert f'data-have="{sent["seq"]}"' in page
    assert f'data-bookmark="{sent["seq"]}"' in page, "what one writes oneself is read"
    assert rows(select(RoomReader.bookmark_seq)) == [sent["seq"]]
    words = json.loads(unescape(re.search(r"data-words='([^']*)'", page)[1]))  # type: ignore[index]
    assert words["joined"] == "{name}さんが参加しました"


@pytest.mark.parametrize("act", ["joined", "left"])
def test_who_comes_and_goes_is_told_in_one_line(
    as_: As, world: World, group_room: PlantedRoom, write: Write, act: str
) -> None:
    from app.chat import log

    actor = (world.sora.id, world.april.id)
    write(lambda: log.append(None, group_room.id, "member", payload={"act": act}, actor=actor))
    page = said(opened(as_(world.haruka), group_room))
    assert {"joined": "そらさんが参加しました", "left": "そらさんが退出しました"}[act] in page


def test_a_run_is_as_long_for_scripts_as_for_the_server() -> None:
    minutes = int(page_queries.MOST_BETWEEN.total_seconds() // 60)
    assert f"RUN_MS = {minutes} * 60 * 1000" in (ROOT / "static/js/chat/view.js").read_text("utf-8")


@pytest.fixture
def talked(write: Write, world: World, square_room: PlantedRoom) -> Callable[..., list[str]]:
    """Plants messages of somebody in the square room, one a minute; gives their ids."""

    def talk(person: Person, count: int) -> list[str]:
        def add() -> list[str]:
            room, ids = session.get_one(Room, square_room.id), []
            for _ in range(count):
                room.newest_seq += 1
                said = {"room_id": room.id, "seq": room.newest_seq, "author_id": person.id}
                texts = {"client_key": new_key(), "body": "やあ", "body_html": "やあ", "renderer_version": 1}
                message = Message(**said, **texts, sent_at=NOON)
                session.add(message)
                session.flush()
                entry = {"kind": "message", "message_id": message.id, "actor_id": person.id}
                session.add(RoomEvent(**said, **entry, created_at=NOON))
                ids.append(message.public_id)
            return ids

        found: list[str] = write(add)
        return found

    return talk


def test_looking_for_a_message_one_does_not_see_is_looking_for_none(
    as_: As, world: World, square_room: PlantedRoom, talked: Callable[..., list[str]]
) -> None:
    talked(world.sora, 5)
    (hidden,) = talked(world.ren, 1)
    talked(world.sora, 40)
    haruka = as_(world.haruka)

    def found(message: str) -> list[str]:
        page = opened(haruka, square_room, f"?at={message}")
        return [*re.findall(r'id="m-([a-z2-7]{13})"', said(page)), str("data-past" in page)]

    assert found(hidden) == found(NO_SUCH_ID)
    assert "data-past" in opened(as_(world.takumi), square_room, f"?at={hidden}"), "he sees it"


def test_what_follows_a_message_that_was_looked_for_is_what_its_reader_sees(
    as_: As, world: World, square_room: PlantedRoom, talked: Callable[..., list[str]]
) -> None:
    (sought,) = talked(world.sora, 1)
    talked(world.ren, 30)
    later = talked(world.sora, 30)
    page = said(opened(as_(world.haruka), square_room, f"?at={sought}"))
    assert re.findall(r'id="m-([a-z2-7]{13})"', page) == [sought, *later[:20]]

"""A member's own export: everything that is theirs, nothing that is anybody else's, theirs alone, and gone after a day."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.operations import end_membership
from app.boards.operations import reply_to_topic, set_reaction, start_topic
from app.core.clock import now
from app.core.db import session
from app.core.files import storage
from app.core.text import RENDERER_VERSION
from app.exports import shelf
from app.exports.operations import ask_export, export_written, tidy_exports
from app.ledger.operations import record
from app.models import (
    AccessEntry,
    Announcement,
    AnnouncementRecipient,
    Draft,
    Member,
    MemberExport,
    Message,
    NoticeSettings,
    Post,
    ProfileValue,
    PushSubscription,
    Reaction,
    Room,
    RoomMember,
    SavedMessage,
    SavedPost,
    TalkRequest,
    Topic,
    Upload,
)
from app.people.operations import block_person
from app.policy import viewer_of
from tests.conftest import NO_SUCH_ID, NOON, Client, Person, World

PRESS = "/me/export"
CANARY = "ひみつ"  # in every text of others, and in whatever of theirs is hidden


@pytest.fixture(autouse=True)
def empty_shelf(app: Flask) -> Iterator[Path]:
    """The folder of exports is outside the database's copy, so each test begins without it."""
    folder: Path = app.extensions["tsubomi.settings"].exports_folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.unlink(missing_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.unlink(missing_ok=True)


def file_address(client: Client) -> str:
    """Where the page leads to the file."""
    page = client.page(PRESS)
    assert "用意できました" in page
    start = page.index('href="/me/export/') + len('href="')
    return page[start : page.index('"', start)]


def fetched(client: Client) -> ZipFile:
    """The file the page leads to, opened."""
    answer = client.get(file_address(client))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    return ZipFile(io.BytesIO(answer.data))


def exported(client: Client, deliver: Callable[[], int]) -> ZipFile:
    """Ask, let the job work, fetch."""
    assert client.post(PRESS).location == PRESS
    assert "用意しています" in client.page(PRESS)
    deliver()
    return fetched(client)


# ── a world full of what is not one's own ────────────────────────────────────────────────────────────────────


def _say(room: int, author: Person, seq: int, body: str, **more: Any) -> Message:
    message = Message(
        room_id=room,
        author_id=author.id,
        author_cohort_id=session.get_one(Member, author.id).cohort_id,
        seq=seq,
        client_key=f"{room}-{seq}",
        body=body,
        body_html=body,
        renderer_version=RENDERER_VERSION,
        sent_at=NOON,
        **more,
    )
    session.add(message)
    session.flush()
    return message


def _room(kind: str, *people: Person, **columns: Any) -> int:
    room = Room(kind=kind, **columns)
    session.add(room)
    session.flush()
    for person in people:
        session.add(RoomMember(room_id=room.id, member_id=person.id))
        session.get_one(Member, person.id).version += 1
    return room.id


def _talks(world: World) -> None:
    """A room with sora, a talk with ren whom haruka has blocked, and a room of others."""
    haruka, sora, ren = world.haruka, world.sora, world.ren
    room = _room("small", haruka, sora, name="映画の部屋")
    _say(room, haruka, 1, "わたしのことば")
    kept = _say(room, sora, 2, f"{CANARY}のトーク")
    _say(room, haruka, 3, "", unsent_at=NOON)
    low, high = sorted((haruka.id, ren.id))
    blocked = _room("direct", haruka, ren, low_id=low, high_id=high)
    _say(blocked, haruka, 1, "むかしのことば")
    hidden = _say(blocked, ren, 2, f"{CANARY}のれん")
    others = _room("small", world.naomi, world.takumi, name=f"{CANARY}の部屋")
    _say(others, world.naomi, 1, f"{CANARY}の会話")
    session.add_all(SavedMessage(member_id=haruka.id, message_id=one.id) for one in (kept, hidden))
    office = _room("office", haruka, candidate_id=haruka.id)
    session.add(TalkRequest(member_id=haruka.id, wish="office", room_id=office, asked_at=NOON))
    sora_office = _room("office", sora, candidate_id=sora.id)
    session.add(TalkRequest(member_id=sora.id, wish="office", room_id=sora_office, asked_at=NOON))


def _people(world: World) -> None:
    """Fields: haruka's own, sora's hidden; somebody from the office looked at both."""
    for person, words in ((world.haruka, "登山"), (world.sora, f"{CANARY}の趣味")):
        session.add(
            ProfileValue(member_id=person.id, field="pastime", value=words, audience=17, effective=17)
        )
        session.add(
            Draft(member_id=person.id, composer="topic-square", texts={"body": words}, kept_until=NOON.date())
        )
        session.add(PushSubscription(member_id=person.id, endpoint=f"https://push.invalid/{person.key}", p256dh="", auth="", device="Android"))  # fmt: skip
    session.add(NoticeSettings(member_id=world.haruka.id, digest="weekly"))
    session.get_one(Member, world.sora.id).legal_name = f"{CANARY}の氏名"
    jinji = viewer_of(world.jinji.id)
    record(jinji, [world.haruka.id], "profile", "grouping")
    record(jinji, [world.sora.id], "profile", "support")


def _announcements(world: World) -> None:
    for title, person in (("手続きのご案内", world.haruka), (f"{CANARY}のお知らせ", world.sora)):
        announcement = Announcement(
            title=title, body=f"{CANARY}の本文", body_html="", renderer_version=1, state="sent", sent_at=NOON,
            author_id=world.jinji.id, asks_acknowledgement=True, names_from=NOON.date(),
        )  # fmt: skip
        session.add(announcement)
        session.flush()
        session.add(
            AnnouncementRecipient(
                announcement_id=announcement.id, public_id=announcement.public_id, member_id=person.id,
                is_acknowledged=True,
            )
        )  # fmt: skip
        session.get_one(Member, person.id).version += 1


def _uploads(world: World) -> None:
    for person, content in ((world.haruka, b"my own"), (world.sora, CANARY.encode())):
        session.add(
            Upload(
                owner_id=person.id, kind="document", state="ready", name=f"{person.name}.txt",
                media_type="text/plain", size_bytes=9, file_key=storage().put(content), kept_until=date(2026, 10, 6),
            )
        )  # fmt: skip


@pytest.fixture
def full_world(world: World, write: Any, acting: Any) -> dict[str, str]:
    """haruka wrote, reacted, kept; so did others. Public ids of what is told by its id only."""
    acting(world.sora, reply_to_topic, world.topic_id, body=f"{CANARY}の返信")
    acting(world.ren, start_topic, "square", title=f"{CANARY}の題", body=f"{CANARY}の文")
    acting(world.haruka, start_topic, "april", title="わたしの題", body="わたしの投稿")
    acting(world.haruka, reply_to_topic, world.topic_id, body="わたしの返信")
    acting(world.haruka, set_reaction, world.first_post_id, "thanks", True)

    def plant() -> None:
        _talks(world)
        _people(world)
        _announcements(world)
        _uploads(world)
        hidden = session.scalars(select(Post).where(Post.body == f"{CANARY}の文")).one()
        open_post = session.scalars(select(Post).where(Post.public_id == world.first_post_id)).one()
        session.add_all(SavedPost(member_id=world.haruka.id, post_id=one.id) for one in (hidden, open_post))

    write(plant)
    return {"first": world.first_post_id}


# ── what is in it ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_file_holds_what_is_ones_own(full_world: Any, world: World, as_: Any, deliver: Any) -> None:
    archive = exported(as_(world.haruka), deliver)
    data = json.loads(archive.read("tsubomi.json"))
    assert (data["format"], data["version"], data["community"]) == ("tsubomi-export", 1, "花丘商事")
    [me] = data["profile"]
    assert (me["display_name"], me["mail"], me["groups"]) == ("はるか", "haruka@example.jp", ["若葉"])
    fields = {one["field"]: one for one in data["profile_fields"]}
    assert fields["pastime"]["value"] == "登山"
    assert fields["pastime"]["audience"] == ["group", "nobody"]
    assert data["choices"][0]["digest"] == "weekly"
    assert data["choices"][0]["pace"] == "few"
    assert {one["kind"] for one in data["notices"]} >= {"announcement", "mention"}
    posts = {one["text"]: one for one in data["posts"]}
    assert posts["わたしの投稿"]["title"] == "わたしの題"
    assert posts["わたしの返信"]["board"] == "みんなのひろば"
    assert posts["わたしの返信"]["title"] is None
    messages = {one["text"]: one for one in data["messages"]}
    assert set(messages) == {"わたしのことば", "むかしのことば"}
    assert messages["わたしのことば"]["room"] == "映画の部屋"
    assert messages["わたしのことば"]["sent_at"] == "2026-10-05T03:00:00+00:00"
    assert data["drafts"] == [{"place": "topic-square", "text": "登山"}]
    assert data["reactions"] == [{"name": "thanks", "on": "post", "id": world.first_post_id}]
    assert [one["title"] for one in data["announcements"]] == ["手続きのご案内"]
    assert data["announcements"][0]["is_acknowledged"] is True
    assert [one["purpose"] for one in data["access_entries"]] == ["grouping"]
    assert [one["to"] for one in data["talk_requests"]] == ["office"]
    assert {(one["use"], one["device"]) for one in data["devices"]} == {
        ("session", "テスト"),
        ("push", "Android"),
    }
    assert data["blocks"] == [{"name": "れん"}]
    assert [one["on"] for one in data["saved"]] == ["post", "message"]
    assert data["saved"][0]["id"] == full_world["first"]
    [file] = data["files"]
    assert archive.read(file["path"]) == b"my own"


def test_the_page_in_the_file_reads_well_and_runs_nothing(
    full_world: Any, world: World, as_: Any, acting: Any, deliver: Any
) -> None:
    acting(world.haruka, reply_to_topic, world.topic_id, body="<script>alert(1)</script>")
    archive = exported(as_(world.haruka), deliver)
    page = archive.read("index.html").decode()
    assert "わたしの投稿" in page
    assert "みんなのひろば" in page
    assert "フリガナ" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "style=" not in page
    assert 'href="style.css"' in page
    assert "body {" in archive.read("style.css").decode()


def test_nothing_of_others_is_in_it(full_world: Any, world: World, as_: Any, deliver: Any) -> None:
    archive = exported(as_(world.haruka), deliver)
    for name in archive.namelist():
        assert CANARY not in name + archive.read(name).decode(), name
    assert "そら" not in archive.read("index.html").decode()


def test_what_others_do_out_of_sight_changes_nothing_in_it(
    world: World, as_: Any, acting: Any, write: Any, deliver: Any, held_clock: Any
) -> None:
    with held_clock(NOON):
        client = as_(world.haruka)
        before = exported(client, deliver)
        hidden = acting(world.ren, start_topic, "square", title="題", body="文")
        acting(world.ren, reply_to_topic, world.topic_id, body="返信")
        acting(world.yui, start_topic, "square", title="壁のむこう", body="文")

        def plant() -> None:
            room = _room("small", world.naomi, world.ren, name="部屋")
            _say(room, world.ren, 1, "ことば")
            topic = session.scalars(select(Topic.id).where(Topic.public_id == hidden)).one()
            post = session.scalars(select(Post.id).where(Post.topic_id == topic)).one()
            session.add(SavedPost(member_id=world.haruka.id, post_id=post))
            session.add(Reaction(member_id=world.haruka.id, post_id=post, name="thanks"))

        write(plant)
        after = exported(client, deliver)
    for name in ("tsubomi.json", "index.html"):
        assert before.read(name) == after.read(name)
    assert before.namelist() == after.namelist()


def test_a_talk_that_a_block_closed_keeps_ones_own_words_without_its_name(
    full_world: Any, world: World, as_: Any, deliver: Any
) -> None:
    data = json.loads(exported(as_(world.haruka), deliver).read("tsubomi.json"))
    [old] = [one for one in data["messages"] if one["text"] == "むかしのことば"]
    assert old["room"] is None
    assert old["room_id"] is None


def test_a_place_that_closed_to_one_has_no_name(
    full_world: Any, world: World, as_: Any, acting: Any, deliver: Any
) -> None:
    acting(world.sora, block_person, world.haruka.public_id)
    data = json.loads(exported(as_(world.haruka), deliver).read("tsubomi.json"))
    [reply] = [one for one in data["posts"] if one["text"] == "わたしの返信"]
    assert reply["board"] is None
    assert reply["topic_id"] is None
    assert data["reactions"] == []
    assert data["saved"] == []
    assert world.first_post_id not in json.dumps(data)


def test_staff_have_their_own_export_too(full_world: Any, world: World, as_: Any, deliver: Any) -> None:
    data = json.loads(exported(as_(world.jinji), deliver).read("tsubomi.json"))
    assert data["profile"][0]["display_name"] == "jinji"
    assert data["talk_requests"] == []
    assert data["access_entries"] == []
    assert data["messages"] == []


def test_much_is_written_in_batches_and_nothing_is_lost(
    world: World, as_: Any, write: Any, deliver: Any
) -> None:
    def plant() -> None:
        room = _room("small", world.haruka, world.sora, name="部屋")
        for seq in range(1, 451):
            _say(room, world.haruka, seq, f"ことば{seq}")

    write(plant)
    data = json.loads(exported(as_(world.haruka), deliver).read("tsubomi.json"))
    assert [one["text"] for one in data["messages"]] == [f"ことば{seq}" for seq in range(1, 451)]


# ── whose it is, and how long ────────────────────────────────────────────────────────────────────────────────


def test_another_persons_export_is_as_one_that_never_was(world: World, as_: Any, deliver: Any) -> None:
    haruka, sora = as_(world.haruka), as_(world.sora)
    exported(haruka, deliver)
    address = file_address(haruka)
    answers = [sora.get(address), sora.get(f"/me/export/{NO_SUCH_ID}/file")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].data == answers[1].data
    assert "用意できました" not in sora.page(PRESS)


def test_asking_and_fetching_ask_first_who_it_is(
    world: World, as_: Any, deliver: Any, held_clock: Any
) -> None:
    client = as_(world.haruka)
    exported(client, deliver)
    address = file_address(client)
    with held_clock(now() + timedelta(minutes=6)):
        assert client.post(PRESS).location == "/confirm?next=/me/export"
        assert "/confirm?" in client.get(address).location
        assert "用意できました" in client.page(PRESS)


def test_after_a_day_the_export_is_gone_and_so_is_its_file(
    app: Flask,
    world: World,
    as_: Any,
    acting: Any,
    deliver: Any,
    held_clock: Any,
    empty_shelf: Path,
    rows: Any,
) -> None:
    with held_clock(NOON):
        acting(world.haruka, ask_export)
        deliver()
        [file] = empty_shelf.iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
        address = file_address(as_(world.haruka))
    with held_clock(NOON + timedelta(hours=23)), app.app_context():
        tidy_exports()
    assert file.exists()
    with held_clock(NOON + timedelta(hours=24)):
        client = as_(world.haruka)
        assert client.get(address).status_code == 404
        assert "用意できました" not in client.page(PRESS)
        with app.app_context():
            tidy_exports()
    assert not list(empty_shelf.iterdir())
    assert not rows(select(MemberExport))


def test_a_new_one_replaces_the_one_before(world: World, as_: Any, deliver: Any, empty_shelf: Path) -> None:
    client = as_(world.haruka)
    exported(client, deliver)
    before = file_address(client)
    client.post(PRESS)
    assert client.get(before).status_code == 404
    client.post(PRESS)  # twice before the job: only the last one is made
    deliver()
    assert len(list(empty_shelf.iterdir())) == 1
    assert file_address(client) != before
    fetched(client)


def test_a_disk_that_fails_is_told_and_it_can_be_asked_again(
    world: World, as_: Any, deliver: Any, empty_shelf: Path
) -> None:
    client = as_(world.haruka)
    empty_shelf.write_text("no folder can be made here")
    client.post(PRESS)
    deliver()
    assert "できませんでした" in client.page(PRESS)
    empty_shelf.unlink()
    exported(client, deliver)


def test_leaving_takes_the_export_and_its_file_along(
    world: World, as_: Any, deliver: Any, empty_shelf: Path, rows: Any
) -> None:
    client = as_(world.haruka)
    exported(client, deliver)
    assert list(empty_shelf.iterdir())
    assert client.post("/me/leave", {"keeps_name": "yes"}).location == "/left"
    deliver()
    assert not list(empty_shelf.iterdir())
    assert not rows(select(MemberExport))


def test_whoever_leaves_before_the_job_began_leaves_no_file(
    world: World, as_: Any, deliver: Any, empty_shelf: Path, rows: Any
) -> None:
    client = as_(world.haruka)
    client.post(PRESS)
    client.post("/me/leave", {"keeps_name": "no"})
    deliver()
    assert not (empty_shelf.exists() and list(empty_shelf.iterdir()))
    assert not rows(select(MemberExport))


def test_whoever_leaves_while_it_is_written_leaves_no_file(
    app: Flask, world: World, acting: Any, deliver: Any, empty_shelf: Path, rows: Any
) -> None:
    export_id = acting(world.haruka, ask_export)

    def fill(file: Any) -> None:  # what the job does, and in the middle of it somebody leaves
        file.write(b"half")
        end_membership(viewer_of(world.haruka.id), keeps_name=False)

    with app.app_context():
        shelf.write(world.haruka.id, export_id, fill)
        assert not export_written(world.haruka.id, export_id)
    deliver()
    assert not list(empty_shelf.iterdir())
    assert not rows(select(MemberExport))


def test_whoever_is_suspended_meanwhile_is_written_nothing(
    world: World, acting: Any, write: Any, deliver: Any, empty_shelf: Path
) -> None:
    acting(world.haruka, ask_export)

    def suspend() -> None:
        member = session.get_one(Member, world.haruka.id)
        member.suspended_at, member.version = NOON, member.version + 1

    write(suspend)
    deliver()
    assert not (empty_shelf.exists() and list(empty_shelf.iterdir()))


def test_a_file_no_row_speaks_of_is_swept_away(
    app: Flask, acting: Any, world: World, deliver: Any, empty_shelf: Path, held_clock: Any
) -> None:
    acting(world.haruka, ask_export)
    deliver()
    stray = empty_shelf / "999-aaaa.part"
    stray.write_bytes(b"cut off")
    with app.app_context():
        tidy_exports()
        assert stray.exists()
        with held_clock(now() + timedelta(hours=2)):
            tidy_exports()
    assert len(list(empty_shelf.iterdir())) == 1
    assert not stray.exists()


def test_asking_is_nothing_the_office_hears_of(
    world: World, as_: Any, deliver: Any, rows: Any, letters: Any
) -> None:
    exported(as_(world.haruka), deliver)
    assert not rows(select(AccessEntry))
    assert not letters()
    assert "export" not in as_(world.jinji).page("/hr")

"""Writing on boards: what is taken, what is refused, and that nothing typed is lost."""

from __future__ import annotations

import re
import threading

import pytest
from sqlalchemy import select

from app.boards.operations import hide_topic, reply_to_topic, start_topic
from app.core.text import MAX_BODY_LENGTH
from app.models import Post, Topic

NO_SUCH_ID = "aaaaaaaaaaaaa"
KEY = "0123456789abcdef" * 2


def test_a_topic_and_a_reply_are_written_and_lead_to_where_they_stand(world, as_):
    """The contract's addresses and fields, without JavaScript."""
    haruka = as_(world.haruka)
    answer = haruka.post("/boards/square/new", {"title": "  部屋さがし  ", "body": "どこで\r\n探しますか"})
    assert answer.status_code == 303
    topic = answer.headers["Location"]
    assert re.fullmatch(r"/topics/[a-z2-7]{13}", topic)
    assert "どこで<br>" in haruka.page(topic)
    answer = haruka.post(f"{topic}/replies", {"body": "駅の近くにします"})
    assert answer.status_code == 303
    path, _hash, anchor = answer.headers["Location"].partition("#")
    text = haruka.page(path)
    assert f'id="{anchor}"' in text
    assert "駅の近くにします" in text


def test_a_reply_to_a_long_topic_leads_to_the_page_that_holds_it(world, as_, acting):
    """Not to the first page."""
    for number in range(50):
        acting(world.takumi, reply_to_topic, world.topic_id, body=f"{number}番")
    haruka = as_(world.haruka)
    answer = haruka.post(f"/topics/{world.topic_id}/replies", {"body": "最後のひとこと"})
    path, _hash, anchor = answer.headers["Location"].partition("#")
    assert "after=" in path
    assert f'id="{anchor}"' in haruka.page(path)


def test_the_composer_says_who_writes_and_who_reads(world, as_):
    """In words, before the first letter."""
    text = as_(world.haruka).page("/boards/square/new")
    assert "名前で（はるか）" in text
    assert "読む人：内定者全員・社員・人事・ひろば運営" in text
    assert "人事担当者と先輩社員も参加しています" in text


# ── refused, and kept ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("title", "body", "sentence"),
    [
        ("", "本文です", "入力してください"),
        ("題名です", "", "入力してください"),
        ("題名です", " \n\u3000\u200b\u2060", "入力してください"),
        ("\u200b\u2800\u202e", "本文です", "入力してください"),
        ("題名です", "\u2800\U000e0041\u034f", "空白だけでは送れません"),
        ("あ" * 101, "本文です", "100文字以内にしてください（いま101文字です）"),
        ("題名です", "あ" * (MAX_BODY_LENGTH + 1), "10,000文字以内にしてください（いま10,001文字です）"),
        ("👨‍👩‍👧‍👦" * 60, "本文です", "多すぎます"),
        ("題名です", "あ" + "\u0301" * 50_000, "多すぎます"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_sentence_and_stays_on_the_page(
    world, as_, rows, title, body, sentence
):
    """Empty, invisible, too long as people count, too long as computers do."""
    answer = as_(world.haruka).post("/boards/square/new", {"title": title, "body": body})
    assert answer.status_code == 422
    assert sentence in answer.text
    for typed in (title.strip(), body.strip()):
        assert typed in answer.text or not typed.strip("\u200b\u2800\u202e\u3000\u2060\n ")
    assert len(rows(select(Topic))) == 1


def test_ten_thousand_characters_are_taken_however_they_are_built(world, as_):
    """が written in two parts counts once."""
    body = "か\u3099" * MAX_BODY_LENGTH
    assert as_(world.haruka).post(f"/topics/{world.topic_id}/replies", {"body": body}).status_code == 303


def test_a_title_cannot_turn_the_line_around(world, as_):
    """Overrides of the direction are dropped, right-to-left letters stay inside their own element."""
    haruka = as_(world.haruka)
    answer = haruka.post("/boards/square/new", {"title": "\u202eשלום\u2066 です\n二行", "body": "本文"})
    text = haruka.page(answer.headers["Location"])
    assert "<h1><bdi>שלום です 二行</bdi></h1>" in text
    assert "\u202e" not in text


def test_unknown_fields_are_refused_and_the_text_is_kept(world, as_, rows):
    """A field this page does not have."""
    answer = as_(world.haruka).post(
        f"/topics/{world.topic_id}/replies", {"body": "書いた文章", "author_id": "1", "is_first": "1"}
    )
    assert answer.status_code == 422
    assert "書いた文章" in answer.text
    assert len(rows(select(Post))) == 1


def test_whoever_does_not_write_on_a_board_is_told_so_and_keeps_the_text(world, as_, rows):
    """お知らせ is for reading, except for HR."""
    haruka, jinji = as_(world.haruka), as_(world.jinji)
    assert haruka.get("/boards/news/new").status_code == 403
    assert "/boards/news/new" not in haruka.page("/boards/news")
    answer = haruka.post("/boards/news/new", {"title": "題名です", "body": "書いた文章"})
    assert answer.status_code == 403
    assert "読むための場所です" in answer.text
    assert "書いた文章" in answer.text
    assert len(rows(select(Topic))) == 1
    answer = jinji.post("/boards/news/new", {"title": "説明会", "body": "本文"})
    assert answer.status_code == 303
    text = haruka.page(answer.headers["Location"])
    assert "このひろばは、読むための場所です" in text
    answer = haruka.post(f"{answer.headers['Location']}/replies", {"body": "書いた文章"})
    assert answer.status_code == 403
    assert "書いた文章" in answer.text


def test_a_session_that_ends_while_writing_does_not_take_the_text_with_it(world, as_, anyone):
    """Signed out: the answer holds what was typed."""
    client = anyone()
    answer = client.post(f"/topics/{world.topic_id}/replies", {"body": "長く考えて書いた文章"})
    assert answer.status_code == 401
    assert "長く考えて書いた文章" in answer.text


def test_a_topic_hidden_a_second_ago_is_gone_for_others_and_their_text_is_kept(world, as_, acting):
    """Like an address that never was, with the text still on the page."""
    haruka = as_(world.haruka)
    haruka.page(f"/topics/{world.topic_id}")
    acting(world.mod, hide_topic, world.topic_id, reason="確認のためです")
    answers = [
        haruka.post(f"/topics/{topic_id}/replies", {"body": "書いた文章"}).text
        for topic_id in (world.topic_id, NO_SUCH_ID)
    ]
    assert answers[0] == answers[1]
    assert "書いた文章" in answers[0]


# ── once ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_form_twice_makes_one_post_and_one_topic(world, as_, rows):
    """The second answer leads to the same place."""
    haruka = as_(world.haruka)
    reply = {"body": "一度だけ", "submission_key": KEY}
    answers = [haruka.post(f"/topics/{world.topic_id}/replies", reply) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    topic = {"title": "一度だけ", "body": "本文", "submission_key": KEY[::-1]}
    answers = [haruka.post("/boards/square/new", topic) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert len(rows(select(Post).where(Post.author_id == world.haruka.id))) == 2


def test_the_same_form_with_another_text_keeps_the_text_and_takes_it_the_next_time(world, as_, rows):
    """A page come back to with the browser's own button still carries the old key."""
    haruka = as_(world.haruka)
    path = f"/topics/{world.topic_id}/replies"
    haruka.post(path, {"body": "最初の文章", "submission_key": KEY})
    answer = haruka.post(path, {"body": "書き直した文章", "submission_key": KEY})
    assert answer.status_code == 422
    assert "書き直した文章" in answer.text
    assert "すでに投稿されています" in answer.text
    key = re.search(r'name="submission_key"[^>]* value="([0-9a-f]{32})"', answer.text)
    assert key is not None
    assert key[1] != KEY
    assert haruka.post(path, {"body": "書き直した文章", "submission_key": key[1]}).status_code == 303
    assert len(rows(select(Post).where(Post.author_id == world.haruka.id))) == 2


def test_one_persons_key_is_nothing_to_another(world, as_, rows):
    """Two people may send the same key."""
    for person in (world.haruka, world.takumi):
        answer = as_(person).post(
            f"/topics/{world.topic_id}/replies", {"body": "同じ", "submission_key": KEY}
        )
        assert answer.status_code == 303
    assert len(rows(select(Post).where(Post.body == "同じ"))) == 2


def test_the_same_form_at_once_makes_one_post(app, world, acting, rows):
    """Two presses on two connections: both get the same post."""
    start, found, wrong = threading.Barrier(4), [], []

    def send():
        start.wait()
        try:
            found.append(
                acting(world.haruka, reply_to_topic, world.topic_id, body="同時に", submission_key=KEY)
            )
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(set(found)) == 1
    assert len(rows(select(Post).where(Post.body == "同時に"))) == 1


# ── guessing ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_guessed_ids_are_not_found_on_every_writing_address(world, as_, rows):
    """For a candidate, HR and a moderator alike."""
    for person in (world.haruka, world.jinji, world.mod):
        client = as_(person)
        for path, data in (
            (f"/topics/{NO_SUCH_ID}/replies", {"body": "x"}),
            (f"/topics/{NO_SUCH_ID}/hide", {"reason": "x"}),
            (f"/topics/{NO_SUCH_ID}/reveal", {}),
            (f"/posts/{NO_SUCH_ID}/hide", {"reason": "x"}),
            (f"/posts/{NO_SUCH_ID}/reveal", {}),
            ("/boards/no-such-board/new", {"title": "x", "body": "x"}),
            ("/topics/1/replies", {"body": "x"}),
        ):
            assert client.post(path, data).status_code == 404, path


def test_a_board_one_does_not_read_takes_no_topic(world, as_, acting, rows):
    """HR, a moderator and the other cohort: not found, as for a board that is not there."""
    own = acting(world.haruka, start_topic, "april", title="同期へ", body="本文")
    for person in (world.jinji, world.mod, world.yui, world.takumi):
        client = as_(person)
        assert client.post("/boards/april/new", {"title": "x", "body": "x"}).status_code == 404
        assert client.post(f"/topics/{own}/replies", {"body": "x"}).status_code == 404
        assert client.post(f"/topics/{own}/hide", {"reason": "x"}).status_code == 404
    assert len(rows(select(Topic))) == 2


def test_too_many_posts_in_a_minute_wait(world, as_):
    """A flood ends with a sentence; the text is kept."""
    haruka = as_(world.haruka)
    for number in range(60):
        assert haruka.post(f"/topics/{world.topic_id}/replies", {"body": f"{number}"}).status_code == 303
    answer = haruka.post(f"/topics/{world.topic_id}/replies", {"body": "書いた文章"})
    assert answer.status_code == 429
    assert "書いた文章" in answer.text

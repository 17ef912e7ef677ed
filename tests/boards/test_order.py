"""Keeping order: hiding with a reason, telling the author, boards in the office, people who leave."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select, update

from app.accounts.operations import end_membership
from app.boards.operations import (
    change_board,
    hide_post,
    hide_topic,
    open_board,
    reply_to_topic,
    reveal_post,
    reveal_topic,
    start_topic,
)
from app.boards.queries import my_boards
from app.core.errors import Forbidden, Invalid
from app.models import Board, BoardAudience, Community, Member, Post, Topic


@pytest.fixture
def reply(world, acting):
    """A reply of Haruka's to Sora's topic."""
    return acting(world.haruka, reply_to_topic, world.topic_id, body="電話番号は090-0000-0000です")


def test_a_moderator_hides_with_a_reason_through_the_page_and_shows_again(world, as_, reply):
    """The link is on the post, for moderators only; the form offers the usual reasons."""
    mod, ren = as_(world.mod), as_(world.takumi)
    assert f"/posts/{reply}/hide" in mod.page(f"/posts/{reply}/acts")
    assert f"/posts/{reply}/hide" not in ren.page(f"/posts/{reply}/acts")
    assert "連絡先や個人を特定できる情報" in mod.page(f"/posts/{reply}/hide")
    answer = mod.post(f"/posts/{reply}/hide", {"quick": "contact", "reason": "番号だけ消してください"})
    assert answer.status_code == 303
    assert "090-0000-0000" not in ren.page(f"/topics/{world.topic_id}")
    own = as_(world.haruka).page(f"/topics/{world.topic_id}")
    assert "連絡先や個人を特定できる情報" in own
    assert "番号だけ消してください" in own
    assert mod.get(f"/posts/{reply}/reveal").status_code == 200
    assert mod.post(f"/posts/{reply}/reveal").status_code == 303
    assert "090-0000-0000" in ren.page(f"/topics/{world.topic_id}")


def test_hiding_needs_a_reason_and_keeps_what_was_typed(world, as_, reply, rows):
    """Neither a choice nor words; too many words; an unknown field."""
    mod = as_(world.mod)
    answer = mod.post(f"/posts/{reply}/hide", {"quick": "", "reason": "  "})
    assert answer.status_code == 422
    assert "理由を書いてください" in answer.text
    answer = mod.post(f"/posts/{reply}/hide", {"reason": "あ" * 301})
    assert answer.status_code == 422
    assert "あ" * 301 in answer.text
    assert mod.post(f"/posts/{reply}/hide", {"reason": "理由", "hidden_at": "1"}).status_code == 422
    assert rows(select(Post.hidden_at).where(Post.public_id == reply)) == [None]


def test_only_moderators_hide_and_only_replies_apart_from_their_topic(world, as_, acting, reply):
    """HR is no moderator; a topic's first post is hidden with its topic."""
    for person in (world.haruka, world.takumi, world.jinji, world.admin):
        answer = as_(person).post(f"/posts/{reply}/hide", {"reason": "x"})
        assert answer.status_code == (404 if person is world.admin else 403)
        answer = as_(person).post(f"/topics/{world.topic_id}/hide", {"reason": "x"})
        assert answer.status_code == (404 if person is world.admin else 403)
    assert as_(world.mod).post(f"/posts/{world.first_post_id}/hide", {"reason": "x"}).status_code == 403
    text = as_(world.mod).page(f"/topics/{world.topic_id}")
    assert f"/topics/{world.topic_id}/hide" in text
    with pytest.raises(Forbidden):
        acting(world.jinji, hide_topic, world.topic_id, reason="x")


def test_hiding_twice_keeps_the_first_reason_and_tells_once(world, acting, reply, rows, deliver, letters):
    """Two moderators at once."""
    for reason in ("はじめの理由", "つぎの理由"):
        acting(world.mod, hide_post, reply, reason=reason)
    assert rows(select(Post.hidden_reason).where(Post.public_id == reply)) == ["はじめの理由"]
    deliver()
    assert len(letters()) == 1


def test_the_author_is_told_by_mail_in_their_language_without_content_in_the_subject(
    world, acting, reply, write, deliver, letters
):
    """The reason, the way to the post, and not the post itself."""
    from app.core.db import session

    acting(world.mod, hide_post, reply, reason="連絡先が書かれていたためです")
    deliver()
    [letter] = letters()
    assert "haruka@example.jp" in str(letter.to)
    assert "ひろば運営からのお知らせ" in letter.subject
    assert "連絡先" not in letter.subject
    assert "連絡先が書かれていたためです" in letter.text
    assert f"/posts/{reply}" in letter.text
    assert "090" not in letter.text
    assert "内定や配属に影響することはありません" in letter.text
    write(lambda: session.execute(update(Member).where(Member.id == world.sora.id).values(language="en")))
    acting(world.mod, hide_topic, world.topic_id, reason="確認のためです")
    deliver()
    assert f"/topics/{world.topic_id}" in letters()[0].text


def test_no_letter_leaves_when_it_is_no_longer_true(world, acting, reply, deliver, letters, write):
    """Shown again before the letter was sent; an author who is suspended or has left."""
    from app.core.clock import now
    from app.core.db import session

    acting(world.mod, hide_post, reply, reason="確認のためです")
    acting(world.mod, reveal_post, reply)
    deliver()
    assert ["もう一度表示しました" in letter.text for letter in letters()] == [True]
    acting(world.mod, hide_topic, world.topic_id, reason="確認のためです")
    write(
        lambda: session.execute(
            update(Member)
            .where(Member.id == world.sora.id)
            .values(suspended_at=now(), version=Member.version + 1)
        )
    )
    deliver()
    assert len(letters()) == 1
    acting(world.mod, reveal_topic, world.topic_id)


def test_leaving_unlinks_what_was_written_unless_the_name_stays(world, as_, acting, reply, deliver, rows):
    """Haruka leaves without a trace, Sora with the name."""
    acting(world.haruka, end_membership, keeps_name=False)
    acting(world.sora, end_membership, keeps_name=True)
    deliver()
    assert world.haruka.id not in rows(select(Post.author_id).where(Post.public_id == reply))
    assert rows(select(Topic.author_id)) == [world.sora.id]
    text = as_(world.takumi).page(f"/topics/{world.topic_id}")
    assert "退会した方" in text
    assert "はるか" not in text
    assert "そら" in text
    assert as_(world.yui).get(f"/topics/{world.topic_id}").status_code == 404, (
        "a wall opened for those who left"
    )


# ── the office ───────────────────────────────────────────────────────────────────────────────────────────────


def board_of(**more):
    """What HR types for a board."""
    return {
        "name": "研修のひろば",
        "description": "研修の話",
        "readers": ["candidates", "hr"],
        "writers": ["candidates"],
        **more,
    }


def test_hr_opens_a_board_and_its_readers_see_it_at_once(world, as_, rows):
    """The label says who reads; the others do not see it."""
    haruka = as_(world.haruka)
    haruka.page("/boards")
    answer = as_(world.jinji).post("/hr/boards/new", board_of(slug="kenshu"))
    assert answer.status_code == 303
    text = haruka.page("/boards/kenshu")
    assert "内定者全員・人事" in text
    assert "人事担当者も参加しています" in text
    assert haruka.get("/boards/kenshu/new").status_code == 200
    assert as_(world.jinji).get("/boards/kenshu/new").status_code == 403
    assert as_(world.takumi).get("/boards/kenshu").status_code == 404
    assert rows(select(Community.version)) == [2]


def test_only_those_who_organise_reach_the_office_whatever_the_board(world, as_):
    """Candidates, employees, moderators: one answer for a board that is there and one that is not."""
    for person in (world.haruka, world.takumi, world.mod, world.admin):
        client = as_(person)
        for path in ("/hr/boards", "/hr/boards/new", "/hr/boards/april", "/hr/boards/no-such-board"):
            assert client.get(path).status_code == 404, path
        for path in ("/hr/boards/new", "/hr/boards/april", "/hr/boards/no-such-board"):
            assert client.post(path, board_of()).status_code == 404, path
    assert as_(world.jinji).get("/hr/boards/no-such-board").status_code == 404


def test_the_office_lists_every_board_and_says_which_ones_hr_does_not_read(world, as_, acting):
    """No topic of a board for candidates only is shown."""
    acting(world.haruka, start_topic, "april", title="ないしょ", body="本文")
    text = as_(world.jinji).page("/hr/boards")
    assert "同期だけのひろば" in text
    assert "あなたは読めません" in text
    assert "ないしょ" not in text + as_(world.jinji).page("/hr/boards/april")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "入力してください"),
        ({"readers": [], "writers": []}, "1つ以上選んでください"),
        ({"readers": ["cohort:aaaaaaaaaaaaa"]}, "選べない読み手"),
        ({"readers": ["everybody"]}, "選べない読み手"),
        ({"slug": "square"}, "ほかのひろばで使われています"),
        ({"slug": "けんしゅう"}, "半角の英小文字"),
        ({"slug": "new"}, "半角の英小文字"),
        ({"position": "x"}, "研修のひろば"),
    ],
)
def test_a_board_that_cannot_be_is_refused_and_the_words_stay(world, as_, rows, changes, sentence):
    """Nobody reads it, unknown readers, a taken or unfit address."""
    answer = as_(world.jinji).post("/hr/boards/new", board_of(**changes))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "研修の話" in answer.text
    assert rows(select(func.count()).select_from(Board)) == [4]


def test_a_board_gets_an_address_of_its_own_where_none_is_given(world, acting):
    """ASCII, and a reader finds it."""
    slug = acting(world.jinji, open_board, name="雑談", readers=[f"cohort:{world.april.public_id}"])
    assert re.fullmatch(r"board-[a-z2-7]{6}", slug)
    assert slug in {board.slug for board in acting(world.ren, my_boards)}
    assert slug not in {board.slug for board in acting(world.yui, my_boards)}


def test_readers_of_a_board_with_posts_only_become_fewer(world, as_, acting, rows):
    """「人事・社員は参加していません」 stays true for what was written under it."""
    jinji = as_(world.jinji)
    cohort = f"cohort:{world.april.public_id}"
    group = f"group:{world.group_id}"
    change = {"name": "同期だけのひろば", "description": "", "readers": [cohort, "hr"], "writers": [cohort]}
    assert jinji.post("/hr/boards/april", change).status_code == 303
    change["readers"] = [cohort]
    assert jinji.post("/hr/boards/april", change).status_code == 303
    acting(world.haruka, start_topic, "april", title="同期へ", body="本文")
    for more in ("hr", "moderators", "candidates", f"cohort:{world.october.public_id}"):
        answer = jinji.post("/hr/boards/april", {**change, "readers": [cohort, more]})
        assert answer.status_code == 422
        assert "読める人は増やせません" in answer.text
    with pytest.raises(Invalid):
        acting(world.jinji, change_board, "april", name="x", readers=[], writers=["hr"])
    acting(world.jinji, change_board, "april", name="若葉だけに", readers=[group], writers=[group])
    assert as_(world.sora).get("/boards/april").status_code == 200
    assert as_(world.ren).get("/boards/april").status_code == 404
    assert (
        len(
            rows(
                select(BoardAudience)
                .join(Board, Board.id == BoardAudience.board_id)
                .where(Board.slug == "april")
            )
        )
        == 1
    )


def test_a_board_changed_keeps_its_address_and_shows_what_was_chosen(world, as_):
    """The form comes back filled."""
    jinji = as_(world.jinji)
    text = jinji.page("/hr/boards/square")
    for token in ("candidates", "employees", "hr", "moderators"):
        assert re.search(rf'name="readers" value="{token}" checked', text), token
    assert not re.search(r'name="readers" value="desk" checked', text)
    answer = jinji.post(
        "/hr/boards/square",
        {
            "name": "新しい名前",
            "readers": ["candidates", "employees"],
            "writers": ["candidates"],
            "position": "9",
        },
    )
    assert answer.status_code == 303
    assert "新しい名前" in as_(world.takumi).page("/boards/square")
    assert as_(world.takumi).get("/boards/square/new").status_code == 403
    assert as_(world.jinji).get("/boards/square").status_code == 404

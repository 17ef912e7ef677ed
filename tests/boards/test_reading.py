"""Reading boards: who sees what, and that hidden, blocked and walled look like missing."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select, update

from app.boards.operations import (
    archive_topic,
    hide_post,
    hide_topic,
    pin_topic,
    reply_to_topic,
    reveal_post,
    set_reaction,
    start_topic,
    withdraw_post,
)
from app.boards.queries import alive_topics, archive_page, board_page, fresh_topics, my_boards, topic_page
from app.bookmarks.operations import move_bookmark
from app.core.db import session
from app.core.paging import Cursor
from app.models import Board, BoardAudience, Member, Post, Topic, Upload
from app.policy import NOBODY, allowed, can, viewer_of
from app.policy.engine import loads_of
from app.policy.viewer import forget_viewers
from tests.conftest import NOON
from tests.policy.test_matrix import plant_random_world

NO_SUCH_ID = "aaaaaaaaaaaaa"


def plain(answer):
    """Status, headers and body of an answer, without what differs in any two answers."""
    headers = {
        key: value for key, value in answer.headers if key not in {"Date", "Set-Cookie", "X-Request-ID"}
    }
    return answer.status_code, headers, re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)


def looks_missing(client, path):
    """Whether an address answers like one that leads nowhere."""
    return plain(client.get(path)) == plain(client.get(re.sub(r"[a-z2-7]{13}", NO_SUCH_ID, path)))


@pytest.fixture
def topic(world, acting):
    """A topic of Takumi's with a reply by Haruka, Ren and Yui each."""
    topic_id = acting(world.takumi, start_topic, "square", title="営業部の一日", body="朝は**「朝会」**です")
    replies = {
        key: acting(getattr(world, key), reply_to_topic, topic_id, body=f"{key}のコメント")
        for key in ("haruka", "ren", "yui")
    }
    return topic_id, replies


def test_a_board_lists_topics_newest_first_with_its_readers_in_words(world, as_, topic):
    """The order is that of opening."""
    text = as_(world.haruka).page("/boards/square")
    assert text.index("営業部の一日") < text.index("はじめまして</a>")
    assert "内定者全員・社員・人事・ひろば運営" in text
    assert "人事担当者と先輩社員も参加しています。ひろば運営（モデレーター）も読みます" in text


def test_readers_are_named_in_the_plural_in_english(world, as_, write):
    write(lambda: session.execute(update(Member).where(Member.id == world.haruka.id).values(language="en")))
    text = as_(world.haruka).page("/boards/square")
    assert "All candidates, Employees, HR and Board moderators" in text


def test_a_reply_does_not_move_its_topic(world, as_, acting, topic):
    """Otherwise a hidden person's reply would be seen in the order."""
    acting(world.takumi, reply_to_topic, world.topic_id, body="あとから")
    text = as_(world.haruka).page("/boards/square")
    assert text.index("営業部の一日") < text.index("はじめまして</a>")


def test_a_board_for_candidates_only_says_so_and_exists_for_nobody_else(world, as_):
    """Neither HR nor a moderator reads it, and its address is not found for them."""
    assert "内定者だけの場所です。人事・社員は参加していません" in as_(world.haruka).page("/boards/april")
    for person in (world.jinji, world.lead, world.mod, world.admin, world.takumi, world.yui):
        client = as_(person)
        assert plain(client.get("/boards/april")) == plain(client.get("/boards/no-such-board"))
        assert "同期だけのひろば" not in client.page("/boards")


def test_nobody_signed_out_reads_a_topic(world, anyone):
    """A topic's address leads to the sign-in page."""
    answer = anyone().get(f"/topics/{world.topic_id}")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in")


def test_markdown_is_shown_and_html_is_not(world, as_, acting):
    """Forgiving Markdown, escaped HTML, no script address."""
    body = "**「研修」**です\n二行目\n<b onclick=x>太字</b> [ここ](javascript:alert(1)) <script>alert(1)</script>"
    topic_id = acting(world.haruka, start_topic, "square", title="<i>題名</i>", body=body)
    text = as_(world.takumi).page(f"/topics/{topic_id}")
    assert "<strong>「研修」</strong>です<br>" in text
    assert "&lt;i&gt;題名&lt;/i&gt;" in text
    prose = text[text.index('class="prose"') :]
    assert "<script>" not in prose[: prose.index("</article>")]
    assert 'href="javascript' not in text
    assert "<b onclick" not in text


# ── hidden ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hidden_reply_looks_like_missing_in_page_count_and_permalink(world, as_, acting, topic):
    """Others: nowhere. Its author: with the reason. The moderator: with the way back."""
    topic_id, replies = topic
    acting(world.mod, hide_post, replies["haruka"], reason="連絡先が書かれていたためです")
    sora = as_(world.sora)
    assert "harukaのコメント" not in sora.page(f"/topics/{topic_id}")
    assert acting(world.sora, topic_page, topic_id).reply_count == 1
    assert acting(world.sora, board_page, "square").topics[0].reply_count == 1
    assert looks_missing(sora, f"/posts/{replies['haruka']}")
    assert looks_missing(sora, f"/posts/{replies['haruka']}/hide")
    own = as_(world.haruka).page(f"/topics/{topic_id}")
    assert "harukaのコメント" in own
    assert "連絡先が書かれていたためです" in own
    assert f"/posts/{replies['haruka']}/reveal" in as_(world.mod).page(f"/posts/{replies['haruka']}/acts")
    acting(world.mod, reveal_post, replies["haruka"])
    assert "harukaのコメント" in sora.page(f"/topics/{topic_id}")


def test_a_hidden_topic_looks_like_missing_at_every_address(world, as_, acting):
    """List, page, replying, hiding and its first post's permalink."""
    sora, ren = as_(world.sora), as_(world.ren)
    acting(world.mod, hide_topic, world.topic_id, reason="確認のためです")
    assert "はじめまして</a>" not in ren.page("/boards/square")
    for path in (
        f"/topics/{world.topic_id}",
        f"/topics/{world.topic_id}/hide",
        f"/topics/{world.topic_id}/reveal",
        f"/posts/{world.first_post_id}",
    ):
        assert looks_missing(ren, path), path
    for path, data in (
        (f"/topics/{world.topic_id}/replies", {"body": "見えますか"}),
        (f"/topics/{world.topic_id}/hide", {"reason": "x"}),
        (f"/topics/{world.topic_id}/reveal", {}),
    ):
        missing = path.replace(world.topic_id, NO_SUCH_ID)
        assert plain(ren.post(path, data)) == plain(ren.post(missing, data)), path
    assert acting(world.ren, fresh_topics) == ()
    assert "確認のためです" in sora.page(f"/topics/{world.topic_id}")
    answer = sora.post(f"/topics/{world.topic_id}/replies", {"body": "なぜでしょうか"})
    assert answer.status_code == 403
    assert "非表示にしているため、コメントできません" in answer.text
    assert "なぜでしょうか" in answer.text


# ── blocks and walls ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_block_hides_posts_both_ways_in_list_count_topic_and_permalink(world, as_, acting, topic):
    """Haruka blocked Ren: neither is there for the other, and both are for Sora."""
    topic_id, replies = topic
    own = acting(world.ren, start_topic, "square", title="れんの話題", body="こんにちは")
    for one, other in ((world.haruka, world.ren), (world.ren, world.haruka)):
        client = as_(one)
        assert f"{other.key}のコメント" not in client.page(f"/topics/{topic_id}")
        assert looks_missing(client, f"/posts/{replies[other.key]}")
        assert acting(one, topic_page, topic_id).reply_count == 1
    assert "れんの話題" not in as_(world.haruka).page("/boards/square")
    assert looks_missing(as_(world.haruka), f"/topics/{own}")
    assert acting(world.sora, topic_page, topic_id).reply_count == 2
    assert "れんの話題" in as_(world.sora).page("/boards/square")


def test_a_wall_hides_the_other_cohort_both_ways(world, as_, acting, topic):
    """Yui joins in October; across the wall nobody exists, staff see both sides."""
    topic_id, replies = topic
    for one, others in ((world.haruka, ("yui",)), (world.yui, ("haruka", "ren"))):
        client = as_(one)
        text = client.page(f"/topics/{topic_id}")
        for other in others:
            assert f"{other}のコメント" not in text
            assert looks_missing(client, f"/posts/{replies[other]}")
    assert "はじめまして</a>" not in as_(world.yui).page("/boards/square")
    assert acting(world.jinji, topic_page, topic_id).reply_count == 3


def test_a_cohort_across_the_wall_is_not_named_among_a_boards_readers(world, acting, write):
    """The label would tell that it exists."""

    def let_october_in():
        board_id = session.scalar(select(Board.id).where(Board.slug == "april"))
        session.add(BoardAudience(board_id=board_id, cohort_id=world.october.id, is_writer=True))
        session.execute(update(Member).values(version=Member.version + 1))

    write(let_october_in)
    labels = {board.slug: board.audience_label for board in acting(world.haruka, my_boards)}
    assert labels["april"] == "2027年4月入社の内定者"
    labels = {board.slug: board.audience_label for board in acting(world.yui, my_boards)}
    assert labels["april"] == "2027年10月入社の内定者"


def test_an_erased_author_leaves_the_text_and_takes_nothing_else(world, as_, acting, write):
    """`NOT (author = …)` is unknown in SQL for an absent author: the post must not vanish for those who block."""

    def erase():
        session.execute(update(Topic).values(author_id=None, author_cohort_id=None))
        session.execute(update(Post).values(author_id=None, author_cohort_id=None))

    write(erase)
    for person in (world.haruka, world.ren, world.yui, world.takumi, world.mod):
        text = as_(person).page(f"/topics/{world.topic_id}")
        assert "そらです。よろしくお願いします" in text
        assert "退会した方" in text
        assert "退会した方" in as_(person).page("/boards/square")


def test_whoever_left_with_their_name_or_is_suspended_has_a_name_but_no_page(world, as_, write):
    """The name stays, the link does not."""
    from app.core.clock import now

    for column in (Member.ended_at, Member.suspended_at):
        write(
            lambda column=column: session.execute(
                update(Member).where(Member.id == world.sora.id).values({column: now()})
            )
        )
        text = as_(world.ren).page(f"/topics/{world.topic_id}")
        assert "そら" in text
        assert f"/people/{world.sora.public_id}" not in text
        write(
            lambda column=column: session.execute(
                update(Member).where(Member.id == world.sora.id).values({column: None})
            )
        )


# ── paging ───────────────────────────────────────────────────────────────────────────────────────────────────


def walk(acting, person, read, address, size):
    """Every page forwards by its links, then back again; gives both lists of pages."""

    def turn(href):
        key, _is, value = href.partition("?")[2].partition("=")
        return acting(person, read, address, Cursor(**{key: value}))

    there, back = [acting(person, read, address)], []
    while there[-1].pager.older:
        there.append(turn(there[-1].pager.older))
    page = there[-1]
    back.append(page)
    while page.pager.newer:
        page = turn(page.pager.newer)
        back.insert(0, page)
    return there, back


def test_pages_of_a_topic_go_both_ways_around_hidden_posts(world, acting):
    """Every page is full, nothing is twice or lost, though every third post is hidden."""
    topic_id = acting(world.takumi, start_topic, "square", title="長い話題", body="はじめ")
    posts = [acting(world.takumi, reply_to_topic, topic_id, body=f"{number}番") for number in range(65)]
    for number in range(0, 65, 3):
        acting(world.mod, hide_post, posts[number], reason="確認のためです")
    there, back = walk(acting, world.sora, topic_page, topic_id, 20)
    assert [len(page.posts) for page in there] == [20, 20, 4]
    seen = [post.id for page in there for post in page.posts]
    assert seen[1:] == [post for number, post in enumerate(posts) if number % 3]
    assert there[0].posts[0].is_first
    assert [post.id for page in back for post in page.posts][-len(seen) :] == seen[-len(seen) :]
    assert there[0].pager.newer is None
    assert acting(world.sora, topic_page, topic_id, Cursor(is_end=True)).posts[-1].id == posts[64]


def test_pages_of_a_board_go_both_ways(world, acting):
    """45 topics, newest first."""
    ids = [acting(world.takumi, start_topic, "square", title=f"{n}番", body="本文") for n in range(44)]
    there, back = walk(acting, world.sora, board_page, "square", 20)
    assert [topic.id for page in there for topic in page.topics] == [*reversed(ids), world.topic_id]
    assert [topic.id for topic in back[0].topics] == [topic.id for topic in there[0].topics]


def test_a_page_that_begins_at_a_hidden_post_begins_anew_like_one_that_never_was(world, as_, acting, topic):
    """A cursor tells nothing."""
    topic_id, replies = topic
    acting(world.mod, hide_post, replies["haruka"], reason="確認のためです")
    sora = as_(world.sora)
    for name in ("after", "before"):
        hidden = sora.get(f"/topics/{topic_id}?{name}={replies['haruka']}").text
        missing = sora.get(f"/topics/{topic_id}?{name}={NO_SUCH_ID}").text
        key = r'(csrf_token|submission_key)"[^>]* value="[^"]+"'
        assert re.sub(key, "", hidden) == re.sub(key, "", missing)
        assert "営業部の一日" in missing
        assert 'id="post-' in missing


def test_a_permalink_leads_to_the_page_that_holds_the_post(world, as_, acting):
    """On the first page and deep inside."""
    topic_id = acting(world.takumi, start_topic, "square", title="長い話題", body="はじめ")
    posts = [acting(world.takumi, reply_to_topic, topic_id, body=f"{number}番") for number in range(60)]
    sora = as_(world.sora)
    for post_id in (posts[0], posts[18], posts[19], posts[35], posts[59]):
        answer = sora.get(f"/posts/{post_id}")
        assert answer.status_code == 303
        assert answer.headers["Location"].endswith(f"#post-{post_id}")
        assert f'id="post-{post_id}"' in sora.page(answer.headers["Location"].partition("#")[0])


# ── what stands under a post ─────────────────────────────────────────────────────────────────────────────────


def test_what_one_may_do_with_each_post_is_what_the_rules_say(app, world, acting):
    """Cards are made without asking the rules post by post; in a random world they say the same for every viewer."""
    acting(world.haruka, reply_to_topic, world.topic_id, body="コメント")
    said = {name: set() for name in ("edit", "withdraw", "react", "quote", "hide")}
    with app.app_context():
        plant_random_world(7)
        forget_viewers()
        posts = {
            post.public_id: post
            for post in session.scalars(select(Post).options(*loads_of(Post, "view", "edit", "react")))
        }
        for viewer in [viewer_of(key) for key in session.scalars(select(Member.id))]:
            for topic in session.scalars(select(Topic).where(allowed(viewer, "view", Topic))).all():
                for card in topic_page(viewer, topic.public_id).posts:
                    post = posts[card.id]
                    cards = {
                        "edit": card.can_edit,
                        "withdraw": card.can_withdraw,
                        "react": card.can_react,
                        "quote": card.can_quote,
                        "hide": bool(card.hide_href or card.reveal_href) and not card.is_first,
                    }
                    assert cards == {name: can(viewer, name, post) for name in cards}
                    for name, answer in cards.items():
                        said[name].add(answer)
    assert said == {name: {True, False} for name in said}


def test_reactions_are_counted_without_those_one_does_not_meet_and_never_named_in_a_large_board(
    world, acting, topic
):
    """In the order they are offered, not by their number."""
    topic_id, replies = topic
    for person in (world.sora, world.takumi, world.jinji):
        acting(person, set_reaction, replies["haruka"], "laugh", True)
    acting(world.ren, set_reaction, acting(world.ren, topic_page, topic_id).posts[0].id, "thanks", True)
    first = acting(world.takumi, topic_page, topic_id).posts[0]
    assert [(each.name, each.count, each.is_mine, each.names) for each in first.reactions] == [
        ("thanks", 1, False, ())
    ]
    assert acting(world.haruka, topic_page, topic_id).posts[0].reactions == ()
    given = acting(world.jinji, topic_page, topic_id).posts[1]
    assert [(each.name, each.count, each.is_mine) for each in given.reactions] == [("laugh", 3, True)]
    assert [
        (each.count, each.is_mine) for each in acting(world.haruka, topic_page, topic_id).posts[1].reactions
    ] == [(3, False)]


def test_who_reacted_is_named_on_a_board_of_a_group(world, acting):
    """Seven people who know each other."""
    topic_id = acting(world.haruka, start_topic, "wakaba", title="班のこと", body="本文")
    first = acting(world.sora, topic_page, topic_id).posts[0].id
    acting(world.sora, set_reaction, first, "cheer", True)
    assert [each.names for each in acting(world.haruka, topic_page, topic_id).posts[0].reactions] == [
        ("そら",)
    ]


def test_a_quote_is_there_for_whoever_sees_the_quoted_post(world, acting, topic):
    """Blocked: the answer stands without it. Taken back: it says so without its words."""
    topic_id, replies = topic
    answer = acting(world.sora, reply_to_topic, topic_id, body="なるほど", quoted=replies["ren"])

    def quote_for(person):
        return next(post for post in acting(person, topic_page, topic_id).posts if post.id == answer).quote

    assert quote_for(world.haruka) is None
    assert quote_for(world.takumi).excerpt == "renのコメント"
    assert quote_for(world.takumi).post_id == replies["ren"]
    acting(world.ren, withdraw_post, replies["ren"])
    assert quote_for(world.takumi).is_withdrawn
    assert quote_for(world.takumi).excerpt == ""


def test_what_was_taken_back_leaves_its_place_and_nothing_else(world, as_, acting, topic, queries):
    """The text is not even read; a topic loses its title."""
    topic_id, replies = topic
    acting(world.haruka, withdraw_post, replies["haruka"])
    page = acting(world.takumi, topic_page, topic_id)
    gone = next(post for post in page.posts if post.id == replies["haruka"])
    assert (gone.is_withdrawn, gone.body_html, gone.can_react) == (True, "", False)
    assert "harukaのコメント" not in as_(world.takumi).page(f"/topics/{topic_id}")
    acting(world.sora, withdraw_post, world.first_post_id)
    assert "はじめまして</a>" not in as_(world.takumi).page("/boards/square")
    assert "取り消されたトピック" in as_(world.takumi).page(f"/topics/{world.topic_id}")
    assert "取り消されたトピックのため" in as_(world.takumi).page(f"/topics/{world.topic_id}")


def test_files_stand_under_their_post_and_waiting_ones_for_their_owner_only(world, acting, write, rows):
    """In the order they were chosen."""

    def plant():
        post = session.scalar(select(Post.id).where(Post.public_id == world.first_post_id))
        for place, state in enumerate(("ready", "waiting", "refused")):
            session.add(
                Upload(
                    owner_id=world.sora.id,
                    kind="picture",
                    state=state,
                    alt=f"{place}番",
                    size_bytes=1,
                    width=4,
                    height=3,
                    kept_until=date(2026, 10, 6),
                    post_id=post,
                    position=9 - place,
                )
            )

    write(plant)
    files = {
        person.key: [
            (each.alt, each.is_waiting) for each in acting(person, topic_page, world.topic_id).posts[0].files
        ]
        for person in (world.sora, world.takumi)
    }
    assert files == {"sora": [("1番", True), ("0番", False)], "takumi": [("0番", False)]}


def test_a_mention_leads_to_the_person_only_for_whoever_sees_them(world, as_, acting):
    """For others the name is plain text."""
    topic_id = acting(world.takumi, start_topic, "square", title="紹介", body="@れん さん、ようこそ")
    link = f"/people/{world.ren.public_id}"
    assert link in as_(world.sora).page(f"/topics/{topic_id}")
    assert link not in as_(world.haruka).page(f"/topics/{topic_id}")
    assert "れん" in as_(world.haruka).page(f"/topics/{topic_id}")


# ── put away ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_pinned_topics_stand_first_and_archived_ones_on_a_page_of_their_own(world, as_, acting, topic):
    """Neither twice; the archive has the same readers."""
    topic_id, _replies = topic
    acting(world.mod, pin_topic, world.topic_id)
    page = acting(world.haruka, board_page, "square")
    assert [row.id for row in page.pinned] == [world.topic_id]
    assert [row.id for row in page.topics] == [topic_id]
    acting(world.mod, archive_topic, topic_id)
    assert acting(world.haruka, board_page, "square").topics == ()
    assert [row.id for row in acting(world.haruka, archive_page, "square").topics] == [topic_id]
    assert acting(world.haruka, fresh_topics)[0].id == world.topic_id
    haruka = as_(world.haruka)
    assert "営業部の一日" in haruka.page("/boards/square/archive")
    assert "過去のトピックです" in haruka.page(f"/topics/{topic_id}")
    assert plain(haruka.get("/boards/news/archive"))[0] == 200
    assert plain(as_(world.jinji).get("/boards/april/archive")) == plain(
        as_(world.jinji).get("/boards/no-such-board/archive")
    )


def test_a_board_that_was_put_away_stands_apart_and_is_read_only(world, as_, acting, write, topic):
    """Under its own heading, without a composer, and no news of home even where a comment was never read."""
    acting(world.sora, move_bookmark, topic[0], topic[1]["haruka"])

    def put_away():
        session.execute(update(Board).where(Board.slug == "square").values(archived_at=NOON))
        session.execute(update(Member).values(version=Member.version + 1))

    assert [row.id for row in acting(world.sora, alive_topics)] == [topic[0]]
    write(put_away)
    assert acting(world.sora, alive_topics) == ()
    haruka = as_(world.haruka)
    text = haruka.page("/boards")
    assert text.index("過去のひろば") < text.index("みんなのひろば")
    assert "トピックをつくる" not in haruka.page("/boards/square")
    assert "営業部の一日" not in haruka.page("/")
    assert "コメントする" not in haruka.page(f"/topics/{topic[0]}")


# ── cost ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/", 6),
        ("/boards", 4),
        ("/boards/square", 4),
        ("/boards/square/archive", 3),
        ("/topics/{topic}", 5),
        ("/topics/{topic}?unread=1", 6),
        ("/posts/{post}/acts", 5),
        ("/me/saved", 4),  # with nothing from boards, the messages kept are asked for as well
    ],
)
def test_a_page_costs_few_queries_and_writes_nothing(world, as_, acting, queries, path, most):
    """Visitor and the number of notices included, whatever the number of rows."""
    for number in range(3):
        acting(world.takumi, start_topic, "square", title=f"{number}番", body="本文")
        acting(world.takumi, reply_to_topic, world.topic_id, body="コメント")
    client = as_(world.haruka)
    path = path.format(topic=world.topic_id, post=world.first_post_id)
    client.page(path)
    with queries() as seen:
        client.page(path)
    assert len(seen) <= most, "\n\n".join(seen)
    assert all(statement.lstrip().upper().startswith("SELECT") for statement in seen)


def test_html_of_an_older_renderer_is_made_again_for_the_view_and_by_upkeep(world, as_, write, rows):
    """A page view writes nothing."""
    from app.boards.operations import rerender_posts

    write(
        lambda: session.execute(
            update(Post).values(body="**新しい**", body_html="<p>古い</p>", renderer_version=0)
        )
    )
    assert "<strong>新しい</strong>" in as_(world.haruka).page(f"/topics/{world.topic_id}")
    assert rows(select(Post.body_html)) == ["<p>古い</p>"]
    assert write(lambda: rerender_posts()) == 1
    assert rows(select(Post.body_html)) == ["<p><strong>新しい</strong></p>\n"]
    assert write(lambda: rerender_posts()) == 0


def test_nobody_has_no_boards(app):
    """The viewer of somebody signed out reads nothing."""
    with app.app_context():
        assert my_boards(NOBODY) == ()
        assert fresh_topics(NOBODY) == ()


def test_home_shows_the_newest_topics_of_ones_own_boards_with_their_names(world, acting):
    """Two boards, one of them not Ren's."""
    acting(world.haruka, start_topic, "wakaba", title="班のこと", body="本文")
    assert [(row.title, row.board_name) for row in acting(world.sora, fresh_topics)] == [
        ("班のこと", "若葉のひろば"),
        ("はじめまして", "みんなのひろば"),
    ]
    assert [row.title for row in acting(world.ren, fresh_topics)] == ["はじめまして"]

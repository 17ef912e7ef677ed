"""Speaking to somebody by name: only those one may see, who read along; for the others nothing shows."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.accounts.operations import end_membership
from app.boards.audience import reads_board
from app.boards.operations import edit_post, reply_to_topic, rerender_posts, start_topic
from app.core.db import session
from app.core.errors import Invalid
from app.core.names import fold
from app.models import Board, Member, Mention, Post, PostRevision, Role
from app.people.operations import block_person


def link(person, at="@"):
    """A mention as it is stored."""
    return f'<a class="mention" href="/people/{person.public_id}">{at}{person.name}</a>'


@pytest.fixture
def mentioned(rows):
    """Whom a post speaks to, by internal id."""

    def find(post_id):
        return set(rows(select(Mention.member_id).join(Post).where(Post.public_id == post_id)))

    return find


@pytest.fixture
def add_member(write):
    """Adds a candidate of this name to April's cohort; gives (id, public id)."""

    def add(name, cohort_id):
        def plant():
            member = Member(
                mail=f"{fold(name)[:20].encode().hex()}{session.query(Member).count()}@example.jp",
                roles=int(Role.CANDIDATE),
                cohort_id=cohort_id,
                display_name=name,
                display_fold=fold(name),
                bud=1,
                rules_version=1,
            )
            session.add(member)
            session.flush()
            return member.id, member.public_id

        return write(plant)

    return add


def test_a_typed_name_that_fits_one_person_speaks_to_them(world, as_, acting, mentioned):
    """In the middle of Japanese, with either kind of @; shown as a link to whoever may see them."""
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="＠たくみさん、@そらにも聞きました")
    assert mentioned(post_id) == {world.takumi.id, world.sora.id}
    text = as_(world.jinji).page(f"/topics/{world.topic_id}")
    assert link(world.takumi, "＠") in text
    assert link(world.sora) in text


def test_somebody_invisible_is_not_spoken_to_and_nothing_says_so(world, as_, acting, mentioned):
    """Blocked, behind a wall, gone, nobody: the same plain words."""
    post_id = acting(
        world.haruka,
        reply_to_topic,
        world.topic_id,
        body="@れん @ゆい @だれか",
        mentions=[world.ren.public_id, world.yui.public_id],
    )
    assert mentioned(post_id) == set()
    text = as_(world.takumi).page(f"/topics/{world.topic_id}")
    assert "@れん @ゆい @だれか" in text
    assert 'class="mention"' not in text


def test_whoever_does_not_read_the_board_is_not_spoken_to(world, as_, acting, mentioned):
    """Takumi is no reader of April's board, Ren is none of the group's."""
    topic_id = acting(world.sora, start_topic, "april", title="同期へ", body="@たくみ @はるか @れん @jinji")
    [first] = acting(world.sora, _posts_of, topic_id)
    assert mentioned(first) == {world.haruka.id, world.ren.id}
    topic_id = acting(world.sora, start_topic, "wakaba", title="班へ", body="@はるか @れん")
    [first] = acting(world.sora, _posts_of, topic_id)
    assert mentioned(first) == {world.haruka.id}


def _posts_of(_viewer, topic_id):
    from app.models import Topic

    return list(session.scalars(select(Post.public_id).join(Topic).where(Topic.public_id == topic_id)))


def test_those_who_read_a_board_are_those_who_open_it(world, app, rows, as_):
    """Role, cohort or group; asked of everybody at once, answered as each one's own page does."""
    for slug in ("square", "april", "news", "wakaba"):
        [board_id] = rows(select(Board.id).where(Board.slug == slug))
        readers = set(rows(select(Member.public_id).where(reads_board(board_id))))
        opened = {
            person.public_id
            for person in world.people.values()
            if as_(person).get(f"/boards/{slug}").status_code == 200
        }
        assert readers == opened, slug


def test_a_mention_is_plain_for_whoever_may_not_see_that_person(world, as_, acting):
    """Takumi speaks to Ren; Haruka, who does not meet Ren, reads words."""
    acting(world.takumi, reply_to_topic, world.topic_id, body="@れんさん、どうぞ")
    assert link(world.ren) in as_(world.sora).page(f"/topics/{world.topic_id}")
    text = as_(world.haruka).page(f"/topics/{world.topic_id}")
    assert "@れんさん、どうぞ" in text
    assert world.ren.public_id not in text


def test_a_name_of_two_people_needs_to_be_chosen(world, acting, mentioned, add_member):
    """Completion says which; typed alone it stays a word."""
    other, other_public = add_member("そら", world.april.id)
    typed = acting(world.haruka, reply_to_topic, world.topic_id, body="@そら")
    chosen = acting(world.haruka, reply_to_topic, world.topic_id, body="@そら！", mentions=[other_public])
    assert mentioned(typed) == set()
    assert mentioned(chosen) == {other}


def test_a_namesake_one_cannot_see_changes_nothing(world, acting, mentioned, add_member):
    """Another そら behind the wall: the name still fits one person."""
    add_member("そら", world.october.id)
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="@そら")
    assert mentioned(post_id) == {world.sora.id}


def test_the_longest_name_is_meant(world, acting, mentioned, add_member):
    """Without spaces a name may begin another."""
    longer, _public = add_member("そらまめ", world.april.id)
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="@そらまめさん")
    assert mentioned(post_id) == {longer}


def test_a_name_of_odd_characters_is_found(world, as_, acting, mentioned, add_member):
    """What patterns, HTML and Markdown are made of."""
    odd, public_id = add_member("(o.o)&<b>+", world.april.id)
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="@(o.o)&<b>+ さん")
    assert mentioned(post_id) == {odd}
    assert f'href="/people/{public_id}">@(o.o)&amp;&lt;b&gt;+</a>' in as_(world.takumi).page(
        f"/topics/{world.topic_id}"
    )


def test_a_chosen_person_whose_name_is_not_in_the_text_is_not_spoken_to(world, acting, mentioned):
    """The name was deleted again before sending; code and addresses speak to nobody."""
    body = "やっぱりやめます `@たくみ` mail@そら"
    ids = [world.takumi.public_id, world.sora.public_id]
    assert mentioned(acting(world.haruka, reply_to_topic, world.topic_id, body=body, mentions=ids)) == set()


def test_oneself_is_not_spoken_to(world, acting, mentioned):
    assert mentioned(acting(world.haruka, reply_to_topic, world.topic_id, body="@はるかです")) == set()


def test_more_than_twenty_are_refused_and_the_text_is_kept(world, as_, add_member, rows):
    names = [f"同期{letter}" for letter in "あいうえおかきくけこさしすせそたちつてとな"]
    for name in names:
        add_member(name, world.april.id)
    body = " ".join(f"@{name}" for name in names)
    answer = as_(world.haruka).post(f"/topics/{world.topic_id}/replies", {"body": body})
    assert answer.status_code == 422
    assert "一度に20人まで" in answer.text
    assert names[-1] in answer.text
    assert rows(select(Mention.post_id)) == []


def test_an_edit_tells_only_those_who_are_newly_spoken_to(world, acting, mentioned, rows):
    """Whoever was spoken to before is not told again; whoever is no longer named is no longer spoken to."""
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="@そら @たくみ")
    acting(world.haruka, edit_post, post_id, revision=1, body="@たくみ @naomi ")
    assert mentioned(post_id) == {world.takumi.id, world.naomi.id}


def test_an_edit_keeps_a_mention_although_the_person_is_called_otherwise_now(
    world, acting, mentioned, write, rows
):
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="@そらさん")
    write(
        lambda: session.execute(
            update(Member).where(Member.id == world.sora.id).values(display_name="うみ", display_fold="うみ")
        )
    )
    acting(world.haruka, edit_post, post_id, revision=1, body="@そらさん、ありがとう")
    assert mentioned(post_id) == {world.sora.id}
    assert link(world.sora) in rows(select(Post.body_html).where(Post.public_id == post_id))[0]


def test_rendering_again_keeps_the_mentions(world, acting, write, rows):
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="@そらさん")
    before = rows(select(Post.body_html).where(Post.public_id == post_id))
    write(
        lambda: session.execute(
            update(Post).where(Post.public_id == post_id).values(renderer_version=0, excerpt="")
        )
    )
    assert write(rerender_posts) == 1
    assert rows(select(Post.body_html).where(Post.public_id == post_id)) == before
    assert rows(select(Post.excerpt).where(Post.public_id == post_id)) == ["@そらさん"]


def test_leaving_takes_the_link_out_of_what_others_wrote(world, acting, deliver, rows):
    """The words stay, in the post and in its earlier versions; the id is nowhere."""
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="@そらさん @たくみさん")
    acting(world.haruka, edit_post, post_id, revision=1, body="@そらさん @たくみさん、こんにちは")
    acting(world.sora, end_membership, keeps_name=False)
    deliver()
    stored = rows(select(Post.body_html)) + rows(select(PostRevision.body_html))
    assert not [html for html in stored if world.sora.public_id in html]
    assert [html for html in stored if link(world.takumi) in html and "@そらさん" in html]
    assert rows(select(Mention.member_id)) == [world.takumi.id]


def test_a_block_after_the_writing_makes_the_mention_plain(world, as_, acting):
    acting(world.haruka, reply_to_topic, world.topic_id, body="@たくみさん")
    assert link(world.takumi) in as_(world.sora).page(f"/topics/{world.topic_id}")
    acting(world.sora, block_person, world.takumi.public_id)
    assert world.takumi.public_id not in as_(world.sora).page(f"/topics/{world.topic_id}")


def test_too_many_at_signs_are_no_work(world, acting, mentioned):
    """Places beyond the first sixty stay what they are."""
    post_id = acting(world.haruka, reply_to_topic, world.topic_id, body="@" * 5_000 + " @そら" * 500)
    assert mentioned(post_id) <= {world.sora.id}
    with pytest.raises(Invalid):
        acting(
            world.haruka,
            start_topic,
            "square",
            title="x",
            body="x",
            files=["aaaaaaaaaaaaa"],
        )

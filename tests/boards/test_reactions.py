"""Six signs under posts: given and taken back, in a fixed order, without ranking."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.accounts.operations import end_membership
from app.boards.operations import (
    archive_topic,
    hide_post,
    reply_to_topic,
    set_reaction,
    start_topic,
    withdraw_post,
)
from app.boards.queries import reactions_of
from app.core.errors import Forbidden, Invalid, NotFound
from app.models import REACTIONS, Member, Reaction
from tests.conftest import NO_SUCH_ID


@pytest.fixture
def reply(world, acting):
    """A reply of Takumi's."""
    return acting(world.takumi, reply_to_topic, world.topic_id, body="朝は8時です")


def test_a_sign_is_given_and_taken_back_by_the_same_button(world, as_, reply, rows):
    """A plain form leads back to the post; the button says whether it is mine."""
    haruka = as_(world.haruka)
    assert f'href="/posts/{reply}/acts"' in haruka.page(f"/topics/{world.topic_id}")
    text = haruka.page(f"/posts/{reply}/acts")
    assert f'formaction="/posts/{reply}/reactions" name="on" value="thanks" aria-pressed="false"' in text
    answer = haruka.post(f"/posts/{reply}/reactions", {"on": "thanks"})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"#post-{reply}")
    text = haruka.page(f"/topics/{world.topic_id}")
    assert f'formaction="/posts/{reply}/reactions" name="off" value="thanks" aria-pressed="true"' in text
    assert f'formaction="/posts/{reply}/reactions" name="on" value="thanks"' in as_(world.sora).page(
        f"/topics/{world.topic_id}"
    )
    text = haruka.page(f"/posts/{reply}/acts")
    assert f'formaction="/posts/{reply}/reactions" name="off" value="thanks" aria-pressed="true"' in text
    assert haruka.post(f"/posts/{reply}/reactions", {"off": "thanks"}).status_code == 303
    assert rows(select(func.count()).select_from(Reaction)) == [0]


def test_giving_twice_is_giving_once(world, acting, reply, rows):
    """And taking back what is not there changes nothing."""
    for _again in range(2):
        acting(world.haruka, set_reaction, reply, "agree", True)
    acting(world.haruka, set_reaction, reply, "cheer", False)
    assert rows(select(Reaction.name)) == ["agree"]
    for _again in range(2):
        acting(world.haruka, set_reaction, reply, "agree", False)
    assert rows(select(Reaction.name)) == []


def test_a_script_gets_the_bar_alone(world, as_, reply):
    answer = as_(world.haruka).post(f"/posts/{reply}/reactions", {"on": "laugh"}, headers={"X-Fragment": "1"})
    assert answer.status_code == 200
    assert answer.text.strip().startswith('<div class="reactions" data-reactions>')
    assert "ふふっ" in answer.text
    assert "<html" not in answer.text
    assert "csrf" not in answer.text


def test_nobody_puts_a_sign_under_their_own_words(world, as_, acting, reply, rows):
    """It is not offered, and refused with a sentence; what others gave is shown there, without a button."""
    acting(world.haruka, set_reaction, reply, "thanks", True)
    takumi = as_(world.takumi)
    assert "/reactions" not in takumi.page(f"/posts/{reply}/acts")
    text = takumi.page(f"/topics/{world.topic_id}")
    assert '<span class="reaction">' in text
    assert f'formaction="/posts/{reply}/reactions"' not in text
    answer = takumi.post(f"/posts/{reply}/reactions", {"on": "thanks"})
    assert answer.status_code == 403
    assert "ご自分の投稿には、リアクションを付けられません" in answer.text
    assert rows(select(Reaction.member_id)) == [world.haruka.id]


def test_the_order_never_follows_the_numbers(world, acting, reply):
    """おめでとう by three stands behind ありがとう by one."""
    for person in (world.haruka, world.sora, world.jinji):
        acting(person, set_reaction, reply, "congrats", True)
    acting(world.haruka, set_reaction, reply, "thanks", True)
    found = acting(world.sora, reactions_of, reply)
    assert [(each.name, each.count, each.is_mine) for each in found] == [
        ("thanks", 1, False),
        ("congrats", 3, True),
    ]


def test_signs_of_people_one_does_not_meet_are_not_counted(world, acting):
    """Haruka and Ren are blocked, Yui is behind the wall."""
    topic_id = acting(world.takumi, start_topic, "square", title="営業部の一日", body="本文")
    reply = acting(world.takumi, reply_to_topic, topic_id, body="朝は8時です")
    for person in (world.ren, world.yui, world.sora):
        acting(person, set_reaction, reply, "helpful", True)
    assert [each.count for each in acting(world.haruka, reactions_of, reply)] == [1]
    assert [each.count for each in acting(world.takumi, reactions_of, reply)] == [3]


def test_a_sign_there_is_not_is_refused(world, as_, acting, reply, rows):
    """No seventh one, and none that judges."""
    haruka = as_(world.haruka)
    for name in ("dislike", "thanks ", "", "あ" * 500):
        assert haruka.post(f"/posts/{reply}/reactions", {"on": name}).status_code == 422
        with pytest.raises(Invalid):
            acting(world.haruka, set_reaction, reply, name, True)
    assert haruka.post(f"/posts/{reply}/reactions", {"on": "thanks", "count": "9"}).status_code == 422
    assert rows(select(Reaction.name)) == []
    assert len(REACTIONS) == 6


def test_what_one_does_not_see_takes_no_sign(world, as_, acting, reply):
    for person, post_id in ((world.yui, reply), (world.haruka, NO_SUCH_ID)):
        assert as_(person).post(f"/posts/{post_id}/reactions", {"on": "thanks"}).status_code == 404
        with pytest.raises(NotFound):
            acting(person, set_reaction, post_id, "thanks", True)


def test_what_was_taken_back_or_put_away_takes_no_more_signs(world, as_, acting, reply):
    """The signs given before stay on a past topic."""
    acting(world.haruka, set_reaction, reply, "thanks", True)
    acting(world.mod, archive_topic, world.topic_id)
    with pytest.raises(Forbidden):
        acting(world.sora, set_reaction, reply, "thanks", True)
    text = as_(world.sora).page(f"/topics/{world.topic_id}")
    assert '<span class="reaction">' in text
    assert 'value="thanks"' not in text
    acting(world.takumi, withdraw_post, reply)
    assert as_(world.sora).post(f"/posts/{reply}/reactions", {"on": "thanks"}).status_code == 403


def test_a_sign_makes_nobody_look_again(world, acting, reply, rows):
    """The version of a member tells of what they may see, and that is the same."""
    before = rows(select(Member.version).order_by(Member.id))
    acting(world.haruka, set_reaction, reply, "thanks", True)
    assert rows(select(Member.version).order_by(Member.id)) == before


def test_leaving_takes_the_signs_along(world, acting, reply, deliver, rows):
    acting(world.sora, set_reaction, reply, "thanks", True)
    acting(world.sora, end_membership, keeps_name=False)
    deliver()
    assert rows(select(Reaction.name)) == []


def test_too_many_taps_in_a_minute_wait(world, as_, reply):
    haruka = as_(world.haruka)
    for number in range(120):
        side = "on" if number % 2 else "off"
        assert haruka.post(f"/posts/{reply}/reactions", {side: "thanks"}).status_code == 303
    assert haruka.post(f"/posts/{reply}/reactions", {"on": "thanks"}).status_code == 429


def test_the_page_of_a_post_offers_what_its_menu_offers(world, as_, acting, reply):
    """For whoever uses no script: of the menu only the way there is on the page of the topic."""
    for person, acts in ((world.sora, "quote save"), (world.takumi, "quote save edit withdraw")):
        client = as_(person)
        assert f'data-can="{acts}"' in client.page(f"/topics/{world.topic_id}").partition(f"post-{reply}")[2]
        text = client.page(f"/posts/{reply}/acts").partition("<main")[2].partition("</main>")[0]
        for act in ("quote", "save", "edit", "withdraw", "hide"):
            assert (f'data-act="{act}"' in text) == (act in acts.split())
    acting(world.mod, hide_post, reply, reason="確認のためです")
    assert as_(world.sora).get(f"/posts/{reply}/acts").status_code == 404

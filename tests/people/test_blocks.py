"""Blocking: at once, in both directions, told to nobody."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from app.core.errors import NotFound
from app.core.events import OutboxRow
from app.models import Block
from app.people.operations import block_person, unblock_person

NO_SUCH_ID = "aaaaaaaaaaaaa"


def test_a_block_acts_at_once_in_both_directions_and_can_be_taken_back(world, as_):
    """On open sessions, without signing in again."""
    sora, ren = as_(world.sora), as_(world.ren)
    ren.page(f"/topics/{world.topic_id}")
    answer = sora.post(f"/people/{world.ren.public_id}/block")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/me/blocks"
    assert sora.get(f"/people/{world.ren.public_id}").status_code == 404
    assert ren.get(f"/people/{world.sora.public_id}").status_code == 404
    assert ren.get(f"/topics/{world.topic_id}").status_code == 404
    assert "れん" in sora.page("/me/blocks")
    assert "そら" not in ren.page("/me/blocks")
    assert sora.post(f"/people/{world.ren.public_id}/unblock").status_code == 303
    assert ren.get(f"/topics/{world.topic_id}").status_code == 200
    assert "れん" not in sora.page("/me/blocks")


def test_the_page_says_before_the_block_that_nobody_is_told(world, as_):
    """In words, beside the button."""
    text = as_(world.sora).page(f"/people/{world.ren.public_id}")
    assert "相手にもほかの人にも知らされません" in text


def test_two_blocks_stand_on_their_own(world, acting, as_):
    """Haruka's stays when Ren takes his back."""
    with pytest.raises(NotFound):
        acting(world.ren, block_person, world.haruka.public_id)
    with pytest.raises(NotFound):
        acting(world.ren, unblock_person, world.haruka.public_id)
    assert as_(world.ren).get(f"/people/{world.haruka.public_id}").status_code == 404


def test_blocking_twice_is_harmless_and_unblocking_nobody_is_not_found(world, acting, rows):
    """One row; the second answer is like the first."""
    for _ in range(2):
        acting(world.sora, block_person, world.ren.public_id)
    assert rows(select(func.count()).select_from(Block).where(Block.blocker_id == world.sora.id)) == [1]
    acting(world.sora, unblock_person, world.ren.public_id)
    for person_id in (world.ren.public_id, world.haruka.public_id, NO_SUCH_ID):
        with pytest.raises(NotFound):
            acting(world.sora, unblock_person, person_id)


def test_official_people_block_nobody_and_are_blocked_by_nobody(world, as_):
    """With a sentence that says whom to turn to; no button is offered."""
    for person, other in (
        (world.haruka, world.jinji),
        (world.haruka, world.desk),
        (world.jinji, world.haruka),
    ):
        client = as_(person)
        assert "/block" not in client.page(f"/people/{other.public_id}")
        answer = client.post(f"/people/{other.public_id}/block")
        assert answer.status_code == 403
        assert "ブロックできません" in answer.text
    assert as_(world.haruka).post(f"/people/{world.takumi.public_id}/block").status_code == 303


def test_a_block_leaves_nothing_that_could_tell_of_it(world, acting, deliver, rows):
    """No letter, no notice, nothing in the outbox."""
    acting(world.sora, block_person, world.ren.public_id)
    deliver()  # the rooms both are in begin afresh; the fact itself is gone then
    assert rows(select(OutboxRow)) == []


def test_a_block_takes_nothing_but_the_press(world, as_):
    """Unknown fields are refused."""
    answer = as_(world.sora).post(f"/people/{world.ren.public_id}/block", {"blocker_id": "1"})
    assert answer.status_code == 422


def test_two_who_block_each_other_at_once_both_end_blocked(world, acting, rows):
    """Neither waits forever, neither meets an error of the database."""
    start, wrong = threading.Barrier(2), []

    def block(one, other):
        start.wait()
        try:
            acting(one, block_person, other.public_id)
        except NotFound:
            pass  # the other was first: for this one nobody is there any more
        except Exception as error:
            wrong.append(error)

    threads = [
        threading.Thread(target=block, args=pair)
        for pair in ((world.sora, world.ren), (world.ren, world.sora))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert rows(select(func.count()).select_from(Block).where(Block.blocker_id == world.sora.id)) in (
        [0],
        [1],
    )
    assert (
        rows(
            select(func.count()).select_from(Block).where(Block.blocker_id.in_([world.sora.id, world.ren.id]))
        )[0]
        >= 1
    )

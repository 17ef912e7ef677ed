"""Two worlds that differ only in what somebody may not see: their list, bell and letter are the same."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import delete, update

from app.boards.operations import hide_post
from app.core.db import session
from app.models import Block, Level, Member, Notice
from app.people.operations import block_person
from tests.security.test_two_worlds import look

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def seen_by(as_):
    """What somebody's list, home and settings give away, and the statements they took."""

    def crawl(person):
        client = as_(person)
        return [look(client, path) for path in ("/notices", "/", "/me/notices", "/me")]

    return crawl


@pytest.mark.parametrize("way", ["hidden", "blocked"])
def test_what_was_told_and_is_now_invisible_leaves_no_trace(way, world, acting, write, says, hears, seen_by):
    """Beside a world in which the notice was never made."""
    hears(world.takumi, Level.FOLLOWED)
    says(world.naomi)
    post_id = says(world.sora, "@たくみ さん")
    if way == "hidden":
        acting(world.mod, hide_post, post_id, reason="理由")
    else:
        acting(world.takumi, block_person, world.sora.public_id)
    one = seen_by(world.takumi)
    write(lambda: session.execute(delete(Notice).where(Notice.kind == "mention")))
    other = seen_by(world.takumi)
    assert one == other


def test_a_leak_would_be_seen(world, write, says, seen_by):
    """The control: the same comparison finds a notice that is there."""
    says(world.sora, "@たくみ さん")
    one = seen_by(world.takumi)
    write(lambda: session.execute(delete(Notice)))
    assert one != seen_by(world.takumi)


def test_the_bell_counts_what_the_list_shows(world, as_, write, hears, says, counted, announced):
    """Whatever is hidden in between: one line for the comments, one for the announcement."""
    hears(world.takumi, Level.FOLLOWED)
    for person in (world.sora, world.naomi, world.haruka, world.ren):
        says(person)
    announced([world.takumi])
    write(lambda: session.add(Block(blocker_id=world.takumi.id, blocked_id=world.ren.id)))
    write(lambda: session.execute(update(Member).values(version=Member.version + 1)))
    listed = re.findall(r'class="mark">新着', as_(world.takumi).page("/notices"))
    assert counted(world.takumi) == len(listed) == 2

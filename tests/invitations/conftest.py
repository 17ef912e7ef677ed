"""What the tests of invitations share: an invitation that was sent, and its link as the letter carries it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from app.invitations.cards import Invitee
from app.invitations.operations import invite_person, send_invitations


@pytest.fixture
def sent_link(world: Any, acting: Any, deliver: Any, letters: Any) -> Callable[..., tuple[str, str]]:
    """Makes HR (or `by`) invite somebody and send the letter: the invitation's id and the path of its link."""

    def make(mail: str = "aoi@univ.example.jp", *, by: str = "jinji", **more: Any) -> tuple[str, str]:
        person = world.people[by]
        if "candidate" in more.get("roles", ("candidate",)):
            more.setdefault("cohort", world.april.public_id)
        more.setdefault("legal_name", "髙橋 葵")
        invitation_id = acting(person, invite_person, Invitee(mail=mail, **more))
        acting(person, send_invitations, [invitation_id])
        deliver()
        return invitation_id, newest_link(letters, mail)

    return make


def newest_link(letters: Any, mail: str) -> str:
    """The path of the link in the newest letter to this address."""
    text = next(letter.text for letter in letters() if mail in letter.to)
    found = re.search(r"/invitations/[a-z2-7]{26}", text)
    assert found is not None
    return found[0]


@pytest.fixture
def link_in(letters: Any) -> Callable[[str], str]:
    """The path of the link in the newest letter to an address."""
    return lambda mail: newest_link(letters, mail)

"""What the tests of the doors share: passwords, letters, authenticators."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select, update

from app.accounts import second_factor
from app.core import clock
from app.core.db import session
from app.core.passwords import hash_password
from app.models import Community, Member
from tests.conftest import PASSWORD, Client, Person

_hashes: dict[str, str] = {}


def kept_hash() -> str:
    """The hash of PASSWORD, made once."""
    return _hashes.setdefault("kept", hash_password(PASSWORD))


@pytest.fixture
def with_password(write: Callable[..., Any]) -> Callable[..., Person]:
    """Gives a person the password of the test world; `is_real` takes away the demo's exemption from a second factor."""

    def give(person: Person, *, is_real: bool = False) -> Person:
        write(
            lambda: session.execute(
                update(Member)
                .where(Member.id == person.id)
                .values(password_hash=kept_hash(), is_demo=not is_real)
            )
        )
        return person

    return give


@pytest.fixture
def with_factor(write: Callable[..., Any]) -> Callable[[Person], Callable[[], str]]:
    """Gives a person a second factor; returns what makes the code of now."""

    def give(person: Person) -> Callable[[], str]:
        nonce = second_factor.start_second_factor()
        write(
            lambda: session.execute(
                update(Member)
                .where(Member.id == person.id)
                .values(totp_secret=nonce, totp_step=None, is_demo=False)
            )
        )
        return lambda: code_now(nonce)

    return give


def code_now(nonce: str) -> str:
    """What an authenticator shows at this moment."""
    return pyotp.TOTP(second_factor.key_of(nonce)).at(clock.now())


@pytest.fixture
def letters_arrive(write: Callable[..., Any]) -> None:
    """Signing in by mail is on, as in a demo; letters lie in the mail folder."""
    write(lambda: session.execute(update(Community).values(is_demo=True, version=Community.version + 1)))


@pytest.fixture
def sign_in(anyone: Callable[[], Client]) -> Callable[..., Client]:
    """Signs a person in by password, through the door."""

    def enter(person: Person, client: Client | None = None) -> Client:
        client = client or anyone()
        answer = client.post("/sign-in", {"email": person.mail, "password": PASSWORD})
        assert answer.status_code == 302, answer.text
        return client

    return enter


def path_in(text: str) -> str:
    """The path of the one link in a letter."""
    found = re.findall(r"http://localhost(/\S+)", text)
    assert len(found) == 1, text
    return str(found[0])


def digits_in(text: str) -> str:
    """The 6 digits in a letter."""
    found = re.findall(r"^\d{6}$", text, re.MULTILINE)
    assert len(found) == 1, text
    return str(found[0])


def without_csrf(text: str) -> str:
    """A page without what differs in every answer."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", text)


def is_inside(client: Client) -> bool:
    """Whether this browser is signed in."""
    return client.get("/me/security").status_code == 200


def token_of(client: Client) -> str | None:
    """The session secret this browser carries."""
    with client.http.session_transaction() as stored:
        return stored.get("_user_id")


def member_row(app: Flask, person: Person) -> Member:
    """A person's row as it is now, detached."""
    with app.app_context():
        row = session.scalars(select(Member).where(Member.id == person.id)).one()
        session.expunge_all()
        return row

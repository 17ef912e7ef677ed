"""An empty house, and the first administrator who moves in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import delete

from app.core import clock
from app.core.db import Base, session
from app.core.operation import unit_of_work
from app.office.operations import make_first_administrator_link
from app.policy.viewer import forget_viewers
from tests.conftest import Client

ACCOUNT = {
    "legal_name": "山田　遥子",
    "kana": "やまだ　ようこ",
    "display_name": "山田",
    "mail": "yamada@example.jp",
    "password": "kawa-no-oto-42-momiji",
    "accepts_rules": "y",
}


@pytest.fixture
def empty(app: Flask) -> Flask:
    """The app before anybody has come."""
    with app.app_context(), unit_of_work():
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))
    forget_viewers()
    return app


@pytest.fixture
def first_link(empty: Flask) -> Callable[[], str]:
    """Makes the one-time link, as the command does."""

    def make() -> str:
        with empty.app_context():
            return make_first_administrator_link()

    return make


def without_csrf(answer: Any) -> str:
    """The text of a page without the one value that differs with every rendering."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)


def account(client: Client, link: str, **changes: str) -> dict[str, str]:
    """What is typed into the welcome page, with the code the authenticator shows now."""
    key = re.search(r'id="factor-key" value="([A-Z2-7]{26})"', client.page(link))
    assert key is not None
    code = pyotp.TOTP(key[1]).at(clock.now())
    return {**ACCOUNT, "code": code, **changes}


@pytest.fixture
def moved_in(empty: Flask, first_link: Callable[[], str], anyone: Callable[[], Client]) -> Client:
    """The browser of the first administrator, who has just become one."""
    client = anyone()
    link = first_link()
    answer: Any = client.post(link, account(client, link))
    assert answer.status_code == 200, answer.text
    return client

"""The socket door: what is pushed reaches the devices of its member and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.core.sockets import close_sockets, push, socketio
from tests.conftest import Client, Person, World


@pytest.fixture
def connect(app: Flask, as_: Callable[[Person], Client]) -> Callable[..., Any]:
    """Opens a socket of this person from our own pages."""

    def make(person: Person, **headers: str) -> Any:
        client = as_(person)
        csrf = client.csrf()
        return socketio.test_client(
            app,
            flask_test_client=client.http,
            auth={"csrf": csrf},
            headers={"Origin": "http://localhost", **headers},
        )

    return make


def _names(socket: Any) -> list[str]:
    return [each["name"] for each in socket.get_received()]


def test_a_hint_reaches_every_device_of_its_member_and_nobody_else(
    app: Flask, world: World, connect: Callable[..., Any]
) -> None:
    first, second, other = connect(world.haruka), connect(world.haruka), connect(world.sora)
    assert first.is_connected()
    with app.app_context():
        push([world.haruka.id], "notice:new", {"id": "x"})
    assert (_names(first), _names(second), _names(other)) == (["notice:new"], ["notice:new"], [])


def test_a_foreign_origin_opens_nothing(world: World, connect: Callable[..., Any]) -> None:
    assert not connect(world.haruka, Origin="https://evil.example").is_connected()


def test_a_member_whose_session_ended_is_told_and_reached_no_more(
    app: Flask, world: World, connect: Callable[..., Any]
) -> None:
    hers, his = connect(world.haruka), connect(world.takumi)
    with app.app_context():
        close_sockets(world.haruka.id)
        push([world.haruka.id, world.takumi.id], "notice:new", {"id": "x"})
    assert not hers.is_connected()
    assert _names(his) == ["notice:new"]

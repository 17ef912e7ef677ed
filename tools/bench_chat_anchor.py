"""The bare anchor of chat: Flask-SocketIO as it comes, repeating to a room what somebody says, storing nothing."""

from __future__ import annotations

import os
from typing import Any, cast

from flask import Flask
from flask_socketio import SocketIO, emit, join_room

app = Flask(__name__, static_folder=None)
app.config["SECRET_KEY"] = "anchor"  # noqa: S105 - nothing real is signed with it
socketio = SocketIO(
    app,
    async_mode=cast(Any, os.environ.get("TSUBOMI_ASYNC_MODE", "threading")),
    cors_allowed_origins="*",
    logger=False,
    engineio_logger=False,
)


@app.get("/")
def hello() -> str:
    """Whether it answers."""
    return "hello"


@socketio.on("enter")
def enter(_payload: Any) -> dict[str, bool]:
    """Come into the one room."""
    join_room("room")
    return {"ok": True}


@socketio.on("chat")
def chat(payload: Any) -> dict[str, bool]:
    """Say something to everybody in it."""
    emit("chat", payload, to="room")
    return {"ok": True}

"""The bare anchor: the least a Flask server can answer, on the same server software and settings as ours."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__, static_folder=None)


@app.get("/hello")
def hello() -> str:
    """The same few bytes for everybody."""
    return "hello"

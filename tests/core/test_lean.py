"""A server loads what its installation uses, and works with it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.lean import left_out, unused_by

ROOT = Path(__file__).resolve().parents[2]


def test_a_small_installation_loads_no_client_of_what_it_lacks(tmp_path):
    code = "import sys, wsgi; print([name for name in sys.argv[1:] if name in sys.modules])"
    unwanted = ("redis", "psycopg", "gevent", "aiohttp", "requests", "alembic", "babel.messages.extract")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TSUBOMI_")}
    done = subprocess.run(
        [sys.executable, "-c", code, *unwanted],
        cwd=ROOT, env={**environment, "TSUBOMI_DATA": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_what_is_used_is_not_left_out(sqlite_app):
    small = sqlite_app.extensions["tsubomi.settings"]
    large = replace(
        small, redis_url="redis://127.0.0.1/0", database_url="postgresql+psycopg://", async_mode="gevent"
    )
    assert {"redis", "psycopg", "gevent"} <= set(unused_by(small))
    assert not {"redis", "psycopg", "gevent"} & set(unused_by(large))


def test_what_was_left_out_can_be_imported_afterwards():
    sys.modules.pop("colorsys", None)
    with left_out("colorsys", "json"):
        import json  # loaded already, so it stays

        assert json.loads("1") == 1
        with pytest.raises(ImportError):
            import colorsys
    import colorsys

    assert colorsys.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)

"""Headers that depend on how the community is reached: over TLS, behind a proxy, or on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, request

from app.core.config import read_settings
from tests.conftest import make_app


def _app(folder: Path, **more: str) -> Flask:
    return make_app(
        read_settings(
            {
                "TSUBOMI_DATA": str(folder),
                "TSUBOMI_SECRET_KEY": "tests only, nothing is signed with it elsewhere",
                "TSUBOMI_LOG_LEVEL": "CRITICAL",
                **more,
            }
        )
    )


@pytest.fixture
def behind_tls(tmp_path: Path) -> Flask:
    return _app(tmp_path, TSUBOMI_BASE_URL="https://tsubomi.example.jp", TSUBOMI_TRUSTED_PROXIES="1")


def test_over_tls_the_cookie_and_the_transport_are_strict(behind_tls: Flask) -> None:
    assert behind_tls.config["SESSION_COOKIE_NAME"] == "__Host-tsubomi"
    assert behind_tls.config["SESSION_COOKIE_SECURE"] is True
    answer = behind_tls.test_client().get("/healthz")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_on_this_machine_no_browser_is_told_to_insist_on_tls(tmp_path: Path) -> None:
    plain = _app(tmp_path)
    assert "Strict-Transport-Security" not in plain.test_client().get("/healthz").headers
    assert plain.config["SESSION_COOKIE_NAME"] == "tsubomi"


FORWARDED = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("proxies", "seen"), [("0", ("127.0.0.1", "localhost")), ("1", ("192.0.2.7", "evil.example"))]
)
def test_forwarded_headers_count_only_from_proxies_one_trusts(
    tmp_path: Path, proxies: str, seen: tuple[str, str]
) -> None:
    plain = _app(tmp_path, TSUBOMI_TRUSTED_PROXIES=proxies)
    found: list[tuple[str | None, str]] = []

    def look() -> None:
        found.append((request.remote_addr, request.host))

    plain.before_request_funcs.setdefault(None, []).insert(0, look)
    plain.test_client().get("/healthz", headers=FORWARDED)
    assert found == [seen]


def test_no_page_of_the_scaled_mode_says_who_serves_it(behind_tls: Flask) -> None:
    answer = behind_tls.test_client().get("/healthz")
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers

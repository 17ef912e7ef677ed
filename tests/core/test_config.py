"""Settings: a bad one stops the start with a sentence that names its variable."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.core.config import SettingRefused, Settings, read_settings

KEY = "k" * 32


def settings(folder: Path, **given: str) -> Settings:
    environ = {"TSUBOMI_DATA": str(folder), "TSUBOMI_SECRET_KEY": KEY}
    return read_settings({**environ, **{f"TSUBOMI_{name.upper()}": value for name, value in given.items()}})


def test_the_defaults_serve_one_company_from_one_folder(tmp_path: Path) -> None:
    plain = settings(tmp_path)
    assert plain.database_url == f"sqlite:///{tmp_path}/tsubomi.db"
    assert plain.mail_folder == tmp_path / "mail"
    assert (plain.base_url, plain.async_mode, plain.is_https) == ("http://127.0.0.1:8000", "threading", False)
    assert plain.is_loopback
    assert not plain.sends_mail
    assert not plain.development


def test_another_port_is_the_address_too(tmp_path: Path) -> None:
    assert settings(tmp_path, port="8123").base_url == "http://127.0.0.1:8123"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", "http://tsubomi.example.jp"),
        ("base_url", "ftp://127.0.0.1"),
        ("base_url", "tsubomi.example.jp"),
        ("database_url", "mysql://localhost/x"),
        ("database_url", "postgresql://localhost/x"),
        ("async_mode", "asyncio"),
        ("async_mode", "gevent"),
        ("timezone", "Asia/Nowhere"),
        ("timezone", ""),
        ("secret_key", "short"),
        ("port", "eight"),
        ("threads", "many"),
        ("trusted_proxies", "yes"),
        ("log_json", "perhaps"),
        ("demo", "ja"),
    ],
)
def test_what_cannot_be_served_soundly_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingRefused, match=f"TSUBOMI_{name.upper()}"):
        settings(tmp_path, **{name: value})


def test_gevent_is_for_postgresql(tmp_path: Path) -> None:
    url = "postgresql+psycopg://tsubomi@localhost/tsubomi"
    assert settings(tmp_path, async_mode="gevent", database_url=url).async_mode == "gevent"


@pytest.mark.parametrize(
    ("value", "meant"), [("1", True), ("true", True), ("ON", True), ("0", False), ("", False), ("no", False)]
)
def test_yes_and_no_may_be_said_in_several_ways(tmp_path: Path, value: str, meant: bool) -> None:
    assert settings(tmp_path, demo=value).demo is meant


def test_the_secret_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = read_settings({"TSUBOMI_DATA": str(tmp_path / "var")})
    again = read_settings({"TSUBOMI_DATA": str(tmp_path / "var")})
    assert first.secret_key == again.secret_key
    assert len(first.secret_key) == 64
    assert stat.S_IMODE((tmp_path / "var" / "secret.key").stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SettingRefused, match="TSUBOMI_DATA"):
        read_settings({"TSUBOMI_DATA": str(tmp_path / "file" / "var")})


def test_an_empty_secret_file_is_not_a_secret(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("")
    with pytest.raises(SettingRefused, match="TSUBOMI_SECRET_KEY"):
        read_settings({"TSUBOMI_DATA": str(tmp_path)})


def test_settings_never_show_their_secrets(tmp_path: Path) -> None:
    shown = repr(
        settings(tmp_path, mail_url="smtps://name:hush-hush@mail.example.jp", metrics_token="quiet-token")
    )
    for secret in (KEY, "hush-hush", "quiet-token"):
        assert secret not in shown


def test_settings_cannot_be_changed_while_serving(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        settings(tmp_path).port = 1  # type: ignore[misc]

"""Input made to cost: a request must never hold everybody else up, whatever it is made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.core.logs import configure_logs
from app.core.names import NameRefused, check_display_name, check_person_name, fold, grapheme_length, to_kana
from app.core.tables import read_rows
from app.invitations.importing import read_invitations
from tests.conftest import Client

MEGABYTE = 1024 * 1024
# Before these were bounded, each of them took minutes; a busy machine still does any of them in this time.
SECONDS = 10

HEAVY = {
    "flags": "🇯" * (MEGABYTE // 4),
    "marks": "a" + "\u0301\u0323" * (MEGABYTE // 4),
    "marks before an address": "\u0323\u0301" * (MEGABYTE // 4) + "@example.jp",
    "ligatures": "\ufdfa" * (MEGABYTE // 3),
    "joiners": "👨\u200d" * (MEGABYTE // 7),
    "letters": "a" * MEGABYTE,
    "at signs": "a@" * (MEGABYTE // 2),
}


@contextmanager
def soon() -> Iterator[None]:
    """Fails where what stands inside takes long."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SECONDS


def send_bare(client: Any, path: str, typed: dict[str, str]) -> Any:
    """Send a form without percent-encoding, so that 2 MB hold the most characters they can."""
    body = "&".join(f"{name}={value}" for name, value in {"csrf_token": client.csrf(), **typed}.items())
    return client.http.post(
        path,
        data=body.encode(),
        content_type="application/x-www-form-urlencoded",
        headers={"Origin": "http://localhost"},
    )


@pytest.mark.parametrize("kind", HEAVY)
def test_nobody_at_the_door_can_keep_the_house_busy(sqlite_app: Any, kind: str) -> None:
    client = Client(sqlite_app, sqlite_app.test_client())
    with soon():
        for path, field in (("/sign-in", "email"), ("/sign-in/link", "mail"), ("/password/forgot", "mail")):
            answer = send_bare(client, path, {field: HEAVY[kind], "password": "x"})
            assert answer.status_code in {403, 422}, path


@pytest.mark.parametrize("kind", HEAVY)
def test_a_name_a_search_or_a_text_of_a_megabyte_is_refused_soon(
    app: Any, world: Any, as_: Callable[..., Any], kind: str
) -> None:
    haruka = as_(world.haruka)
    profile = {"display_name": HEAVY[kind], "bud": "1", "pace": "few", "language": "ja"}
    with soon():
        for path, typed in (
            ("/me/profile", profile),
            ("/boards/square/new", {"title": HEAVY[kind], "body": "本文"}),
            ("/boards/square/new", {"title": "題", "body": HEAVY[kind]}),
        ):
            assert send_bare(haruka, path, typed).status_code == 422
        assert haruka.get("/people", query_string={"q": HEAVY[kind][:4000]}).status_code == 200


@pytest.mark.parametrize("kind", HEAVY)
def test_a_pasted_cell_of_a_megabyte_is_a_problem_of_its_line(kind: str) -> None:
    text = HEAVY[kind][: MEGABYTE // 16]
    with soon():
        sheet = read_invitations(
            f"氏名\tフリガナ\tメール\t班\n{text}\t{text}\t{text}\t{text}\n", cohorts={}, groups={}
        )
        assert len(sheet.lines) == 1
        assert sheet.lines[0].problems
        assert read_rows(text)


@pytest.mark.parametrize("kind", HEAVY)
def test_checking_and_comparing_names_takes_time_in_step_with_their_length(kind: str) -> None:
    with soon():
        fold(HEAVY[kind])
        for check in (check_display_name, check_person_name, to_kana):
            with pytest.raises(NameRefused):
                check(HEAVY[kind])


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("🇯🇵", 1),
        ("🇯🇵🇯", 2),
        ("🇯🇵🇫🇷", 2),
        ("a🇯🇵\u0301b", 3),
        ("🇯\u0301🇵", 2),
        ("👨‍👩‍👧‍👦🇯🇵", 2),
        ("🇯🇵" * 5_000, 5_000),
    ],
)
def test_flags_are_counted_as_people_count_them(text: str, length: int) -> None:
    assert grapheme_length(text) == length


def test_a_form_of_ten_thousand_fields_is_refused_before_it_is_read(
    app: Any, world: Any, as_: Callable[..., Any], anyone: Callable[..., Any]
) -> None:
    many = {f"field{number}": "" for number in range(10_000)}
    for client in (anyone(), as_(world.haruka)):
        with soon():
            assert client.post("/sign-in", many).status_code == 413
    assert as_(world.haruka).post("/boards/square/new", {**many, "title": "題"}).status_code == 413


def test_five_thousand_people_can_still_be_chosen_at_once(
    app: Any, world: Any, as_: Callable[..., Any]
) -> None:
    ids = [f"{number:013d}".translate(str.maketrans("0189", "abcd")) for number in range(5_000)]
    answer = as_(world.jinji).post("/hr/invitations/send/review", {"ids": ids})
    assert answer.status_code == 404  # they were read, and none of them is anybody


def test_brackets_in_brackets_in_a_violation_report_are_taken_and_forgotten(
    anyone: Callable[..., Any],
) -> None:
    for body in (
        b"[" * 200_000,
        b'{"csp-report": ' * 50_000,
        b'{"csp-report": "\\ud800"}',
        b"\xff\xfe",
        b"x" * MEGABYTE,
    ):
        answer = anyone().http.post("/csp-report", data=body, content_type="application/csp-report")
        assert answer.status_code == 204


def test_violation_reports_do_not_fill_the_log(
    anyone: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logs("INFO")
    client = anyone()
    for _number in range(100):
        assert client.http.post("/csp-report", json={"csp-report": {}}).status_code == 204
    configure_logs("CRITICAL")
    assert 0 < capfd.readouterr().err.count("content security policy violated") <= 60

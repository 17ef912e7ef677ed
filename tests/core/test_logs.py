"""Log lines and figures: what a canary in every field must never reach."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from flask import Flask, g, request
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from app.core.logs import configure_logs, install_request_log
from app.core.metrics import install_metrics, render_metrics

CANARY = "canary7f3a"
log = structlog.get_logger("app.somewhere")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave the process's logs as they were."""
    root, ours = logging.getLogger(), logging.getLogger("app")
    before = root.handlers[:], root.level, ours.level, logging.raiseExceptions
    yield
    root.handlers[:], logging.raiseExceptions = before[0], before[3]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    structlog.reset_defaults()


@dataclass
class Someone:
    is_candidate: bool = False
    is_staff: bool = False
    public_id: str = CANARY

    def __repr__(self) -> str:
        return CANARY


def build_app(outbox_depth: Any = lambda: 3) -> Flask:
    app = Flask(__name__)
    install_metrics(app, outbox_depth)
    install_request_log(app)

    @app.before_request
    def meet() -> None:
        g.viewer = Someone(is_candidate="staff" not in request.args, is_staff="staff" in request.args)

    @app.route("/topics/<topic_id>", methods=["GET", "POST"])
    def topic(topic_id: str) -> str:
        return "見えます"

    @app.get("/broken")
    def broken() -> str:
        raise ValueError(CANARY)

    @app.get("/anon/opinions")
    def opinions() -> str:
        log.error("something inside", number=1)
        logging.getLogger("somelibrary").error("something inside")
        return "ok"

    return app


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


def test_a_request_is_one_line_with_its_rule_and_role_and_nothing_personal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("INFO", json=True)
    client = build_app().test_client()
    answer = client.post(
        f"/topics/{CANARY}?q={CANARY}",
        data={"body": CANARY, "email": f"{CANARY}@example.jp"},
        headers={"User-Agent": CANARY, "Referer": f"http://localhost/{CANARY}", "X-Forwarded-For": CANARY},
        environ_base={"REMOTE_ADDR": CANARY},
    )
    (line,) = lines(capsys)
    assert CANARY not in json.dumps(line)
    assert line["rule"] == "/topics/<topic_id>"
    assert (line["method"], line["status"], line["role"]) == ("POST", 200, "candidate")
    assert isinstance(line["ms"], int)
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert set(line) == {
        *("event", "level", "logger", "timestamp", "request_id", "method", "rule", "status", "ms", "role")
    }


def test_roles_are_told_apart_no_finer_than_candidate_and_staff(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", json=True)
    build_app().test_client().get("/topics/a?staff=1")
    assert lines(capsys)[0]["role"] == "staff"


def test_an_unknown_path_and_method_leave_neither_in_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", json=True)
    build_app().test_client().open(f"/{CANARY}", method="CANARY7F3A")
    (line,) = lines(capsys)
    assert (line["rule"], line["method"], line["status"]) == ("none", "OTHER", 404)
    assert CANARY not in json.dumps(line).lower()


def test_the_opinion_box_leaves_no_line_at_all_and_no_figure(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("DEBUG", json=True)
    app = build_app()
    answer = app.test_client().get("/anon/opinions")
    app.test_client().get("/anon/nowhere")
    assert capsys.readouterr().err == ""
    assert "X-Request-ID" not in answer.headers
    with app.app_context():
        assert b"tsubomi_request_seconds_count" not in render_metrics()
    log.warning("and afterwards lines are written again")
    assert len(lines(capsys)) == 1


def test_a_mistake_is_logged_with_its_type_and_place_but_not_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("INFO", json=True)
    assert build_app().test_client().get("/broken").status_code == 500
    mistakes = [line for line in lines(capsys) if "exception" in line]
    assert [line["exception"] for line in mistakes] == ["ValueError"]
    assert "test_logs.py" in mistakes[0]["at"]
    assert "broken" in mistakes[0]["at"]
    assert CANARY not in json.dumps(mistakes)


def test_a_database_error_tells_neither_statement_nor_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", json=True)
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        try:
            connection.execute(text(f"SELECT {CANARY} WHERE :p"), {"p": CANARY})
        except SQLAlchemyError as error:
            log.exception("database error", statement=error)
    engine.dispose()
    (line,) = lines(capsys)
    assert line["exception"] == "OperationalError < OperationalError"
    assert CANARY not in json.dumps(line)


@pytest.mark.parametrize("as_json", [True, False])
def test_no_value_can_forge_a_second_line(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", json=as_json)
    log.warning("one\r\nline", listener="a\n2026-10-01 [info] forged\u2028\u202e\x1b[31m\udc80")
    logging.getLogger("somelibrary").error("two\nlines")
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 2
    assert not any(sign in written for sign in ("\r", "\u2028", "\u202e", "\x1b"))


def test_forbidden_fields_objects_addresses_and_secrets_are_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("INFO", json=True)
    secret = "abcdefghijklmnopqrstuvwx27"
    log.warning(
        f"mail to {CANARY}@example.jp /sign-in/{secret} token={CANARY}",
        body=CANARY,
        email=CANARY,
        thing=Someone(),
        several={"a": CANARY},
        database=f"postgresql+psycopg://tsubomi:{CANARY}@db/tsubomi",
    )
    (line,) = lines(capsys)
    assert CANARY not in json.dumps(line)
    assert secret not in json.dumps(line)
    assert line["thing"] == "<Someone>"


def test_of_a_librarys_line_only_the_template_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", json=True)
    logging.getLogger("gunicorn.error").error("Error handling request %s", f"/invitations/{CANARY}")
    logging.getLogger("gunicorn.error").info("Listening at: %s (%s)", "http://127.0.0.1:8000", 7)
    logging.getLogger("gunicorn.access").error("%s GET /%s", CANARY, CANARY)
    logging.getLogger("sqlalchemy.engine").info("INSERT %s", CANARY)
    logging.getLogger("werkzeug").info("127.0.0.1 GET %s", CANARY)
    logging.getLogger("socketio.server").warning("received %s", CANARY)
    assert [line["event"] for line in lines(capsys)] == [
        "Error handling request %s",
        "Listening at: http://127.0.0.1:8000 (7)",
    ]


def test_setting_up_twice_writes_each_line_once_and_heeds_the_level(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("INFO", json=True)
    configure_logs("nonsense", json=True)
    log.debug("too fine")
    log.info("once")
    assert [line["event"] for line in lines(capsys)] == ["once"]


def test_figures_count_by_rule_and_class_of_status_and_hold_no_path() -> None:
    app = build_app()
    client = app.test_client()
    for number in range(3):
        client.get(f"/topics/{CANARY}{number}")
    client.get(f"/{CANARY}")
    with app.app_context():
        figures = render_metrics().decode()
    assert CANARY not in figures
    assert 'tsubomi_request_seconds_count{method="GET",rule="/topics/<topic_id>",status="2xx"} 3.0' in figures
    assert 'tsubomi_request_seconds_count{method="GET",rule="none",status="4xx"} 1.0' in figures
    assert "tsubomi_outbox_waiting 3.0" in figures
    assert "_created" not in figures


def test_figures_are_served_while_the_database_is_away() -> None:
    def away() -> int:
        raise SQLAlchemyError("gone")

    app = build_app(away)
    with app.app_context():
        assert b"tsubomi_outbox_waiting NaN" in render_metrics()

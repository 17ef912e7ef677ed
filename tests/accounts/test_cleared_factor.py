"""Whoever runs the installation can help somebody who lost their second factor, and nobody gains powers by it."""

from __future__ import annotations

import pyotp
from sqlalchemy import select

from app.accounts import second_factor
from app.accounts.operations import put_second_factor
from app.cli import install_commands
from app.models import Member, MemberSession


def test_a_cleared_second_factor_ends_every_session_and_has_to_be_set_up_again(
    app, world, as_, rows, write, deliver
):
    def guard_jinji() -> None:
        from app.core.db import session

        session.get_one(Member, world.jinji.id).is_demo = False

    write(guard_jinji)
    nonce = second_factor.start_second_factor()
    with app.app_context():
        code = pyotp.TOTP(second_factor.key_of(nonce)).now()
        assert put_second_factor(world.jinji.id, nonce, code)
    client = as_(world.jinji)
    assert client.get("/hr").status_code == 200
    if "second-factor" not in app.cli.commands:
        install_commands(app)
    runner = app.test_cli_runner()
    assert runner.invoke(args=["second-factor", "clear", "nobody@example.jp"]).exit_code == 1
    assert runner.invoke(args=["second-factor", "clear", world.jinji.mail]).exit_code == 0
    assert rows(select(MemberSession.id).where(MemberSession.member_id == world.jinji.id)) == []
    assert client.get("/hr").status_code == 302
    asleep = as_(world.jinji)
    assert asleep.get("/hr").headers["Location"].startswith("/me/security/second-factor")

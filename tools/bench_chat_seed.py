"""Plant a room with many people for the measurements of chat, and print how each of them comes in, as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flask import Flask
from flask import session as cookie
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select, update

from app import create_app
from app.accounts.operations import open_session
from app.core.config import read_settings
from app.core.db import session
from app.core.names import fold
from app.core.operation import unit_of_work
from app.models import Community, Member, Role, Room, RoomMember


def main() -> None:
    """Plant what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    options = parser.parse_args()
    app = create_app(read_settings())
    with app.app_context():
        with unit_of_work():
            room_id, member_ids = _plant(options.people)
        tokens = [open_session(member_id, device="計測") for member_id in member_ids]
    json.dump({"room": room_id, "doors": [_door(app, token) for token in tokens]}, sys.stdout)


def _plant(people: int) -> tuple[str, list[int]]:
    candidate = session.scalars(select(Member).where(Member.mail == "haruka@example.jp")).one()
    rules = session.scalars(select(Community.rules_version)).one()
    members = [
        Member(
            mail=f"bench{number}@example.jp",
            roles=int(Role.CANDIDATE),
            cohort_id=candidate.cohort_id,
            legal_name=f"計測 {number}",
            kana="ケイソク",
            display_name=f"計測{number}",
            display_fold=fold(f"計測{number}"),
            bud=1,
            rules_version=rules,
            is_demo=True,
        )
        for number in range(people)
    ]
    room = Room(kind="small", name="計測のルーム")
    session.add_all([*members, room])
    session.flush()
    ids = [member.id for member in members]
    session.add_all(RoomMember(room_id=room.id, member_id=each) for each in ids)
    session.execute(update(Member).where(Member.id.in_(ids)).values(version=Member.version + 1))
    return room.public_id, ids


def _door(app: Flask, token: str) -> dict[str, str]:
    """A signed session cookie and the CSRF value that belongs to it."""
    with app.test_request_context():
        csrf = generate_csrf()
        kept = {**cookie, "_user_id": token, "_fresh": True, "_permanent": True}
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        return {"cookie": f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps(kept)}", "csrf": csrf}


if __name__ == "__main__":
    main()

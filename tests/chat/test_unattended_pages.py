"""An open chat asks by itself every half minute; for staff with powers that is no activity."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core import clock


@pytest.mark.parametrize(("headers", "ends"), [({"X-Unattended": "1"}, True), ({}, False)])
def test_what_a_page_asks_while_nobody_touches_it_keeps_no_staff_signed_in(
    world, as_, held_clock, headers, ends
):
    jinji, begin = as_(world.jinji), clock.now()
    with held_clock(begin):
        assert jinji.get("/api/rooms/heads?ids=").status_code == 200
    for minutes in range(5, 41, 5):
        with held_clock(begin + timedelta(minutes=minutes)):
            answer = jinji.get("/api/rooms/heads?ids=", headers=headers)
        assert answer.status_code == (401 if ends and minutes > 30 else 200), minutes

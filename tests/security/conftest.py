"""What attacks on rooms are made with: the rooms and open pages of the tests of chat."""

from __future__ import annotations

from tests.chat.conftest import direct_room, group_room, plant_room, square_room  # noqa: F401 - fixtures of these tests too
from tests.chat.test_live_socket import opens  # noqa: F401 - likewise

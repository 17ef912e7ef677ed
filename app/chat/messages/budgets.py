"""How often something may be done with messages; the same for sockets and their HTTP twins."""

from __future__ import annotations

from app.core.i18n import _
from app.core.limits import Budget

# A lively talk of short messages stays far below; a repeated one is never counted (`operations.send_message`). One rate
# only: each is a question to Redis that every message waits for.
SENDING = Budget(
    "sending messages",
    "12/10 seconds",
    _("短い時間にたくさん送られました。少し時間をおいてから、もう一度お試しください。"),
)
_TAPPED = _("短い時間にたくさん押されました。少し時間をおいてから、もう一度お試しください。")
EDITING = Budget("editing messages", "30/minute;300/hour", _TAPPED)
REACTING = Budget("reacting to messages", "60/minute;1200/hour", _TAPPED)
PINNING = Budget("pinning messages", "20/minute;200/hour", _TAPPED)
SAVING = Budget("saving messages", "60/minute;600/hour", _TAPPED)
# A page tells how far it was read whenever it comes to rest, at most every few seconds in each open room.
READING = Budget("moving bookmarks", "120/minute", _TAPPED)
# Whoever polls because sockets are blocked asks every ten seconds, in a few tabs; scrolling back loads page after page.
POLLING = Budget(
    "reading rooms",
    "240/minute",
    _("短い時間にたくさん読み込まれました。少し時間をおいてから、もう一度お試しください。"),
)


def slow_mode(seconds: int) -> Budget:
    """One message a person in so many seconds, in a room that is to stay slow."""
    return Budget(
        f"slow room of {seconds} seconds",
        f"1/{seconds} seconds",
        _("このルームでは、続けて送るまでに少し間があきます。書いた内容は残してあります。"),
    )

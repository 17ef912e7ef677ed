"""What follows in chat, gathered from its parts; importing them registers their listeners."""

from __future__ import annotations

from .live import listeners as _live
from .messages import listeners as _messages
from .reports import listeners as _reports
from .rooms import listeners as _rooms
from .seats import listeners as _seats
from .talks import listeners as _talks

__all__ = ["_live", "_messages", "_reports", "_rooms", "_seats", "_talks"]

"""The doors of chat, gathered from its parts; importing them registers their routes and socket events."""

from __future__ import annotations

from .door import bp
from .live import sockets as _sockets
from .messages import views as _messages
from .page import views as _page
from .reports import views as _reports
from .rooms import views as _rooms
from .search import views as _search
from .seats import views as _seats
from .talks import views as _talks

__all__ = ["_messages", "_page", "_reports", "_rooms", "_search", "_seats", "_sockets", "_talks", "bp"]

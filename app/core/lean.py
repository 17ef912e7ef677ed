"""What an installation does not use is not loaded: a start takes half the time, an idle server half the memory.

Several libraries import every service they could talk to as soon as it is installed; each of them says of itself that
it works without.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .config import Settings

# HTTP clients of the Socket.IO *client*, and what prints tracebacks in colours.
NEVER_USED = ("aiohttp", "better_exceptions", "cysqlite", "eventlet", "requests", "rich", "websocket")


def unused_by(settings: Settings) -> tuple[str, ...]:
    """The packages this installation has no use for."""
    return (
        *NEVER_USED,
        *(() if settings.redis_url else ("redis",)),
        *(("psycopg",) if settings.is_sqlite else ()),
        *(("gevent",) if settings.async_mode == "threading" else ()),
    )


@contextmanager
def left_out(*packages: str) -> Iterator[None]:
    """While the libraries are imported, let these packages look as if they were not installed.

    One that is loaded already stays, and afterwards each can be imported as ever.
    """
    absent = [name for name in packages if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]  # docs.python.org, import system: then ImportError
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)

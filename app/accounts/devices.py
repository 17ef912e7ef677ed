"""What a device is called in one's own list: its kind and browser, nothing finer."""

from __future__ import annotations

# The first that is found counts: Edge and Opera also say Chrome, Chrome also says Safari.
_KINDS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
_BROWSERS = (
    ("Line/", "LINE"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)


def device_name(user_agent: str) -> str:
    """Return 「iPhone・Safari」 for a User-Agent header; an empty string where it says nothing known."""
    text = user_agent[:400]
    kind = next((name for sign, name in _KINDS if sign in text), "")
    browser = next((name for sign, name in _BROWSERS if sign in text), "")
    return "・".join(part for part in (kind, browser) if part)

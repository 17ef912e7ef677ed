"""Draw static/img/icons.svg, one sprite from the Lucide icons this product uses, and the app's own icons.

Run by a contributor, never at install: it fetches one pinned npm package, takes the icons named in
`ICONS`, and writes the sprite and the licence beside it. Templates call the icons by our names, so the
set can change behind them. The PNGs of an installed app are pictures of static/img/app-icon.svg, taken in
Chromium.

    python tools/draw_icons.py
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PACKAGE = "lucide-static@1.62.0"
ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "static" / "img"
SPRITE = IMAGES / "icons.svg"
LICENCE = ROOT / "static" / "vendor" / "licences" / "lucide.txt"

APP_ICONS = {"icon-192.png": 192, "icon-512.png": 512, "apple-touch-icon.png": 180}

# our name → the name in Lucide
ICONS = {
    "home": "house",
    "chat": "message-circle",
    "boards": "trees",
    "questions": "circle-question-mark",
    "me": "user-round",
    "people": "users-round",
    "office": "clipboard-list",
    "admin": "settings-2",
    "moderation": "scale",
    "desk": "life-buoy",
    "audit": "history",
    "talk": "hand-heart",
    "back": "chevron-left",
    "next": "chevron-right",
    "down": "chevron-down",
    "sort": "arrow-up-down",
    "filter": "list-filter",
    "settings": "sliders-horizontal",
    "plus": "plus",
    "check": "check",
    "close": "x",
    "alert": "triangle-alert",
    "info": "info",
    "done": "circle-check",
    "wrong": "circle-x",
    "eye": "eye",
    "eye-off": "eye-off",
    "lock": "lock",
    "unlock": "lock-open",
    "key": "key-round",
    "shield": "shield-check",
    "copy": "copy",
    "search": "search",
    "mail": "mail",
    "mail-open": "mail-open",
    "inbox": "inbox",
    "send": "send",
    "edit": "pencil",
    "trash": "trash-2",
    "flag": "flag",
    "undo": "undo-2",
    "reply": "reply",
    "more": "ellipsis",
    "download": "download",
    "upload": "upload",
    "external": "external-link",
    "bell": "bell",
    "bell-off": "bell-off",
    "announce": "megaphone",
    "calendar": "calendar",
    "clock": "clock",
    "sun": "sun",
    "moon": "moon",
    "auto": "sun-moon",
    "language": "languages",
    "sign-in": "log-in",
    "sign-out": "log-out",
    "phone": "smartphone",
    "computer": "laptop",
    "bookmark": "bookmark",
    "pin": "pin",
    "document": "file-text",
    "person-add": "user-round-plus",
    "person-off": "user-round-x",
    "offline": "wifi-off",
    "retry": "rotate-cw",
    "staff": "briefcase",
    "company": "building-2",
    "list": "list-checks",
    "link": "link",
    "image": "image",
    "attach": "paperclip",
    "sprout": "sprout",
    "bold": "bold",
    "bullets": "list",
    "quote": "text-quote",
    "code": "code",
    "react": "smile-plus",
    "thanks": "heart",
    "agree": "handshake",
    "helpful": "lightbulb",
    "cheer": "biceps-flexed",
    "laugh": "laugh",
    "congrats": "party-popper",
    "archive": "archive",
    "move": "folder-input",
}

_SHAPES = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def main() -> None:
    """Fetch the pinned package, write the sprite and its licence."""
    with tempfile.TemporaryDirectory() as folder:
        package = _fetch(Path(folder))
        symbols = [_symbol(name, package / "icons" / f"{source}.svg") for name, source in ICONS.items()]
        LICENCE.parent.mkdir(parents=True, exist_ok=True)
        LICENCE.write_text((package / "LICENSE").read_text("utf-8"), "utf-8")
    lines = ['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, _own_drawings(), "</svg>", ""]
    SPRITE.write_text("\n".join(lines), "utf-8")
    print(f"{SPRITE.name}: {len(symbols)} icons")
    picture_app_icon()


def _own_drawings() -> str:
    """Our mark, wordmark and branch from logo.svg: in the same sprite, so that a page fetches one file less."""
    inside = _SHAPES.search((IMAGES / "logo.svg").read_text("utf-8"))
    if inside is None:
        raise ValueError("logo.svg holds no drawing")
    return inside.group(1).strip()


def picture_app_icon() -> None:
    """Write the PNGs that phones ask for, in the sizes they ask for."""
    drawing = (IMAGES / "app-icon.svg").read_text("utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        for name, side in APP_ICONS.items():
            page.set_viewport_size({"width": side, "height": side})
            page.set_content(f"<style>body{{margin:0}}svg{{display:block;width:{side}px}}</style>{drawing}")
            page.screenshot(path=IMAGES / name)
        browser.close()
    print(f"{', '.join(APP_ICONS)}")


def _fetch(folder: Path) -> Path:
    """Download and unpack the package; return the folder that holds icons/ and LICENSE."""
    subprocess.run(["npm", "pack", PACKAGE, "--silent"], cwd=folder, check=True, capture_output=True)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def _symbol(name: str, source: Path) -> str:
    """One <symbol> without colours or strokes: the `.icon` class draws the line."""
    found = _SHAPES.search(source.read_text("utf-8"))
    if found is None:
        raise ValueError(f"{source.name} holds no drawing")
    shapes = re.sub(r"\s*\n\s*", "", found.group(1)).replace(" />", "/>")
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


if __name__ == "__main__":
    main()

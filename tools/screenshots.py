"""Take a picture of every page a person can reach, and say what is wrong with it.

    python tools/screenshots.py [folder]     every page, phone and PC, both languages, light and dark: var/screenshots
    python tools/screenshots.py --readme     the few pictures of the README: docs/pictures

It starts servers of its own with fresh data and comes to each page through the door. Errors in the console,
violations of the content security policy, violations found by axe and pages wider than the screen are printed,
and make the exit status 1.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import pyotp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Response,
    ViewportSize,
    sync_playwright,
)

ROOT = Path(__file__).resolve().parents[1]
Language = Literal["ja", "en"]
Theme = Literal["light", "dark"]
LANGUAGES: tuple[Language, ...] = ("ja", "en")
THEMES: tuple[Theme, ...] = ("light", "dark")
PHONE: ViewportSize = {"width": 390, "height": 844}
PC: ViewportSize = {"width": 1366, "height": 768}
NARROWEST: ViewportSize = {"width": 320, "height": 640}
DEMO_PASSWORD = "tsubomi-demo"  # noqa: S105  the public password of the demo's cast
FRESH_SECONDS = 240  # pages that matter ask again who it is after five minutes: app/core/web.py
START_SECONDS = 60
LETTER_SECONDS = 20
ACTION_SECONDS = 10
# No network but ours, no sandbox because containers have none to give.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NO_SUCH_ID = "aaaaaaaaaaaaa"  # shaped like an id
NO_SUCH_SECRET = "a" * 26  # shaped like the secret of a link
TOPIC = "main a[href^='/topics/']"
SEAT = "main .room-row a:has-text('席'), main .room-row a:has-text('Seats')"
ROOM = "main .room-row a"
INVITED = "wakana@example.jp"  # has a letter from the demo's HR and has not come yet


# ── places ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Neighbourhood(Protocol):
    """What finding a page may ask of the installation that is looked at."""

    def letter_path(self, to: str, shape: str) -> str:
        """The path in the newest letter to this address that has the shape (a regular expression)."""


Act = Callable[[Page, Neighbourhood], Any]


@dataclass(frozen=True)
class Place:
    """One page: the address, the links to follow from there, the act that brings it up.

    `who` is a name of the demo's cast, 'nobody' (the demo, signed out), 'stranger' (holds the first link of an
    empty installation) or 'founder' (the first administrator of one). `status` is what the last answer must be.
    """

    who: str
    name: str
    path: str
    links: tuple[str, ...] = ()
    act: Act | None = None
    status: int = 200


# ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────


def fill(button: str, **typed: str) -> Act:
    """Type into fields by their names and press the button that the selector finds."""

    def act(page: Page, _around: Neighbourhood) -> None:
        for name, value in typed.items():
            page.locator(f"main [name={name}]:visible").first.fill(value)
        with page.expect_navigation():
            page.locator(button).first.click()

    return act


def follow(link: str) -> Act:
    """Go where the first link the selector finds leads, also one in a folded menu."""

    def act(page: Page, _around: Neighbourhood) -> None:
        page.goto(page.locator(link).first.get_attribute("href", timeout=5000) or "")

    return act


def follow_letter(to: str, shape: str) -> Act:
    """Open the link of this person's newest letter."""

    def act(page: Page, around: Neighbourhood) -> None:
        page.goto(around.letter_path(to, shape))

    return act


def in_turn(*acts: Act) -> Act:
    """One act after the other."""

    def act(page: Page, around: Neighbourhood) -> None:
        for each in acts:
            each(page, around)

    return act


def follow_invitation(step: str = "") -> Act:
    """Open the invitation, answering what comes before this step of the first run; nothing is stored by that."""

    def act(page: Page, around: Neighbourhood) -> None:
        path = around.letter_path(INVITED, r"/invitations/[a-z2-7]{26}")
        page.goto(path)
        for before, answer in (
            ("name", fill("main form button[type=submit]", display_name="いつ")),
            ("rules", check("[name=accepted]", "main form button[type=submit]")),
            ("pace", fill("main form button[type=submit]")),
        ):
            if not step or before == step:
                break
            page.goto(f"{path}/{before}")
            answer(page, around)
        if step:
            page.goto(f"{path}/{step}")

    return act


def check(box: str, button: str) -> Act:
    """Tick the boxes the selector finds (the first one of each name) and press the button."""

    def act(page: Page, _around: Neighbourhood) -> None:
        page.locator(f"main {box}").first.check()
        with page.expect_navigation():
            page.locator(button).first.click()

    return act


def check_some(box: str, count: int, button: str) -> Act:
    """Tick the first boxes the selector finds and press the button."""

    def act(page: Page, _around: Neighbourhood) -> None:
        for number in range(count):
            page.locator(f"main {box}").nth(number).check()
        with page.expect_navigation():
            page.locator(button).first.click()

    return act


def unfold(inner: str) -> Act:
    """Open the folded part of the page that holds what the selector finds."""

    def act(page: Page, _around: Neighbourhood) -> None:
        page.locator(f"main details:has({inner}) > summary").first.click()

    return act


SUBMIT = "main form button[type=submit]"
LINK = "main form[action='/sign-in/link'] button[type=submit]"
UNKNOWN = "dareka@example.jp"  # gets the same answer as everybody, and no letter
ASK_FOR_LINK = fill(LINK, mail="kotone@example.jp")
ASK_FOR_RESET = fill(SUBMIT, mail="aoi@example.jp")
SHEET = (
    "氏名\tフリガナ\tメール\t入社時期\n"
    "青木 渚\tアオキ ナギサ\tnagisa@example.jp\t2027年10月入社\n"
    "\tナマエナシ\tnameless.example.jp\t2027年10月入社"
)


# ── the table ────────────────────────────────────────────────────────────────────────────────────────────────

BEFORE_THE_DOOR = (
    Place("nobody", "sign-in", "/sign-in"),
    Place("nobody", "sign-in-refused", "/sign-in", act=fill("main form[action='/sign-in'] button[type=submit]", email="haruka@example.jp", password="ちがう"), status=422),  # noqa: S106
    Place("nobody", "sign-in-sent", "/sign-in", act=fill(LINK, mail=UNKNOWN)),
    Place("nobody", "sign-in-link", "/sign-in", act=in_turn(ASK_FOR_LINK, follow_letter("kotone@example.jp", r"/sign-in/[a-z2-7]{26}"))),
    Place("nobody", "dead-link", f"/sign-in/{NO_SUCH_SECRET}", status=404),
    Place("nobody", "unsubscribe-dead", f"/unsubscribe/{NO_SUCH_SECRET}", status=404),
    Place("nobody", "password-forgot", "/password/forgot"),
    Place("nobody", "password-sent", "/password/forgot", act=fill(SUBMIT, mail="dokoka@example.jp")),
    Place("nobody", "password-reset", "/password/forgot", act=in_turn(ASK_FOR_RESET, follow_letter("aoi@example.jp", r"/password/[a-z2-7]{26}"))),
    Place("nobody", "rules", "/rules"),
    Place("nobody", "left", "/left"),
    Place("nobody", "demo", "/demo"),
    Place("nobody", "offline", "/offline"),
    Place("nobody", "missing", "/nothing-here", status=404),
    Place("nobody", "invitation", "/sign-in", act=follow_invitation()),
    Place("nobody", "invitation-name", "/sign-in", act=follow_invitation("name")),
    Place("nobody", "invitation-rules", "/sign-in", act=follow_invitation("rules")),
    Place("nobody", "invitation-pace", "/sign-in", act=follow_invitation("pace")),
    Place("nobody", "invitation-password", "/sign-in", act=follow_invitation("password")),
    Place("nobody", "invitation-dead", f"/invitations/{NO_SUCH_SECRET}", status=404),
    Place("nobody", "styleguide", "/styleguide"),
)  # fmt: skip

WITH_HIDDEN_POST = "main a:has-text('オンラインでゆるく話してみたい人')"
OWN_TOPIC = "main a:has-text('はじめましての部屋です')"
ACTS = "main a[data-can~='{}']"  # the page of what may be done with a post, which scripts open as a menu
EDIT_POST = "main a[href^='/posts/'][href$='/edit']"
WITHDRAW_POST = "main a[href^='/posts/'][href$='/withdraw']"
MOVE_TOPIC = "main a[href^='/topics/'][href$='/move']"

INSIDE = (
    Place("haruka", "home", "/"),
    Place("haruka", "announcements", "/announcements"),
    Place("haruka", "boards", "/boards"),
    Place("haruka", "board", "/boards/hajimemashite"),
    Place("leo", "topic-own-hidden-post", "/boards/hajimemashite", (WITH_HIDDEN_POST,)),
    Place("haruka", "board-small", "/boards/group-wakaba"),
    Place("haruka", "topic", "/boards/hajimemashite", (TOPIC,)),
    Place("haruka", "topic-news", "/boards/oshirase", (TOPIC,)),
    Place("haruka", "board-archive", "/boards/hajimemashite/archive"),
    Place("haruka", "saved", "/me/saved"),
    Place("haruka", "shortcuts", "/shortcuts"),
    Place("haruka", "ledger-head", "/ledger/head"),
    Place("haruka", "post-acts", "/boards/hajimemashite", (OWN_TOPIC, ACTS.format('edit'))),
    Place("haruka", "post-edit", "/boards/hajimemashite", (OWN_TOPIC, ACTS.format('edit'), EDIT_POST)),
    Place("haruka", "post-edit-refused", "/boards/hajimemashite", (OWN_TOPIC, ACTS.format('edit'), EDIT_POST), fill("main form[action$='/edit'] button[type=submit]", body=" "), 422),
    Place("haruka", "post-history", "/boards/hajimemashite", (OWN_TOPIC, ACTS.format('edit'), EDIT_POST), in_turn(fill("main form[action$='/edit'] button[type=submit]", body="書き直しました"), follow("main a[href$='/history']"))),
    Place("haruka", "post-withdraw", "/boards/hajimemashite", (OWN_TOPIC, ACTS.format('withdraw'), WITHDRAW_POST)),
    Place("haruka", "topic-reply-refused", "/boards/hajimemashite", (TOPIC,), fill("main form[action$='/replies'] button[type=submit]", body=" "), 422),
    Place("haruka", "topic-new", "/boards/hajimemashite/new"),
    Place("haruka", "topic-new-refused", "/boards/hajimemashite/new", act=fill(SUBMIT, title=" ", body="本文だけ書きました"), status=422),
    Place("haruka", "people", "/people"),
    Place("haruka", "people-staff", "/people?tab=staff"),
    Place("haruka", "people-found", "/people?q=そら"),
    Place("haruka", "people-not-found", "/people?q=だれもいない"),
    Place("haruka", "person", "/people?q=そら", ("main a[href^='/people/']:not([href*='?'])",)),
    Place("haruka", "person-myself", "/", (".topbar-me",)),
    Place("haruka", "me", "/me"),
    Place("haruka", "me-profile", "/me/profile"),
    Place("haruka", "me-profile-refused", "/me/profile", act=fill(SUBMIT, display_name="人事部"), status=422),
    Place("haruka", "me-profile-word", "/me/profile", act=fill("main form[action='/me/profile'] button[type=submit]", topics="通院の話もできます")),
    Place("takumi", "me-profile-staff", "/me/profile"),
    Place("haruka", "me-privacy", "/me/privacy"),
    Place("sora", "me-privacy-preset", "/me/privacy?preset=open"),
    Place("haruka", "me-blocks", "/me/blocks"),
    Place("haruka", "me-data", "/me/data"),
    Place("haruka", "me-export", "/me/export"),
    Place("sora", "me-export-asked", "/me/export", act=fill(SUBMIT)),
    Place("haruka", "visibility-group", "/me/visibility"),
    Place("haruka", "visibility-hr", "/me/visibility?eyes=hr"),
    Place("haruka", "visibility-apart", "/me/visibility?eyes=apart"),
    Place("takumi", "visibility-staff", "/me/visibility"),
    Place("haruka", "visibility-office", "/me/visibility/office"),
    Place("haruka", "visibility-entries", "/me/visibility/entries"),
    Place("sora", "visibility-entries-none", "/me/visibility/entries"),
    Place("haruka", "notices", "/notices"),
    Place("audit", "notices-none", "/notices"),
    Place("haruka", "me-notices", "/me/notices"),
    Place("sora", "me-blocks-none", "/me/blocks"),
    Place("haruka", "me-security", "/me/security"),
    Place("haruka", "me-password", "/me/security/password"),
    Place("haruka", "me-mail", "/me/security/mail"),
    Place("haruka", "me-second-factor", "/me/security/second-factor"),
    Place("haruka", "me-leave", "/me/leave"),
    Place("haruka", "rooms", "/rooms"),
    Place("haruka", "rooms-hidden", "/rooms/hidden"),
    Place("haruka", "room", "/rooms", (ROOM,)),
    Place("haruka", "room-about", "/rooms", (ROOM,), follow("a[href$='/about']")),
    Place("haruka", "room-search", "/rooms", (ROOM,), follow("a[href$='/search']")),
    Place("haruka", "room-seat", "/rooms", (SEAT,)),
    Place("haruka", "room-quiz", "/rooms", (SEAT,), follow("a[href$='/quiz']")),
    Place("haruka", "room-new", "/rooms/new"),
    Place("haruka", "room-new-found", "/rooms/new?q=そら"),
    Place("haruka", "room-new-name", "/rooms/new", act=check_some("[name=people]", 2, "main button[name=step]")),
    Place("haruka", "person-message", "/people?q=そら", ("main a[href^='/people/']:not([href*='?'])",), follow("main a[href$='/message']")),
    Place("haruka", "me-chat", "/me/chat"),
    Place("haruka", "talk", "/talk"),
    Place("haruka", "talk-asking", "/talk", act=unfold("form[action='/talk/office/ask']")),
    Place("sora", "talk-refused", "/talk", act=in_turn(unfold("form[action='/talk/mentor/ask']"), fill("form[action='/talk/mentor/ask'] button[type=submit]", words="あ" * 201)), status=422),
    Place("haruka", "confirm", "/confirm?next=/me/leave"),
    Place("haruka", "rules-inside", "/rules"),
    Place("haruka", "missing-inside", f"/topics/{NO_SUCH_ID}", status=404),
    Place("haruka", "invitation-signed-in", f"/invitations/{NO_SUCH_SECRET}", status=409),
    Place("yui", "home-of-few", "/"),
    Place("mei", "home-of-minor", "/"),
    Place("takumi", "employee-home", "/"),
    Place("takumi", "employee-board", "/boards/soudan"),
    Place("takumi", "employee-topic", "/boards/soudan", (TOPIC,)),
    Place("takumi", "employee-people", "/people"),
    Place("desk", "desk-home", "/"),
    Place("audit", "auditor-home", "/"),
)  # fmt: skip

HIDDEN_POST = "main a[href$='/reveal']"
TOPIC_ACTS = "main .post-first a[data-can~='hide']"
POST_ACTS = "main .post:not(.post-first) a[data-can~='hide']"
HIDE_POST = "main a[href^='/posts/'][href$='/hide']"
HIDE_TOPIC = "main a[href^='/topics/'][href$='/hide']"

KEEPING_ORDER = (
    Place("mod", "moderator-home", "/"),
    Place("mod", "moderator-topic", "/boards/soudan", (TOPIC,)),
    Place("mod", "moderator-hide-topic", "/boards/soudan", (TOPIC, TOPIC_ACTS, HIDE_TOPIC)),
    Place("mod", "moderator-move-topic", "/boards/soudan", (TOPIC, MOVE_TOPIC)),
    Place("mod", "moderator-hide-post", "/boards/soudan", (TOPIC, POST_ACTS, HIDE_POST)),
    Place("mod", "moderator-hide-refused", "/boards/soudan", (TOPIC, POST_ACTS, HIDE_POST), fill(SUBMIT), 422),
    Place("mod", "moderator-hidden-post", "/boards/hajimemashite", (WITH_HIDDEN_POST,)),
    Place("mod", "moderator-reveal-post", "/boards/hajimemashite", (WITH_HIDDEN_POST, ACTS.format('reveal'), HIDDEN_POST)),
)  # fmt: skip

PERSON = "main a[href^='/hr/people/']:not([href*='?'])"
COHORT = "main a[href^='/hr/cohorts/']"
ROW = "[name=ids][type=checkbox]"

OFFICE = (
    Place("jinji", "hr", "/hr"),
    Place("jinji", "hr-home", "/"),
    Place("mod", "moderation", "/moderation"),
    Place("jinji", "hr-rooms", "/hr/rooms"),
    Place("jinji", "hr-room-new", "/hr/rooms/new"),
    Place("jinji", "hr-room-new-refused", "/hr/rooms/new", act=fill(SUBMIT, name=" "), status=422),
    Place("jinji", "hr-talks", "/hr/talks"),
    Place("jinji", "hr-talks-all", "/hr/talks?show=all"),
    Place("jinji", "hr-check-in", "/hr/talks/check-in"),
    Place("jinji", "hr-check-in-checked", "/hr/talks/check-in", act=fill(SUBMIT)),
    Place("jinji", "hr-people", "/hr/people"),
    Place("jinji", "hr-people-all", "/hr/people?role=all"),
    Place("jinji", "hr-people-not-found", "/hr/people?q=だれもいない"),
    Place("jinji", "hr-people-narrowed", "/hr/people?group=none"),
    Place("jinji", "hr-people-invite", "/hr/people?state=invited", act=check("[name=people]", "main .bulk-bar button[type=submit]")),
    Place("jinji", "hr-people-nobody-ticked", "/hr/people", act=fill("main .bulk-bar button[type=submit]"), status=422),
    Place("jinji", "hr-people-mentor", "/hr/people?q=高瀬", (PERSON,), fill("main button[name=act]")),
    Place("jinji", "hr-acts", "/hr/acts"),
    Place("jinji", "hr-mentors", "/hr/mentors"),
    Place("jinji", "hr-grouping", "/hr/cohorts", (COHORT, "main a[href$='/grouping']")),
    Place("jinji", "hr-person", "/hr/people?q=高瀬", (PERSON,)),
    Place("jinji", "hr-person-refused", "/hr/people?q=高瀬", (PERSON,), in_turn(unfold("form[action$='/suspend']"), fill("main form[action$='/suspend'] button[type=submit]")), 422),
    Place("jinji", "hr-person-opened", "/hr/people?role=powers&q=佐藤", (PERSON,)),
    Place("jinji", "hr-person-employee", "/hr/people?role=employee", (PERSON,)),
    Place("jinji", "hr-cohorts", "/hr/cohorts"),
    Place("jinji", "hr-cohort", "/hr/cohorts", (COHORT,)),
    Place("jinji", "hr-group", "/hr/cohorts", (COHORT, "main a[href^='/hr/groups/']")),
    Place("jinji", "hr-walls", "/hr/walls"),
    Place("jinji", "hr-privacy", "/hr/privacy"),
    Place("jinji", "hr-privacy-field", "/hr/privacy/university"),
    Place("jinji", "hr-privacy-preview", "/hr/privacy/university?cap=nobody"),
    Place("jinji", "hr-approvals", "/hr/approvals"),
    Place("jinji", "hr-announcements", "/hr/announcements"),
    Place("jinji", "hr-announcement-new", "/hr/announcements/new"),
    Place("jinji", "hr-announcement-refused", "/hr/announcements/new", act=fill("button[value=save]", title="題", body="{名前}さん"), status=422),
    Place("jinji", "hr-announcement-templates", "/hr/announcements/templates"),
    Place("jinji", "hr-boards", "/hr/boards"),
    Place("jinji", "hr-board-new", "/hr/boards/new"),
    Place("jinji", "hr-board", "/hr/boards/hajimemashite"),
    Place("jinji", "hr-invitations", "/hr/invitations"),
    Place("jinji", "hr-invitations-unsent", "/hr/invitations?state=unsent"),
    Place("jinji", "hr-invitations-none", "/hr/invitations?state=revoked"),
    Place("jinji", "hr-invitation-new", "/hr/invitations/new"),
    Place("jinji", "hr-invitation-refused", "/hr/invitations/new", act=fill(SUBMIT, mail="nomail"), status=422),
    Place("jinji", "hr-invitation", "/hr/invitations", ("main th a[href^='/hr/invitations/']",)),
    Place("jinji", "hr-invitations-send", "/hr/invitations", act=check(ROW, "main form[action*='/send/review'] button[type=submit]:not([formaction])")),
    Place("jinji", "hr-invitations-revoke", "/hr/invitations", act=check(ROW, "main button[formaction*='/revoke/review']")),
    Place("jinji", "hr-invitations-send-all", "/hr/invitations/send-all?state=unsent"),
    Place("jinji", "hr-import", "/hr/invitations/import"),
    Place("jinji", "hr-import-preview", "/hr/invitations/import", act=fill(SUBMIT, lines=SHEET)),
    Place("lead", "lead-roles", "/admin/roles"),
    Place("lead", "lead-role", "/admin/roles", ("main a[href^='/admin/roles/']",)),
    Place("admin", "admin", "/admin"),
    Place("admin", "admin-mail", "/admin/mail"),
    Place("admin", "admin-letter", "/admin/mail", ("main a[href^='/admin/mail/']",)),
    Place("admin", "admin-community", "/admin/community"),
    Place("admin", "admin-home", "/"),
)  # fmt: skip

SETTING_UP = (
    Place("stranger", "setup-welcome", "/setup/…"),
    Place("founder", "setup-recovery-codes", "…"),
    Place("founder", "setup", "/setup"),
    Place("founder", "setup-company", "/setup/company"),
    Place("founder", "setup-size", "/setup/size"),
    Place("founder", "setup-mail", "/setup/mail"),
    Place("founder", "setup-help-line", "/setup/help-line"),
    Place("founder", "setup-hr", "/setup/hr"),
    Place("founder", "setup-cohort", "/setup/cohort"),
    Place("founder", "setup-cohort-refused", "/setup/cohort", act=fill(SUBMIT), status=422),
    Place("founder", "setup-home", "/"),
    Place("founder", "setup-admin", "/admin"),
    Place("founder", "setup-second-factor", "/me/security/second-factor"),
)  # fmt: skip

PLACES = (*BEFORE_THE_DOOR, *INSIDE, *KEEPING_ORDER, *OFFICE, *SETTING_UP)


# ── servers ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class House:
    """A running installation; `first_link` makes its first administrator while it is empty."""

    base_url: str
    first_link: str = ""


@contextmanager
def running_house(*, with_demo: bool) -> Iterator[House]:
    """Prepare fresh data and serve it on a free loopback port until the block ends."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TSUBOMI_")}
        environment |= {
            "TSUBOMI_DATA": folder,
            "TSUBOMI_PORT": str(port),
            "TSUBOMI_DEMO": "1" if with_demo else "0",
            "TSUBOMI_DEVELOPMENT": "1",
            "TSUBOMI_THREADS": "20",
            "TSUBOMI_LOG_LEVEL": "ERROR",
        }
        flask = [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"]
        said = subprocess.run(flask, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        first_link = re.search(r"/setup/[a-z2-7]{26}", said.stdout)
        gunicorn = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "wsgi:app"]
        with subprocess.Popen(gunicorn, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as server:
            try:
                base_url = f"http://127.0.0.1:{port}"
                _wait_until_open(base_url, server)
                yield House(base_url, first_link[0] if first_link else "")
            finally:
                server.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_open(base_url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{base_url}/healthz", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not open its door")


# ── a browser that comes to a place ──────────────────────────────────────────────────────────────────────────


@contextmanager
def running_browser() -> Iterator[Browser]:
    """The system's Chromium without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@dataclass
class Sight:
    """An open page, the status it was answered with, and what the browser complained about."""

    page: Page
    place: Place
    status: int = 0
    noises: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note every answer to a navigation and every complaint from now on."""
        self.page.on("response", self._answered)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.noises.append(f"script error: {error}"))

    def _answered(self, response: Response) -> None:
        if response.request.is_navigation_request() and response.frame == self.page.main_frame:
            self.status = response.status if response.status not in range(300, 400) else self.status

    def _said(self, message: ConsoleMessage) -> None:
        is_announced = f"status of {self.place.status} " in message.text and self.place.status >= 400
        if message.type == "error" and not is_announced:
            self.noises.append(f"console: {message.text}")


class Walker:
    """Comes to places: opens installations when they are first needed, and signs in as whoever is asked for."""

    def __init__(self, browser: Browser, stack: ExitStack) -> None:
        self._browser = browser
        self._stack = stack
        self._houses: dict[str, House] = {}
        self._contexts: dict[str, tuple[float, BrowserContext]] = {}
        self._languages: dict[str, str] = {}
        self._recovery_codes: dict[str, Page] = {}
        self._letters_seen: set[str] = set()

    @contextmanager
    def at(self, place: Place, language: Language) -> Iterator[Sight]:
        """The place on a phone's screen in this language; the tab is closed afterwards."""
        context = self._context(place.who, language)
        if place.name == "setup-recovery-codes":
            yield Sight(self._recovery_codes[language], place, status=200)
            return
        page = context.new_page()
        try:
            if language != self._languages.get(place.who):
                self._choose(page, language)
                self._languages[place.who] = language
            sight = Sight(page, place)
            sight.listen()
            self._go(page, place)
            yield sight
        finally:
            page.close()

    def letter_path(self, to: str, shape: str) -> str:
        """The path of this shape in a letter to this address, as the administrator reads it; waits for a new one."""
        page = self._context("admin", "ja").new_page()
        deadline = time.monotonic() + LETTER_SECONDS
        while time.monotonic() < deadline:
            page.goto("/admin/mail")
            link = page.locator("tr", has_text=to).locator("a").first
            if link.count():
                page.goto(link.get_attribute("href") or "")
                found = re.search(shape, page.content())
                if found and (found[0] not in self._letters_seen or "/invitations/" in found[0]):
                    self._letters_seen.add(found[0])
                    page.close()
                    return found[0]
            time.sleep(0.2)
        raise RuntimeError(f"no letter to {to} holds {shape}")

    def _go(self, page: Page, place: Place) -> None:
        path = self._houses["stranger"].first_link if place.who == "stranger" else place.path
        page.goto(path)
        for link in place.links:
            page.goto(page.locator(link).first.get_attribute("href", timeout=5000) or "")
        if place.act is not None:
            place.act(page, self)
        page.wait_for_load_state("load")

    def _choose(self, page: Page, language: Language) -> None:
        """Press the language in the footer where the page speaks another one."""
        page.goto("/rules")
        if page.locator("html").get_attribute("lang") != language:
            with page.expect_navigation():
                page.locator(f"button[name=lang][value={language}]").click()

    def _context(self, who: str, language: Language) -> BrowserContext:
        key = f"{who} {language}" if who == "founder" else who
        made, context = self._contexts.get(key, (0.0, None))
        is_kept = who in {"nobody", "stranger", "founder"} or time.monotonic() - made < FRESH_SECONDS
        if context is not None and who != "nobody" and is_kept:
            return context
        if context is not None:
            context.close()
            self._languages.pop(who, None)
        context = self._browser.new_context(
            base_url=self._house(key).base_url,
            viewport=PHONE,
            reduced_motion="reduce",
            service_workers="block",
            locale="ja-JP",
        )
        context.set_default_timeout(ACTION_SECONDS * 1000)
        self._contexts[key] = (time.monotonic(), context)
        if who == "founder":
            self._found(context, language)
        elif who not in {"nobody", "stranger"}:
            _sign_in(context, who)
        return context

    def _house(self, who: str) -> House:
        key = who if who.startswith(("stranger", "founder")) else "demo"
        if key not in self._houses:
            self._houses[key] = self._stack.enter_context(running_house(with_demo=key == "demo"))
        return self._houses[key]

    def _found(self, context: BrowserContext, language: Language) -> None:
        """Become the first administrator; the tab with the recovery codes stays open, they are shown only once."""
        page = context.new_page()
        self._choose(page, language)
        page.goto(self._houses[f"founder {language}"].first_link)
        key = page.locator("#factor-key").input_value()
        typed = {
            "legal_name": "川上 拓",
            "kana": "カワカミ ヒラク",
            "display_name": "川上",
            "mail": "hiraku@example.jp",
            "password": "kawa-no-oto-42-momiji",
            "code": pyotp.TOTP(key).now(),
        }
        for name, value in typed.items():
            page.locator(f"[name={name}]").fill(value)
        page.locator("[name=accepts_rules]").check()
        with page.expect_navigation():
            page.locator("main form button[type=submit]").click()
        self._recovery_codes[language] = page


def _sign_in(context: BrowserContext, who: str) -> None:
    page = context.new_page()
    page.goto("/sign-in")
    page.locator("[name=email]").fill(f"{who}@example.jp")
    page.locator("[name=password]").fill(DEMO_PASSWORD)
    with page.expect_navigation():
        page.locator("main form[action='/sign-in'] button[type=submit]").click()
    if page.url.endswith("/sign-in"):
        raise RuntimeError(f"{who} could not sign in")
    page.close()


# ── what is wrong with a page ────────────────────────────────────────────────────────────────────────────────


def complaints(sight: Sight) -> list[str]:
    """Everything wrong with the page as it stands: status, console, axe, and width on three screens.

    axe looks at a phone in one theme and at a PC in the other; the second language turns that round, so that both
    languages bring every combination of screen and theme.
    """
    page: Page = sight.page
    found: list[str] = []
    themes = THEMES if page.locator("html").get_attribute("lang") == "ja" else THEMES[::-1]
    if sight.status != sight.place.status:
        found.append(f"answered {sight.status} instead of {sight.place.status} at {page.url}")
    for size, theme in zip((PHONE, PC), themes, strict=True):
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size(size)
        found += [f"{size['width']} px, {theme}: {each}" for each in axe_complaints(page)]
    for size in (NARROWEST, PHONE, PC):
        page.set_viewport_size(size)
        found += width_complaints(page, size)
    return found + list(dict.fromkeys(sight.noises))


def axe_complaints(page: Page) -> list[str]:
    """What axe finds, one line for each element."""
    violations = Axe().run(page).response["violations"]
    return [f"axe {one['id']}: {node['html'][:160]}" for one in violations for node in one["nodes"]]


def width_complaints(page: Page, size: ViewportSize) -> list[str]:
    """Whether the page scrolls sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [f"{wide} px wide on a screen of {size['width']} px"] if wide > size["width"] else []


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────


def take_all(folder: Path, places: tuple[Place, ...]) -> int:
    """Every place in every combination into the folder; the number of complaints, which are printed."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with ExitStack() as stack:
        walker = Walker(stack.enter_context(running_browser()), stack)
        for language in LANGUAGES:
            for place in places:
                for line in _take(walker, place, language, folder):
                    count += 1
                    print(f"{place.who} {place.name} {language}: {line}", flush=True)
    return count


def _take(walker: Walker, place: Place, language: Language, folder: Path) -> list[str]:
    try:
        with walker.at(place, language) as sight:
            for theme in THEMES:
                sight.page.emulate_media(color_scheme=theme)
                for size in (PHONE, PC):
                    sight.page.set_viewport_size(size)
                    name = f"{place.name}.{size['width']}.{language}.{theme}.png"
                    _take_whole(sight.page, size, folder / name)
            return complaints(sight)
    except (Error, RuntimeError) as problem:
        return [f"not reached: {str(problem).splitlines()[0]}"]


def _take_whole(page: Page, size: ViewportSize, path: Path) -> None:
    """The page from top to bottom on a screen that is high enough, so that fixed bars stand at its end."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
    page.screenshot(path=path)


@dataclass(frozen=True)
class Picture:
    """One picture of the README."""

    name: str
    place: str
    language: Language
    size: ViewportSize
    theme: Theme = "light"


PICTURES: tuple[Picture, ...] = (
    Picture("home", "home", "ja", PHONE),
    Picture("topic", "topic", "ja", PHONE),
    Picture("hr", "hr", "ja", {"width": 1100, "height": 720}),
)
LARGEST_BYTES = 120 * 1024


def take_pictures(folder: Path) -> int:
    """The pictures of the README into the folder; the number of those that are too large, which are named."""
    folder.mkdir(parents=True, exist_ok=True)
    places = {place.name: place for place in PLACES}
    count = 0
    with ExitStack() as stack:
        walker = Walker(stack.enter_context(running_browser()), stack)
        for picture in PICTURES:
            with walker.at(places[picture.place], picture.language) as sight:
                sight.page.emulate_media(color_scheme=picture.theme)
                sight.page.set_viewport_size(picture.size)
                path = folder / f"{picture.name}.png"
                sight.page.screenshot(path=path)
            size = path.stat().st_size
            print(f"{path.name} {size // 1024} KB", flush=True)
            count += size > LARGEST_BYTES
    return count


def main() -> int:
    """Take the pictures; 1 when something is wrong with a page or a picture is too large."""
    options = argparse.ArgumentParser(description="Pictures of every page.")
    options.add_argument("folder", nargs="?", type=Path, default=ROOT / "var" / "screenshots")
    options.add_argument(
        "--readme", action="store_true", help="the pictures of the README into docs/pictures"
    )
    options.add_argument("--only", default="", help="places whose name begins like this")
    given = options.parse_args()
    if given.readme:
        return min(1, take_pictures(ROOT / "docs" / "pictures"))
    chosen = tuple(place for place in PLACES if place.name.startswith(given.only))
    count = take_all(given.folder, chosen)
    print(f"{len(chosen)} pages in 8 combinations, {count} complaints: {given.folder}")
    return min(1, count)


if __name__ == "__main__":
    sys.exit(main())

"""Every role at every route, by GET and by POST, with ids of every kind: who may open what stands in the tables here.

For whoever may not see something, the answer is byte for byte the answer for something that does not exist.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.accounts.operations import open_session
from app.core import clock
from app.core.db import db, session
from app.core.files import storage
from app.core.limits import install_limits
from app.core.names import fold
from app.core.operation import unit_of_work
from app.core.text import RENDERER_VERSION, render_markdown
from app.exports import shelf
from app.models import (
    Announcement,
    AnnouncementRecipient,
    AnnouncementTemplate,
    Approval,
    Board,
    BulkAct,
    CheckIn,
    Cohort,
    Group,
    Invitation,
    Member,
    MemberExport,
    MemberSession,
    Message,
    MessageReport,
    Notice,
    Post,
    PushSubscription,
    Role,
    Room,
    RoomEvent,
    RoomMember,
    SavedView,
    TalkRequest,
    Topic,
    Upload,
)
from app.policy.viewer import forget_viewers
from tests.conftest import NO_SUCH_ID, NOON, Client

# ── who ──────────────────────────────────────────────────────────────────────────────────────────────────────

CANDIDATES = {"haruka", "sora", "ren", "yui"}
HR = {"jinji", "lead"}
INSIDE = CANDIDATES | HR | {"takumi", "mod", "desk", "audit", "admin"}
OFFICE = HR | {"admin"}
APPOINTING = {"lead", "admin"}
# Suspended, gone, and whoever never signed in: nothing inside is there for them.
OUTSIDE = {"hana", "kyoko", "sayo", "nobody"}
BOARDLESS = {"desk", "audit", "admin"}  # the test world's boards name neither of them as readers

# ── who does not see what ────────────────────────────────────────────────────────────────────────────────────

UNSEEN: dict[str, dict[str, set[str]]] = {
    "person": {
        "haruka": {"ren", "yui"},  # a block works in both directions, a wall too
        "sora": {"yui"},
        "ren": {"haruka", "yui"},
        "yui": {"haruka", "sora", "ren"},
        "takumi": set(),
        "jinji": set(),
        "mod": set(),
        "hana": INSIDE,  # suspended
        "sayo": INSIDE,  # left
    },
    "to block": {"haruka": {"ren", "yui"}, "ren": {"yui"}, "takumi": set(), "jinji": set(), "hana": INSIDE},
    "blocked": {"ren": INSIDE - {"haruka"}, "takumi": INSIDE},
    "office person": {"haruka": set(), "takumi": set(), "jinji": set(), "hana": set(), "sayo": OFFICE},
    "office candidate": {"haruka": set(), "takumi": HR, "hana": set(), "sayo": HR},
    "written to": {"haruka": set(), "takumi": HR, "hana": HR, "sayo": HR},
    "appointed": {
        "takumi": set(),
        "jinji": set(),
        "haruka": APPOINTING,
        "kyoko": APPOINTING,
        "sayo": APPOINTING,
    },
    "board": {
        "square": BOARDLESS,
        "news": BOARDLESS,
        "april": INSIDE - {"haruka", "sora", "ren"},
        "wakaba": INSIDE - {"haruka", "sora"},
    },
    "office board": {"square": set(), "wakaba": set()},
    "topic": {
        "of sora": BOARDLESS | {"yui"},
        "of ren": BOARDLESS | {"yui", "haruka"},
        "of yui": BOARDLESS | {"haruka", "sora", "ren"},
        "of hana": BOARDLESS | {"yui"},
        "hidden, of sora": INSIDE - {"sora", "mod"},
        "april, of haruka": INSIDE - {"haruka", "sora"},
        "wakaba, of haruka": INSIDE - {"haruka", "sora"},
        "news, of jinji": BOARDLESS,
    },
    "post": {
        "of haruka": BOARDLESS | {"yui", "ren"},
        "of ren": BOARDLESS | {"yui", "haruka"},
        "of jinji": BOARDLESS | {"yui"},  # the topic is behind the wall
        "hidden, of haruka": INSIDE - {"haruka", "mod"},
        "hidden topic, of takumi": INSIDE - {"sora", "mod"},
        "wakaba, of sora": INSIDE - {"haruka", "sora"},
    },
    "cohort": {"april": set(), "october": set()},
    "group": {"wakaba": set()},
    "invitation": {"candidate": {"admin"}, "employee": set(), "hr": set()},
    "session": {"of haruka": INSIDE - {"haruka"}, "of jinji": INSIDE - {"jinji"}},
    "letter": {},
    "composer": {"reply": set()},  # a draft answers everybody alike: it is one's own or nothing
    "announcement": {
        "of haruka": INSIDE - HR - {"haruka"},
        "cancelled": INSIDE - HR,
        "draft": INSIDE - HR,
    },
    "received": {"of haruka": INSIDE - {"haruka"}, "cancelled": INSIDE, "draft": INSIDE},
    "office announcement": {"of haruka": set(), "cancelled": set(), "draft": set()},
    "text to use again": {"kept": set()},
    "notice": {"of haruka": INSIDE - {"haruka"}},
    "device": {"of haruka": INSIDE - {"haruka"}},
    "export": {"of haruka": INSIDE - {"haruka"}},
    # As the post they hang on; what is hidden is its owner's and the moderators'.
    "file": {
        "loose, of haruka": INSIDE - {"haruka"},
        "posted, of jinji": BOARDLESS | {"yui"},
        "hidden, of haruka": INSIDE - {"haruka", "mod"},
    },
    "own file": {"loose, of haruka": INSIDE - {"haruka"}, "posted, of jinji": INSIDE - {"jinji"}},
    "room": {
        "wakaba": INSIDE - {"haruka", "sora"},
        "office of haruka": INSIDE - HR - {"haruka"},
        "of staff": INSIDE - {"takumi", "naomi"},
    },
    **{
        kind: {
            "wakaba, of sora": INSIDE - {"haruka", "sora"},
            "square, of ren": INSIDE - {"sora", "ren", "takumi"},  # haruka is in it, and has blocked him
        }
        for kind in ("room message", "message")
    },
    "office room": {"square": set()},
    "seat": {"tables": INSIDE - {"haruka", "sora"}},
    "report": {"of haruka": INSIDE - {"mod"}},
    "wish to talk": {"of haruka": INSIDE - HR - {"haruka"}},
    "round of words": {"planned": INSIDE - HR},
    "kept filter": {"of jinji": INSIDE - {"jinji"}},
    "act on people": {"of jinji": INSIDE - {"jinji"}},
    "request of two": {"of jinji": INSIDE - HR},
    "capped field": {"university": set()},
}

# ── who may open what ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Door:
    """Who opens it, for ids of which kind, and what everybody else meets; 403 only where they see the id."""

    who: set[str]
    kind: str | None = None
    otherwise: int = 404


DOORS: dict[str, Door] = {
    "GET /": Door(INSIDE),
    # boards
    "GET /boards": Door(INSIDE),
    "GET /boards/<slug>": Door(INSIDE, "board"),
    "GET /boards/<slug>/new": Door(INSIDE, "board"),
    "POST /boards/<slug>/new": Door(INSIDE, "board"),
    "GET /topics/<id:topic_id>": Door(INSIDE, "topic"),
    "POST /topics/<id:topic_id>/replies": Door(INSIDE, "topic"),
    "GET /topics/<id:topic_id>/hide": Door({"mod"}, "topic", 403),
    "POST /topics/<id:topic_id>/hide": Door({"mod"}, "topic", 403),
    "GET /topics/<id:topic_id>/reveal": Door({"mod"}, "topic", 403),
    "POST /topics/<id:topic_id>/reveal": Door({"mod"}, "topic", 403),
    "GET /posts/<id:post_id>": Door(INSIDE, "post"),
    "GET /posts/<id:post_id>/acts": Door(INSIDE, "post"),
    "GET /posts/<id:post_id>/hide": Door({"mod"}, "post", 403),
    "POST /posts/<id:post_id>/hide": Door({"mod"}, "post", 403),
    "GET /posts/<id:post_id>/reveal": Door({"mod"}, "post", 403),
    "POST /posts/<id:post_id>/reveal": Door({"mod"}, "post", 403),
    "GET /posts/<id:post_id>/quote": Door(INSIDE, "post"),
    "GET /posts/<id:post_id>/edit": Door(INSIDE, "post"),
    "POST /posts/<id:post_id>/edit": Door(INSIDE, "post"),
    "GET /posts/<id:post_id>/history": Door(INSIDE, "post"),
    "GET /posts/<id:post_id>/withdraw": Door(INSIDE, "post"),
    "POST /posts/<id:post_id>/withdraw": Door(INSIDE, "post"),
    "POST /posts/<id:post_id>/reactions": Door(INSIDE, "post"),
    "POST /topics/<id:topic_id>/arrange": Door(HR | {"mod"}, "topic", 403),
    "GET /topics/<id:topic_id>/move": Door(HR | {"mod"}, "topic", 403),
    "POST /topics/<id:topic_id>/move": Door(HR | {"mod"}, "topic", 403),
    # what one keeps about what one reads
    "GET /boards/<slug>/archive": Door(INSIDE, "board"),
    "POST /boards/<slug>/read": Door(INSIDE, "board"),
    "POST /read": Door(INSIDE),
    "POST /topics/<id:topic_id>/bookmark": Door(INSIDE, "topic"),
    "POST /topics/<id:topic_id>/level": Door(INSIDE, "topic"),
    "GET /api/topics/<id:topic_id>/news": Door(INSIDE, "topic"),
    "POST /posts/<id:post_id>/save": Door(INSIDE, "post"),
    "POST /posts/<id:post_id>/unsave": Door(INSIDE, "post"),
    "GET /me/saved": Door(INSIDE),
    "GET /shortcuts": Door(INSIDE),
    "GET /ledger/head": Door(INSIDE),
    # files
    "POST /api/files": Door(INSIDE),
    "GET /api/files/<id:upload_id>": Door(INSIDE, "own file"),
    "POST /api/files/<id:upload_id>/alt": Door({"haruka", "jinji"}, "file", 403),
    "POST /api/files/<id:upload_id>/delete": Door({"haruka", "jinji"}, "file", 403),
    "GET /files/<id:upload_id>": Door(INSIDE, "file"),
    "GET /files/<id:upload_id>/small": Door(INSIDE, "file"),
    # people
    "GET /people": Door(INSIDE),
    "GET /people/<id:person_id>": Door(INSIDE, "person"),
    "POST /people/<id:person_id>/block": Door(CANDIDATES | {"takumi"}, "to block", 403),
    "POST /people/<id:person_id>/unblock": Door(INSIDE, "blocked"),
    "GET /me": Door(INSIDE),
    "GET /me/profile": Door(INSIDE),
    "GET /me/privacy": Door(CANDIDATES),
    "POST /me/privacy": Door(CANDIDATES),
    "GET /notices": Door(INSIDE),
    "GET /notices/<id:notice_id>": Door(INSIDE, "notice"),
    "POST /notices/seen": Door(INSIDE),
    "GET /me/notices": Door(INSIDE),
    "POST /me/notices": Door(INSIDE),
    "POST /me/notices/pause": Door(INSIDE),
    "POST /me/notices/resume": Door(INSIDE),
    "POST /me/notices/test": Door(INSIDE),
    "POST /me/notices/devices/<id:device_id>/remove": Door(INSIDE, "device"),
    "POST /api/push/subscribe": Door(INSIDE),
    "POST /api/push/unsubscribe": Door(INSIDE),
    # writing
    "GET /api/mentions": Door(INSIDE - BOARDLESS),
    "POST /api/preview": Door(INSIDE),
    "GET /api/drafts/<composer>": Door(INSIDE, "composer"),
    "POST /api/drafts/<composer>": Door(INSIDE, "composer"),
    "POST /api/drafts/<composer>/delete": Door(INSIDE, "composer"),
    "POST /me/profile": Door(INSIDE),
    "GET /me/blocks": Door(INSIDE),
    "GET /me/visibility": Door(INSIDE),
    "GET /me/visibility/office": Door(INSIDE),
    "GET /me/visibility/entries": Door(INSIDE),
    # one's own doors
    "GET /confirm": Door(INSIDE),
    "POST /confirm": Door(INSIDE),
    "POST /confirm/mail": Door(INSIDE),
    "GET /me/data": Door(INSIDE),
    "GET /me/export": Door(INSIDE),
    "POST /me/export": Door(INSIDE),
    "GET /me/export/<id:export_id>/file": Door(INSIDE, "export"),
    "GET /me/leave": Door(INSIDE),
    "POST /me/leave": Door(INSIDE),
    "GET /me/security": Door(INSIDE),
    "POST /me/security/sessions/<id:session_id>/end": Door(INSIDE, "session"),
    "POST /me/security/sign-out-everywhere": Door(INSIDE),
    "GET /me/security/password": Door(INSIDE),
    "POST /me/security/password": Door(INSIDE),
    "GET /me/security/mail": Door(INSIDE),
    "POST /me/security/mail": Door(INSIDE),
    "GET /me/security/second-factor": Door(INSIDE),
    "POST /me/security/second-factor": Door(INSIDE),
    "GET /me/security/second-factor/confirm": Door(INSIDE),
    "GET /me/security/second-factor/qr.svg": Door(set()),  # exists once the set-up page was opened
    "POST /me/security/second-factor/recovery-codes": Door(INSIDE),
    "POST /me/security/second-factor/remove": Door(CANDIDATES | {"takumi"}, None, 403),
    "POST /rules": Door(INSIDE),
    "POST /sign-out": Door(INSIDE),
    # HR's desk
    "GET /hr": Door(HR),
    "GET /hr/people": Door(OFFICE),
    "GET /hr/people/<id:person_id>": Door(OFFICE, "office person"),
    "POST /hr/people/<id:person_id>/open": Door(OFFICE, "office person"),
    "POST /hr/people/<id:person_id>/suspend": Door(OFFICE, "office person"),
    "POST /hr/people/<id:person_id>/lift": Door(OFFICE, "office person"),
    "POST /hr/people/<id:person_id>/end": Door(OFFICE, "office person"),
    "POST /hr/people/<id:person_id>/group": Door(HR, "office candidate"),
    "POST /hr/people/<id:person_id>/cohort": Door(HR, "office candidate"),
    "POST /hr/people/review": Door(HR),
    "POST /hr/people/act": Door(HR),
    "POST /hr/people/views": Door(OFFICE),
    "POST /hr/people/views/<id:view_id>/forget": Door(OFFICE, "kept filter"),
    "GET /hr/acts": Door(HR),
    "POST /hr/acts/<id:act_id>/undo": Door(HR, "act on people"),
    "GET /hr/mentors": Door(HR),
    "GET /hr/cohorts": Door(HR),
    "GET /hr/cohorts/<id:cohort_id>/grouping": Door(HR, "cohort"),
    "POST /hr/cohorts/<id:cohort_id>/grouping": Door(HR, "cohort"),
    "POST /hr/cohorts": Door(HR),
    "GET /hr/cohorts/<id:cohort_id>": Door(HR, "cohort"),
    "POST /hr/cohorts/<id:cohort_id>": Door(HR, "cohort"),
    "POST /hr/cohorts/<id:cohort_id>/groups": Door(HR, "cohort"),
    "POST /hr/cohorts/<id:cohort_id>/place": Door(HR, "cohort"),
    "GET /hr/groups/<id:group_id>": Door(HR, "group"),
    "POST /hr/groups/<id:group_id>": Door(HR, "group"),
    "POST /hr/groups/<id:group_id>/close": Door(HR, "group"),
    "GET /hr/privacy": Door(HR),
    "GET /hr/privacy/<field>": Door(HR, "capped field"),
    "POST /hr/privacy/<field>": Door(HR, "capped field"),
    "GET /hr/approvals": Door(HR),
    "GET /hr/approvals/<id:approval_id>": Door(HR, "request of two"),
    "POST /hr/approvals/<id:approval_id>": Door(HR, "request of two"),
    "POST /hr/approvals/<id:approval_id>/withdraw": Door(HR, "request of two"),
    "GET /hr/walls": Door(HR),
    "POST /hr/walls": Door(HR),
    # talking
    "GET /api/rooms/heads": Door(INSIDE),
    "GET /api/rooms/<id:room_id>/events": Door(INSIDE, "room"),
    "GET /api/rooms/<id:room_id>/messages": Door(INSIDE, "room"),
    "POST /api/rooms/<id:room_id>/messages": Door(INSIDE, "room"),
    "POST /rooms/<id:room_id>/messages": Door(INSIDE, "room"),
    "POST /api/rooms/<id:room_id>/read": Door(INSIDE, "room"),
    "POST /api/rooms/<id:room_id>/pin": Door(INSIDE, "room"),
    "POST /api/rooms/<id:room_id>/messages/<id:message_id>/edit": Door(INSIDE, "room message"),
    "POST /api/rooms/<id:room_id>/messages/<id:message_id>/unsend": Door(INSIDE, "room message"),
    "POST /api/rooms/<id:room_id>/messages/<id:message_id>/reactions": Door(INSIDE, "room message"),
    "POST /api/rooms/<id:room_id>/messages/<id:message_id>/saved": Door(INSIDE, "room message"),
    "GET /messages/<id:message_id>/acts": Door(INSIDE, "message"),
    "POST /messages/<id:message_id>/save": Door(INSIDE, "message"),
    "POST /messages/<id:message_id>/unsave": Door(INSIDE, "message"),
    "GET /hr/boards": Door(HR),
    "GET /hr/boards/new": Door(HR),
    "POST /hr/boards/new": Door(HR),
    "GET /hr/boards/<slug>": Door(HR, "office board"),
    "POST /hr/boards/<slug>/up": Door(HR, "office board"),
    "POST /hr/boards/<slug>/down": Door(HR, "office board"),
    "POST /hr/boards/<slug>/archive": Door(HR, "office board"),
    "POST /hr/boards/<slug>/reopen": Door(HR, "office board"),
    "POST /hr/boards/<slug>": Door(HR, "office board"),
    "GET /hr/invitations": Door(OFFICE),
    "GET /hr/invitations/new": Door(OFFICE),
    "POST /hr/invitations/new": Door(OFFICE),
    "GET /hr/invitations/<id:invitation_id>": Door(OFFICE, "invitation"),
    "POST /hr/invitations/<id:invitation_id>": Door(OFFICE, "invitation"),
    "GET /hr/invitations/import": Door(OFFICE),
    "POST /hr/invitations/import": Door(OFFICE),
    "POST /hr/invitations/import/confirm": Door(OFFICE),
    "GET /hr/invitations/send-all": Door(OFFICE),
    "POST /hr/invitations/send-all": Door(OFFICE),
    "POST /hr/invitations/send": Door(OFFICE),
    "POST /hr/invitations/send/review": Door(OFFICE),
    "POST /hr/invitations/revoke": Door(OFFICE),
    "POST /hr/invitations/revoke/review": Door(OFFICE),
    # rooms
    "GET /rooms": Door(INSIDE),
    "GET /rooms/hidden": Door(INSIDE),
    "GET /rooms/new": Door(CANDIDATES, None, 403),
    "POST /rooms/new": Door(CANDIDATES, None, 403),
    "GET /rooms/<id:room_id>": Door(INSIDE, "room"),
    "GET /api/rooms/<id:room_id>/people": Door(INSIDE, "room"),
    "GET /rooms/<id:room_id>/about": Door(INSIDE, "room"),
    "POST /rooms/<id:room_id>/prompt": Door(INSIDE, "seat"),
    "GET /rooms/<id:room_id>/quiz": Door(INSIDE, "seat"),
    "POST /rooms/<id:room_id>/quiz": Door(INSIDE, "seat"),
    "GET /rooms/<id:room_id>/search": Door(INSIDE, "room"),
    "GET /reports/new": Door(set()),  # without a message there is nothing to report
    "POST /reports/new": Door(set()),
    "GET /moderation": Door({"mod"}),
    "POST /moderation/reports/<id:report_id>/close": Door({"mod"}, "report"),
    "POST /rooms/<id:room_id>/listing": Door(INSIDE, "room"),
    "POST /rooms/<id:room_id>/join": Door(set(), "room"),  # whoever sees one of them is in it
    "POST /rooms/<id:room_id>/leave": Door(INSIDE, "room"),
    "GET /rooms/<id:room_id>/edit": Door(set(), "room", 403),  # naomi opened the small one
    "POST /rooms/<id:room_id>/edit": Door(set(), "room", 403),
    "GET /rooms/<id:room_id>/people": Door(set(), "room", 403),
    "POST /rooms/<id:room_id>/people": Door(set(), "room", 403),
    "POST /rooms/<id:room_id>/accept": Door(set(), "room"),  # nobody asked
    "POST /rooms/<id:room_id>/decline": Door(set(), "room"),
    "GET /people/<id:person_id>/message": Door(INSIDE, "person"),
    "POST /people/<id:person_id>/message": Door(INSIDE, "person"),
    "GET /me/chat": Door(INSIDE),
    "POST /me/chat": Door(INSIDE),
    "GET /hr/rooms": Door(HR),
    "POST /hr/rooms": Door(HR),
    "GET /hr/rooms/new": Door(HR),
    "POST /hr/rooms/new": Door(HR),
    "GET /hr/rooms/<id:room_id>": Door(HR, "office room"),
    "POST /hr/rooms/<id:room_id>": Door(HR, "office room"),
    "POST /hr/rooms/<id:room_id>/archive": Door(HR, "office room"),
    "POST /hr/rooms/<id:room_id>/reopen": Door(HR, "office room"),
    # talks
    "GET /talk": Door(CANDIDATES),
    "POST /talk/office": Door(CANDIDATES),
    "POST /talk/office/ask": Door(CANDIDATES),
    "POST /talk/mentor/ask": Door(CANDIDATES),
    "POST /talk/requests/<id:request_id>/withdraw": Door({"haruka"}, "wish to talk", 403),
    "GET /hr/talks": Door(HR),
    "POST /hr/people/<id:person_id>/talk": Door(HR, "written to"),
    "GET /hr/talks/requests/<id:request_id>": Door(HR, "wish to talk"),
    "POST /hr/talks/requests/<id:request_id>": Door(HR, "wish to talk"),
    "GET /hr/talks/check-in": Door(HR),
    "POST /hr/talks/check-in": Door(HR),
    "POST /hr/talks/check-in/<id:check_in_id>/cancel": Door(HR, "round of words"),
    # announcements
    "GET /announcements": Door(INSIDE),
    "GET /announcements/<id:announcement_id>": Door(INSIDE, "announcement"),
    "POST /announcements/<id:announcement_id>/acknowledge": Door(INSIDE, "received"),
    "GET /hr/announcements": Door(HR),
    "GET /hr/announcements/new": Door(HR),
    "POST /hr/announcements/new": Door(HR),
    "GET /hr/announcements/templates": Door(HR),
    "POST /hr/announcements/templates/<id:template_id>/delete": Door(HR, "text to use again"),
    "GET /hr/announcements/<id:announcement_id>": Door(HR, "office announcement"),
    "POST /hr/announcements/<id:announcement_id>": Door(HR, "office announcement"),
    "GET /hr/announcements/<id:announcement_id>/check": Door(HR, "office announcement"),
    "GET /hr/announcements/<id:announcement_id>/preview": Door(HR, "office announcement"),
    "POST /hr/announcements/<id:announcement_id>/send": Door(HR, "office announcement"),
    "POST /hr/announcements/<id:announcement_id>/emergency": Door(HR, "office announcement"),
    "POST /hr/announcements/<id:announcement_id>/schedule": Door(HR, "office announcement"),
    "POST /hr/announcements/<id:announcement_id>/test": Door(HR, "office announcement"),
    "POST /hr/announcements/<id:announcement_id>/cancel": Door(HR, "office announcement"),
    "POST /hr/announcements/<id:announcement_id>/discard": Door(HR, "office announcement"),
    "POST /hr/announcements/<id:announcement_id>/copy": Door(HR, "office announcement"),
    "POST /hr/announcements/<id:announcement_id>/remind": Door(HR, "office announcement"),
    "POST /hr/announcements/<id:announcement_id>/template": Door(HR, "office announcement"),
    # the administrator's pages
    "GET /admin": Door({"admin"}),
    "GET /admin/community": Door({"admin"}),
    "POST /admin/community": Door({"admin"}),
    "GET /admin/mail": Door({"admin"}),
    "GET /admin/mail/<string(length=32):letter_id>": Door({"admin"}, "letter"),
    "GET /admin/roles": Door(APPOINTING),
    "GET /admin/roles/<id:person_id>": Door(APPOINTING, "appointed"),
    "POST /admin/roles/<id:person_id>": Door(APPOINTING, "appointed"),
    "GET /setup": Door({"admin"}),
    "GET /setup/company": Door({"admin"}),
    "POST /setup/company": Door({"admin"}),
    "GET /setup/size": Door({"admin"}),
    "POST /setup/size": Door({"admin"}),
    "GET /setup/mail": Door({"admin"}),
    "POST /setup/mail/test": Door({"admin"}),
    "GET /setup/help-line": Door({"admin"}),
    "POST /setup/help-line": Door({"admin"}),
    "GET /setup/hr": Door({"admin"}),
    "POST /setup/hr": Door({"admin"}),
    "GET /setup/cohort": Door(set()),
    "POST /setup/cohort": Door(set()),
    # the two of /setup/cohort are closed since HR has come
    "POST /setup/finish": Door({"admin"}),
}
# Open to whoever comes, signed in or not. tests/guards hold the same list by name.
PUBLIC = {
    "/announcements/letters/<string(length=26):secret>", "/csp-report", "/demo", "/demo/<key>", "/healthz", "/invitations/<secret>", "/invitations/<secret>/name",
    "/invitations/<secret>/pace", "/invitations/<secret>/password", "/invitations/<secret>/rules", "/language", "/left",
    "/mail/<string(length=26):secret>", "/metrics", "/offline", "/password/<string(length=26):secret>",
    "/password/forgot", "/password/sent", "/readyz", "/setup/<string(length=26):secret>",
    "/setup/<string(length=26):secret>/qr.svg", "/sign-in", "/sign-in/<string(length=26):secret>", "/sign-in/code",
    "/sign-in/link", "/sign-in/sent", "/static/<digest>/<path:path>", "/styleguide", "/sw.js", "/theme",
    "/unsubscribe/<string(length=26):secret>",
    "GET /rules",
}  # fmt: skip

# What whoever sees an id may still not do to it: they are told so in a sentence.
READ_ONLY = INSIDE - HR - BOARDLESS  # the board "news" is written by HR
# Only its author changes a post or takes it back; what moderators hid is not edited and takes no signs.
_HIDDEN_POSTS = {"hidden, of haruka": {"haruka", "mod"}, "hidden topic, of takumi": {"sora", "mod"}}
_OF_OTHERS = {
    **{f"of {name}": INSIDE - {name} for name in ("haruka", "ren", "jinji")},
    "wakaba, of sora": {"haruka"},
}
# Nobody applauds themselves.
_OWN_POSTS = {f"of {name}": {name} for name in ("haruka", "ren", "jinji")} | {"wakaba, of sora": {"sora"}}
_AUTHORS: dict[tuple[str, str], set[str]] = {
    (f"{method} /posts/<id:post_id>/{act}", name): who
    for method in ("GET", "POST")
    for act, refused in (
        ("edit", {**_OF_OTHERS, **_HIDDEN_POSTS}),
        ("withdraw", {**_OF_OTHERS, **_HIDDEN_POSTS, "hidden, of haruka": {"mod"}}),
        ("reactions", {**_HIDDEN_POSTS, **_OWN_POSTS}),
    )
    for name, who in refused.items()
}
# What was sent or taken back is changed no more; a draft asks nobody yet.
_ANNOUNCED: dict[tuple[str, str], set[str]] = {
    (f"POST /hr/announcements/<id:announcement_id>{act}", name): HR
    for acts, names in (
        (("", "/send", "/emergency", "/schedule", "/test", "/discard"), ("of haruka", "cancelled")),
        (("/remind",), ("draft", "cancelled")),
    )
    for act in acts
    for name in names
}
# Only its author changes a message, and nobody applauds themselves.
_SAID: dict[tuple[str, str], set[str]] = {
    (f"POST /api/rooms/<id:room_id>/messages/<id:message_id>/{act}", name): who
    for name, author, others in (
        ("wakaba, of sora", "sora", {"haruka"}),
        ("square, of ren", "ren", {"sora", "takumi"}),
    )
    for act, who in (("edit", others), ("unsend", others), ("reactions", {author}))
}
# Candidates write to their 班 and to employees, staff to each other; nobody to themselves.
_WRITTEN_TO: dict[tuple[str, str], set[str]] = {
    (f"{method} /people/<id:person_id>/message", name): who
    for method in ("GET", "POST")
    for name, who in (
        ("haruka", INSIDE - {"sora", "ren", "yui"}),
        ("sora", INSIDE - {"haruka", "yui"}),
        ("ren", INSIDE - {"haruka", "yui"}),
        ("yui", INSIDE - {"haruka", "sora", "ren"}),
        ("takumi", {"takumi"}),
        ("jinji", CANDIDATES | {"jinji"}),
        ("mod", CANDIDATES | {"mod"}),
    )
}
REFUSED: dict[tuple[str, str], set[str]] = {
    **_SAID,
    **_WRITTEN_TO,
    ("POST /rooms/<id:room_id>/leave", "office of haruka"): HR | {"haruka"},
    ("POST /api/rooms/<id:room_id>/pin", "office of haruka"): {"haruka"},
    ("POST /api/rooms/<id:room_id>/pin", "of staff"): {"takumi"},
    **{
        (f"POST /api/files/<id:upload_id>/{act}", "posted, of jinji"): {"haruka"} for act in ("alt", "delete")
    },
    # What a hidden picture shows is no longer described.
    ("POST /api/files/<id:upload_id>/alt", "hidden, of haruka"): {"haruka"},
    **_AUTHORS,
    **_ANNOUNCED,
    ("POST /posts/<id:post_id>/save", "hidden, of haruka"): {"haruka", "mod"},
    ("GET /boards/<slug>/new", "news"): READ_ONLY,
    ("POST /boards/<slug>/new", "news"): READ_ONLY,
    ("POST /topics/<id:topic_id>/replies", "news, of jinji"): READ_ONLY,
    ("POST /topics/<id:topic_id>/replies", "hidden, of sora"): {"sora", "mod"},
    ("POST /people/<id:person_id>/block", "haruka"): {"haruka"},
    ("POST /people/<id:person_id>/block", "ren"): {"ren"},
    ("POST /people/<id:person_id>/block", "takumi"): {"takumi"},
    ("POST /people/<id:person_id>/block", "jinji"): CANDIDATES
    | {"takumi"},  # official people cannot be blocked
    ("POST /talk/mentor/ask", ""): CANDIDATES,  # takumi mentors none of them
    ("POST /hr/people/<id:person_id>/suspend", "jinji"): HR,  # the administrator does
    ("POST /hr/people/<id:person_id>/lift", "jinji"): HR,
    ("POST /hr/people/<id:person_id>/end", "jinji"): HR,  # the administrator ends the membership of staff
    ("POST /hr/invitations/<id:invitation_id>", "hr"): {"jinji"},  # whoever may not give a role corrects none
    # One asks, another decides.
    ("POST /hr/approvals/<id:approval_id>", "of jinji"): {"jinji"},
    ("POST /hr/approvals/<id:approval_id>/withdraw", "of jinji"): {"lead"},
    ("POST /hr/people/<id:person_id>/end", "haruka"): {"admin"},  # candidates are in HR's care
    ("POST /hr/people/<id:person_id>/end", "hana"): {"admin"},
}

# The people who are sent along belong to another cohort than the address says.
ELSEWHERE = {("POST /hr/cohorts/<id:cohort_id>/place", "october")} | {
    # The post that is sent along stands in the first of the topics.
    ("POST /topics/<id:topic_id>/bookmark", name)
    for name in UNSEEN["topic"]
    if name != "of sora"
}

# What is sent, so that a door that opens has something to do; `kind:name` becomes an id.
FORMS: dict[str, dict[str, Any]] = {
    "/rooms/<id:room_id>/listing": {"how": "muted", "to": "on", "back": "about"},
    "/rooms/<id:room_id>/edit": {"name": "散歩の会", "icon": "sprout"},
    "/rooms/<id:room_id>/quiz": {"q0": "1"},
    "/rooms/<id:room_id>/people": {"people": ["person:sora"]},
    "/people/<id:person_id>/message": {"body": "こんにちは", "submission_key": "0" * 32},
    "/me/chat": {"messages_from": "group"},
    "/me/privacy": {"wish_candidates": "group", "wish_colleagues": "nobody"},
    "/hr/rooms": {"direct_cap": "group"},
    "/hr/rooms/new": {"name": "ルーム", "icon": "people", "audience": ["candidates"], "is_open": "no"},
    "/hr/rooms/<id:room_id>": {"name": "名前", "icon": "people", "audience": ["hr"], "is_open": "no"},
    "/api/rooms/<id:room_id>/messages": {"key": "0" * 32, "body": "やあ"},
    "/rooms/<id:room_id>/messages": {"submission_key": "0" * 32, "body": "やあ"},
    "/api/rooms/<id:room_id>/read": {"seq": "1"},
    "/api/rooms/<id:room_id>/pin": {"message": ""},
    "/api/rooms/<id:room_id>/messages/<id:message_id>/edit": {"body": "書き直した文章"},
    "/api/rooms/<id:room_id>/messages/<id:message_id>/reactions": {"name": "thanks", "on": "yes"},
    "/api/rooms/<id:room_id>/messages/<id:message_id>/saved": {"on": "yes"},
    "/boards/<slug>/new": {"title": "題", "body": "本文"},
    "/topics/<id:topic_id>/replies": {"body": "返事"},
    "/topics/<id:topic_id>/hide": {"quick": "", "reason": "理由"},
    "/posts/<id:post_id>/hide": {"quick": "", "reason": "理由"},
    "/posts/<id:post_id>/edit": {"revision": "1", "body": "書き直した文章"},
    "/posts/<id:post_id>/reactions": {"on": "thanks"},
    "/topics/<id:topic_id>/arrange": {"act": "lock"},
    "/topics/<id:topic_id>/move": {"board": "square"},
    "/topics/<id:topic_id>/bookmark": {"post": "post:of jinji"},
    "/topics/<id:topic_id>/level": {"level": "follow"},
    "/talk/office/ask": {"words": "", "submission_key": "0" * 32},
    "/talk/mentor/ask": {"mentor": "person:takumi", "words": "", "submission_key": "0" * 32},
    "/hr/talks/requests/<id:request_id>": {"words": "はい", "submission_key": "0" * 32},
    "/hr/talks/check-in": {"body": "お変わりありませんか", "then": ""},
    "/hr/people/<id:person_id>/open": {"purpose": "contact"},
    "/hr/people/<id:person_id>/suspend": {"reason": "理由"},
    "/hr/people/<id:person_id>/end": {"reason": "理由"},
    "/hr/people/<id:person_id>/group": {"group": ""},
    "/hr/people/<id:person_id>/cohort": {"cohort": "cohort:april"},
    "/hr/cohorts/<id:cohort_id>/place": {"people": ["person:haruka"], "group": ""},
    "/hr/cohorts": {"name": "2028年4月入社", "starts_on": "2028-04-01"},
    "/hr/cohorts/<id:cohort_id>": {"name": "2027年春入社", "starts_on": "2027-04-01"},
    "/hr/cohorts/<id:cohort_id>/groups": {"names": "朝霧"},
    "/hr/cohorts/<id:cohort_id>/grouping": {"seal": "0"},
    "/hr/privacy/<field>": {"cap": "group", "seen": "cohort"},
    "/hr/approvals/<id:approval_id>": {"answer": "decline", "seal": "0"},
    "/hr/people/review": {"act": "group", "people": ["person:haruka"]},
    "/hr/people/act": {"act": "group", "people": ["person:haruka"], "target": "none", "seal": "0"},
    "/hr/people/views": {"name": "条件"},
    "/hr/groups/<id:group_id>": {"name": "青葉"},
    "/hr/boards/new": {"name": "新しいひろば", "slug": "fresh", "position": "9"},
    "/hr/boards/<slug>": {"name": "名前", "position": "1"},
    "/hr/announcements/new": {"title": "題", "body": "文", "kind": "news", "audience": ["candidates"]},
    "/hr/announcements/<id:announcement_id>": {"title": "題", "body": "文", "kind": "news", "revision": "1"},
    "/hr/announcements/<id:announcement_id>/send": {"revision": "1"},
    "/hr/announcements/<id:announcement_id>/emergency": {"revision": "1", "reason": "理由"},
    "/hr/announcements/<id:announcement_id>/schedule": {"revision": "1", "at": "2027-03-01T09:00"},
    "/hr/announcements/<id:announcement_id>/template": {"name": "型"},
    "/hr/invitations/new": {"legal_name": "名前", "mail": "new@example.jp", "role": "employee"},
    "/hr/invitations/<id:invitation_id>": {"legal_name": "名前", "mail": "other@example.jp"},
    "/hr/invitations/send-all": {"state": "unsent", "count": "2"},
    "/admin/roles/<id:person_id>": {"roles": ["employee"]},
    "/admin/community": {"name": "花丘商事", "help_line": ""},
    "/me/leave": {"keeps_name": "yes"},
    "/me/notices": {
        **{f"{kind}_mail": "" for kind in ("announcement", "reminder", "mention", "answer", "reply")},
        "digest": "",
    },
    "/notices/seen": {"newest": NO_SUCH_ID},
    "/rules": {"version": "1"},
    "/setup/company": {"name": "花丘商事"},
    "/setup/size": {"count": "30"},
}
QUERIES = {"/api/mentions": "?board=square&q=x", "/hr/invitations/send-all": "?state=unsent"}


# ── the house ────────────────────────────────────────────────────────────────────────────────────────────────


class Town:
    """The test world with something of every kind in it, everybody signed in, and a way back to this moment."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.app = app
        self._path = app.extensions["tsubomi.settings"].data / "tsubomi.db"
        self._copy = folder / "town.db"
        with app.app_context():
            with clock.hold(NOON), unit_of_work():
                _plant_more()
            self.ids = _ids()
            names = {_key(mail): member for mail, member in session.execute(select(Member.mail, Member.id))}
            self._tokens = {who: open_session(names[who], device="") for who in INSIDE | OUTSIDE - {"nobody"}}
            self.ids["session"] = _session_ids()
            with unit_of_work():
                _send_away()
            db.session.remove()
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
        shutil.copyfile(self._path, self._copy)

    def restore(self) -> None:
        """Back to the moment in which everything was in place."""
        with self.app.app_context():
            db.engine.dispose()
        for suffix in ("-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self._copy, self._path)
        forget_viewers()

    def browser(self, who: str) -> Client:
        """A browser in which this person is, or once was, signed in; nobody never was."""
        install_limits(self.app)
        client = Client(self.app, self.app.test_client())
        if who != "nobody":
            with client.http.session_transaction() as stored:
                stored.update(_user_id=self._tokens[who], _fresh=True, proved=int(clock.now().timestamp()))
        return client

    def form(self, rule: str) -> dict[str, Any]:
        """What is sent to a route."""

        def meant(value: str) -> str:
            kind, _colon, name = value.partition(":")
            return self.ids.get(kind, {}).get(name, value)

        return {
            field: [meant(one) for one in value] if isinstance(value, list) else meant(value)
            for field, value in FORMS.get(rule, {}).items()
        }

    def paths(self, rule: str, kind: str | None) -> dict[str, str]:
        """The addresses of a route by the name of the id in them; '' names the one that is missing."""
        if kind is None:
            return {"": rule + QUERIES.get(rule, "")}
        missing = {"board": "no-such-board", "office board": "no-such-board", "letter": "f" * 32}
        ids = {**self.ids[kind], "": missing.get(kind, NO_SUCH_ID)}
        return {name: _filled(rule, value.split()) for name, value in ids.items()}


def _filled(rule: str, values: list[str]) -> str:
    """The rule with these ids in its places; where it has more places than there are ids, the last one goes on."""
    left = iter(values)
    return re.sub("<[^>]+>", lambda _place: next(left, values[-1]), rule)


@pytest.fixture
def town(app: Flask, tmp_path: Path) -> Iterator[Town]:
    """A fresh town."""
    before = app.extensions["tsubomi.settings"]
    app.extensions["tsubomi.settings"] = replace(before, mail_url="smtp://localhost")  # nothing leaves a test
    yield Town(app, tmp_path)
    app.extensions["tsubomi.settings"] = before


def _key(mail: str) -> str:
    return mail.partition("@")[0]


def _plant_more() -> None:
    cohorts = {cohort.name: cohort.id for cohort in session.scalars(select(Cohort))}
    april = cohorts["2027年4月入社"]
    for key, roles, cohort_id in (
        ("hana", Role.CANDIDATE, april),
        ("sayo", Role.CANDIDATE, april),
        ("kyoko", Role.HR, None),
    ):
        session.add(
            Member(
                mail=f"{key}@example.jp",
                roles=int(roles),
                cohort_id=cohort_id,
                legal_name=key,
                display_name=key,
                display_fold=fold(key),
                bud=1,
                rules_version=1,
                is_demo=True,  # no second factor, as everybody of the test world
            )
        )
    for key, roles in (("candidate", Role.CANDIDATE), ("employee", Role.EMPLOYEE), ("hr", Role.HR)):
        invitation = Invitation(mail=f"invited-{key}@example.jp", roles=int(roles), secret_hash=key)
        session.add(invitation)
    jinji = session.scalars(select(Member.id).where(Member.mail == "jinji@example.jp")).one()
    haruka = session.scalars(select(Member.id).where(Member.mail == "haruka@example.jp")).one()
    first_post = session.scalars(select(Post.id).where(Post.is_first)).first()
    session.add(Notice(member_id=haruka, kind="reply", post_id=first_post, made_at=clock.now()))
    session.add(
        PushSubscription(member_id=haruka, endpoint="https://push.invalid/1", p256dh="", auth="", device="")
    )
    session.add(SavedView(owner_id=jinji, name="条件", query=""))
    later = clock.now() + timedelta(days=3650)
    export = MemberExport(member_id=haruka, state="ready", ready_until=later)
    session.add(export)
    session.flush()
    shelf.write(haruka, export.public_id, lambda file: file.write(b"zip"))
    # Whatever the day of the proof is, it can still be undone.
    session.add(
        Approval(
            kind="raise_cap",
            asked={"field": "university", "before": "nobody", "after": "group"},
            reason="理由",
            requester_id=jinji,
            requested_at=NOON,
            expires_at=NOON + timedelta(days=3650),
        )
    )
    session.add(BulkAct(actor_id=jinji, kind="group", before={}, done_at=NOON + timedelta(days=3650)))
    _announce(haruka)
    session.flush()
    _write_more()
    session.flush()
    _file({"haruka": haruka, "jinji": jinji})
    _talk()
    _wish({"haruka": haruka, "jinji": jinji})


def _wish(people: dict[str, int]) -> None:
    """haruka would like to talk with HR, who plan a round of words for a day that never comes."""
    office = session.scalars(select(Room.id).where(Room.kind == "office")).one()
    later = NOON + timedelta(days=3650)
    session.add(TalkRequest(member_id=people["haruka"], wish="office", room_id=office, asked_at=NOON))
    session.add(
        MessageReport(
            room_id=office, reporter_id=people["haruka"], reason="other", note="of haruka", reported_at=NOON
        )
    )
    session.add(CheckIn(author_id=people["jinji"], body="お変わりありませんか", due_at=later))


def _talk() -> None:
    """Rooms by their descriptions; the first somebody in each has said something."""
    people = {_key(member.mail): member for member in session.scalars(select(Member)) if member.mail}
    for name, keys, columns in (
        (
            "wakaba",
            ("sora", "haruka"),
            {"kind": "group", "group_id": session.scalars(select(Group.id)).one()},
        ),
        ("office of haruka", ("haruka",), {"kind": "office", "candidate_id": people["haruka"].id}),
        ("of staff", ("naomi", "takumi"), {"kind": "small", "owner_id": people["naomi"].id}),
        ("square", ("ren", "haruka", "sora", "takumi"), {"kind": "place"}),
        ("tables", ("sora", "haruka"), {"kind": "seat", "closes_on": NOON.date() + timedelta(days=3650)}),
    ):
        room = Room(description=name, newest_seq=1, **columns)
        session.add(room)
        session.flush()
        author = people[keys[0]]
        said = {"author_id": author.id, "author_cohort_id": author.cohort_id, "room_id": room.id, "seq": 1}
        texts = {"body": "文", "body_html": "文", "renderer_version": RENDERER_VERSION}
        message = Message(client_key="a" * 24 + f"{room.id:08}", sent_at=NOON, **said, **texts)
        session.add(message)
        session.flush()
        session.add(
            RoomEvent(kind="message", message_id=message.id, actor_id=author.id, created_at=NOON, **said)
        )
        for key in keys:
            session.add(RoomMember(room_id=room.id, member_id=people[key].id))
            people[key].version += 1


def _file(people: dict[str, int]) -> None:
    """A file nobody has posted yet, one under a post everybody of the board reads, one under a hidden post."""
    posts = dict(session.execute(select(Post.body, Post.id).where(Post.is_first.is_(False))).tuples().all())
    for name, owner, post in (
        ("loose, of haruka", "haruka", None),
        ("posted, of jinji", "jinji", "of jinji"),
        ("hidden, of haruka", "haruka", "hidden, of haruka"),
    ):
        session.add(
            Upload(
                owner_id=people[owner],
                kind="picture",
                state="ready",
                alt=name,
                media_type="image/webp",
                size_bytes=1,
                file_key=storage().put(b"x"),
                thumbnail_key=storage().put(b"x"),
                kept_until=clock.now().date(),
                post_id=posts[post] if post else None,
            )
        )


def _announce(haruka: int) -> None:
    """A draft, one that asks haruka to acknowledge it, and one taken back."""
    for title, state in (("draft", "draft"), ("of haruka", "sent"), ("cancelled", "cancelled")):
        is_sent = state != "draft"
        row = Announcement(
            title=title,
            body="文",
            body_html="<p>文</p>",
            renderer_version=RENDERER_VERSION,
            state=state,
            asks_acknowledgement=is_sent,
            counted_on=NOON.date() if is_sent else None,
            sent_at=NOON if is_sent else None,
            cancelled_at=NOON if state == "cancelled" else None,
        )
        session.add(row)
        session.flush()
        if is_sent:
            session.add(
                AnnouncementRecipient(announcement_id=row.id, public_id=row.public_id, member_id=haruka)
            )
    session.get_one(Member, haruka).version += 1
    session.add(AnnouncementTemplate(name="kept", title="題", body="文"))


def _write_more() -> None:
    people = {_key(member.mail): member for member in session.scalars(select(Member))}
    boards = {board.slug: board for board in session.scalars(select(Board))}

    def topic(name: str, author: str, board: str, *, hidden: bool = False) -> Topic:
        made = Topic(
            board_id=boards[board].id,
            author_id=people[author].id,
            author_cohort_id=people[author].cohort_id,
            title=name,
            started_at=clock.now(),
            hidden_at=clock.now() if hidden else None,
        )
        session.add(made)
        session.flush()
        post(name, author, made, is_first=True)
        return made

    def post(name: str, author: str, on: Topic, *, hidden: bool = False, is_first: bool = False) -> None:
        session.add(
            Post(
                topic_id=on.id,
                author_id=people[author].id,
                author_cohort_id=people[author].cohort_id,
                is_first=is_first,
                body=name,
                body_html=render_markdown(name),
                renderer_version=RENDERER_VERSION,
                written_at=clock.now(),
                hidden_at=clock.now() if hidden else None,
            )
        )

    of_sora = topic("of sora", "sora", "square")
    topic("of ren", "ren", "square")
    topic("of yui", "yui", "square")
    topic("of hana", "hana", "square")
    hidden_topic = topic("hidden, of sora", "sora", "square", hidden=True)
    topic("april, of haruka", "haruka", "april")
    wakaba = topic("wakaba, of haruka", "haruka", "wakaba")
    topic("news, of jinji", "jinji", "news")
    post("of haruka", "haruka", of_sora)
    post("of ren", "ren", of_sora)
    post("of jinji", "jinji", of_sora)
    post("hidden, of haruka", "haruka", of_sora, hidden=True)
    post("hidden topic, of takumi", "takumi", hidden_topic)
    post("wakaba, of sora", "sora", wakaba)


OFFICE_KINDS = ("office person", "office candidate", "written to")
PEOPLE_KINDS = (*OFFICE_KINDS, "person", "to block", "blocked", "appointed")


def _ids() -> dict[str, dict[str, str]]:
    """The ids of every kind by the names of UNSEEN."""
    people = {_key(mail): each for mail, each in session.execute(select(Member.mail, Member.public_id))}
    topics = dict(session.execute(select(Topic.title, Topic.public_id)).tuples().all())
    posts = dict(
        session.execute(select(Post.body, Post.public_id).where(Post.is_first.is_(False))).tuples().all()
    )
    invited = {
        _key(mail): each for mail, each in session.execute(select(Invitation.mail, Invitation.public_id))
    }
    months = {"april": "2027年4月入社", "october": "2027年10月入社"}
    cohorts = dict(session.execute(select(Cohort.name, Cohort.public_id)).tuples().all())
    ids = {kind: {name: people[name] for name in UNSEEN[kind]} for kind in PEOPLE_KINDS}
    ids |= {kind: {slug: slug for slug in UNSEEN[kind]} for kind in ("board", "office board")}
    ids["topic"] = {name: topics[name] for name in UNSEEN["topic"]}
    ids["post"] = {name: posts[name] for name in UNSEEN["post"]}
    ids["cohort"] = {name: cohorts[month] for name, month in months.items()}
    ids["group"] = {"wakaba": session.scalars(select(Group.public_id)).one()}
    ids["invitation"] = {name: invited[f"invited-{name}"] for name in UNSEEN["invitation"]}
    ids["letter"] = {}
    ids["composer"] = {"reply": f"reply-{NO_SUCH_ID}"}
    ids["notice"] = {"of haruka": session.scalars(select(Notice.public_id)).one()}
    ids["device"] = {"of haruka": session.scalars(select(PushSubscription.public_id)).one()}
    ids["export"] = {"of haruka": session.scalars(select(MemberExport.public_id)).one()}
    announced = dict(session.execute(select(Announcement.title, Announcement.public_id)).tuples().all())
    for kind in ("announcement", "received", "office announcement"):
        ids[kind] = {name: announced[name] for name in UNSEEN[kind]}
    ids["text to use again"] = {"kept": session.scalars(select(AnnouncementTemplate.public_id)).one()}
    files = dict(session.execute(select(Upload.alt, Upload.public_id)).tuples().all())
    for kind in ("file", "own file"):
        ids[kind] = {name: files[name] for name in UNSEEN[kind]}
    rooms = dict(session.execute(select(Room.description, Room.public_id)).tuples().all())
    said = dict(
        session.execute(select(Room.description, Message.public_id).join(Room, Room.id == Message.room_id))
        .tuples()
        .all()
    )
    ids["room"] = {name: rooms[name] for name in UNSEEN["room"]}
    places = {name: name.partition(",")[0] for name in UNSEEN["room message"]}
    ids["room message"] = {name: f"{rooms[place]} {said[place]}" for name, place in places.items()}
    ids["message"] = {name: said[place] for name, place in places.items()}
    ids["office room"] = {"square": rooms["square"]}
    ids["seat"] = {"tables": rooms["tables"]}
    ids["report"] = {"of haruka": session.scalars(select(MessageReport.public_id)).one()}
    ids["wish to talk"] = {"of haruka": session.scalars(select(TalkRequest.public_id)).one()}
    ids["round of words"] = {"planned": session.scalars(select(CheckIn.public_id)).one()}
    ids["kept filter"] = {"of jinji": session.scalars(select(SavedView.public_id)).one()}
    ids["request of two"] = {"of jinji": session.scalars(select(Approval.public_id)).one()}
    ids["capped field"] = {name: name for name in UNSEEN["capped field"]}
    ids["act on people"] = {"of jinji": session.scalars(select(BulkAct.public_id)).one()}
    return ids


def _session_ids() -> dict[str, str]:
    rows = session.execute(
        select(Member.mail, MemberSession.public_id).join(Member, Member.id == MemberSession.member_id)
    )
    found = {f"of {_key(mail)}": each for mail, each in rows}
    return {name: found[name] for name in UNSEEN["session"]}


def _send_away() -> None:
    """Two are suspended and one has left; their browsers still hold the cookie."""
    for member in session.scalars(select(Member).where(Member.mail.like("%@example.jp"))):
        if _key(member.mail) in {"hana", "kyoko"}:
            member.suspended_at = NOON
        if _key(member.mail) == "sayo":
            member.ended_at = NOON + timedelta(hours=1)


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────


def _ask(client: Client, method: str, path: str, form: dict[str, Any], **headers: str) -> TestResponse:
    if method == "GET":
        return client.get(path, headers=headers)
    if path.startswith("/api/rooms/"):  # doors for scripts only
        headers |= {"Origin": "http://localhost", "X-CSRF-Token": client.csrf()}
        return client.http.post(path, json=form, headers=headers)
    return client.post(path, form, headers=headers)


PER_ANSWER = {"X-Request-Id", "Set-Cookie", "Content-Length", "Date"}


def _same_for_all(answer: TestResponse, path: str, rule: str) -> tuple[int, list[tuple[str, str]], str]:
    """An answer without what differs in any two: the id in the address, and values made for each answer."""
    headers = [(name, value) for name, value in answer.headers if name.title() not in PER_ANSWER]
    body = re.sub(r'(name="(?:csrf_token|submission_key)"[^>]* value=)"[^"]*"', r"\1", answer.text)
    for piece, pattern in zip(path.split("/"), rule.split("/"), strict=False):
        if pattern.startswith("<"):
            body = body.replace(piece, "ID")
            headers = [(name, value.replace(piece, "ID")) for name, value in headers]
    return answer.status_code, headers, body


def _expected(door: Door, who: str, name: str, route: str) -> int | None:
    """404, 403, or None where the door opens (whatever it then says to what was sent)."""
    if who not in door.who and door.kind is None:
        return door.otherwise
    if door.kind is not None and (name == "" or who in UNSEEN[door.kind][name]):
        return 404
    if who not in door.who:
        return door.otherwise
    if (route, name) in ELSEWHERE:
        return 404
    return 403 if who in REFUSED.get((route, name), set()) else None


def _cells(who: str, town: Town) -> Iterator[tuple[str, Door, str, str, int | None]]:
    for route, door in DOORS.items():
        rule = route.partition(" ")[2]
        for name, path in town.paths(rule, door.kind).items():
            yield route, door, name, path, _expected(door, who, name, route)


# ── the proofs ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_tables_name_every_route(app: Flask) -> None:
    """A route that is added must say here who may open it."""
    routes = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
    }
    listed = set(DOORS) | {route for route in routes if route in PUBLIC or route.partition(" ")[2] in PUBLIC}
    assert listed == routes


@pytest.mark.parametrize("who", sorted(INSIDE))
def test_each_opens_what_is_theirs_and_meets_nothing_else(who: str, town: Town) -> None:
    """Opened, refused in a sentence, or missing: exactly as the tables say."""
    wrong = []
    for route, _door, name, path, expected in _cells(who, town):
        method, _space, rule = route.partition(" ")
        answer = _ask(town.browser(who), method, path, town.form(rule))
        met = answer.status_code if answer.status_code in (403, 404) else None
        if met != expected or answer.status_code >= 500:
            wrong.append(
                f"{who} {route} ({name or 'missing'}): {answer.status_code}, expected {expected or 'open'}"
            )
        if method == "POST" and answer.status_code < 400:
            town.restore()
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("who", sorted(INSIDE))
def test_what_one_may_not_see_looks_exactly_like_what_is_not_there(who: str, town: Town) -> None:
    """The same status, headers and bytes, with a good form, an empty one and a wrong one, as a page and as JSON."""
    wrong = []
    for route, door, name, path, expected in _cells(who, town):
        if expected != 404 or name == "" or _is_known(who, door, name) or (route, name) in ELSEWHERE:
            continue
        method, _space, rule = route.partition(" ")
        nowhere = town.paths(rule, door.kind)[""] if door.kind else _elsewhere(path)
        for form in _forms(town, method, rule):
            for accept in ("text/html", "application/json"):
                hidden, missing = (
                    _same_for_all(_ask(town.browser(who), method, each, form, Accept=accept), each, rule)
                    for each in (path, nowhere)
                )
                if hidden != missing:
                    wrong.append(f"{who} {route} ({name}) {accept} {form}: {_difference(hidden, missing)}")
    assert not wrong, "\n" + "\n".join(wrong)


def _is_known(who: str, door: Door, name: str) -> bool:
    """Whether the office shows this person elsewhere: then only the act is missing, and nothing is given away."""
    return who in OFFICE and door.kind in {*OFFICE_KINDS, "appointed"} and name != "sayo"


def _forms(town: Town, method: str, rule: str) -> list[dict[str, Any]]:
    return [{}] if method == "GET" else [town.form(rule), {}, {"unknown": "1", "title": "\0"}]


def _elsewhere(path: str) -> str:
    """An address beside this one that no route has."""
    return f"/{path.split('/')[1]}/nothing-here/at-all"


def _difference(hidden: tuple[Any, ...], missing: tuple[Any, ...]) -> str:
    return next(
        f"{one!r:.300} is not {other!r:.300}"
        for one, other in zip(hidden, missing, strict=True)
        if one != other
    )


@pytest.mark.parametrize("who", sorted(OUTSIDE))
def test_whoever_is_not_inside_meets_the_entrance_and_nothing_else(who: str, town: Town) -> None:
    """Suspended, gone or never signed in: no answer depends on what exists."""
    wrong = []
    for route, door in DOORS.items():
        method, _space, rule = route.partition(" ")
        answers = [
            _same_for_all(_ask(town.browser(who), method, path, town.form(rule)), path, rule)
            for path in town.paths(rule, door.kind).values()
        ]
        if {answer[0] for answer in answers} != {
            302 if method == "GET" and not rule.startswith("/api/") else 401
        }:
            wrong.append(f"{who} {route}: {sorted({answer[0] for answer in answers})}")
        if any(answer != answers[0] for answer in answers):
            wrong.append(f"{who} {route}: the answer depends on the id")
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("who", ["haruka", "jinji", "hana", "nobody"])
def test_no_public_door_fails(who: str, town: Town) -> None:
    """Whatever is sent to it, signed in or not."""
    rules = {rule.rule: rule for rule in town.app.url_map.iter_rules() if rule.rule in PUBLIC}
    wrong = []
    for rule, known in rules.items():
        path = re.sub("<[^>]+>", "a" * 26, rule)
        for method in sorted((known.methods or set()) & {"GET", "POST"}):
            for form in ({}, {"unknown": "1"}, {"email": "haruka@example.jp", "password": "x", "mail": "a"}):
                answer = _ask(town.browser(who), method, path, form)
                if answer.status_code >= 500:
                    wrong.append(f"{who} {method} {rule}: {answer.status_code}")
    assert not wrong, "\n" + "\n".join(wrong)

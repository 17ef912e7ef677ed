"""No watching, in the schema: every table is listed, and every column that holds a time or a number has a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Date, DateTime, Float, Integer, Interval, Numeric, Time
from sqlalchemy.types import TypeDecorator

import app.core.events
import app.models  # noqa: F401 - the tables
from app.core.db import Base

TABLES = {
    "announcement", "announcement_audience", "announcement_recipient", "announcement_template", "announcement_variant",
    "block", "board", "board_audience", "board_reader", "bulk_act", "cohort", "community", "contact_spent", "draft",
    "group", "group_member", "invitation", "member", "member_session", "mention", "mentor", "notice", "notice_choice",
    "notice_mail", "notice_settings", "one_time_link", "outbox", "post", "post_revision", "profile_value",
    "push_subscription", "reaction", "recovery_code", "saved_post", "saved_view", "topic", "topic_reader", "upload",
    "wall", "check_in", "message", "message_mention", "message_reaction", "message_report", "reported_message", "room",
    "room_audience", "room_event", "room_member", "room_pin", "room_reader", "saved_message", "seat_answer",
    "talk_request", "access_entry", "ledger_head", "approval", "field_cap",
    "member_export",
}  # fmt: skip

# What holds a moment or a day, and why it must.
TIMES = {
    "approval.decided_at": "an act of HR",
    "approval.expires_at": "a request of HR nobody decided ends",
    "approval.requested_at": "an act of HR",
    "access_entry.day": "the day somebody of the office looked at a member's data, shown to that member; no clock time",
    "announcement.cancelled_at": "an act of HR",
    "announcement.counted_on": "the day of the count HR sees",
    "announcement.names_from": "名簿表示日: said in the announcement itself",
    "announcement.remind_on": "the day HR chose for its one reminder",
    "announcement.scheduled_at": "when HR wants it to leave",
    "announcement.sent_at": "an act of HR, shown beside its text",
    "board.archived_at": "an act of HR",
    "bulk_act.done_at": "an act of HR; it can be undone for a day, then the row is deleted",
    "contact_spent.spent_on": "the day HR reached a candidate: what bounds how often; about HR's acts",
    "draft.kept_until": "a draft nobody sends is deleted after two weeks; a day, so it is no time of writing",
    "member_export.ready_until": "when the file a member asked for is deleted; shown to that member, and gone with the file",
    "notice.made_at": "when what it tells of happened, which others did",
    "notice_mail.digest_at": "when the next digest leaves; about what the product sends",
    "notice_mail.due_at": "when the next bundle of mail leaves; about what the product sends",
    "notice_mail.not_before": "not more than one bundle in half an hour; about what the product sends",
    "notice_mail.push_at": "when the quiet hours end for what waits; about what the product sends",
    "post.edited_at": "shown beside the text its author changed",
    "post.withdrawn_at": "shown in place of the text its author took back",
    "post_revision.written_at": "shown beside the earlier text",
    "topic.archived_at": "an act of a moderator or HR",
    "topic.locked_at": "an act of a moderator or HR",
    "topic.pinned_at": "an act of a moderator or HR",
    "topic.withdrawn_at": "an act of its author, shown in place of the title",
    "check_in.due_at": "when HR's letter to everybody may leave; about HR's acts",
    "check_in.finished_at": "the job is done; about what the product does",
    "message.edited_at": "shown beside the text its author changed",
    "message.sent_at": "shown beside the text its author sent",
    "message.unsent_at": "shown in place of the text its author took back",
    "message_report.closed_at": "an act of a moderator",
    "message_report.reported_at": "by when moderators promised to look; shown to them only",
    "room.archived_at": "the room ended; about the room",
    "room.closes_on": "said in the room itself",
    "room_event.created_at": "the log of a room, shown to those in it: what somebody openly said or did there",
    "talk_request.answered_at": "an act of HR or a mentor",
    "talk_request.asked_at": "somebody asked to be answered; HR owes it within a day",
    "talk_request.closed_at": "an act of HR, or of whoever asked",
    "upload.kept_until": "a file nobody attaches is deleted after a day; a day, so it is no time of uploading",
    "cohort.starts_on": "the day of joining the company, the same for the whole cohort",
    "community.set_up_at": "set-up is finished; about the community, not about a person",
    "community.second_hr_at": "the four-eyes rule is in force from here on",
    "invitation.joined_company_on": "from which 「5年目」 is counted; typed in by HR",
    "invitation.sent_at": "HR sees whether a letter left, before anybody has joined",
    "invitation.expires_at": "the link ends after seven days",
    "invitation.revoked_at": "HR took the invitation back",
    "member.joined_company_on": "from which 「5年目」 is counted",
    "member.suspended_at": "an act of HR, with a reason, shown to the person",
    "member.ended_at": "an act: leaving, or ending a membership with a reason",
    "member_session.expires_on": "a device stays signed in for 90 days; rounded to the day, so it is no sign-in time",
    "one_time_link.expires_at": "ten minutes; the row is deleted when used or past it",
    "outbox.due_at": "when to try next; the row is deleted when delivered",
    "outbox.leased_until": "one deliverer at a time; the row is deleted when delivered",
    "post.written_at": "shown beside the text its author published",
    "post.hidden_at": "an act of a moderator",
    "topic.started_at": "shown beside the text its author published",
    "topic.hidden_at": "an act of a moderator",
}

# What holds a number that is neither a key nor a reference, and why it is no score.
NUMBERS = {
    "field_cap.bits": "how far a field may reach, as bits",
    "profile_value.effective": "who sees the field, as bits",
    "ledger_head.entries": "how long the chain of the access ledger is; about no one person",
    "announcement.acknowledged": "the sum HR sees in steps of five, counted once a day; nobody's own",
    "announcement.reminders": "one reminder, two for procedures",
    "announcement.renderer_version": "which renderer made the stored HTML",
    "announcement.revision": "two tabs do not overwrite each other",
    "announcement_audience.role": "one role, as a bit",
    "announcement_recipient.letters": "letters sent to somebody without an account; what the product does",
    "announcement_variant.renderer_version": "which renderer made the stored HTML",
    "board_reader.bookmark_id": "しおり: up to which post a board is read, its owner's alone, without a time",
    "community.contacts_a_fortnight": "the contact budget, which binds HR",
    "community.quiet_from_hour": "quiet hours of the company",
    "community.quiet_until_hour": "quiet hours of the company",
    "draft.revision": "an older tab does not overwrite a newer text",
    "member.bookmark_id": "しおり: what was written before is not new, its owner's alone, without a time",
    "member.notice_bookmark_id": "しおり of the list of notices, its owner's alone, without a time",
    "post.revision": "two tabs do not overwrite each other",
    "post_revision.renderer_version": "which renderer made the stored HTML",
    "topic.newest_id": "up to where a topic goes, so that unread is found quickly; about the topic, not about a person",
    "topic.replies": "how many replies a topic has; about the topic, not about a person",
    "topic_reader.bookmark_id": "しおり: the newest post read, its owner's alone, without a time",
    "topic_reader.level": "muted, normal or followed; its owner's alone",
    "check_in.reached_id": "how far the job has come; about what the product does",
    "check_in.recipients": "how many HR wrote to at once; nobody's own",
    "message.renderer_version": "which renderer made the stored HTML",
    "message.seq": "its place in the room's log",
    "room.newest_seq": "where the room's log ends; rises by random steps",
    "room.prompt": "which card of the deck lies in the room",
    "room.slow_seconds": "how often one may write there",
    "room_audience.role": "one role, as a bit",
    "room_member.epoch": "raised when what this member may see of the room changes",
    "room_member.joined_seq": "from where on they follow the room's log",
    "room_member.left_seq": "up to where they followed it",
    "room_reader.bookmark_seq": "しおり: up to where they have read, its owner's alone, without a time",
    "room_reader.hidden_seq": "from where on a room hidden from one's own list comes back, its owner's alone",
    "seat_answer.choice": "which of two answers, in a quiz without right and wrong",
    "upload.height": "of a picture",
    "upload.position": "the order of pictures under a post",
    "upload.size_bytes": "of a file",
    "upload.thumbnail_height": "of a picture",
    "upload.thumbnail_width": "of a picture",
    "upload.width": "of a picture",
    "board.position": "the order HR gave the boards",
    "board_audience.role": "one role, as a bit",
    "community.expected_candidates": "the answer to 「内定者は何名くらいですか」",
    "community.rules_version": "which text of the rules is the newest",
    "community.version": "raised when what anybody sees may change",
    "invitation.roles": "roles, as bits",
    "member.bud": "which drawn つぼみ was chosen",
    "member.roles": "roles, as bits",
    "member.rules_version": "which text of the rules was accepted",
    "member.totp_step": "no code of a second factor works twice (RFC 6238, 5.2); staff with powers only",
    "member.version": "raised when what this member may see changes, by acts of others as well",
    "one_time_link.wrong_codes": "guessing a code ends the link; deleted with it",
    "outbox.attempts": "back-off of a delivery; deleted with it",
    "post.renderer_version": "which renderer made the stored HTML",
    "profile_value.audience": "who may see the field, as bits",
}

WATCHING = re.compile(
    r"^last_|_last$|seen|score|^views?$|(^|_)read(_|$)|count$|counter|sign_?in|log_?in|login|online|presence|active_at|"
    r"activity|visit|opened|streak|rank|likes|ip$|address$|user_agent|fingerprint"
)


def _columns() -> Iterator[tuple[str, Column[object]]]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            yield f"{table.name}.{column.name}", column


def _plain(column: Column[object]) -> object:
    kind = column.type
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind


def _is_key(column: Column[object]) -> bool:
    return column.primary_key or bool(column.foreign_keys)


def test_every_table_is_on_the_list() -> None:
    assert set(Base.metadata.tables) == TABLES, (
        "list the table here, and say in its pull request what it stores"
    )


def test_every_column_that_holds_a_time_has_a_reason() -> None:
    found = {
        name for name, column in _columns() if isinstance(_plain(column), DateTime | Date | Time | Interval)
    }
    assert found == set(TIMES), "add the column with its reason, or do not store the moment"


def test_every_column_that_holds_a_number_has_a_reason() -> None:
    numeric = Integer | Float | Numeric
    found = {
        name for name, column in _columns() if isinstance(_plain(column), numeric) and not _is_key(column)
    }
    assert found == set(NUMBERS), "add the column with its reason, or do not count"


def test_no_column_watches_anybody() -> None:
    found = [name for name, column in _columns() if WATCHING.search(column.name)]
    assert not found, (
        f"there is no per-person sign-in time, last-seen, activity count or score anywhere: {found}"
    )


@pytest.mark.parametrize("name", ["last_seen_at", "login_count", "read_at", "score", "sign_in_at", "ip"])
def test_the_guard_of_columns_sees_what_watches(name: str) -> None:
    assert WATCHING.search(name)


def test_a_session_stores_nothing_but_whose_it_is_and_the_day_it_ends() -> None:
    columns = {column.name for column in Base.metadata.tables["member_session"].columns}
    assert columns == {"id", "public_id", "member_id", "secret_hash", "device", "expires_on"}
    assert isinstance(Base.metadata.tables["member_session"].c.expires_on.type, Date)


def test_nothing_that_opens_a_door_is_stored_in_the_clear() -> None:
    secrets = [
        name
        for name, column in _columns()
        if re.search(r"password|secret|token|code", column.name) and not column.name.endswith("_hash")
    ]
    # The seed of a second factor must be readable to check a code; wrong_codes counts guesses.
    assert set(secrets) == {"member.totp_secret", "one_time_link.wrong_codes"}, "store its hash"


def test_what_leaves_the_server_has_a_random_id() -> None:
    addressed = {
        "announcement", "announcement_recipient", "announcement_template", "bulk_act", "cohort", "group", "invitation",
        "member", "member_session", "notice", "post", "push_subscription", "saved_view", "topic", "upload", "check_in",
        "message", "message_report", "room", "talk_request", "access_entry", "approval",
        "member_export",
    }  # fmt: skip
    assert addressed == {name for name, table in Base.metadata.tables.items() if "public_id" in table.c}

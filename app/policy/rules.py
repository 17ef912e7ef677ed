"""The table of rules: read this page to audit the product.

Every rule is one function of (viewer, subject) built from connectives, and is read twice: about a row and as a
WHERE clause. Never write ==, in, and, or, not on a subject here; a guard test says so.
"""

from __future__ import annotations

from typing import Any

from app.core.errors import Sentence
from app.core.i18n import _
from app.models import (
    RECIPROCAL_FIELDS,
    STAFF,
    UNBLOCKABLE,
    AccessEntry,
    Announcement,
    AnnouncementRecipient,
    Approval,
    Board,
    BulkAct,
    CheckIn,
    Cohort,
    Community,
    Group,
    Invitation,
    Member,
    MemberSession,
    Mentor,
    Message,
    MessageReaction,
    MessageReport,
    Notice,
    Post,
    ProfileValue,
    PushSubscription,
    Reaction,
    Relation,
    Role,
    Room,
    RoomEvent,
    RoomMember,
    SavedView,
    TalkRequest,
    Topic,
    Upload,
)

from .engine import rule
from .logic import Verdict, all_of, any_of, has_any_bit, is_set, none_of, one_of, same, through
from .viewer import Viewer

# ── the community and its parts ──────────────────────────────────────────────────────────────────────────────


@rule("view", Community)
def community_view(viewer: Viewer, community: Any) -> Verdict:
    """Everyone inside knows its name."""
    return viewer.is_active


@rule("configure", Community)
def community_configure(viewer: Viewer, community: Any) -> Verdict:
    """Set-up and settings belong to the administrator."""
    return viewer.is_administrator


@rule("organise", Community)
def community_organise(viewer: Viewer, community: Any) -> Verdict:
    """Cohorts, groups, walls, boards and invitations belong to HR, and to the administrator while setting up."""
    return any_of(viewer.is_hr, all_of(viewer.is_administrator, none_of(is_set(community.second_hr_at))))


@rule("announce", Community)
def community_announce(viewer: Viewer, community: Any) -> Verdict:
    """Announcements are written, scheduled and sent by HR."""
    return viewer.is_hr


@rule("govern", Community)
def community_govern(viewer: Viewer, community: Any) -> Verdict:
    """How far candidates may show themselves to each other, and what needs two people, is HR's."""
    return viewer.is_hr


@rule("appoint", Community)
def community_appoint(viewer: Viewer, community: Any) -> Verdict:
    """Roles are given by the administrator or HR's lead."""
    return any_of(viewer.is_administrator, viewer.is_lead)


@rule("view", Cohort)
def cohort_view(viewer: Viewer, cohort: Any) -> Verdict:
    """Staff know every cohort; a candidate knows those on this side of the wall."""
    return all_of(viewer.is_active, none_of(one_of(cohort.id, viewer.walled_cohort_ids)))


@rule("view", Group)
def group_view(viewer: Viewer, group: Any) -> Verdict:
    """One's own 班, and all of them for HR."""
    return any_of(viewer.is_hr, all_of(viewer.is_active, one_of(group.id, viewer.group_ids)))


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────


def _is_here(member: Any) -> Verdict:
    return none_of(is_set(member.ended_at), is_set(member.suspended_at))


def _is_apart(viewer: Viewer, member: Any) -> Verdict:
    """Blocked in either direction, or on the other side of a wall; official people are never apart."""
    return any_of(
        all_of(one_of(member.id, viewer.blocked_ids), none_of(has_any_bit(member.roles, UNBLOCKABLE))),
        one_of(member.cohort_id, viewer.walled_cohort_ids),
    )


@rule("view", Member)
def member_view(viewer: Viewer, member: Any) -> Verdict:
    """Whoever shares this space, unless a block or a wall stands between; oneself always."""
    return all_of(
        viewer.is_active,
        any_of(
            same(member.id, viewer.id),
            all_of(_is_here(member), none_of(_is_apart(viewer, member))),
        ),
    )


@rule("administer", Member, sight="administer")
def member_administer(viewer: Viewer, member: Any) -> Verdict:
    """HR's list of people, suspended ones included, is HR's and the administrator's."""
    return all_of(any_of(viewer.is_hr, viewer.is_administrator), none_of(is_set(member.ended_at)))


def _why_no_block(viewer: Viewer, member: Any) -> Sentence:
    return _(
        "人事・ひろば運営の担当者はブロックできません。困っていることがあれば、相談窓口にお話しください。"
    )


@rule("block", Member, why_not=_why_no_block)
def member_block(viewer: Viewer, member: Any) -> Verdict:
    """Anyone but oneself and those who speak officially; official people block nobody."""
    return all_of(
        viewer.is_active,
        none_of(viewer.is_official),
        none_of(same(member.id, viewer.id), has_any_bit(member.roles, UNBLOCKABLE)),
    )


@rule("suspend", Member, sight="administer")
def member_suspend(viewer: Viewer, member: Any) -> Verdict:
    """HR suspends candidates and employees, the administrator anybody. Never oneself."""
    return all_of(
        none_of(same(member.id, viewer.id)),
        any_of(
            all_of(viewer.is_hr, none_of(has_any_bit(member.roles, UNBLOCKABLE))),
            viewer.is_administrator,
        ),
    )


@rule("end", Member, sight="administer")
def member_end(viewer: Viewer, member: Any) -> Verdict:
    """HR may end the membership of candidates and employees, the administrator that of staff. Never one's own."""
    return all_of(
        none_of(same(member.id, viewer.id)),
        any_of(
            all_of(viewer.is_hr, none_of(has_any_bit(member.roles, UNBLOCKABLE))),
            all_of(viewer.is_administrator, has_any_bit(member.roles, STAFF)),
        ),
    )


def _is_shared_back(viewer: Viewer, value: Any) -> Verdict:
    """Reciprocal fields are for candidates who share their own at least as widely (privacy.md, I8)."""
    return none_of(
        *(
            all_of(
                same(value.field, field), has_any_bit(value.effective, getattr(viewer, f"unshared_{field}"))
            )
            for field in RECIPROCAL_FIELDS
        )
    )


def _is_within(value: Any, relation: Relation) -> Verdict:
    return has_any_bit(value.effective, relation)


@rule("view", ProfileValue, loads=("member",))
def profile_value_view(viewer: Viewer, value: Any) -> Verdict:
    """Whoever stands to its owner in one of the relations it is shown to, and may meet the owner at all."""
    is_colleague = any_of(
        all_of(viewer.is_hr, _is_within(value, Relation.HR)),
        # Whoever got another office stays paired until HR says otherwise, and sees no more than that office does.
        all_of(
            viewer.is_employee,
            one_of(value.member_id, viewer.mentee_ids),
            _is_within(value, Relation.MENTOR),
        ),
        all_of(viewer.is_employee, _is_within(value, Relation.EMPLOYEE)),
    )
    is_fellow = all_of(
        viewer.is_candidate,
        any_of(
            all_of(one_of(value.member_id, viewer.mate_ids), _is_within(value, Relation.GROUP)),
            all_of(
                through(value, "member", lambda owner: same(owner.cohort_id, viewer.cohort_id)),
                _is_within(value, Relation.COHORT),
            ),
            _is_within(value, Relation.ALLCAND),
        ),
        _is_shared_back(viewer, value),
    )
    return all_of(
        viewer.is_active,
        through(value, "member", lambda owner: member_view(viewer, owner)),
        any_of(same(value.member_id, viewer.id), is_colleague, is_fellow),
    )


@rule("view", AccessEntry)
def access_entry_view(viewer: Viewer, entry: Any) -> Verdict:
    """Whoever was looked at sees who looked; the auditor sees every entry."""
    return all_of(viewer.is_active, any_of(same(entry.subject_id, viewer.id), viewer.is_auditor))


@rule("view", Approval)
def approval_view(viewer: Viewer, approval: Any) -> Verdict:
    """HR, of whom one asks and another decides."""
    return viewer.is_hr


def _why_no_decision(viewer: Viewer, approval: Any) -> Sentence:
    if approval.decided_at is not None:
        return _("この依頼は、すでに処理されています。")
    if same(approval.requester_id, viewer.id):
        return _("ご自分の依頼は、ご自分では承認できません。ほかの人事の担当者に頼んでください。")
    return _("この依頼を取り下げられるのは、依頼した方だけです。")


@rule("decide", Approval, why_not=_why_no_decision)
def approval_decide(viewer: Viewer, approval: Any) -> Verdict:
    """Another person than who asked, while it is open."""
    return all_of(
        none_of(same(approval.requester_id, viewer.id), is_set(approval.decided_at)),
        viewer.is_hr,
    )


@rule("withdraw", Approval, why_not=_why_no_decision)
def approval_withdraw(viewer: Viewer, approval: Any) -> Verdict:
    """Whoever asked, while it is open."""
    return all_of(same(approval.requester_id, viewer.id), none_of(is_set(approval.decided_at)))


@rule("view", Mentor)
def mentor_view(viewer: Viewer, mentor: Any) -> Verdict:
    """The two of them, and HR; whether they meet at all says the rule of Member beside it."""
    return any_of(
        viewer.is_hr,
        all_of(
            viewer.is_active,
            any_of(same(mentor.candidate_id, viewer.id), same(mentor.employee_id, viewer.id)),
        ),
    )


@rule("leave", Member)
def member_leave(viewer: Viewer, member: Any) -> Verdict:
    """Leaving is everybody's own act."""
    return all_of(viewer.is_active, same(member.id, viewer.id))


# ── the office ───────────────────────────────────────────────────────────────────────────────────────────────


@rule("view", SavedView)
def saved_view_view(viewer: Viewer, saved: Any) -> Verdict:
    """A filter belongs to whoever keeps it, as long as they work in the office."""
    return all_of(any_of(viewer.is_hr, viewer.is_administrator), same(saved.owner_id, viewer.id))


@rule("view", BulkAct)
def bulk_act_view(viewer: Viewer, act: Any) -> Verdict:
    """Whoever did it sees it, and may undo it."""
    return all_of(any_of(viewer.is_hr, viewer.is_administrator), same(act.actor_id, viewer.id))


# ── doors ────────────────────────────────────────────────────────────────────────────────────────────────────


def _handles_invitations(viewer: Viewer, invitation: Any) -> Verdict:
    """HR handles every invitation; the administrator those of staff (the first HR person comes from there)."""
    return any_of(
        viewer.is_hr,
        all_of(viewer.is_administrator, has_any_bit(invitation.roles, STAFF)),
    )


@rule("view", Invitation)
def invitation_view(viewer: Viewer, invitation: Any) -> Verdict:
    """Those who may handle it."""
    return _handles_invitations(viewer, invitation)


@rule("handle", Invitation)
def invitation_handle(viewer: Viewer, invitation: Any) -> Verdict:
    """Send, send again, revoke."""
    return _handles_invitations(viewer, invitation)


@rule("view", MemberSession)
def session_view(viewer: Viewer, member_session: Any) -> Verdict:
    """One's own devices."""
    return all_of(viewer.is_active, same(member_session.member_id, viewer.id))


@rule("end", MemberSession)
def session_end(viewer: Viewer, member_session: Any) -> Verdict:
    """One's own devices."""
    return same(member_session.member_id, viewer.id)


# ── boards ───────────────────────────────────────────────────────────────────────────────────────────────────


@rule("view", Board)
def board_view(viewer: Viewer, board: Any) -> Verdict:
    """Its readers; HR also knows a board it does not read exists, in the office only (queries there ask `organise`)."""
    return all_of(viewer.is_active, one_of(board.id, viewer.board_ids))


def _why_no_writing(viewer: Viewer, board: Any) -> Sentence:
    return _("このひろばは、読むための場所です。ほかのひろばには書き込めます。")


@rule("write", Board, why_not=_why_no_writing)
def board_write(viewer: Viewer, board: Any) -> Verdict:
    """Its writers."""
    return one_of(board.id, viewer.writable_board_ids)


def _is_author_apart(viewer: Viewer, written: Any) -> Verdict:
    """A block or a wall between viewer and author; `viewer.blocked_ids` never holds official people."""
    return any_of(
        one_of(written.author_id, viewer.blocked_ids),
        one_of(written.author_cohort_id, viewer.walled_cohort_ids),
    )


def _is_open_to(viewer: Viewer, written: Any) -> Verdict:
    """Not hidden, or hidden from others only: moderators and the author still see it."""
    return any_of(viewer.is_moderator, same(written.author_id, viewer.id), none_of(is_set(written.hidden_at)))


@rule("view", Topic)
def topic_view(viewer: Viewer, topic: Any) -> Verdict:
    """The board's readers, as far as neither hiding, a block nor a wall stands between."""
    return all_of(
        viewer.is_active,
        one_of(topic.board_id, viewer.board_ids),
        _is_open_to(viewer, topic),
        none_of(_is_author_apart(viewer, topic)),
    )


def _why_no_reply(viewer: Viewer, topic: Any) -> Sentence:
    if topic.hidden_at is not None:
        return _(
            "このトピックはひろば運営が非表示にしているため、コメントできません。"
            "同じひろばに新しいトピックを作れます。"
        )
    if topic.withdrawn_at is not None:
        return _("このトピックは取り消されたため、コメントできません。同じひろばに新しいトピックを作れます。")
    if topic.archived_at is not None:
        return _("このトピックは過去のトピックに移されたため、コメントできません。読むことはできます。")
    if topic.locked_at is not None:
        return _(
            "このトピックは閉じられているため、コメントできません。同じひろばに新しいトピックを作れます。"
        )
    return _("このひろばは、読むための場所です。ほかのひろばには書き込めます。")


def _is_going_on(topic: Any) -> Verdict:
    return none_of(
        is_set(topic.hidden_at),
        is_set(topic.withdrawn_at),
        is_set(topic.locked_at),
        is_set(topic.archived_at),
    )


@rule("reply", Topic, why_not=_why_no_reply)
def topic_reply(viewer: Viewer, topic: Any) -> Verdict:
    """The board's writers, while the topic is neither hidden, withdrawn, locked nor archived."""
    return all_of(one_of(topic.board_id, viewer.writable_board_ids), _is_going_on(topic))


@rule("hide", Topic)
def topic_hide(viewer: Viewer, topic: Any) -> Verdict:
    """Moderators, on boards they read."""
    return viewer.is_moderator


@rule("arrange", Topic)
def topic_arrange(viewer: Viewer, topic: Any) -> Verdict:
    """Pin, lock, move and archive: moderators and HR, on boards they read."""
    return any_of(viewer.is_moderator, viewer.is_hr)


def post_within_topic(viewer: Viewer, post: Any) -> Verdict:
    """What the rule below asks of a post alone: for statements in which its topic has passed the rule of topics."""
    return all_of(_is_open_to(viewer, post), none_of(_is_author_apart(viewer, post)))


@rule("view", Post, loads=("topic",))
def post_view(viewer: Viewer, post: Any) -> Verdict:
    """Whoever sees the topic, as far as neither hiding, a block nor a wall stands between."""
    return all_of(
        through(post, "topic", lambda topic: topic_view(viewer, topic)),
        post_within_topic(viewer, post),
    )


@rule("hide", Post, loads=("topic",))
def post_hide(viewer: Viewer, post: Any) -> Verdict:
    """Moderators; a topic's first post is hidden with its topic."""
    return all_of(viewer.is_moderator, none_of(same(post.is_first, True)))


def _is_said(post: Any) -> Verdict:
    """Neither taken back nor hidden."""
    return none_of(is_set(post.withdrawn_at), is_set(post.hidden_at))


def _why_no_edit(viewer: Viewer, post: Any) -> Sentence:
    if post.author_id != viewer.id:
        return _("ほかの人の投稿は編集できません。気になる点は、コメントで伝えられます。")
    if post.withdrawn_at is not None:
        return _("取り消した投稿は編集できません。もう一度伝えたいときは、新しく投稿してください。")
    if post.hidden_at is not None or post.topic.hidden_at is not None:
        return _("ひろば運営が非表示にしているため、編集できません。理由は投稿の上に書かれています。")
    return _("このトピックは閉じられているため、編集できません。取り消すことはできます。")


@rule("edit", Post, loads=("topic",), why_not=_why_no_edit)
def post_edit(viewer: Viewer, post: Any) -> Verdict:
    """Its author, while the topic goes on and the board takes what they write."""
    return all_of(
        same(post.author_id, viewer.id),
        _is_said(post),
        through(post, "topic", lambda topic: topic_reply(viewer, topic)),
    )


@rule("withdraw", Post, loads=("topic",))
def post_withdraw(viewer: Viewer, post: Any) -> Verdict:
    """Its author, at any time."""
    return same(post.author_id, viewer.id)


def _why_not_any_more(viewer: Viewer, post: Any) -> Sentence:
    if post.withdrawn_at is not None:
        return _("この投稿は取り消されています。画面を開き直すと、いまの様子が表示されます。")
    return _("この投稿は、いまは読むだけです。画面を開き直すと、いまの様子が表示されます。")


@rule("quote", Post, loads=("topic",), why_not=_why_not_any_more)
def post_quote(viewer: Viewer, post: Any) -> Verdict:
    """Whoever may reply, as long as the post stands."""
    return all_of(_is_said(post), through(post, "topic", lambda topic: topic_reply(viewer, topic)))


def _why_no_sign(viewer: Viewer, post: Any) -> Sentence:
    if post.author_id == viewer.id:
        return _("ご自分の投稿には、リアクションを付けられません。ほかの方からのリアクションは表示されます。")
    return _why_not_any_more(viewer, post)


@rule("react", Post, loads=("topic",), why_not=_why_no_sign)
def post_react(viewer: Viewer, post: Any) -> Verdict:
    """Whoever reads what somebody else wrote, as long as it stands and its topic is not put away."""
    return all_of(
        none_of(same(post.author_id, viewer.id)),
        _is_said(post),
        through(post, "topic", lambda topic: none_of(is_set(topic.archived_at), is_set(topic.hidden_at))),
    )


@rule("save", Post, loads=("topic",), why_not=_why_not_any_more)
def post_save(viewer: Viewer, post: Any) -> Verdict:
    """Whoever reads it, as long as it stands."""
    return _is_said(post)


@rule("history", Post, loads=("topic",), why_not=_why_not_any_more)
def post_history(viewer: Viewer, post: Any) -> Verdict:
    """Whoever reads a post may read what it said before; what was taken back is gone with its history."""
    return none_of(is_set(post.withdrawn_at))


@rule("view", Reaction)
def reaction_view(viewer: Viewer, reaction: Any) -> Verdict:
    """A sign counts for whoever meets the person who gave it; asked only about posts the viewer sees."""
    return all_of(
        viewer.is_active,
        none_of(
            one_of(reaction.member_id, viewer.blocked_ids),
            one_of(reaction.member_cohort_id, viewer.walled_cohort_ids),
        ),
    )


# ── talking ──────────────────────────────────────────────────────────────────────────────────────────────────


def _writes_first(viewer: Viewer, member: Any) -> Verdict:
    """A candidate to a candidate: as far as the community lets them, and as far as the other one wishes."""
    is_mate = one_of(member.id, viewer.mate_ids)
    return all_of(
        has_any_bit(member.roles, Role.CANDIDATE),
        any_of(
            all_of(viewer.reaches_group, is_mate, none_of(same(member.messages_from, "nobody"))),
            all_of(
                viewer.reaches_cohort,
                same(member.cohort_id, viewer.cohort_id),
                same(member.messages_from, "cohort"),
            ),
        ),
    )


def _why_no_message(viewer: Viewer, member: Any) -> Sentence:
    if viewer.is_hr:
        return _("内定者とのお話は「人事への連絡」でできます。読む人と返信の目安が、相手にも表示されます。")
    return _("この方には、こちらから直接メッセージを送れません。ひろばや、一緒にいるルームでは話せます。")


@rule("message", Member, loads=("cohort",), why_not=_why_no_message)
def member_message(viewer: Viewer, member: Any) -> Verdict:
    """Begin a talk of two. Candidates among each other as both sides wish, never with a minor's cohort; candidates to any
    employee; an employee to the candidates they mentor; colleagues among each other.
    """
    return all_of(
        viewer.is_active,
        none_of(same(member.id, viewer.id)),
        none_of(through(member, "cohort", lambda cohort: same(cohort.is_minor_profile, True))),
        any_of(
            _writes_first(viewer, member),
            all_of(viewer.is_candidate, has_any_bit(member.roles, Role.EMPLOYEE)),
            all_of(viewer.is_employee, one_of(member.id, viewer.mentee_ids)),
            all_of(viewer.is_staff, has_any_bit(member.roles, STAFF)),
        ),
    )


def _is_partner_apart(viewer: Viewer, room: Any) -> Verdict:
    """In a talk of two: somebody in it does not exist for the viewer any more."""
    return any_of(
        *(
            through(
                room,
                side,
                lambda member: all_of(none_of(same(member.id, viewer.id)), _is_apart(viewer, member)),
            )
            for side in ("low", "high")
        )
    )


def _is_read_by_role(viewer: Viewer, room: Any) -> Verdict:
    """人事への連絡 is read by the HR team, whoever belongs to it."""
    return all_of(viewer.is_hr, same(room.kind, "office"))


@rule("view", Room, loads=("low", "high"))
def room_view(viewer: Viewer, room: Any) -> Verdict:
    """Its members; 人事への連絡 also the HR team. A talk of two ends for both where a block or a wall stands between."""
    return all_of(
        viewer.is_active,
        any_of(one_of(room.id, viewer.room_ids), _is_read_by_role(viewer, room)),
        none_of(_is_partner_apart(viewer, room)),
    )


@rule("join", Room, sight="join")
def room_join(viewer: Viewer, room: Any) -> Verdict:
    """Those a room of HR is for, as long as they are not in it, and whoever left the room of their 班."""
    return all_of(
        viewer.is_active,
        any_of(one_of(room.id, viewer.open_room_ids), one_of(room.group_id, viewer.group_ids)),
        none_of(one_of(room.id, viewer.room_ids)),
    )


@rule("organise", Room, sight="organise")
def room_organise(viewer: Viewer, room: Any) -> Verdict:
    """HR keeps the rooms HR made, also those it is not in: their frame, never their talk."""
    return all_of(viewer.is_hr, same(room.kind, "place"))


def _why_no_sending(viewer: Viewer, room: Any) -> Sentence:
    if room.archived_at is not None:
        return _("このルームは終わりました。これまでの会話は読めます。")
    if room.is_announcement:
        return _("このルームは、人事からのお知らせ用です。リアクションで気持ちを伝えられます。")
    return _("お返事を待っています。相手の方が返信すると、続けて話せます。")


@rule("send", Room, loads=("low", "high"), why_not=_why_no_sending)
def room_send(viewer: Viewer, room: Any) -> Verdict:
    """Whoever is in it while it lasts. HR alone where it announces; who asked first waits for an answer."""
    return all_of(
        none_of(is_set(room.archived_at), same(room.asked_by_id, viewer.id)),
        any_of(viewer.is_hr, none_of(same(room.is_announcement, True))),
    )


@rule("arrange", Room, loads=("low", "high"))
def room_arrange(viewer: Viewer, room: Any) -> Verdict:
    """Name, picture and pinned message: HR in the rooms it made and in 人事への連絡, whoever opened a small room."""
    return any_of(
        all_of(viewer.is_hr, any_of(same(room.kind, "place"), same(room.kind, "office"))),
        same(room.owner_id, viewer.id),
    )


@rule("pin", Room, loads=("low", "high"))
def room_pin(viewer: Viewer, room: Any) -> Verdict:
    """Choose the message above the room: as to arrange it; in a 班, a seat and a talk of two anybody."""
    return all_of(
        none_of(is_set(room.archived_at)),
        any_of(
            same(room.kind, "group"),
            same(room.kind, "seat"),
            same(room.kind, "direct"),
            room_arrange(viewer, room),
        ),
    )


def _why_no_leaving(viewer: Viewer, room: Any) -> Sentence:
    if room.kind == "office":
        return _("「人事への連絡」は閉じられません。通知を止めたり、一覧から隠したりできます。")
    return _("2人のトークは、退出の代わりに一覧から隠せます。会いたくない方は、ブロックできます。")


@rule("leave", Room, loads=("low", "high"), why_not=_why_no_leaving)
def room_leave(viewer: Viewer, room: Any) -> Verdict:
    """Any room of several; a 班 too."""
    return none_of(same(room.kind, "office"), same(room.kind, "direct"))


@rule("view", RoomMember, loads=("room", "room.low", "room.high", "member"))
def room_member_view(viewer: Viewer, membership: Any) -> Verdict:
    """Who is in a room one sees, unless a block or a wall stands between. In a talk of two the other one is there also
    when they do not wish to answer: that they do not is theirs alone.
    """
    return all_of(
        any_of(
            none_of(is_set(membership.left_seq)),
            through(membership, "room", lambda room: same(room.kind, "direct")),
        ),
        through(membership, "room", lambda room: room_view(viewer, room)),
        through(membership, "member", lambda member: member_view(viewer, member)),
    )


def within_room(viewer: Viewer, entry: Any) -> Verdict:
    """What the rules below ask of a message or an event alone, where its room has passed the rule of rooms."""
    return none_of(_is_author_apart(viewer, entry))


def _is_followed(viewer: Viewer, entry: Any) -> Verdict:
    """After the viewer came; the HR team reads the whole of 人事への連絡."""
    return any_of(
        viewer.follows(entry.room_id, entry.seq),
        through(entry, "room", lambda room: _is_read_by_role(viewer, room)),
    )


@rule("view", RoomEvent, loads=("room", "room.low", "room.high"))
def room_event_view(viewer: Viewer, event: Any) -> Verdict:
    """Whoever sees the room, from when they came, unless a block or a wall stands between them and who acted, or wrote."""
    return all_of(
        through(event, "room", lambda room: room_view(viewer, room)),
        _is_followed(viewer, event),
        within_room(viewer, event),
        none_of(
            one_of(event.actor_id, viewer.blocked_ids),
            one_of(event.actor_cohort_id, viewer.walled_cohort_ids),
        ),
    )


@rule("view", Message, loads=("room", "room.low", "room.high"))
def message_view(viewer: Viewer, message: Any) -> Verdict:
    """Whoever sees the room, from when they came, unless a block or a wall stands between them and its author."""
    return all_of(
        through(message, "room", lambda room: room_view(viewer, room)),
        _is_followed(viewer, message),
        within_room(viewer, message),
    )


def _why_not_this_message(viewer: Viewer, message: Any) -> Sentence:
    if message.unsent_at is not None:
        return _("このメッセージは送信が取り消されています。")
    if message.author_id != viewer.id:
        return _("ほかの人のメッセージは変更できません。気になるときは、ひろば運営に知らせることができます。")
    return _("このルームでは、いまはメッセージを変更できません。送信を取り消すことはできます。")


@rule("edit", Message, loads=("room", "room.low", "room.high"), why_not=_why_not_this_message)
def message_edit(viewer: Viewer, message: Any) -> Verdict:
    """Its author, while it stands and they could still say something there; for how long says the operation.

    Who asked first may put right what they asked, though they wait for an answer.
    """
    return all_of(
        same(message.author_id, viewer.id),
        none_of(is_set(message.unsent_at)),
        same(message.stamp, ""),
        through(
            message,
            "room",
            lambda room: all_of(
                none_of(is_set(room.archived_at)),
                any_of(viewer.is_hr, none_of(same(room.is_announcement, True))),
            ),
        ),
    )


@rule("unsend", Message, loads=("room", "room.low", "room.high"), why_not=_why_not_this_message)
def message_unsend(viewer: Viewer, message: Any) -> Verdict:
    """Its author, at any time."""
    return same(message.author_id, viewer.id)


def _why_no_mark(viewer: Viewer, message: Any) -> Sentence:
    if message.unsent_at is not None:
        return _("このメッセージは送信が取り消されています。")
    if message.author_id == viewer.id:
        return _("リアクションは、ほかの人のメッセージに付けられます。")
    return _("このルームは終わりました。これまでの会話は読めます。")


@rule("react", Message, loads=("room", "room.low", "room.high"), why_not=_why_no_mark)
def message_react(viewer: Viewer, message: Any) -> Verdict:
    """Whoever reads it, but its author, while it stands and the room goes on."""
    return all_of(
        none_of(is_set(message.unsent_at), same(message.author_id, viewer.id)),
        through(message, "room", lambda room: none_of(is_set(room.archived_at))),
    )


@rule("keep", Message, loads=("room", "room.low", "room.high"), why_not=_why_no_mark)
def message_keep(viewer: Viewer, message: Any) -> Verdict:
    """Quote it, save it, pin it: whoever reads it, as long as it stands."""
    return none_of(is_set(message.unsent_at))


@rule("report", Message, loads=("room", "room.low", "room.high"), why_not=_why_no_mark)
def message_report(viewer: Viewer, message: Any) -> Verdict:
    """Whoever reads it, but its author."""
    return none_of(is_set(message.unsent_at), same(message.author_id, viewer.id))


@rule("view", MessageReaction)
def message_reaction_view(viewer: Viewer, reaction: Any) -> Verdict:
    """A sign counts for whoever meets the person who gave it; asked only about messages the viewer sees."""
    return all_of(
        viewer.is_active,
        none_of(
            one_of(reaction.member_id, viewer.blocked_ids),
            one_of(reaction.member_cohort_id, viewer.walled_cohort_ids),
        ),
    )


@rule("view", MessageReport)
def message_report_view(viewer: Viewer, report: Any) -> Verdict:
    """Moderators; nobody decides about a report of their own."""
    return all_of(viewer.is_moderator, none_of(same(report.reporter_id, viewer.id)))


@rule("view", TalkRequest)
def talk_request_view(viewer: Viewer, request: Any) -> Verdict:
    """Who wished to talk; those to HR the HR team."""
    return any_of(
        all_of(viewer.is_active, same(request.member_id, viewer.id)),
        all_of(viewer.is_hr, same(request.wish, "office")),
    )


@rule("withdraw", TalkRequest)
def talk_request_withdraw(viewer: Viewer, request: Any) -> Verdict:
    """Whoever wished it."""
    return same(request.member_id, viewer.id)


@rule("close", TalkRequest)
def talk_request_close(viewer: Viewer, request: Any) -> Verdict:
    """The HR team, what was wished of it."""
    return all_of(viewer.is_hr, same(request.wish, "office"))


@rule("view", CheckIn)
def check_in_view(viewer: Viewer, check_in: Any) -> Verdict:
    """「お変わりありませんか」 is HR's; candidates see the message it becomes."""
    return viewer.is_hr


@rule("correspond", Member, sight="correspond")
def member_correspond(viewer: Viewer, member: Any) -> Verdict:
    """Open a candidate's 人事への連絡: the candidate, and HR."""
    return all_of(
        _is_here(member),
        has_any_bit(member.roles, Role.CANDIDATE),
        any_of(viewer.is_hr, all_of(viewer.is_candidate, same(member.id, viewer.id))),
    )


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────


_SPOKEN_LOADS = (
    "post",
    "post.topic",
    "announcement",
    "message",
    "message.room",
    "message.room.low",
    "message.room.high",
)


@rule("view", Upload, loads=_SPOKEN_LOADS)
def upload_view(viewer: Viewer, upload: Any) -> Verdict:
    """Its owner; and whoever sees what it is attached to, once it is ready and as long as that stands."""
    return all_of(
        viewer.is_active,
        any_of(
            same(upload.owner_id, viewer.id),
            all_of(
                same(upload.state, "ready"),
                any_of(
                    through(
                        upload,
                        "post",
                        lambda post: all_of(post_view(viewer, post), none_of(is_set(post.withdrawn_at))),
                    ),
                    through(
                        upload, "announcement", lambda announcement: announcement_view(viewer, announcement)
                    ),
                    through(
                        upload,
                        "message",
                        lambda message: all_of(
                            message_view(viewer, message), none_of(is_set(message.unsent_at))
                        ),
                    ),
                ),
            ),
        ),
    )


@rule("change", Upload)
def upload_change(viewer: Viewer, upload: Any) -> Verdict:
    """Its owner attaches it, takes it away."""
    return same(upload.owner_id, viewer.id)


def _why_no_description(viewer: Viewer, upload: Any) -> Sentence:
    if upload.post is not None:
        return _why_no_edit(viewer, upload.post)
    if upload.message is not None:
        return _("送った写真の説明は変えられません。送信を取り消して、送り直すことはできます。")
    return _why_no_more_changes(viewer, upload.announcement)


@rule("describe", Upload, loads=_SPOKEN_LOADS, why_not=_why_no_description)
def upload_describe(viewer: Viewer, upload: Any) -> Verdict:
    """Its owner, as long as it hangs on nothing, or on a post or announcement whose text they could still change.

    What was sent in a room stays as it was sent: there is no mark that would tell of a change.
    """
    return all_of(
        same(upload.owner_id, viewer.id),
        any_of(
            none_of(is_set(upload.post_id), is_set(upload.announcement_id), is_set(upload.message_id)),
            through(upload, "post", lambda post: post_edit(viewer, post)),
            through(upload, "announcement", lambda announcement: announcement_edit(viewer, announcement)),
        ),
    )


# ── announcements ────────────────────────────────────────────────────────────────────────────────────────────


@rule("view", Announcement)
def announcement_view(viewer: Viewer, announcement: Any) -> Verdict:
    """HR, whatever its state; everybody else once it was sent to them and while it is not cancelled."""
    return any_of(
        viewer.is_hr,
        all_of(
            viewer.is_active,
            one_of(announcement.id, viewer.announcement_ids),
            is_set(announcement.sent_at),
            none_of(is_set(announcement.cancelled_at)),
        ),
    )


@rule("receive", Announcement)
def announcement_receive(viewer: Viewer, announcement: Any) -> Verdict:
    """Those it was sent to: they read it as it speaks to them, and acknowledge it."""
    return all_of(
        viewer.is_active,
        one_of(announcement.id, viewer.announcement_ids),
        is_set(announcement.sent_at),
        none_of(is_set(announcement.cancelled_at)),
    )


@rule("view", AnnouncementRecipient, loads=("announcement",))
def recipient_view(viewer: Viewer, recipient: Any) -> Verdict:
    """One's own copy of an announcement, and whether one acknowledged it: nobody else's."""
    return all_of(
        same(recipient.member_id, viewer.id),
        through(recipient, "announcement", lambda announcement: announcement_receive(viewer, announcement)),
    )


@rule("acknowledge", AnnouncementRecipient, loads=("announcement",))
def recipient_acknowledge(viewer: Viewer, recipient: Any) -> Verdict:
    """Where the announcement asks for it."""
    return through(
        recipient, "announcement", lambda announcement: same(announcement.asks_acknowledgement, True)
    )


def _why_no_more_changes(viewer: Viewer, announcement: Any) -> Sentence:
    if announcement.state == "sent":
        return _("すでに送信されたため、変更できません。誤りがあるときは、取り消して送り直せます。")
    return _("このお知らせは取り消されています。内容を写して、新しく作れます。")


@rule("edit", Announcement, why_not=_why_no_more_changes)
def announcement_edit(viewer: Viewer, announcement: Any) -> Verdict:
    """HR, until it is sent. A booking that was taken back is a draft again, with `cancelled_at` set."""
    return all_of(viewer.is_hr, none_of(is_set(announcement.sent_at), same(announcement.state, "cancelled")))


@rule("cancel", Announcement)
def announcement_cancel(viewer: Viewer, announcement: Any) -> Verdict:
    """HR, scheduled or just sent."""
    return viewer.is_hr


def _why_no_reminder(viewer: Viewer, announcement: Any) -> Sentence:
    if announcement.sent_at is None or announcement.cancelled_at is not None:
        return _("送信されていないか、取り消されているため、お願いは送れません。")
    if announcement.asks_acknowledgement and announcement.counted_on is None:
        return _("もう一度のお知らせは、最初の集計（送信した翌日の朝）のあとに送れます。")
    return _("「確認しました」をお願いしていないお知らせです。")


@rule("remind", Announcement, why_not=_why_no_reminder)
def announcement_remind(viewer: Viewer, announcement: Any) -> Verdict:
    """HR, while it stands and asks to be acknowledged, from the first morning's count on: nobody is hurried at once."""
    return all_of(
        viewer.is_hr,
        is_set(announcement.sent_at),
        none_of(is_set(announcement.cancelled_at)),
        same(announcement.asks_acknowledgement, True),
        is_set(announcement.counted_on),
    )


# ── notices ──────────────────────────────────────────────────────────────────────────────────────────────────


@rule("view", Notice, loads=(*_SPOKEN_LOADS, "talk_request", "report"))
def notice_view(viewer: Viewer, notice: Any) -> Verdict:
    """Its own person, as long as what it leads to is there for them."""
    return all_of(
        same(notice.member_id, viewer.id),
        any_of(
            through(
                notice,
                "post",
                lambda post: all_of(post_view(viewer, post), none_of(is_set(post.withdrawn_at))),
            ),
            through(notice, "announcement", lambda announcement: announcement_receive(viewer, announcement)),
            through(
                notice,
                "message",
                lambda message: all_of(message_view(viewer, message), none_of(is_set(message.unsent_at))),
            ),
            # What waited for somebody's office is gone from every list when one of them has seen to it.
            through(
                notice,
                "talk_request",
                lambda request: all_of(
                    talk_request_view(viewer, request),
                    none_of(is_set(request.answered_at), is_set(request.closed_at)),
                ),
            ),
            through(
                notice,
                "report",
                lambda report: all_of(message_report_view(viewer, report), none_of(is_set(report.closed_at))),
            ),
        ),
    )


@rule("view", PushSubscription)
def push_subscription_view(viewer: Viewer, subscription: Any) -> Verdict:
    """One's own devices."""
    return all_of(viewer.is_active, same(subscription.member_id, viewer.id))


@rule("remove", PushSubscription)
def push_subscription_remove(viewer: Viewer, subscription: Any) -> Verdict:
    """One's own devices."""
    return same(subscription.member_id, viewer.id)


# Roles that only the administrator, or HR's lead, may hand out; HR invites candidates and employees.
INVITABLE_BY_HR = Role.CANDIDATE | Role.EMPLOYEE

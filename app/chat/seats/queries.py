"""What is shown of first friends: a card above a young room, the quiz, and choices."""

from __future__ import annotations

from sqlalchemy import String, bindparam, select

from app.core.db import session
from app.core.errors import NotFound
from app.core.ids import PublicId
from app.core.reading import Reading
from app.models import Community, Member, Room, RoomMember, SeatAnswer
from app.people.cards import PersonCard
from app.people.queries import person_card, person_columns
from app.policy import Viewer, standing

from ..page.cards import RoomPage, Said
from ..rooms.operations import check_organiser
from ..rooms.queries import room_frame
from .cards import Gathering, Joining, PromptCard, QuizChoice, QuizPage, QuizQuestion
from .deck import DECKS, card_of
from .quiz import QUESTIONS

YOUNG = 30  # messages after which a room has found its own things to talk about


def prompt_card(page: RoomPage) -> PromptCard | None:
    """The card above a room that is young for this viewer and still goes on; None above any other. No query."""
    frame = page.frame
    said = [line.card for line in page.lines if isinstance(line, Said)]
    is_young = page.is_latest and page.older is None and len(said) < YOUNG
    if not (is_young and frame.can_send and frame.kind in DECKS):
        return None
    greets = not any(card.is_mine for card in said)
    return PromptCard(frame.id, str(card_of(frame.kind, frame.prompt)), greets, has_quiz=frame.kind == "seat")


# ── the quiz ─────────────────────────────────────────────────────────────────────────────────────────────────

_ANSWERS = Reading(
    select(SeatAnswer.question, SeatAnswer.choice, *person_columns())
    .join(Room, Room.id == SeatAnswer.room_id)
    .join(Member, Member.id == SeatAnswer.member_id)
    .join(
        RoomMember,
        (RoomMember.room_id == Room.id) & (RoomMember.member_id == Member.id) & RoomMember.left_seq.is_(None),
    )
    .where(
        Room.public_id == bindparam("room_id", type_=String),
        standing("view", Room),
        standing("view", Member),
    )
    .order_by(SeatAnswer.question, SeatAnswer.choice, Member.display_fold, Member.id)
)


def quiz_page(viewer: Viewer, room_id: PublicId) -> QuizPage:
    """The quiz of a となりの席. Who chose what is there only for whoever answered, of those in the room they meet.

    Raises NotFound, also for rooms of another kind.
    """
    frame = room_frame(viewer, room_id)
    if frame.kind != "seat":
        raise NotFound()
    rows = _ANSWERS.all({**viewer.binds, "room_id": room_id})
    given = [(row.question, row.choice, person_card(viewer, row)) for row in rows]
    is_answered = any(person.is_me for _question, _choice, person in given)
    shown = given if is_answered else []
    return QuizPage(
        room_id=room_id,
        room_name=frame.name,
        questions=tuple(_question(number, shown) for number in range(len(QUESTIONS))),
        is_answered=is_answered,
        is_closed=frame.is_closed,
    )


def _question(number: int, given: list[tuple[int, int, PersonCard]]) -> QuizQuestion:
    question = QUESTIONS[number]
    first, second = (
        _choice(
            choice,
            str(words),
            [person for asked, chosen, person in given if (asked, chosen) == (number, choice)],
        )
        for choice, words in enumerate(question.choices)
    )
    return QuizQuestion(number, str(question.words), (first, second))


def _choice(number: int, words: str, people: list[PersonCard]) -> QuizChoice:
    return QuizChoice(number, words, any(one.is_me for one in people), tuple(people))


# ── choices ──────────────────────────────────────────────────────────────────────────────────────────────────


def joining(viewer: Viewer) -> Joining:
    """What the viewer chose about 班 and となりの席. Raises NotFound for nobody."""
    row = session.execute(
        select(Member.joins_groups, Member.joins_seats).where(Member.id == viewer.id)
    ).first()
    if row is None:
        raise NotFound()
    return Joining(row.joins_groups, row.joins_seats)


def gathering(viewer: Viewer) -> Gathering:
    """HR's switches. Raises NotFound for anybody but HR."""
    check_organiser(viewer)
    community = session.get_one(Community, 1)
    return Gathering(community.fills_groups, community.has_seats)

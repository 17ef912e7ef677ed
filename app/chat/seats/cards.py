"""What is shown around a young room: its card, the quiz, and one's choices."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.ids import PublicId
from app.people.cards import PersonCard


@dataclass(frozen=True)
class PromptCard:
    """Something to talk about. `greets`: the viewer has said nothing here yet; `has_quiz`: there is one to answer."""

    room_id: PublicId
    words: str
    greets: bool
    has_quiz: bool


@dataclass(frozen=True)
class QuizChoice:
    """One of two answers; who gave it, where the viewer answered too. `is_mine`: the viewer chose it."""

    number: int
    words: str
    is_mine: bool
    people: tuple[PersonCard, ...]


@dataclass(frozen=True)
class QuizQuestion:
    """One question with its two answers."""

    number: int
    words: str
    choices: tuple[QuizChoice, QuizChoice]


@dataclass(frozen=True)
class QuizPage:
    """The quiz of one room. `is_answered` by the viewer: only then the answers are filled with people."""

    room_id: PublicId
    room_name: str
    questions: tuple[QuizQuestion, ...]
    is_answered: bool
    is_closed: bool


@dataclass(frozen=True)
class Joining:
    """Whether one is put into a 班, and sits down at となりの席, by itself; and whether there are such things here."""

    joins_groups: bool
    joins_seats: bool


@dataclass(frozen=True)
class Gathering:
    """Whether newcomers are put into a 班, and whether there is となりの席, in this community."""

    fills_groups: bool
    has_seats: bool

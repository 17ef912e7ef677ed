"""What HR sees of mentors."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.ids import PublicId

from ..people.cards import NamedPerson


@dataclass(frozen=True)
class MentorRow:
    """One employee with the candidates they stand beside, both by 氏名."""

    id: PublicId
    name: str
    kana: str
    department: str
    is_suspended: bool
    mentees: tuple[NamedPerson, ...]


@dataclass(frozen=True)
class MentorsPage:
    """Every employee who is a mentor, in フリガナ order, and how many candidates have none."""

    rows: tuple[MentorRow, ...]
    without_mentor: int

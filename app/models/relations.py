"""How somebody who looks stands to the person they look at (privacy.md): audiences are sets of these, not levels."""

from __future__ import annotations

from enum import IntFlag


class Relation(IntFlag):
    """One bit each, stored as one number. GROUP, COHORT and ALLCAND never include staff."""

    SELF = 1
    HR = 2
    MENTOR = 4  # the employee assigned to the candidate
    EMPLOYEE = 8
    GROUP = 16  # a candidate of the same 班
    COHORT = 32
    ALLCAND = 64


CANDIDATES = Relation.GROUP | Relation.COHORT | Relation.ALLCAND
COLLEAGUES = Relation.HR | Relation.MENTOR | Relation.EMPLOYEE
# Fields a candidate sees of another only while sharing their own at least as widely (privacy.md, I8).
RECIPROCAL_FIELDS = ("legal_name", "university")

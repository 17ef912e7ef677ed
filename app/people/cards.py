"""What a viewer is shown of people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from app.core.i18n import t
from app.core.ids import PublicId

BUDS = 48  # drawn flowers in static/img/buds.svg that a member can choose from
NO_BUD = 0  # the flower of somebody who has left: a plain outline nobody can choose


@dataclass(frozen=True)
class PersonCard:
    """One person as this viewer sees them. `id` is None where there is no profile to go to."""

    id: PublicId | None
    name: str
    bud: int
    role_mark: str | None
    is_me: bool = False
    is_staff: bool = False

    @property
    def called(self) -> str:
        """「れんさん」 in the middle of a sentence: brackets are not spoken, さん not twice, nor to 「退会した方」."""
        spoken = self.name.partition("（")[0].strip() or self.name
        if self.bud == NO_BUD or spoken.endswith("さん"):
            return spoken
        return t("%(who)sさん", who=spoken)  # its own words: in letters 「…さん」 is the greeting


def erased_card() -> PersonCard:
    """Whoever wrote this has left, and nothing leads back to them."""
    return PersonCard(id=None, name=t("退会した方"), bud=NO_BUD, role_mark=None)


MOST_GROUPS_SHOWN = 6  # more of them, and what comes after the form's boxes stands below the screen


def folded_groups(tokens: Iterable[str], chosen: Iterable[str]) -> frozenset[str]:
    """Which sets of people a form folds away: 班 nobody chose, where there are many. What is chosen stays in sight."""
    groups = {token for token in tokens if token.startswith("group:")}
    return frozenset(groups - set(chosen)) if len(groups) > MOST_GROUPS_SHOWN else frozenset()


@dataclass(frozen=True)
class Tab:
    """One of the directory's lists."""

    label: str
    href: str
    is_active: bool


@dataclass(frozen=True)
class Pager:
    """The way through a long list: addresses, None where there is no more."""

    newer: str | None = None
    older: str | None = None


@dataclass(frozen=True)
class DirectoryPage:
    """People the viewer may see. `explanation` says whom this list holds."""

    people: tuple[PersonCard, ...]
    tabs: tuple[Tab, ...]
    tab: str
    query: str
    explanation: str
    pager: Pager


@dataclass(frozen=True)
class ShownField:
    """One profile field with something in it that this viewer may see. `key` as in policy/fields.py.

    `audience` says to its owner alone who sees it; `html` is set where addresses in the text are links.
    """

    key: str
    label: str
    value: str
    audience: str | None = None
    html: Markup | None = None


@dataclass(frozen=True)
class PersonPage:
    """One profile. Cohort, groups and fields only as far as this viewer may know them.

    `has_talk`: the two talk, though no first message is wanted.
    """

    person: PersonCard
    cohort: str | None
    groups: tuple[str, ...]
    can_block: bool
    can_message: bool
    has_talk: bool
    fields: tuple[ShownField, ...] = ()
    asks_purpose: bool = False  # HR has not said yet what they open it for


@dataclass(frozen=True)
class MyPage:
    """The member's own corner. `beside`: a candidate's mentors, or the candidates an employee mentors."""

    person: PersonCard
    cohort: str | None
    groups: tuple[str, ...]
    beside: tuple[PersonCard, ...]
    pace: str
    language: str


@dataclass(frozen=True)
class BlockedCard:
    """One person the viewer has blocked; there is no profile to go to while the block stands."""

    id: PublicId
    name: str
    bud: int

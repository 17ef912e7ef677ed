"""Who sits with whom: a plain function of the people, who is kept apart, and who sat together last week."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from random import Random

FEWEST, MOST = 4, 6
FEWEST_AT_ALL = 3  # two or fewer are no table
_TRIES = 40  # different orders; the first that seats everybody among new faces is taken
_HALL = (
    60  # a large cohort is divided first, so that the work grows with the people and not with their square
)

Apart = Mapping[int, Collection[int]]


def tables_of(people: Collection[int], apart: Apart, before: Apart, seed: str) -> list[list[int]]:
    """Tables of four to six, in which nobody meets whom they are kept `apart` from (in both directions).

    As many people as may be sit somewhere; then as few as may be meet again whom they met `before`. Where the number
    allows no such tables (three, seven) one of three is laid; fewer than three people sit nowhere. The same people
    with the same seed always sit the same.
    """
    dice = Random(seed)  # noqa: S311  nothing is kept secret by it
    shuffled = dice.sample(sorted(people), len(people))
    halls = max(1, len(people) // _HALL)
    return [
        sorted(table)
        for hall in range(halls)
        for table in _best_of(shuffled[hall::halls], apart, before, dice)
    ]


def _best_of(people: Sequence[int], apart: Apart, before: Apart, dice: Random) -> list[list[int]]:
    best: list[list[int]] = []
    best_worth = (-1, 0)
    for _number in range(_TRIES):
        laid = _laid(people, apart, before, dice)
        worth = (sum(map(len, laid)), -_met_again(laid, before))
        if worth > best_worth:
            best, best_worth = laid, worth
        if best_worth == (len(people), 0):
            break
    return best


def _number_of_tables(count: int) -> int:
    """How many tables of four to six, five if possible; the nearest where there is no such number."""
    if count < FEWEST_AT_ALL:
        return 0
    fewest, most = -(-count // MOST), count // FEWEST
    return min(max(round(count / 5), fewest), max(fewest, most))


def _laid(people: Sequence[int], apart: Apart, before: Apart, dice: Random) -> list[list[int]]:
    shuffled = dice.sample(people, len(people))
    # Whoever is kept apart from many chooses first.
    in_order = sorted(shuffled, key=lambda one: -len(apart.get(one, ())))
    tables: list[list[int]] = [[] for _table in range(_number_of_tables(len(people)))]
    for one in in_order:
        _sit(one, tables, apart, before)
    tables = _even(tables, apart)
    kept = [table for table in tables if len(table) >= FEWEST_AT_ALL]
    # A table nobody else came to: they are asked to the others.
    for one in (one for table in tables if len(table) < FEWEST_AT_ALL for one in table):
        _sit(one, kept, apart, before)
    return kept


def _sit(one: int, tables: list[list[int]], apart: Apart, before: Apart) -> None:
    fitting = [table for table in tables if len(table) < MOST and _fits(one, table, apart)]
    if fitting:
        known = before.get(one, ())
        min(fitting, key=lambda table: (len(table), sum(other in known for other in table))).append(one)


def _fits(one: int, table: Collection[int], apart: Apart) -> bool:
    return not any(other in apart.get(one, ()) or one in apart.get(other, ()) for other in table)


def _even(tables: list[list[int]], apart: Apart) -> list[list[int]]:
    """Somebody moves over to a table that blocks have left small, where they may."""
    for small in tables:
        for large in sorted(tables, key=len, reverse=True):
            for one in list(large):
                if len(small) < FEWEST < len(large) and _fits(one, small, apart):
                    large.remove(one)
                    small.append(one)
    return tables


def _met_again(tables: list[list[int]], before: Apart) -> int:
    return sum(other in before.get(one, ()) for table in tables for one in table for other in table) // 2

"""One rule, two readings: `can` asks about a row, `allowed` filters a table, `fetch` and `claim` get one row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from app.core.db import Base, session
from app.core.errors import Forbidden, NotFound, Sentence
from app.core.i18n import _
from app.core.ids import PublicId

from .logic import Verdict, as_clause
from .viewer import StandingViewer, Viewer

K = TypeVar("K", bound=Base)


# A rule: from a viewer and a row, or its class, to a verdict.
RuleFunction = Callable[[Viewer, Any], Verdict]
# Why a visible row may not be acted on, for the person who tried.
WhyNot = Callable[[Viewer, Any], Sentence | str]


@dataclass(frozen=True)
class _Rule:
    function: RuleFunction
    loads: tuple[str, ...]
    why_not: WhyNot | None
    sight: str


_rules: dict[tuple[str, type[Base]], _Rule] = {}
# What need not be asked again while a standing clause is built.
_known: ContextVar[frozenset[tuple[str, type[Base]]]] = ContextVar("known_verdicts", default=frozenset())


class NoSuchRule(RuntimeError):
    """An action nobody wrote a rule for: a mistake in the code, never a silent no."""


def rule(
    action: str,
    kind: type[Base],
    *,
    loads: tuple[str, ...] = (),
    why_not: WhyNot | None = None,
    sight: str = "view",
) -> Callable[[RuleFunction], RuleFunction]:
    """Register the rule of one (action, kind). `loads` names the relations a row must have loaded to be asked.

    `sight` names the rule that says for whom the row exists at all when this is tried; HR, for example, acts on
    suspended people whom no page shows.
    """

    def register(function: RuleFunction) -> RuleFunction:
        if (action, kind) in _rules:
            raise RuntimeError(f"two rules say who may {action} a {kind.__name__}")

        @wraps(function)
        def asked(viewer: Viewer, subject: Any) -> Verdict:
            return True if subject is kind and (action, kind) in _known.get() else function(viewer, subject)

        _rules[action, kind] = _Rule(asked, loads, why_not, sight)
        return asked

    return register


def registered() -> Iterator[tuple[str, type[Base]]]:
    """Every (action, kind) there is a rule for."""
    yield from _rules


def _rule_of(action: str, kind: type[Base]) -> _Rule:
    try:
        return _rules[action, kind]
    except KeyError:
        raise NoSuchRule(f"no rule says who may {action} a {kind.__name__}") from None


def can(viewer: Viewer, action: str, row: Any, *, kind: type[Base] | None = None) -> bool:
    """Whether the viewer may do this to this row; acting always needs seeing.

    `kind` says of which table it is where it is no row itself but holds the same: a log that is told to many at once.
    """
    kind = type(row) if kind is None else kind
    rule_ = _rule_of(action, kind)
    seen = rule_.sight == action or bool(_rule_of(rule_.sight, kind).function(viewer, row))
    return seen and bool(rule_.function(viewer, row))


def allowed(viewer: Viewer, action: str, kind: type[Base]) -> ColumnElement[bool]:
    """The same rule as a WHERE clause over `kind`."""
    rule_ = _rule_of(action, kind)
    clause = as_clause(rule_.function(viewer, kind))
    if rule_.sight == action:
        return clause
    return as_clause(_rule_of(rule_.sight, kind).function(viewer, kind)) & clause


@cache
def standing(action: str, kind: type[Base], *seen: type[Base]) -> ColumnElement[bool]:
    """The same rule as a clause for statements that are built once: its viewer is given as `viewer.binds`.

    Executed without them a statement fails, so it can never run for the wrong viewer or for none.

    `seen` names kinds whose rows the viewer is known to see, because this statement or the one before it has asked
    `view` about them: the topic whose posts are listed, or the posts about which a column tells one thing more.
    """
    viewer = cast(Viewer, StandingViewer())
    token = _known.set(frozenset(("view", each) for each in seen))
    try:
        return allowed(viewer, action, kind)
    finally:
        _known.reset(token)


@cache
def standing_part(part: RuleFunction, kind: type[Base]) -> ColumnElement[bool]:
    """A part of a rule as such a clause, where the statement has settled the rest of it (`rules.post_within_topic`)."""
    return as_clause(part(cast(Viewer, StandingViewer()), kind))


def loads_of(kind: type[Base], *actions: str) -> list[Any]:
    """Loader options a row of `kind` needs before these rules can be asked about it."""
    names = dict.fromkeys(name for action in actions for name in _rule_of(action, kind).loads)
    return [_loader(kind, name) for name in names]


def _loader(kind: type[Base], path: str) -> Any:
    """The option that loads `relation`, or a chain of them: `relation.relation`."""
    option: Any = None
    for name in path.split("."):
        attribute = getattr(kind, name)
        option = joinedload(attribute) if option is None else option.joinedload(attribute)
        kind = attribute.property.mapper.class_
    return option


def fetch(
    viewer: Viewer,
    kind: type[K],
    public_id: PublicId,
    action: str = "view",
    *,
    key: InstrumentedAttribute[str] | None = None,
    also: tuple[Any, ...] = (),
) -> K:
    """The row with this public id, for this act. Raises NotFound where the viewer cannot see it, else Forbidden.

    `key` names another unique column (a board's slug); `also` adds loader options.
    """
    return _fetch(viewer, kind, public_id, action, key, also, is_locked=False)


def claim(
    viewer: Viewer,
    kind: type[K],
    public_id: PublicId,
    action: str,
    *,
    key: InstrumentedAttribute[str] | None = None,
    also: tuple[Any, ...] = (),
) -> K:
    """Like `fetch`, and nobody else changes the row until the operation ends."""
    return _fetch(viewer, kind, public_id, action, key, also, is_locked=True)


def _fetch(
    viewer: Viewer,
    kind: type[K],
    public_id: PublicId,
    action: str,
    key: InstrumentedAttribute[str] | None,
    also: tuple[Any, ...],
    *,
    is_locked: bool,
) -> K:
    column = key if key is not None else kind.public_id  # type: ignore[attr-defined]
    sight = _rule_of(action, kind).sight
    query = (
        select(kind)
        .where(column == public_id, allowed(viewer, sight, kind))
        .options(*loads_of(kind, sight, action), *also)
    )
    if is_locked:
        query = query.with_for_update(of=kind, key_share=True)
    row = session.scalar(query)
    if row is None:
        raise NotFound()
    if not can(viewer, action, row):
        raise Forbidden(why_not(viewer, action, row))
    return row


def why_not(viewer: Viewer, action: str, row: Base) -> Sentence | str:
    """The sentence for a person who may see the row but not do this."""
    explain = _rule_of(action, type(row)).why_not
    if explain is None:
        return _("この操作はできません。必要なときは、人事またはひろば運営の担当者にご相談ください。")
    return explain(viewer, row)

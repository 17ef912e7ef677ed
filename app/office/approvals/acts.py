"""What can be asked for: each kind with what it does, how it is said, and when it can be done at all.

    @carries_out("raise_cap", says=…, checks=…)
    def raise_cap(asked): ...

A kind nobody registered cannot be asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

Asked = Mapping[str, Any]


@dataclass(frozen=True)
class Act:
    """One kind. `carry_out` runs within the approval's operation and checks once more before it changes anything.

    `says` gives the sentence of what exactly changes, and raises Invalid for what nobody could have asked for. `checks`
    raises Invalid or Conflict where it cannot be done as things stand.
    """

    carry_out: Callable[[Asked], None]
    says: Callable[[Asked], str]
    checks: Callable[[Asked], None]


class NoSuchAct(RuntimeError):
    """A kind nobody wrote an act for: a mistake in the code, never something a person typed."""


_acts: dict[str, Act] = {}


def carries_out(
    kind: str, *, says: Callable[[Asked], str], checks: Callable[[Asked], None]
) -> Callable[[Callable[[Asked], None]], Callable[[Asked], None]]:
    """Register what is done when a request of this kind is approved."""

    def register(carry_out: Callable[[Asked], None]) -> Callable[[Asked], None]:
        if kind in _acts:
            raise RuntimeError(f"two acts carry out {kind}")
        _acts[kind] = Act(carry_out, says, checks)
        return carry_out

    return register


def act_of(kind: str) -> Act:
    """The act of this kind. Raises NoSuchAct."""
    try:
        return _acts[kind]
    except KeyError:
        raise NoSuchAct(f"nobody carries out {kind}") from None


def seal_of(kind: str, asked: Asked) -> str:
    """The same for the same request, and for nothing else: who approves sends along what was read."""
    return sha256(json.dumps([kind, asked], sort_keys=True).encode()).hexdigest()[:20]

"""The three sets of choices a tired person can take instead of twelve decisions."""

from __future__ import annotations

from collections.abc import Mapping

from app.models import Relation
from app.policy.fields import Field, choice_of, default_of, effective

# Widest first come, as far as each field and the company let them.
_OPEN: Mapping[str, tuple[str, str]] = {
    "legal_name": ("cohort", "mentor"),
    "university": ("cohort", "mentor"),
    "pastime": ("all", "employees"),
    "wish": ("all", "employees"),
    "topics": ("all", "employees"),
    "links": ("group", "nobody"),
}


def preset_choice(preset: str, field: Field, cap: Relation) -> Relation:
    """The choice of a preset for one field, within its cap. Raises KeyError for a preset there is not."""
    choices = {
        "recommended": default_of(field, cap),
        "quiet": Relation.SELF,
        "open": choice_of(*_OPEN[field.key]),
    }
    return effective(field, choices[preset], cap)

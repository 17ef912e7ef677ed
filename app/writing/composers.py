"""The places where people write: what their drafts are called, and which text fields they have."""

from __future__ import annotations

import re

from app.core.errors import NotFound
from app.core.text import MAX_BODY_LENGTH

LONGEST_NAME = 60  # the column's width; a composer with a longer name keeps its draft in the browser only
LONGEST_TEXT = MAX_BODY_LENGTH * 4  # code points, as the forms allow

# What stands before the first hyphen of a name → the text fields whose drafts are kept.
FIELDS: dict[str, tuple[str, ...]] = {
    "topic": ("title", "body"),
    "reply": ("body",),
    "edit": ("title", "body"),
    "room": ("body",),
    "announcement": ("title", "body", "easy_title", "easy_body", "english_title", "english_body"),
}
_NAME = re.compile(rf"({'|'.join(FIELDS)})-[a-z0-9]+(?:-[a-z0-9]+)*")


def checked_composer(composer: str) -> tuple[str, ...]:
    """The text fields of the composer of this name (`reply-<topic id>`, `topic-<slug>`). Raises NotFound.

    Whether its topic exists is not asked: a draft tells its owner what they typed and nothing else.
    """
    found = _NAME.fullmatch(composer)
    if found is None or len(composer) > LONGEST_NAME:
        raise NotFound()
    return FIELDS[found[1]]

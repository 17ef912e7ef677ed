"""The five ways to refuse; each carries a sentence for a person that says what happened and what now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol


class Sentence(Protocol):
    """Text for a person: a str, or a lazily translated one."""

    def __str__(self) -> str: ...


class AppError(Exception):
    """A refusal a person meets. `status` is the HTTP status, `code` the word in JSON."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"

    def __init__(self, sentence: Sentence | str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


class NotFound(AppError):
    """Hidden, blocked, walled and missing are this one answer, with one sentence."""

    status = 404
    code = "not_found"

    def __init__(self, sentence: Sentence | str | None = None) -> None:
        from .i18n import _

        super().__init__(
            sentence
            or _(
                "お探しのページは見つかりませんでした。移動したか、表示できる範囲の外にあるのかもしれません。"
            )
        )


class Forbidden(AppError):
    """Visible, but this act is not theirs."""

    status = 403
    code = "forbidden"


class Invalid(AppError):
    """What was typed cannot be taken as it is. `fields` maps a field's name to its sentences."""

    status = 422
    code = "invalid"

    def __init__(
        self, sentence: Sentence | str, fields: Mapping[str, list[Sentence | str]] | None = None
    ) -> None:
        super().__init__(sentence)
        self.fields = dict(fields or {})


class Conflict(AppError):
    """True a moment ago, no longer: used up, already done, changed by someone else."""

    status = 409
    code = "conflict"


class TooOften(AppError):
    """A limit; `retry_after` in seconds."""

    status = 429
    code = "too_often"

    def __init__(self, sentence: Sentence | str, *, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after

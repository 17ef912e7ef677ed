"""Forms: the shape of input, shared by every door; what was typed is never lost when it is refused."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from types import MappingProxyType
from typing import Any, ClassVar, Generic, ParamSpec, TypeVar, cast

from flask import g, request
from flask_wtf import FlaskForm
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, HiddenField, StringField, TextAreaField, ValidationError
from wtforms.validators import StopValidation

from .errors import Invalid, Sentence
from .i18n import _, join_names
from .names import grapheme_length
from .text import render_markdown, stored_html
from .web import KEY_PLACE, wants_json

P = ParamSpec("P")
F = TypeVar("F", bound="BaseForm")
Body = str | Markup

# Sent along by every form; not content.
ALWAYS_ALLOWED = frozenset({"csrf_token"})


class BaseForm(FlaskForm):  # type: ignore[misc, unused-ignore]
    """Parent of every form. CSRF is checked once for all doors in core.web, so a form knows only content."""

    # Field name → how its text will look; filled when the form was sent with its preview button.
    previews: Mapping[str, Markup] = MappingProxyType({})

    is_drawn_anew: ClassVar[bool] = True  # `drawn` keeps no form: what was typed is in it

    class Meta:
        csrf = False

        def get_translations(self, _form: Form) -> None:
            """Every sentence is our own; the library's catalogue need not be read for each form."""


class PreviewAsked(Invalid):
    """Somebody without JavaScript wants to see their text before sending it: `redisplay` shows the form again."""


class PressForm(BaseForm):
    """A button: nothing but the press itself, so that anything else sent along is refused."""


class SubmissionForm(BaseForm):
    """A form whose double submit makes one thing: `submission_key` is made when the form is shown."""

    submission_key = HiddenField(default=lambda: secrets.token_hex(16))


def required(sentence: Sentence | str | None = None) -> Callable[[Form, Field], None]:
    """Refuse nothing at all and only spaces, including the invisible ones."""

    def check(_form: Form, field: Field) -> None:
        text = field.data if isinstance(field.data, str) else ("x" if field.data else "")
        if not text.strip().strip("\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\u115f\u1160\uffa0 \u3000\n\t"):
            raise StopValidation(str(sentence or _("入力してください")))

    check.field_flags = {"required": True}  # type: ignore[attr-defined]
    return check


# A family of four is seven code points, with skin tones eleven: beyond this nobody needs to count.
_MOST_POINTS_A_CHARACTER = 40


def longest(most: int) -> Callable[[Form, Field], None]:
    """Refuse more than `most` characters as people count them (graphemes), and say how many there are.

    Nothing else looks at what is too long: one request must not keep everybody waiting.
    """

    def check(_form: Form, field: Field) -> None:
        text = field.data or ""
        is_endless = len(text) > most * _MOST_POINTS_A_CHARACTER
        length = len(text) if is_endless else grapheme_length(text)
        if length > most:
            raise StopValidation(
                str(
                    _(
                        "%(most)s文字以内にしてください（いま%(length)s文字です）",
                        most=f"{most:,}",
                        length=f"{length:,}",
                    )
                )
            )

    check.field_flags = {"maxlength": most * 4}  # type: ignore[attr-defined]
    check.most = most  # type: ignore[attr-defined]
    return check


def fits(most: int) -> Callable[[Form, Field], None]:
    """Refuse more than `most` code points, a column's width: one character a person sees may be built of hundreds."""

    def check(_form: Form, field: Field) -> None:
        if len(field.data or "") > most:
            raise ValidationError(str(_("重ねた記号や絵文字が多すぎます。少し減らしてください")))

    return check


def no_nul(text: str | None) -> str | None:
    """Drop NUL, which no database column takes, and bring line ends to one form."""
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n") if text else text


def trimmed(text: str | None) -> str | None:
    """For one-line fields: without NUL and outer spaces."""
    cleaned = no_nul(text)
    return cleaned.strip() if cleaned else cleaned


class LineField(StringField):
    """One line of text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("filters", [trimmed])
        super().__init__(*args, **kwargs)


def parse(form_class: type[F], **defaults: Any) -> dict[str, Any]:
    """What was posted, checked: field name → value. Raises Invalid, keeping the bound form for `redisplay`."""
    form = form_class(_without_nul(request.form), **defaults)
    g.form = form
    if "preview" in request.form and "preview" not in form._fields:
        _preview(form)
    unknown = set(request.form) - set(form._fields) - ALWAYS_ALLOWED
    if unknown:
        raise Invalid(
            _(
                "この画面にない項目が送られたため、保存しませんでした（%(names)s）。画面を開き直してください。",
                names=join_names(sorted(unknown))[:80],
            )
        )
    if not form.validate():
        raise Invalid(_("入力内容をご確認ください。書いた内容はそのまま残っています。"), _sentences(form))
    return cast(dict[str, Any], form.data)


def _preview(form: BaseForm) -> None:
    """Render what was typed so far. Raises PreviewAsked, or Invalid for a text that could not be sent either."""
    areas = [field for field in form if isinstance(field, TextAreaField)]
    refused = [field.name for field in areas if not field.validate(form)]
    if refused:
        raise Invalid(_("入力内容をご確認ください。書いた内容はそのまま残っています。"), _sentences(form))
    form.previews = {field.name: stored_html(render_markdown(field.data or "")) for field in areas}
    raise PreviewAsked(_("プレビューです。まだ送られていません。"))


def parse_payload(form_class: type[F], payload: Mapping[str, Any]) -> dict[str, Any]:
    """The same for JSON and socket payloads: text, numbers and truth values only."""
    if not isinstance(payload, Mapping) or not all(_is_plain(value) for value in payload.values()):
        raise Invalid(_("内容を読み取れませんでした。画面を開き直してください。"))
    texts = MultiDict(
        {name: str(value) for name, value in payload.items() if value is not None and value is not False}
    )
    form = form_class(texts)
    if set(payload) - set(form._fields):
        raise Invalid(_("内容を読み取れませんでした。画面を開き直してください。"))
    if not form.validate():
        raise Invalid(_("入力内容をご確認ください。書いた内容はそのまま残っています。"), _sentences(form))
    return cast(dict[str, Any], form.data)


def _is_plain(value: object) -> bool:
    """Text a database takes (JSON can also say NUL and half a surrogate pair), a number, a truth value, or nothing."""
    if isinstance(value, str):
        return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value)
    return value is None or isinstance(value, (int, bool))


def _without_nul(typed: MultiDict[str, str]) -> MultiDict[str, str]:
    """No database column takes NUL, and nobody types it."""
    if not any("\0" in value for _name, value in typed.items(multi=True)):
        return typed
    return MultiDict((name, value.replace("\0", "")) for name, value in typed.items(multi=True))


def _sentences(form: Form) -> dict[str, list[Sentence | str]]:
    return {name: list(messages) for name, messages in form.errors.items() if name}


def blank(form_class: type[F], **defaults: Any) -> F:
    """The form to show: the one just refused with what was typed, or a fresh one with `defaults`."""
    refused = g.get("form")
    if isinstance(refused, form_class) and g.get("is_redisplayed"):
        return refused
    return form_class(None, **defaults)


@dataclass(frozen=True)
class Untouched(Generic[F]):
    """A form nobody has typed in: the same for everybody, so that its drawing is kept and it is seldom even made.

    In a template it is used like the form. Its submission key is a place that the page fills in.
    """

    is_drawn_anew: ClassVar[bool] = False
    form_class: type[F]
    defaults: tuple[tuple[str, Any], ...] = ()

    @cached_property
    def _form(self) -> F:
        form = self.form_class(None, **dict(self.defaults))
        if isinstance(form, SubmissionForm):
            form.submission_key.data = KEY_PLACE
        return form

    def renewed(self) -> Untouched[F]:
        """Itself: the page gives it a new key each time."""
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._form, name)

    def __iter__(self) -> Iterator[Field]:
        return iter(self._form)

    def __contains__(self, name: str) -> bool:
        return name in self._form


def untouched(form_class: type[F], **defaults: Any) -> F | Untouched[F]:
    """As `blank`, for `drawn`: the form just refused, or one that is made only if nobody was shown it yet."""
    refused = g.get("form")
    if isinstance(refused, form_class) and g.get("is_redisplayed"):
        return refused
    return Untouched(form_class, tuple(sorted(defaults.items())))


def redisplay(view: Callable[..., Body]) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """When the door refuses input, show `view` again (same arguments) with the typed text and the sentences.

    A script gets the JSON twin of the refusal instead.
    """

    def decorate(door: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(door)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return door(*args, **kwargs)
            except PreviewAsked:
                g.is_redisplayed = True
                return view(*args, **kwargs)
            except Invalid as refusal:
                form = g.get("form")
                if form is None or wants_json():
                    raise
                place_sentences(form, refusal)
                g.is_redisplayed = True
                return view(*args, **kwargs), Invalid.status

        return guarded

    return decorate


def place_sentences(form: Form, refusal: Invalid) -> None:
    """Put the sentences of a refusal beside their fields; one without a field stands above the form."""
    for name, sentences in refusal.fields.items():
        if name in form._fields and not form._fields[name].errors:
            form._fields[name].errors = tuple(str(sentence) for sentence in sentences)
    if not form.errors:
        form.form_errors = [str(refusal.sentence)]

"""Words in the reader's language: Japanese in the code, English in the catalogue, dates as spoken."""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, tzinfo
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, has_app_context, has_request_context
from flask_babel import Babel, force_locale

from . import clock

# A server only reads what was compiled before: what works on catalogues is loaded where that is done.
if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

LANGUAGES = {"ja": "日本語", "en": "English"}
SOURCE_LANGUAGE = "ja"

_APP = Path(__file__).resolve().parents[1]
_ROOT = _APP.parent
_CATALOGUES = _APP / "translations"
_ENGLISH = _CATALOGUES / "en" / "LC_MESSAGES" / "messages.po"

_spoken: ContextVar[str | None] = ContextVar("spoken_language", default=None)


# ---------------------------------------------------------------- words


def t(message: str, **variables: object) -> str:
    """Return the message in the language now spoken, with `%(name)s` placeholders filled.

    Inside a request the reader's language is spoken, elsewhere the one of `speaking`, else Japanese.
    Without variables placeholders stay as they are, so that a form validator may fill them later.
    """
    return _filled(_said(message), variables)


def tn(singular: str, plural: str, count: int, **variables: object) -> str:
    """Return the message for a number; the text may say `%(count)s`."""
    text = _catalogue(language_now()).ngettext(singular, plural, count)
    return _filled(text, {"count": count, **variables})


def _(message: str, **variables: object) -> str:
    """Return a text that is translated each time it is shown: for labels made at import.

    It is typed as `str` because labels and messages of forms are; call `str()` before storing it or
    putting it into JSON.
    """
    return cast(str, LazyText(message, variables))


class LazyText:
    """A message which finds its language when it becomes a string.

    Our own, because the lazy string of flask-babel declares itself safe HTML: a name among its
    variables would reach a page unescaped.
    """

    __slots__ = ("_message", "_variables")

    def __init__(self, message: str, variables: dict[str, object]) -> None:
        self._message = message
        self._variables = variables

    def __str__(self) -> str:
        return t(self._message, **self._variables)

    def __repr__(self) -> str:
        return f"_({self._message!r})"

    def __mod__(self, values: Any) -> str:
        return str(self).__mod__(values)

    def __add__(self, other: object) -> str:
        return str(self) + str(other)

    def __radd__(self, other: object) -> str:
        return str(other) + str(self)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, (str, LazyText)) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return str(self) < str(other)

    def __hash__(self) -> int:
        # Of the message, not of its translation: a key must not move when the language changes.
        return hash(self._message)

    def __len__(self) -> int:
        return len(str(self))

    def __contains__(self, part: str) -> bool:
        return part in str(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(str(self), name)


def join_names(names: Iterable[str]) -> str:
    """Return names as one reads them aloud: 「佐藤・田中」, 'Sato, Tanaka and Abe'."""
    listed = [str(name) for name in names]
    if language_now() == "ja" or len(listed) < 2:
        return "・".join(listed)
    return f"{', '.join(listed[:-1])} and {listed[-1]}"


def _said(message: str) -> str:
    return _said_in(language_now(), message)


@lru_cache(maxsize=8192)
def _said_in(language: str, message: str) -> str:
    catalogue = _catalogue(language)
    text = catalogue.gettext(message)
    # A text that is counted elsewhere has a plural too; the first Python 3.11 finds it only by its number
    # (github.com/python/cpython/issues/62519).
    return text if text != message else catalogue.ngettext(message, message, 1)


def _filled(text: str, variables: dict[str, object]) -> str:
    if variables:
        return _percent_safe(text) % variables
    return text if "%(" in text else text.replace("%%", "%")


@lru_cache(maxsize=8192)
def _percent_safe(text: str) -> str:
    """Double every percent sign that begins no placeholder, so that 「50%」 needs no care of its writer."""
    return re.sub(r"%%|%(?!\()", "%%", text)


# ---------------------------------------------------------------- which language


def language_now() -> str:
    """Return the code of the language now spoken, one of LANGUAGES."""
    spoken = _spoken.get()
    if spoken is not None:
        return spoken
    if not has_request_context():
        return SOURCE_LANGUAGE
    # A page asks a hundred times; the reader's language is found out once a request.
    language: str | None = g.get("language")
    if language is None:
        choose = current_app.extensions.get("tsubomi.language")
        if choose is None:
            return SOURCE_LANGUAGE
        language = g.language = known_language(choose())
    return language


def known_language(code: str | None) -> str:
    """Return the code if we speak it, else Japanese; 'en-GB' counts as 'en'."""
    primary = re.split(r"[-_]", code or "", maxsplit=1)[0].lower()
    return primary if primary in LANGUAGES else SOURCE_LANGUAGE


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Speak the language inside the block: for mail in the recipient's language, in jobs and scripts too."""
    code = known_language(language)
    token = _spoken.set(code)
    try:
        if has_app_context() and "babel" in current_app.extensions:
            with force_locale(code):
                yield
        else:
            yield
    finally:
        _spoken.reset(token)


def install_i18n(app: Flask, choose_language: Callable[[], str], *, time_zone: str | None = None) -> None:
    """Give the app its languages, `_` and `{% trans %}` in templates, and the date filters.

    `choose_language` is asked once per request; `time_zone` is the company's, as in `set_time_zone`.
    """

    def selected() -> str:
        if not has_request_context():
            return _spoken.get() or SOURCE_LANGUAGE
        return known_language(choose_language())

    if time_zone is not None:
        set_time_zone(time_zone)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(_CATALOGUES)
    app.extensions["tsubomi.language"] = choose_language
    Babel(app, default_locale=SOURCE_LANGUAGE, locale_selector=selected, configure_jinja=False)
    _install_in_templates(app)


def _install_in_templates(app: Flask) -> None:
    environment: Any = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    # Line breaks inside {% trans %} are layout, not text; extraction is told the same.
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(
        gettext=lambda s: _percent_safe(_said(s)),
        ngettext=lambda s, p, n: _percent_safe(_catalogue(language_now()).ngettext(s, p, n)),
        newstyle=True,
    )
    environment.globals.update(tn=tn, language_now=language_now)
    environment.filters.update(day=day, moment=moment, clock_time=clock_time, join_names=join_names)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """Return the compiled catalogue; an absent one answers with the Japanese text."""
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    return gettext.translation("messages", _CATALOGUES, [language], fallback=True)


# ---------------------------------------------------------------- dates

_WEEKDAYS_JA = "月火水木金土日"
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_company_zone: tzinfo = ZoneInfo("Asia/Tokyo")


def set_time_zone(name: str) -> None:
    """Show dates in this time zone (IANA name) from now on: the company's, the same for everyone."""
    global _company_zone
    _company_zone = ZoneInfo(name)


def company_zone() -> tzinfo:
    """The company's time zone, as `set_time_zone` last said."""
    return _company_zone


def day(value: date | datetime, *, zone: tzinfo | None = None) -> str:
    """Return 「10月1日（木）」 or 'Thu 1 Oct', with the year if it is not this year.

    A datetime must be aware; it is moved to `zone`, by default the company's.
    """
    zone = zone or _company_zone
    shown = _local(value, zone).date() if isinstance(value, datetime) else value
    with_year = shown.year != clock.now().astimezone(zone).year
    if language_now() == "ja":
        year = f"{shown.year}年" if with_year else ""
        return f"{year}{shown.month}月{shown.day}日（{_WEEKDAYS_JA[shown.weekday()]}）"
    year = f" {shown.year}" if with_year else ""
    return f"{_WEEKDAYS_EN[shown.weekday()]} {shown.day} {_MONTHS_EN[shown.month - 1]}{year}"


def moment(value: datetime, *, zone: tzinfo | None = None) -> str:
    """Return 「10月1日（木） 18:30」 or 'Thu 1 Oct 18:30'."""
    return f"{day(value, zone=zone)} {clock_time(value, zone=zone)}"


def clock_time(value: datetime, *, zone: tzinfo | None = None) -> str:
    """Return the time of day to the minute: 「8:05」, in English '08:05'."""
    shown = _local(value, zone or _company_zone)
    return f"{shown.hour}:{shown:%M}" if language_now() == "ja" else f"{shown:%H:%M}"


def _local(value: datetime, zone: tzinfo) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a naive datetime has no place on a screen: pass an aware one (core/clock.py)")
    return value.astimezone(zone)


# ---------------------------------------------------------------- catalogues

_KEYWORDS = {"t": None, "tn": (1, 2), "lazy_gettext": None}
_METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.xml", "jinja2")]
_JINJA = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9d]")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-zA-Z]")
_COUNTS = {"%(count)s", "%(count)d", "%(num)s", "%(num)d"}
# Without dates and names of people: a catalogue that nobody changed must not differ.
_HEADER = """\
# English for Tsubomi. The Japanese is the text in the code; `make translations` brings in new ones.
msgid ""
msgstr ""
"Language: en\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def compile_catalogues(folder: Path = _CATALOGUES) -> list[Path]:
    """Write each .mo whose .po is newer; return those written."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        from babel.messages.mofile import write_mo

        compiled = BytesIO()
        write_mo(compiled, _read(source))
        _replace(target, compiled.getvalue())
        written.append(target)
    _catalogue.cache_clear()
    _said_in.cache_clear()
    return written


def missing_translations(
    template_pot: Path | None = None, *, catalogue: Path = _ENGLISH, root: Path = _ROOT
) -> list[str]:
    """Return one line for each text that has no sound English: absent, fuzzy, or with other placeholders.

    The texts are extracted from the code and templates, or read from `template_pot` if given. A text
    without Japanese characters is its own English.
    """
    from babel.messages.catalog import Catalog

    wanted = _read(template_pot) if template_pot else extract_messages(root)
    have = _read(catalogue) if catalogue.exists() else Catalog(locale="en")
    return [
        f"{fault}: {_singular(message)}"
        for message in wanted
        if message.id and _JAPANESE.search(_singular(message))
        for fault in [_fault(message, have.get(_singular(message)))]
        if fault
    ]


def update_catalogue(catalogue: Path = _ENGLISH, *, root: Path = _ROOT) -> int:
    """Bring new texts of the code into the English catalogue; return how many wait for a translation.

    Texts no longer used are kept at the end, commented out, and return with their translation when
    the code says them again. An unchanged catalogue is not written.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    have = _read(catalogue) if catalogue.exists() else Catalog(locale="en")
    template = extract_messages(root)
    for key, message in list(have.obsolete.items()):
        if template.get(message.id) is not None and have.get(message.id) is None:
            have[message.id] = have.obsolete.pop(key)
    have.update(template, no_fuzzy_matching=True)
    body = BytesIO()
    write_po(body, have, width=0, omit_header=True, sort_output=True, include_lineno=False)
    content = _HEADER.encode() + body.getvalue()
    if not catalogue.exists() or catalogue.read_bytes() != content:
        catalogue.parent.mkdir(parents=True, exist_ok=True)
        _replace(catalogue, content)
    return len(missing_translations(catalogue=catalogue, root=root))


def extract_messages(root: Path = _ROOT) -> Catalog:
    """Return every text of `app` and `templates` under the root, with the files that say it."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir

    found = Catalog(charset="utf-8")
    keywords = {**DEFAULT_KEYWORDS, **_KEYWORDS}
    for folder in ("app", "templates"):
        if not (root / folder).is_dir():
            continue
        extracted = extract_from_dir(
            root / folder, _METHODS, {"**.html": _JINJA, "**.txt": _JINJA, "**.xml": _JINJA}, keywords
        )
        for name, line, text, _comments, context in extracted:
            found.add(text, locations=[(f"{folder}/{name}", line)], context=context)
    return found


def _fault(wanted: Message, translated: Message | None) -> str | None:
    forms = _forms(translated)
    if not forms or not all(forms):
        return "no English"
    if translated is not None and translated.fuzzy:
        return "fuzzy"
    if wanted.pluralizable and len(forms) < 2:
        return "no plural"
    placeholders = _placeholders(_singular(wanted))
    # 「1件」 may become 'one case': a counted text need not repeat its number.
    optional = _COUNTS if wanted.pluralizable else set()
    if any((_placeholders(form) ^ placeholders) - optional for form in forms):
        return "other placeholders"
    return None


def _forms(message: Message | None) -> list[str]:
    if message is None or not message.string:
        return []
    return [message.string] if isinstance(message.string, str) else list(message.string)


def _placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def _singular(message: Message) -> str:
    return message.id[0] if isinstance(message.id, (tuple, list)) else message.id


def _read(path: Path) -> Catalog:
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        return read_po(file, locale="en")


def _replace(target: Path, content: bytes) -> None:
    """Write beside and rename: a server that starts meanwhile reads the old file or the new one."""
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(target)

"""Every string on the screen can be translated, and is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment

from app.core.i18n import missing_translations
from tests.guards.sources import JAPANESE, app_files, called, name_of, template_files, tree_of

TRANSLATING = {"_", "t", "tn"}
# Where Japanese stands in the code without being a sentence of a page: (path begins with, why).
EXCEPTIONS = (
    ("app/seeds/", "what the demo's people write is content, not the product's words"),
    ("app/cli.py", "a terminal has no chosen language: both are printed side by side"),
    ("app/prepare.py", "the same: what a start prints"),
    ("app/core/config.py", "settings are refused before a language is known: both stand in the sentence"),
    ("app/core/postal.py", "the same for TSUBOMI_MAIL_URL; and brackets that fold names for mail"),
    ("app/accounts/community_rules.py", "the rules people accept, whole in each language, with one version"),
    ("app/core/i18n.py", "the languages' own names, weekdays and date forms are the translation itself"),
    ("app/core/names.py", "tables of letters that look alike"),
    ("app/core/text.py", "tables of letters: where a Japanese address or mark ends"),
    ("app/core/search_text.py", "tables of letters that search takes for the same"),
    ("app/core/tables.py", "what spreadsheets call their columns, matched, never shown"),
    ("app/core/passwords.py", "passwords people choose, compared, never shown"),
    (
        "app/people/profile/nudges.py",
        "words looked for in what people type, here and in their browser, never shown",
    ),
    (
        "app/announcements/merging.py",
        "merge fields are named inside the text HR writes, whoever reads the form",
    ),
    ("app/invitations/importing.py", "column headers of ATS products in Japanese, matched, never shown"),
    ("app/invitations/sheet.py", "column headers and a sample sheet that HR downloads"),
)


WHOLE_TEXTS = {
    "さん": "looked for in a name somebody chose, never shown",
    "日本語": "a language is named in itself",
    "やさしい日本語": "a language is named in itself",
}
SHOWN_AS_THEY_ARE = {"templates/styleguide.html": "sample content of a page that exists in development only"}
NAMES_OF_LANGUAGES = {"日本語"}  # a language is named in itself


def _docstrings(tree: ast.Module) -> set[ast.AST]:
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        # Also a string below an assignment: it describes the name above it.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(node.value)
    return found


def _translated(tree: ast.Module) -> set[ast.AST]:
    return {
        argument
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in TRANSLATING
        for argument in node.args
    }


def untranslated(source: str) -> Iterator[tuple[int, str]]:
    """Japanese literals of a module that no reader of another language could be shown: (line, text)."""
    tree = ast.parse(source)
    known = _docstrings(tree) | _translated(tree)
    for node in ast.walk(tree):
        if node in known or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if JAPANESE.search(node.value):
            yield node.lineno, node.value


def test_the_code_says_nothing_that_cannot_be_translated() -> None:
    found = [
        f"{name_of(path)}:{line}  {text[:60]}"
        for path in app_files()
        if not name_of(path).startswith(tuple(prefix for prefix, _reason in EXCEPTIONS))
        for line, text in untranslated(path.read_text("utf-8"))
        if text not in WHOLE_TEXTS
    ]
    assert not found, (
        "write _('…') for labels made at import, t('…') for sentences made now:\n  " + "\n  ".join(found)
    )


@pytest.mark.parametrize(
    "line", ["a = 'つぼみ'", "a = f'{b}さん'", "a = _('あ' if b else 'い')", "f(label='名前')"]
)
def test_the_guard_of_the_code_sees_a_bare_string(line: str) -> None:
    assert list(untranslated(line))


def test_the_guard_of_the_code_lets_translated_strings_and_docstrings_pass() -> None:
    assert not list(untranslated('"""つぼみ"""\na = _("つぼみ")\nb = t("%(name)sさん", name=c)\n'))


_environment = Environment(extensions=["jinja2.ext.i18n"])


def bare_text(source: str) -> Iterator[tuple[int, str]]:
    """Japanese in a template outside _('…') and {% trans %}: (line, text)."""
    is_translated, before = False, [("", ""), ("", "")]
    for line, kind, value in _environment.lex(source):
        if kind in {"whitespace", "comment", "comment_begin", "comment_end", "linecomment"}:
            continue
        if kind == "name" and before[-1][0] == "block_begin" and value in {"trans", "endtrans"}:
            is_translated = value == "trans"
        is_argument = before[-1] == ("operator", "(") and before[-2][1] in TRANSLATING
        is_plural = before[-1] == ("operator", ",") and kind == "string"
        shown = kind == "string" and not is_argument and not (is_plural and _follows_tn(before))
        if JAPANESE.search(value) and ((kind == "data" and not is_translated) or shown):
            yield line, value.strip()
        before.append((kind, value))


def _follows_tn(before: list[tuple[str, str]]) -> bool:
    return len(before) > 3 and before[-4][1] == "tn" and before[-2][0] == "string"


def test_templates_say_nothing_that_cannot_be_translated() -> None:
    found = [
        f"{name_of(path)}:{line}  {text[:60]}"
        for path in template_files()
        if name_of(path) not in SHOWN_AS_THEY_ARE
        for line, text in bare_text(path.read_text("utf-8"))
        if text.strip("'\"") not in NAMES_OF_LANGUAGES
    ]
    assert not found, "write {{ _('…') }} or {% trans %}…{% endtrans %}:\n  " + "\n  ".join(found)


@pytest.mark.parametrize(
    "source", ["<p>つぼみ</p>", "{{ 'つぼみ' }}", "<a title='閉じる'>", "{% set a = '名前' %}"]
)
def test_the_guard_of_templates_sees_bare_text(source: str) -> None:
    assert list(bare_text(source))


@pytest.mark.parametrize("source", ["{{ _('つぼみ') }}", "{% trans %}つぼみ{% endtrans %}", "{# つぼみ #}"])
def test_the_guard_of_templates_lets_translated_text_pass(source: str) -> None:
    assert not list(bare_text(source))


def test_every_string_has_its_english() -> None:
    missing = missing_translations()
    assert not missing, "run `make translations` and write the English:\n  " + "\n  ".join(missing[:40])


def _sentences(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and called(node) in TRANSLATING and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def test_no_sentence_shouts() -> None:
    found = [
        f"{name_of(path)}:{line}  {text}"
        for path in app_files()
        for line, text in _sentences(path)
        if "！！" in text or "!!" in text
    ]
    assert not found, f"one calm sentence without pairs of exclamation marks: {found}"

"""House rules a machine keeps: what may be written in one place only; each message says what to write instead."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.guards.sources import (
    app_files,
    called,
    calls_of,
    lines_with,
    name_of,
    outside,
    template_files,
    tree_of,
)


def _refuse(found: list[str], instead: str) -> None:
    assert not found, f"{instead}:\n  " + "\n  ".join(found)


def test_markup_is_made_in_one_place() -> None:
    code = outside(app_files(), "app/core/text.py")
    found = list(calls_of({"Markup", "render_template_string", "from_string"}, code))
    _refuse(found, "render text with core.text.render_markdown or render_plain, pages with core.web.page")


def test_no_template_calls_a_string_safe() -> None:
    found = list(lines_with(r"\|\s*safe\b|\bautoescape\s+false", template_files(".html")))
    _refuse(found, "give the card a Markup made by core/text.py instead of |safe")


def test_pages_are_rendered_by_the_door() -> None:
    found = list(calls_of({"render_template", "get_template"}, outside(app_files(), "app/core/")))
    _refuse(found, "return core.web.page(…), which refuses rows; letters come from core.mail.letter_text")
    inside = list(calls_of({"render_template"}, outside(app_files(), "app/core/web.py")))
    _refuse(inside, "return core.web.page(…)")


def test_nobody_below_core_asks_who_is_signed_in() -> None:
    found = list(lines_with(r"\bcurrent_user\b|\bflask_login\b", outside(app_files(), "app/core/")))
    _refuse(found, "pass g.viewer on as the first argument; only core knows flask_login")


def test_only_the_socket_mechanism_emits() -> None:
    found = list(calls_of({"emit"}, outside(app_files(), "app/core/sockets.py")))
    _refuse(found, "call core.sockets.push(member_ids, event, payload)")


CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}


def _asks_the_machine(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr) in CLOCKS
    )


def test_there_is_one_clock() -> None:
    # core/limits.py compares with the wall clock of its storage, which no test holds.
    files = outside(app_files(), "app/core/clock.py", "app/core/limits.py")
    found = [
        f"{name_of(path)}:{node.lineno}"  # type: ignore[attr-defined]
        for path in files
        for node in ast.walk(tree_of(path))
        if _asks_the_machine(node)
    ]
    _refuse(found, "ask core.clock.now() or core.clock.today(zone), so that tests can hold the clock")
    aliases = list(lines_with(r"from time import .*\btime\b|import datetime as", files))
    _refuse(aliases, "import core.clock instead of another name for the machine's clock")


def test_only_core_commits() -> None:
    found = list(calls_of({"commit", "begin_nested"}, outside(app_files(), "app/core/")))
    _refuse(found, "make the function an @operation: the outermost one commits")


def test_no_way_around_the_write_guard() -> None:
    found = list(
        lines_with(r"\bdb\.engine\b|\bcreate_engine\b|\.get_bind\(|\.connection\(", _below_the_shell())
    )
    _refuse(
        found, "use core.db.session inside an @operation; a connection of its own escapes the write guard"
    )


def _below_the_shell() -> list[Path]:
    return outside(app_files(), "app/core/", "app/cli.py", "app/prepare.py")


def test_operations_are_marked_as_such() -> None:
    writing = {"add", "add_all", "delete", "merge", "bulk_save_objects", "bulk_insert_mappings"}
    doors = [
        path for path in app_files() if path.name in {"views.py", "sockets.py", "queries.py", "cards.py"}
    ]
    found = [
        f"{name_of(path)}:{node.lineno}  session.{called(node)}("
        for path in doors
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and called(node) in writing
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "session"
    ]
    _refuse(found, "write in operations.py, inside an @operation")


# ── the page of rules ────────────────────────────────────────────────────────────────────────────────────────


def _subjects(function: ast.FunctionDef) -> set[str]:
    """The names that may be a row or a class: every argument but the viewer."""
    return {argument.arg for argument in function.args.args if argument.arg != "viewer"}


def _mentions(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id in names for inner in ast.walk(node))


def _raw(node: ast.AST, names: set[str]) -> bool:
    if isinstance(node, ast.Compare):
        return _mentions(node, names)
    if isinstance(node, ast.BoolOp):
        return any(_mentions(value, names) for value in node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _mentions(node.operand, names)
    return isinstance(node, ast.IfExp | ast.If) and _mentions(node.test, names)


def raw_operators(source: str) -> list[str]:
    """Where a rule asks a subject with Python's own operators. A sentence (`_why…`) is only ever about a row."""
    return [
        f"line {node.lineno} in {function.name}: {ast.unparse(node)}"  # type: ignore[attr-defined]
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_why")
        for node in ast.walk(function)
        if _raw(node, _subjects(function))
    ]


def test_rules_ask_subjects_through_connectives_only() -> None:
    rules = next(path for path in app_files() if name_of(path) == "app/policy/rules.py")
    _refuse(
        raw_operators(rules.read_text("utf-8")),
        "write same(…), one_of(…), is_set(…), all_of(…), any_of(…), none_of(…): SQL reads them too",
    )


@pytest.mark.parametrize(
    "line",
    [
        "topic.author_id == viewer.id",
        "topic.id in viewer.board_ids",
        "not topic.hidden_at",
        "viewer.is_hr and topic.is_open",
        "viewer.is_hr or topic.is_open",
        "topic.hidden_at is None",
        "True if topic.is_open else False",
    ],
)
def test_the_guard_of_the_rules_sees_each_raw_operator(line: str) -> None:
    assert raw_operators(f"def topic_view(viewer, topic):\n    return {line}\n")


def test_every_module_says_what_it_is() -> None:
    found = [
        name_of(path)
        for path in app_files()
        if path.read_text("utf-8").strip() and not ast.get_docstring(tree_of(path))
    ]
    _refuse(found, "open the module with one sentence")


WRONG_NAMES = (
    r"(?<![a-z])(thread_id|user_id|is_banned|ban_user|existing_user|already_read|read_at)(?![a-z])|既読"
)


def test_people_topics_and_rulings_have_their_names() -> None:
    # Proofs to people that we do not do it may use the word they know it by.
    proofs = ("templates/home/demo.html", "templates/people/visibility_office.html")
    files = [*outside(app_files(), "app/seeds/"), *outside(template_files(), *proofs)]
    _refuse(
        list(lines_with(WRONG_NAMES, files)),
        "say member or person, topic, suspend; nothing records that somebody has read",
    )


def test_functions_fit_on_a_screen() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}  {node.name} has {(node.end_lineno or 0) - node.lineno + 1} lines"
        for path in app_files()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 50
    ]
    # core.web._doors holds five small views; it is a list, not a story.
    _refuse(
        [line for line in found if "app/core/web.py" not in line],
        "split what has more than 50 lines into steps",
    )

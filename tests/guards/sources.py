"""What the guards read: the repository's own files, and where a pattern stands in them."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
TEMPLATES = ROOT / "templates"
# Without the middle dot 「・」, which separates in every language.
JAPANESE = re.compile(r"[\u3040-\u30fa\u30fc-\u30ff\u3400-\u9fff\uff66-\uff9d]")


def name_of(path: Path) -> str:
    """The path as the repository says it."""
    return path.relative_to(ROOT).as_posix()


def app_files() -> list[Path]:
    """Every Python file of the application."""
    return sorted(path for path in APP.rglob("*.py") if "__pycache__" not in path.parts)


def template_files(*suffixes: str) -> list[Path]:
    """Every template, HTML and letters unless told otherwise."""
    wanted = suffixes or (".html", ".txt", ".xml")
    return sorted(path for path in TEMPLATES.rglob("*") if path.suffix in wanted)


def tracked_files() -> list[Path]:
    """Every file that is, or would be, part of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return sorted(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def tree_of(path: Path) -> ast.Module:
    """The file as Python reads it."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def lines_with(pattern: str, files: Iterable[Path], flags: int = 0) -> Iterator[str]:
    """`file:line  text` for each line of code that matches; lines that are only a comment do not count."""
    wanted = re.compile(pattern, flags)
    for path in files:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if wanted.search(line.partition("  #")[0]) and not line.lstrip().startswith("#"):
                yield f"{name_of(path)}:{number}  {line.strip()}"


def calls_of(names: set[str], files: Iterable[Path]) -> Iterator[str]:
    """`file:line` of each call of a function or method with one of these names."""
    for path in files:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call) and called(node) in names:
                yield f"{name_of(path)}:{node.lineno}  {called(node)}("


def called(node: ast.Call) -> str:
    """The last name of what is called: `emit` for `socketio.emit(…)`."""
    target = node.func
    if isinstance(target, ast.Attribute):
        return target.attr
    return target.id if isinstance(target, ast.Name) else ""


def outside(files: Iterable[Path], *allowed: str) -> list[Path]:
    """The files without those whose path begins with one of `allowed`."""
    return [path for path in files if not name_of(path).startswith(allowed)]

"""Templates keep the content security policy, and every form proves where it comes from."""

from __future__ import annotations

import re

import pytest

from tests.guards.sources import lines_with, name_of, template_files

HTML = template_files(".html")
INLINE = r"\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\bsrc=)|<style\b|javascript:"


def test_nothing_is_inline() -> None:
    found = list(lines_with(INLINE, HTML, re.IGNORECASE))
    assert not found, (
        "use a class of static/css, a data- attribute read by static/js, or <script src=…>: the policy refuses "
        f"inline style and script: {found}"
    )


@pytest.mark.parametrize(
    "line",
    [
        '<p style="color:red">',
        '<a onclick="x()">',
        "<script>x()</script>",
        "<style>",
        '<a href="javascript:x()">',
    ],
)
def test_the_guard_of_inline_code_sees_each_form(line: str) -> None:
    assert re.search(INLINE, line, re.IGNORECASE)


def _forms(source: str) -> list[str]:
    return re.findall(r"<form\b.*?</form>", source, re.DOTALL | re.IGNORECASE)


def _posts(form: str) -> bool:
    return re.search(r"method\s*=\s*[\"']?post", form[: form.find(">") + 1], re.IGNORECASE) is not None


def _has_csrf(form: str) -> bool:
    return re.search(r"csrf_token|\bcsrf\(\)|\bfields\(", form) is not None


def test_every_form_that_posts_carries_the_csrf_value() -> None:
    found = [
        f"{name_of(path)}: {form[:100]}"
        for path in HTML
        for form in _forms(path.read_text("utf-8"))
        if _posts(form) and not _has_csrf(form) and path.name != "styleguide.html"  # its forms lead nowhere
    ]
    assert not found, f"write {{{{ ui.csrf() }}}} inside the form: {found}"


def test_the_guard_of_forms_sees_a_form_without_it() -> None:
    form = _forms('<form method="post" action="/x"><button>…</button></form>')[0]
    assert _posts(form)
    assert not _has_csrf(form)


def test_nothing_is_loaded_from_elsewhere() -> None:
    found = list(lines_with(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", HTML))
    # A link a person follows may lead elsewhere; what the page loads may not.
    loaded = [line for line in found if "<a " not in line]
    assert not loaded, f"vendor it under static/ with its licence: {loaded}"


def test_links_that_open_elsewhere_give_nothing_along() -> None:
    found = [line for line in lines_with(r"target\s*=\s*[\"']_blank", HTML) if "noopener" not in line]
    assert not found, f'add rel="noopener": {found}'

"""The switches for language and appearance lead back to the page they were pressed on, and nowhere else."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("referrer", "target"),
    [
        ("http://localhost/boards/square?after=x", "/boards/square?after=x"),
        ("http://localhost/", "/"),
        ("http://evil.example/boards", "/"),
        ("http://localhost//evil.example", "/"),
        ("http://localhost/\\evil.example", "/"),
        ("", "/"),
    ],
)
def test_a_switch_leads_back_to_the_page_it_was_pressed_on(anyone, referrer: str, target: str) -> None:
    client = anyone()
    for path, field in (("/language", {"lang": "en"}), ("/theme", {"theme": "dark"})):
        answer = client.post(path, field, headers={"Referer": referrer} if referrer else {})
        assert answer.headers["Location"] == target

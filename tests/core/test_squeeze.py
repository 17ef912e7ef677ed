"""Answers are compressed for those who read it, and only those that are worth it."""

from __future__ import annotations

import gzip

import pytest


@pytest.mark.parametrize(
    ("accepted", "is_squeezed"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("", False), ("br", False), ("gzip;q=0", False), ("gzip; q=0.0", False)],
)  # fmt: skip
def test_a_page_is_sent_the_way_the_browser_reads_it(app, anyone, accepted, is_squeezed):
    client = anyone()
    plain = client.get("/sign-in", headers={"Accept-Encoding": "identity"})
    answer = client.get("/sign-in", headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("Content-Encoding") == "gzip") == is_squeezed
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    text = gzip.decompress(answer.data) if is_squeezed else answer.data
    assert "サインイン" in text.decode()


def test_what_is_short_or_not_text_goes_as_it_is(app, anyone):
    for path in ("/healthz", app.extensions["tsubomi.assets"].url("img/apple-touch-icon.png")):
        answer = anyone().get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "Content-Encoding" not in answer.headers

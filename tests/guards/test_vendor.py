"""What others wrote and we ship is what they published, and its licence lies beside it."""

from __future__ import annotations

import hashlib
import re

from tests.guards.sources import ROOT

VENDOR = ROOT / "static" / "vendor"
LISTED = dict(
    reversed(line.split("  ", 1)) for line in (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines()
)


def test_every_vendored_file_has_the_checksum_it_was_published_with() -> None:
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert found == LISTED, "take the published file unchanged; after an update: sha256sum *.js > SHA256SUMS"


def test_every_vendored_file_is_named_with_its_version_in_a_licence() -> None:
    texts = [path.read_text("utf-8") for path in (VENDOR / "licences").glob("*.txt")]
    for name in LISTED:
        licences = [text for text in texts if name in text]
        assert licences, (
            f"{name}: put its licence into static/vendor/licences, and say there which file it covers"
        )
        version = re.search(r"\bv(\d+\.\d+\.\d+)", (VENDOR / name).read_text("utf-8")[:500])
        assert version is not None, f"{name} does not say its version"
        assert version[1] in licences[0], f"{name} is {version[1]}, its licence file says otherwise"


def test_vendored_scripts_make_no_code_from_text() -> None:
    """The policy refuses it in the browser; better to know before."""
    made = re.compile(r"\beval\(|new Function\(|javascript:")
    found = [name for name in LISTED if made.search((VENDOR / name).read_text("utf-8"))]
    assert not found

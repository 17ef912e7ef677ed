"""docs/settings.md says of every setting what it does, and nothing about settings that do not exist."""

from __future__ import annotations

import re
from dataclasses import fields

from app.core.config import Settings, variable_of
from tests.guards.sources import ROOT, name_of, tracked_files
from tools.settings_doc import DOCUMENT, with_table

VARIABLES = {variable_of(setting) for setting in fields(Settings)}


def test_the_table_of_settings_is_the_one_the_code_would_write() -> None:
    document = DOCUMENT.read_text("utf-8")
    assert with_table(document) == document, "run: python tools/settings_doc.py"


def test_every_setting_says_in_a_sentence_what_it_does() -> None:
    for setting in fields(Settings):
        says = setting.metadata["says"]
        assert len(says) > 10, f"{variable_of(setting)} needs a sentence in app/core/config.py"
        assert says.endswith("."), f"{variable_of(setting)}: end the sentence"


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    named = {
        (name_of(path), variable)
        for path in tracked_files()
        if path.suffix in {".md", ".sample", ".conf", ".service", ".yml", ".env"}
        for variable in re.findall(r"TSUBOMI_[A-Z_]*[A-Z]", path.read_text("utf-8"))
    }
    unknown = {(name, variable) for name, variable in named if variable not in VARIABLES}
    assert not unknown, f"add it to app/core/config.py, or take it out of the document: {unknown}"


def test_no_variable_is_read_past_the_settings() -> None:
    # gunicorn's own file is read before the application exists; the bootstrap runs before anything is installed.
    readers = [
        name_of(path)
        for path in (ROOT / "app").rglob("*.py")
        if path.name != "config.py" and re.search(r"os\.environ|getenv\(", path.read_text("utf-8"))
    ]
    assert not readers, f"make it a field of Settings: {readers}"

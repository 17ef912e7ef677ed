"""A database of another version: the start migrates one that is behind, and refuses one that is ahead."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.guards.sources import ROOT

NEXT = '''"""one more"""
import sqlalchemy as sa
from alembic import op

revision = "next_year"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("next_year", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade():
    op.drop_table("next_year")
'''


def head() -> str:
    """The newest revision of this program."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return str(ScriptDirectory.from_config(config).get_current_head())


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same program one migration later."""
    clone = tmp_path_factory.mktemp("newer")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("app", "migrations", "templates"):
        shutil.copytree(ROOT / name, clone / name, ignore=ignored)
    (clone / "static").symlink_to(ROOT / "static")
    shutil.copy(ROOT / "wsgi.py", clone)
    (clone / "migrations" / "versions" / "next_year.py").write_text(NEXT.format(head=head()))
    return clone


def prepare(program: Path, data: Path) -> subprocess.CompletedProcess[str]:
    """`flask --app wsgi prepare` of that program over the database in `data`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TSUBOMI_")}
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"],
        cwd=program,
        env={**kept, "TSUBOMI_DATA": str(data), "TSUBOMI_DEMO": "0"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_database_one_migration_behind_is_migrated_and_one_ahead_is_refused_with_a_sentence(
    newer: Path, tmp_path: Path
) -> None:
    first = prepare(ROOT, tmp_path)
    assert first.returncode == 0, first.stderr
    assert "/setup/" in first.stdout, "the link that makes the first administrator"
    later = prepare(newer, tmp_path)
    assert later.returncode == 0, later.stderr
    assert "Preparing the database" in later.stdout
    back = prepare(ROOT, tmp_path)
    assert back.returncode != 0
    assert "migrated by a newer Tsubomi" in back.stderr
    assert "Traceback" not in back.stderr
    again = prepare(newer, tmp_path)
    assert again.returncode == 0, again.stderr
    assert "Preparing the database" not in again.stdout, "nothing left to do"


def test_a_database_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TSUBOMI_")}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"],
        cwd=ROOT,
        env={
            **kept,
            "TSUBOMI_DATA": str(tmp_path),
            "TSUBOMI_DATABASE_URL": f"postgresql+psycopg://nobody@/nothing?host={tmp_path}",
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode != 0
    assert "TSUBOMI_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr

"""The start: each bad situation is produced for real and meets one sentence, never a traceback."""

import errno
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.services.redis import free_port

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9/simple"  # the discard port: nobody answers, as without a network


def load_bootstrap() -> ModuleType:
    """tools/bootstrap.py as a module of its own."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "tools" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def bootstrap() -> ModuleType:
    """The start's module, for the sentences and decisions that need no start."""
    return load_bootstrap()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone without an environment, holding what a start reads before the app."""
    for name in ("tools/bootstrap.py", "requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def start(clone: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `tools/bootstrap.py run` there with only this environment."""
    return python(["tools/bootstrap.py", "run"], clone, environment)


def python(
    arguments: list[str], folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the Python that made this environment, as a newcomer's shell would."""
    return subprocess.run(
        [sys._base_executable, *arguments],
        cwd=folder,
        env={"PATH": "", "LANG": "C.UTF-8", **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def is_one_sentence(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether the start failed with exactly one line on stderr and no traceback anywhere."""
    return (
        done.returncode == 1 and done.stderr.count("\n") == 1 and "Traceback" not in done.stdout + done.stderr
    )


def test_a_taken_port_is_named_with_another_one_to_try(clone: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = start(clone, {"PORT": str(port)})
    assert is_one_sentence(done), done
    assert f"Port {port} is taken" in done.stderr
    assert f"PORT={port + 1}" in done.stderr


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("PORT", "http", "PORT must be a number"),
        ("PORT", "65536", "PORT must be a number"),
        ("HOST", "tsubomi.example.jp", "HOST must be an IP address"),
        ("HOST", "192.0.2.1", "cannot listen on 192.0.2.1"),
    ],
)
def test_an_address_that_cannot_be_is_named(clone: Path, setting: str, value: str, sentence: str) -> None:
    done = start(clone, {setting: value})
    assert is_one_sentence(done), done
    assert sentence in done.stderr


def test_a_data_folder_of_somebody_else_is_named(clone: Path) -> None:
    (clone / "var").mkdir(mode=0o500)
    become = (
        f"os.setuid({pwd.getpwnam('nobody').pw_uid})" if os.geteuid() == 0 else ""
    )  # root may write anywhere
    program = f"import bootstrap, os, sys\n{become}\nsys.exit(bootstrap.main(['run']))"
    done = python(["-c", program], clone, {"PYTHONPATH": str(clone / "tools")})
    assert is_one_sentence(done), done
    assert str(clone / "var") in done.stderr
    assert "cannot be written" in done.stderr


def test_a_data_folder_that_is_a_file_is_named(clone: Path) -> None:
    (clone / "var").write_text("not a folder")
    done = start(clone)
    assert is_one_sentence(done), done
    assert "cannot be written" in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_said_to_be_full(bootstrap: ModuleType) -> None:
    with pytest.raises(OSError, match="No space") as caught, open("/dev/full", "wb", buffering=0) as full:
        full.write(b"x")
    assert caught.value.errno == errno.ENOSPC
    assert "The disk is full" in bootstrap.why_not_written("var", caught.value)
    assert "The disk is full" in bootstrap.why_not_installed(f"ERROR: {caught.value}")


def test_without_a_network_the_start_says_so(clone: Path) -> None:
    offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": NOWHERE, "PIP_RETRIES": "0"}
    done = start(clone, {**offline, "HOME": str(clone), "PORT": str(free_port())})
    assert is_one_sentence(done), done
    assert "No network" in done.stderr
    again = start(clone, {**offline, "HOME": str(clone), "PORT": str(free_port())})
    assert "No network" in again.stderr, "a start that failed half-way must not look finished"


def test_without_the_venv_module_its_package_is_named(clone: Path) -> None:
    broken = clone / "broken"
    broken.mkdir()
    (broken / "ensurepip.py").write_text("raise ImportError('as on a Debian without python3-venv')")
    done = start(clone, {"PYTHONPATH": str(broken), "PORT": str(free_port())})
    assert is_one_sentence(done), done
    assert "python3-venv" in done.stderr


@pytest.mark.parametrize(
    ("version", "refused"), [((2, 7), True), ((3, 10), True), ((3, 11), False), ((4, 0), False)]
)
def test_a_python_that_is_too_old_is_told_so(
    bootstrap: ModuleType, version: tuple[int, int], refused: bool
) -> None:
    assert bool(bootstrap.too_old(version)) is refused


def test_what_is_already_set_wins_over_the_short_names(bootstrap: ModuleType) -> None:
    settings = bootstrap.run_settings(
        {"PORT": "8001", "TSUBOMI_PORT": "9000", "DATA": "elsewhere", "DEMO": "0"}
    )
    assert settings == {
        "TSUBOMI_DATA": str(ROOT / "elsewhere"),
        "TSUBOMI_DEMO": "0",
        "TSUBOMI_HOST": "127.0.0.1",
        "TSUBOMI_PORT": "9000",
    }


def test_a_finished_install_is_only_compared(bootstrap: ModuleType, clone: Path) -> None:
    bootstrap.PYTHON, bootstrap.STAMP = str(clone / "python"), str(clone / "stamp")
    (clone / "python").touch()
    marks = [bootstrap.python_mark(), bootstrap.digest_of(str(clone / "requirements.txt"))]
    (clone / "stamp").write_text("\n".join(marks))
    bootstrap.install(str(clone / "requirements.txt"))  # would raise: that python is an empty file

"""Brings a fresh machine from a clone to a running Tsubomi: environment, install, then the command.

The Makefile calls this file with the system's Python. It uses the standard library only, and its syntax stays
readable to Python 3.6, so that a Python which is too old meets a sentence and not a SyntaxError.
"""

import contextlib
import errno
import hashlib
import io
import ipaddress
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from typing import Callable, Iterator

OLDEST_PYTHON = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "tsubomi-installed")
INSTALL_LOG = os.path.join(VENV, "install.log")
RUNTIME = os.path.join(ROOT, "requirements.txt")
DEVELOPMENT = os.path.join(ROOT, "requirements-dev.txt")


class Stop(Exception):
    """The command cannot go on; its text is the one sentence the person at the shell reads."""


# --- commands ---------------------------------------------------------------------------------------------


def run(arguments: "list[str]") -> int:
    """Install what is missing, prepare the data folder, then become the web server."""
    settings = run_settings(os.environ)
    make_writable_folder(settings["TSUBOMI_DATA"])
    require_free_port(settings["TSUBOMI_HOST"], settings["TSUBOMI_PORT"])
    install(RUNTIME)
    os.environ.update(settings)
    os.umask(0o077)  # what candidates write is for this account only
    os.chdir(ROOT)
    if is_known(settings["TSUBOMI_DATA"]):
        os.environ["TSUBOMI_PREPARE"] = (
            "1"  # little to do: the server does it, and the program loads only once
        )
    else:
        prepared = subprocess.call([PYTHON, "-m", "flask", "--app", "wsgi", "prepare", *arguments])
        if prepared != 0:
            return prepared
    sys.stdout.flush()
    os.execv(PYTHON, [PYTHON, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "wsgi:app"])


def test(arguments: "list[str]") -> int:
    """Install what the tests need, also through apt where permitted, and run all but the long proofs."""
    install(DEVELOPMENT)
    install_system_packages()
    return pytest(["-n", "2", "--dist", "loadfile", *arguments])


def proofs(arguments: "list[str]") -> int:
    """Run the long proofs, then take the screenshots again."""
    install(DEVELOPMENT)
    install_system_packages()
    result = pytest(["tests/proofs", "--timeout", "1800", *arguments])
    pictures = os.path.join("tools", "screenshots.py")
    if result == 0 and os.path.exists(os.path.join(ROOT, pictures)):
        result = in_environment([PYTHON, pictures])
    return result


def bench(arguments: "list[str]") -> int:
    """Run the project's own measurements."""
    install(DEVELOPMENT)
    return in_environment([PYTHON, os.path.join("tools", "bench.py"), *arguments])


def lighthouse(arguments: "list[str]") -> int:
    """Ask Lighthouse about the pages people open most."""
    install(DEVELOPMENT)
    install_system_packages()
    return in_environment([PYTHON, os.path.join("tools", "lighthouse.py"), *arguments])


def check(arguments: "list[str]") -> int:
    """Run every check that does not start the product; all of them run, even when one fails."""
    install(DEVELOPMENT)
    failed = [name for name, call in CHECKS if not check_passes(name, call)]
    if failed:
        say("合格しなかった検査: " + ", ".join(failed), "checks that failed")
        return 1
    say("すべての検査に合格しました", "all checks passed")
    return 0


def format_code(arguments: "list[str]") -> int:
    """Format the Python files and sort their imports."""
    install(DEVELOPMENT)
    sorted_imports = in_environment([PYTHON, "-m", "ruff", "check", "--select", "I", "--fix", "--quiet", "."])
    return in_environment([PYTHON, "-m", "ruff", "format", *arguments, "."]) or sorted_imports


def translations(arguments: "list[str]") -> int:
    """Collect the strings of the code and the templates into the English catalogue, then compile it."""
    install(DEVELOPMENT)
    flask = [PYTHON, "-m", "flask", "--app", "wsgi", "translations"]
    with apart() as environment:
        return in_environment([*flask, "update"], environment) or in_environment(
            [*flask, "compile"], environment
        )


def lock(arguments: "list[str]") -> int:
    """Resolve requirements.in and requirements-dev.in again into pinned files with the hash of every file."""
    install(DEVELOPMENT)
    for name, more in (("requirements", []), ("requirements-dev", ["-c", "requirements.txt"])):
        command = [PYTHON, "-m", "uv", "pip", "compile", name + ".in", "-o", name + ".txt", "--universal"]
        command += ["--python-version", "%d.%d" % OLDEST_PYTHON, "--generate-hashes", "--no-header"]
        command += ["--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]
        if in_environment(command + more + arguments) != 0:
            return 1
        put_header(name)
    return 0


# --- what the commands are made of ------------------------------------------------------------------------


def run_settings(environment: "os._Environ[str] | dict[str, str]") -> "dict[str, str]":
    """The TSUBOMI_* settings of a start; what is already set wins over DATA, DEMO, HOST and PORT.

    Raises Stop for a port that is no number between 1 and 65535 and for a host that is no address.
    """

    def chosen(short: str, default: str) -> str:
        return environment.get("TSUBOMI_" + short) or environment.get(short) or default

    host, port = chosen("HOST", "127.0.0.1"), chosen("PORT", "8000")
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        raise Stop(
            "PORTは1から65535の数字にしてください（いま%s） / PORT must be a number from 1 to 65535." % port
        )
    return {
        "TSUBOMI_DATA": os.path.abspath(os.path.join(ROOT, os.path.expanduser(chosen("DATA", "var")))),
        "TSUBOMI_DEMO": chosen("DEMO", "1"),
        "TSUBOMI_HOST": an_address(host),
        "TSUBOMI_PORT": port,
    }


def an_address(host: str) -> str:
    """The address to bind; some shells put the machine's name into HOST, which is not what was meant."""
    host = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise Stop(
            "HOSTはIPアドレスで書いてください（いま%s、例 HOST=127.0.0.1） / HOST must be an IP address."
            % host
        ) from None


def too_old(version: "tuple[int, ...]") -> str:
    """The sentence for a Python that is too old; empty when it is new enough."""
    if tuple(version[:2]) >= OLDEST_PYTHON:
        return ""
    here = "%d.%d" % tuple(version[:2])
    return (
        "Python 3.11以上が必要です（いま%s、例 make run PYTHON=python3.12） / "
        "Python 3.11 or newer is needed; this is %s." % (here, here)
    )


def is_known(folder: str) -> bool:
    """Whether this folder has been started from before, with the database in it."""
    return os.path.exists(os.path.join(folder, "tsubomi.db")) and "TSUBOMI_DATABASE_URL" not in os.environ


def make_writable_folder(folder: str) -> None:
    """Make the data folder and write a few bytes into it, as the database soon will."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0" * 65536)
            probe.flush()
    except OSError as problem:
        raise Stop(why_not_written(folder, problem)) from None


def why_not_written(folder: str, problem: OSError) -> str:
    """The sentence for a folder that cannot be written: the disk is full, or it belongs to somebody else."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(folder)
    return (
        "フォルダー %s に書き込めません。持ち主と権限を確認するか、DATA=で別の場所を指定してください / "
        "This folder cannot be written (%s)." % (folder, problem.strerror)
    )


def disk_full(folder: str) -> str:
    return "ディスクがいっぱいです。%s のあるディスクを空けてください / The disk is full." % folder


def require_free_port(host: str, port: str) -> None:
    """Raise Stop when the server could not listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as problem:
            raise Stop(why_not_bound(host, port, problem)) from None


def why_not_bound(host: str, port: str, problem: "OSError") -> str:
    """The sentence for an address that cannot be listened on."""
    if problem.errno == errno.EADDRINUSE:
        other = int(port) + 1 if int(port) < 65535 else 8000
        return (
            "ポート%s番はほかのプログラムが使っています。make run PORT=%d のように変えてください / "
            "Port %s is taken; try another." % (port, other, port)
        )
    if problem.errno == errno.EACCES:
        return (
            "ポート%s番を開く権限がありません。1024以上の番号にしてください / "
            "Port %s needs privileges; use 1024 or above." % (port, port)
        )
    return "%s はこのマシンのアドレスではないようです（HOST=） / This machine cannot listen on %s (%s)." % (
        host,
        host,
        problem.strerror,
    )


# --- the environment --------------------------------------------------------------------------------------


def install(requirements: str) -> None:
    """Make .venv hold what the file pins; when it already does, this is one comparison of digests."""
    done = read(STAMP).split()
    is_made = os.path.exists(PYTHON) and python_mark() in done
    if is_made and digest_of(requirements) in done:
        return
    started = time.monotonic()
    if not is_made:
        make_environment()
    write(STAMP, python_mark())  # what is half installed counts as nothing
    say("必要な部品を入れています（初回は1〜2分かかります）", "installing what Tsubomi needs")
    if not install_with_uv(requirements):
        install_with_pip(requirements)
    held = {requirements, RUNTIME}  # requirements-dev.txt holds all of requirements.txt: tools/locks.py
    write(STAMP, "\n".join([python_mark(), *sorted(map(digest_of, held))]) + "\n")
    say("入りました（%d秒）" % (time.monotonic() - started), "installed")


def digest_of(requirements: str) -> str:
    with open(requirements, "rb") as source:
        return os.path.basename(requirements) + ":" + hashlib.sha256(source.read()).hexdigest()


def python_mark() -> str:
    return "python:%d.%d" % sys.version_info[:2]


def make_environment() -> None:
    """Create .venv; where Python's own means are missing, with uv, else after fetching them through apt."""
    say("環境を作っています（.venv、Python %d.%d）" % sys.version_info[:2], "creating the environment")
    uv = shutil.which("uv")
    command = [sys.executable, "-m", "venv", "--clear", VENV]
    if not can_make_environment():
        if uv:
            command = [uv, "venv", "--clear", "--python", sys.executable, VENV]
        else:
            fetch_venv_module()
    made = finish(command)
    if made.returncode != 0:
        raise Stop(why_not_installed(made.stdout))


def fetch_venv_module() -> None:
    """Install Debian's python3-venv for this Python, or raise Stop naming it."""
    package = "python3.%d-venv" % sys.version_info[1]
    if not apt_install([package]) or not can_make_environment():
        raise Stop(
            "python3-venv が入っていません。sudo apt install python3-venv (%s) のあと、もう一度どうぞ / "
            "The package python3-venv is missing; install it and try again." % package
        )


def can_make_environment() -> bool:
    return finish([sys.executable, "-c", "import ensurepip, venv"]).returncode == 0


def install_with_uv(requirements: str) -> bool:
    """Try uv, which is several times faster; False where pip has to do it."""
    if pip_has_own_index():  # uv does not read pip's configuration and would look elsewhere
        return False
    uv = shutil.which("uv")
    if uv is None and not install_uv():
        return False
    command = [uv] if uv else [PYTHON, "-m", "uv"]
    command += ["pip", "install", "--python", PYTHON, "--compile-bytecode"]
    command += ["--require-hashes", "-r", requirements]
    return finish(command).returncode == 0


def install_uv() -> bool:
    """Install the uv that requirements-dev.txt pins, checked against its hashes."""
    block = re.search(r"^uv==.*?(?=^\S|\Z)", read(DEVELOPMENT), re.MULTILINE | re.DOTALL)
    if block is None:
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as only_uv:
        only_uv.write(block.group())
        only_uv.flush()
        return finish([*PIP_INSTALL, "--only-binary", ":all:", "-r", only_uv.name]).returncode == 0


def pip_has_own_index() -> bool:
    """Whether this machine tells pip to look somewhere else than uv would by itself."""
    if any(name.startswith("UV_") and "INDEX" in name for name in os.environ):
        return False
    listed = finish([PYTHON, "-m", "pip", "config", "list"]).stdout
    return bool(re.search(r"index-url|find-links|no-index|index_url|find_links|no_index", listed))


PIP_INSTALL = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--retries", "2"]
PIP_INSTALL += ["--progress-bar", "off", "--require-hashes"]


def install_with_pip(requirements: str) -> None:
    done = finish([*PIP_INSTALL, "-r", requirements])
    if done.returncode != 0:
        write(INSTALL_LOG, done.stdout)
        raise Stop(why_not_installed(done.stdout))


NO_NETWORK = (
    "NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|Connection refused|Connection reset"
    "|name resolution|Name or service not known|nodename nor servname|Network is unreachable|timed out"
)


def why_not_installed(output: str) -> str:
    """The sentence for an installation that failed, from what the installer printed."""
    if re.search("No space left on device|Disk quota exceeded", output):
        return disk_full(VENV)
    if re.search("Permission denied|Read-only file system", output):
        return why_not_written(VENV, OSError(errno.EACCES, "permission denied"))
    if "DO NOT MATCH THE HASHES" in output:
        return (
            "届いた部品が記録と一致しません。通信経路を確認してください / "
            "A downloaded file does not match its recorded hash; nothing of it was installed."
        )
    if re.search(NO_NETWORK, output):
        return (
            "部品を取りに行けません。ネットワークかプロキシの設定を確認して、もう一度どうぞ / "
            "No network: the packages cannot be fetched; check the connection or proxy and try again."
        )
    return (
        "部品を入れられませんでした。理由は %s にあります / Installing failed; the log is there."
        % INSTALL_LOG
    )


# --- what the tests need from the system ------------------------------------------------------------------


def install_system_packages() -> None:
    """Install through apt what the tests need and this machine lacks; name what stays missing."""
    missing = [package for package, is_there in SYSTEM_PACKAGES if not is_there()]
    if not missing:
        return
    if apt_install(missing):
        missing = [package for package, is_there in SYSTEM_PACKAGES if not is_there()]
    for package in missing:
        say("%s がないため、それを使う検査は動きません" % package, "missing: what needs it cannot run")


def has_program(*names: str) -> bool:
    return any(shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin") for name in names)


def has_postgresql() -> bool:
    folder = "/usr/lib/postgresql"
    return has_program("initdb") or (os.path.isdir(folder) and bool(os.listdir(folder)))


def has_japanese_font() -> bool:
    if sys.platform == "darwin":
        return True
    return has_program("fc-list") and bool(finish(["fc-list", ":lang=ja", "family"]).stdout.strip())


SYSTEM_PACKAGES: "list[tuple[str, Callable[[], bool]]]" = [
    ("chromium", lambda: has_program("chromium", "chromium-browser", "google-chrome")),
    ("postgresql", has_postgresql),
    ("redis-server", lambda: has_program("redis-server")),
    ("nginx", lambda: has_program("nginx")),
    ("fonts-noto-cjk", has_japanese_font),
    ("git", lambda: has_program("git")),
]


def apt_install(packages: "list[str]") -> bool:
    """Install Debian packages as root or by a sudo that asks no password; False where it may not."""
    apt = shutil.which("apt-get")
    if apt is None:
        return False
    become_root: "list[str]" = []
    if os.geteuid() != 0:
        sudo = shutil.which("sudo")
        if sudo is None or finish([sudo, "-n", "true"]).returncode != 0:
            return False
        become_root = [sudo, "-n"]
    say("aptで入れています: " + " ".join(packages), "installing through apt")
    apt_get = [*become_root, "env", "DEBIAN_FRONTEND=noninteractive", apt, "-qq", "-y"]
    finish([*apt_get, "update"])  # a stale or partly unreachable list may still do
    return finish([*apt_get, "install", "--no-install-recommends", *packages]).returncode == 0


# --- checks -----------------------------------------------------------------------------------------------


def check_passes(name: str, call: "Callable[[], str]") -> bool:
    started = time.monotonic()
    complaint = call()
    print("%s %-14s %4.1f s" % ("NG" if complaint else "ok", name, time.monotonic() - started), flush=True)
    if complaint:
        print(complaint.rstrip() + "\n", flush=True)
    return not complaint


def tool(*command: str) -> "Callable[[], str]":
    """A check that runs a program of the environment; its output is the complaint when it fails."""

    def call() -> str:
        with apart() as environment:
            done = finish([PYTHON, *command], env=environment)
        return "" if done.returncode == 0 else done.stdout or "exit %d" % done.returncode

    return call


CHECKS = [
    ("ruff check", tool("-m", "ruff", "check", ".")),
    ("ruff format", tool("-m", "ruff", "format", "--check", ".")),
    ("mypy", tool("-m", "mypy")),
    ("lint-imports", tool("-c", "from importlinter.cli import lint_imports_command as run; run()")),
    ("translations", tool("-m", "flask", "--app", "wsgi", "translations", "check")),
    ("deptry", tool("-m", "deptry", ".")),
    ("djlint", tool("-m", "djlint", "templates", "--lint", "--quiet")),
    ("locks", tool(os.path.join("tools", "locks.py"))),
]


# --- small helpers ----------------------------------------------------------------------------------------


def pytest(arguments: "list[str]") -> int:
    """Run pytest; ARGS= adds to its arguments, and with CI=true a skipped test is a failure."""
    strict = ["-p", "tests.services.no_skips"] if os.environ.get("CI") == "true" else []
    more = shlex.split(os.environ.get("ARGS", ""))
    return in_environment([PYTHON, "-m", "pytest", *strict, *arguments, *more], without_settings())


def in_environment(command: "list[str]", environment: "dict[str, str] | None" = None) -> int:
    """Run a command in the project's folder with its output on the screen; its exit status."""
    return subprocess.call(command, cwd=ROOT, env=environment)


@contextlib.contextmanager
def apart() -> "Iterator[dict[str, str]]":
    """An environment in which the app finds an empty data folder of its own for as long as this lasts."""
    with tempfile.TemporaryDirectory() as data:
        environment = without_settings()
        environment.update(TSUBOMI_DATA=data, PYTHONPATH=ROOT)
        yield environment


def without_settings() -> "dict[str, str]":
    """The environment without TSUBOMI_*: tests and checks must never touch somebody's running community."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TSUBOMI_")}


def finish(command: "list[str]", env: "dict[str, str] | None" = None) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end with everything it prints kept in stdout."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def say(japanese: str, english: str) -> None:
    print("・%s / %s" % (japanese, english), flush=True)


def read(path: str) -> str:
    """The text of a file; empty where there is none."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as source:
        return source.read()


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as target:
        target.write(text)


def put_header(name: str) -> None:
    path = os.path.join(ROOT, name + ".txt")
    write(
        path, "# Written by `make lock` from %s.in: change that file, not this one.\n%s" % (name, read(path))
    )


COMMANDS = {
    "run": run,
    "test": test,
    "bench": bench,
    "lighthouse": lighthouse,
    "proofs": proofs,
    "check": check,
    "format": format_code,
    "translations": translations,
    "lock": lock,
}


def main(arguments: "list[str]") -> int:
    """Run one command; a Stop becomes its sentence and exit status 1."""
    if not arguments or arguments[0] not in COMMANDS:
        return complain("python3 tools/bootstrap.py " + "|".join(COMMANDS))
    try:
        complaint = too_old(sys.version_info[:2])
        if complaint:
            raise Stop(complaint)
        speak_utf8()
        return COMMANDS[arguments[0]](arguments[1:])
    except Stop as reason:
        return complain("✕ %s" % reason)
    except OSError as problem:
        return complain("✕ %s" % why_not_written(problem.filename or ROOT, problem))
    except KeyboardInterrupt:
        return 130


def complain(sentence: str) -> int:
    """Print to stderr as UTF-8, whatever the locale of a bare machine says; the exit status 1."""
    sys.stderr.buffer.write((sentence + "\n").encode("utf-8"))
    sys.stderr.flush()
    return 1


def speak_utf8() -> None:
    """Japanese reaches the screen also where the locale knows none, from here and from what we start."""
    os.environ["PYTHONUTF8"] = "1"
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Checks that every dependency is pinned, hashed, and the same in both lock files."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")


def complaints() -> list[str]:
    """What is wrong with the lock files, one sentence each; empty when nothing is."""
    runtime, development = blocks("requirements.txt"), blocks("requirements-dev.txt")
    found = [
        f"{block.split()[0]} has no hash; run make lock"
        for block in runtime + development
        if PIN.match(block) is None or "--hash=sha256:" not in block
    ]
    asked = {
        pin for name in ("requirements.in", "requirements-dev.in") for pin in pins(blocks(name, skip="-r"))
    }
    found += [
        f"{name}=={version}: not in requirements-dev.txt; run make lock"
        for name, version in sorted(asked - pins(development))
    ]
    found += [
        f"{name}=={version}: another version in requirements-dev.txt; run make lock"
        for name, version in sorted(pins(runtime) - pins(development))
    ]
    return found


def blocks(name: str, skip: str = "#") -> list[str]:
    """The requirements of a file, each with its continuation lines."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [block for block in re.split(r"\n(?=\S)", text.strip()) if not block.startswith(("#", skip))]


def pins(requirements: list[str]) -> set[tuple[str, str]]:
    """(normalised name, version) of each pinned requirement."""
    found = [PIN.match(requirement) for requirement in requirements]
    return {(re.sub(r"[-_.]+", "-", pin[1]).lower(), pin[2]) for pin in found if pin}


if __name__ == "__main__":
    found = complaints()
    print("\n".join(found) or "every dependency is pinned and hashed")
    sys.exit(1 if found else 0)

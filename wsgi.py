"""The application as a server imports it, made from the environment."""

from __future__ import annotations

import sys

from app import create_app
from app.cli import install_commands
from app.core.config import SettingRefused

try:
    app = create_app()
except SettingRefused as refusal:
    sys.exit(str(refusal))

install_commands(app)

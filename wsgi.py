"""The application as a server imports it, made from the environment."""

from __future__ import annotations

import os
import sys

from app import create_app
from app.core.config import SettingRefused

try:
    app = create_app()
except SettingRefused as refusal:
    sys.exit(str(refusal))

if (
    os.environ.get("FLASK_RUN_FROM_CLI") == "true"
):  # a server has no use for commands, nor the time to load them
    from app.cli import install_commands

    install_commands(app)

"""Tsubomi（つぼみ）: the 内定者SNS that cannot spy. `create_app` reads like a table of contents."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from flask import Flask

from .core.config import Settings, read_settings
from .core.lean import left_out, unused_by

ROOT = Path(__file__).resolve().parents[1]
FEATURES = (
    "ledger",
    "accounts",
    "people",
    "files",
    "writing",
    "invitations",
    "announcements",
    "boards",
    "chat",
    "bookmarks",
    "notifications",
    "exports",
    "home",
    "office",
)
LISTENING = (
    "accounts",
    "announcements",
    "boards",
    "chat",
    "exports",
    "files",
    "invitations",
    "notifications",
    "office",
    "writing",
)


def create_app(settings: Settings | None = None) -> Flask:
    """The whole application for one installation. Raises SettingRefused naming the variable that is wrong."""
    settings = settings or read_settings()
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    with left_out(*unused_by(settings)):
        _install_core(app, settings)
        _install_features(app, settings)
        _install_sockets_last(app, settings)
    return app


def _install_core(app: Flask, settings: Settings) -> None:
    from .accounts.sessions import visitor_of
    from .core.db import db, engine_options
    from .core.files import install_files
    from .core.health import bp as health
    from .core.i18n import install_i18n
    from .core.limits import install_limits
    from .core.logs import configure_logs, install_request_log
    from .core.metrics import install_metrics
    from .core.reading import end_reading_connection
    from .core.squeeze import install_squeeze
    from .core.tokens import install_tokens
    from .core.web import Shell, choose_language, install_web
    from .home.queries import is_demo_community, sender_name
    from .navigation import surroundings_of
    from .policy import NOBODY

    configure_logs(settings.log_level, settings.log_json)
    install_tokens(settings.secret_key)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings),
    )
    db.init_app(app)
    app.teardown_appcontext(end_reading_connection)
    install_metrics(app)
    install_request_log(app)
    install_web(app, settings, Shell(visitor_of, NOBODY, surroundings_of))
    install_i18n(app, choose_language, time_zone=settings.timezone)
    install_limits(app, settings.redis_url or None)
    install_files(app, settings)
    install_squeeze(app)
    app.extensions["tsubomi.sender_name"] = sender_name
    app.extensions["tsubomi.is_demo"] = is_demo_community
    app.register_blueprint(health)


def _install_features(app: Flask, settings: Settings) -> None:
    from .core.jobs import install_jobs

    for feature in FEATURES:
        app.register_blueprint(import_module(f"app.{feature}.views").bp)
    for feature in LISTENING:
        import_module(f"app.{feature}.listeners")  # importing a listener registers it
    if settings.development:
        app.register_blueprint(import_module("app.home.views").workshop)
    install_jobs(
        app,
        settings,
        tidy=[
            import_module("app.accounts.operations").tidy_doors,
            import_module("app.writing.operations").tidy_drafts,
            import_module("app.boards.operations").forget_withdrawn,
            import_module("app.files.operations").forget_loose_files,
            import_module("app.files.operations").collect_orphans,
            import_module("app.exports.operations").tidy_exports,
            import_module("app.notifications.operations").tidy_notices,
            import_module("app.office.bulk.operations").forget_old_acts,
            import_module("app.chat.seats.operations").tidy_seats,
        ],
        every_minute=[
            *import_module("app.announcements.operations").EVERY_MINUTE,
            *import_module("app.notifications.operations").EVERY_MINUTE,
            *import_module("app.chat.seats.operations").EVERY_MINUTE,
        ],
    )


def _install_sockets_last(app: Flask, settings: Settings) -> None:
    from .core.sockets import install_sockets
    from .core.turnstile import install_turnstile

    install_turnstile(app, settings)
    install_sockets(app, settings)

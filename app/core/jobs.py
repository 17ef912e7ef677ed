"""Jobs: huey wakes the outbox after each commit and tidies up every hour.

A job is only a wake-up call: what must not be lost lies in the outbox, so a lost call costs a minute.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from flask import Flask
from huey import Huey, PriorityRedisHuey, SqliteHuey, crontab
from huey.consumer import Consumer

from .config import Settings
from .events import drain, end_deliveries, on_enqueued

log = structlog.get_logger(__name__)

WORKERS = 2
LONGEST_WAIT_SECONDS = 0.5  # between a commit and its delivery when nothing else is going on


# What is under way when the process is told to end may take so long: a letter to a slow server.
PARTING_SECONDS = 20


class _InnerConsumer(Consumer):  # type: ignore[misc, unused-ignore]
    """A consumer beside the web threads: the server keeps the signals."""

    def _set_signal_handlers(self) -> None:
        return None


class _OwnConsumer(Consumer):  # type: ignore[misc, unused-ignore]
    """The consumer of a worker process: told to end, it finishes the letter it is at and begins no other."""

    def _handle_signal(self, signum: int, frame: Any) -> None:
        end_deliveries()
        super()._handle_signal(signum, frame)


def install_jobs(
    app: Flask,
    settings: Settings,
    tidy: Sequence[Callable[[], Any]],
    every_minute: Sequence[Callable[[], Any]] = (),
) -> None:
    """Make the queue and its tasks.

    `tidy` are operations that delete what is past its time, once an hour; `every_minute` those that act when a moment
    has come. One that fails does not keep the others from running.
    """
    huey = _queue(settings)
    app.extensions["tsubomi.huey"] = huey
    app.extensions["tsubomi.tidy"] = tuple(tidy)

    def deliver() -> None:
        with app.app_context():
            drain()

    def tidy_up() -> None:
        _run_each(app, tidy)

    def look_at_the_clock() -> None:
        _run_each(app, every_minute)

    wake = huey.task(name="deliver")(deliver)
    huey.periodic_task(crontab(minute="*"), name="deliver_what_waits")(deliver)
    huey.periodic_task(crontab(minute="17"), name="tidy_up")(tidy_up)
    huey.periodic_task(crontab(minute="*"), name="look_at_the_clock")(look_at_the_clock)
    on_enqueued(lambda after: _wake(app, wake, after))


def _run_each(app: Flask, acts: Sequence[Callable[[], Any]]) -> None:
    for act in acts:
        with app.app_context():
            try:
                act()
            except Exception:
                log.exception("a periodic act failed", act=act.__name__)


def _wake(app: Flask, task: Any, after: timedelta) -> None:
    if app.testing:
        return  # tests deliver when they say so
    try:
        if after:
            task.schedule(delay=after.total_seconds())
        else:
            task()
    except Exception:
        # The row is committed; the minute's round will find it.
        log.warning("the queue could not be woken", exc_info=True)


def _queue(settings: Settings) -> Huey:
    if settings.redis_url:
        return PriorityRedisHuey("tsubomi", url=settings.redis_url, results=False)
    settings.data.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("tsubomi", filename=str(settings.data / "jobs.db"), results=False)


def start_consumer(app: Flask) -> Consumer:
    """Work on jobs in threads of this process, until it ends."""
    logging.getLogger("huey").setLevel(logging.WARNING)
    consumer = _consumer(app, _InnerConsumer)
    consumer.start()
    app.extensions["tsubomi.consumer"] = consumer
    return consumer


def stop_consumer(app: Flask) -> None:
    """Let it finish what is under way, where one works in this process; nothing is begun any more."""
    consumer = app.extensions.get("tsubomi.consumer")
    if consumer is not None:
        end_deliveries()
        consumer.stop(graceful=True)


def run_consumer(app: Flask) -> None:
    """Be the worker process of the scaled set-up; returns when told to stop."""
    _consumer(app, _OwnConsumer).run()


def _consumer(app: Flask, kind: type[Consumer]) -> Consumer:
    return kind(
        app.extensions["tsubomi.huey"],
        workers=WORKERS,
        max_delay=LONGEST_WAIT_SECONDS,
        worker_type="thread",
        graceful_signal="TERM",
        shutdown_timeout=PARTING_SECONDS,
    )

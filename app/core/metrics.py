"""Figures for Prometheus: how many requests, how slow, how much waits. Nothing per person.

Each process counts for itself; with several processes each is scraped at its own address.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Gauge, Histogram, disable_created_metrics, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from . import events
from .logs import is_untraced, method_now, rule_now

# Coarse on purpose: enough to see a slow page, too little to recognise a visit.
_BUCKETS_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class _Figures:
    registry: CollectorRegistry
    requests: Histogram


def install_metrics(app: Flask, outbox_depth: Callable[[], int] = events.waiting) -> Callable[[], bytes]:
    """Count the app's requests; return the function that renders the figures.

    `outbox_depth` is asked at each rendering how many deliveries wait.
    """
    # The time at which each label was first seen would tell when a page was first opened.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    requests = Histogram(
        "tsubomi_request_seconds",
        "Answered requests and their time, by method, route and class of status.",
        ("method", "rule", "status"),
        buckets=_BUCKETS_SECONDS,
        registry=registry,
    )
    waiting = Gauge("tsubomi_outbox_waiting", "Deliveries that wait, due or not.", registry=registry)
    waiting.set_function(lambda: _depth(outbox_depth))
    app.extensions["tsubomi.metrics"] = _Figures(registry, requests)
    app.before_request(_begin)
    app.after_request(_end)
    return render_metrics


def render_metrics() -> bytes:
    """Return the running app's figures in Prometheus' text format (version 0.0.4, UTF-8)."""
    figures: _Figures = current_app.extensions["tsubomi.metrics"]
    return generate_latest(figures.registry)


def _begin() -> None:
    g.metrics_began = time.perf_counter()


def _end(response: Response) -> Response:
    if is_untraced(request.path) or "metrics_began" not in g:
        return response
    figures: _Figures = current_app.extensions["tsubomi.metrics"]
    seconds = time.perf_counter() - g.metrics_began
    figures.requests.labels(method_now(), rule_now(), f"{response.status_code // 100}xx").observe(seconds)
    return response


def _depth(outbox_depth: Callable[[], int]) -> float:
    """Not a number while the database does not answer: the other figures are wanted just then."""
    try:
        return float(outbox_depth())
    except SQLAlchemyError:
        return float("nan")

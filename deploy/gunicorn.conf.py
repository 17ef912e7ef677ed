"""gunicorn for both serving modes; TSUBOMI_ASYNC_MODE chooses (threading by default, gevent to scale out).

threading  one process, one thread per open socket: SQLite or PostgreSQL, about 500 sockets.
gevent     several of these processes behind the proxy, PostgreSQL and Redis, thousands of sockets each.
"""

import os
import sys

from gunicorn.http.wsgi import Response

HOST = os.environ.get("TSUBOMI_HOST", "127.0.0.1")
PORT = os.environ.get("TSUBOMI_PORT", "8000")
MODE = os.environ.get("TSUBOMI_ASYNC_MODE", "threading")

if MODE not in ("threading", "gevent"):
    sys.exit(f"TSUBOMI_ASYNC_MODE must be threading or gevent, not {MODE}.")
if MODE == "gevent" and not os.environ.get("TSUBOMI_DATABASE_URL", "").startswith("postgresql"):
    # One request that yields inside a write transaction of SQLite freezes the whole process.
    sys.exit(
        "gevent と SQLite は組み合わせられません。TSUBOMI_DATABASE_URL に PostgreSQL を指定してください / "
        "gevent needs PostgreSQL in TSUBOMI_DATABASE_URL; SQLite is served with TSUBOMI_ASYNC_MODE=threading."
    )

bind = f"[{HOST}]:{PORT}" if ":" in HOST else f"{HOST}:{PORT}"
workers = 1  # Socket.IO keeps its rooms in the process; to scale out, start more of these
graceful_timeout = 5  # seconds; open sockets reconnect by themselves
control_socket_disable = True  # nothing here needs a second way in
accesslog = None  # the app logs by itself, without addresses of people
errorlog = "-"
loglevel = "warning"
forwarded_allow_ips = ""  # TSUBOMI_TRUSTED_PROXIES decides in the app which forwarded headers count
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  a heartbeat in memory

if MODE == "gevent":
    worker_class = "gevent"  # patches the standard library before the app, and so psycopg, is imported
    worker_connections = 10_000
else:
    worker_class = "gthread"
    threads = int(os.environ.get("TSUBOMI_THREADS", "600"))  # expected sockets + 50
    worker_connections = threads + 100  # a few more may queue than are served at once


def _headers_without_banner(response, default_headers=Response.default_headers):
    """The headers gunicorn adds, without the one that names the server and its version."""
    return [header for header in default_headers(response) if not header.startswith("Server:")]


Response.default_headers = _headers_without_banner


def post_worker_init(worker):
    """Prepare where the start asks for it, start the jobs in the process, say that the door is open."""
    if os.environ.get("TSUBOMI_PREPARE") == "1":
        from app.prepare import prepare_or_exit

        prepare_or_exit(worker.wsgi, code=3)  # gunicorn's own code for "not worth trying again"
    # The scaled mode has a process of its own for jobs (flask --app wsgi worker); the anchor of make bench has none.
    if MODE == "threading" and "tsubomi.huey" in worker.wsgi.extensions:
        from app.core.jobs import start_consumer

        start_consumer(worker.wsgi)
    shown = "127.0.0.1" if HOST in ("0.0.0.0", "::") else HOST
    address = f"http://[{shown}]:{PORT}" if ":" in shown else f"http://{shown}:{PORT}"
    print(f"つぼみが開きました: {address}（止めるにはCtrl+C） / Ready. Ctrl+C stops it.", flush=True)


def worker_exit(server, worker):
    """Told to end, finish the letter that is under way: a restart sends none twice."""
    if "tsubomi.consumer" in getattr(worker.wsgi, "extensions", {}):
        from app.core.jobs import stop_consumer

        stop_consumer(worker.wsgi)


def pre_request(worker, request):
    """Under gevent, let the others go first once per request: no long page holds everybody's sockets."""
    if MODE == "gevent":
        from gevent import sleep

        sleep(0)

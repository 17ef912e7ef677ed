"""The long proofs of chat: fifty clients while processes and Redis are killed behind nginx, and everybody coming back at once."""

from __future__ import annotations

import asyncio
import random
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from app.people.operations import block_person
from tests.chat.live import Client, Door, Gone, Mischief, get_json, play, settle, until
from tests.chat.live_houses import act, door_of, more_candidates, plant_room, stored_keys, stored_log
from tests.guards.sources import ROOT
from tests.services.houses import Served, environment, planted, serving, wait_until_alive
from tests.services.redis import free_port, wait_until_it_answers
from tests.start.test_proxy_samples import wait_for, write_configuration

ADDRESS = "https://tsubomi.example.jp"
EACH = 48  # messages of each of fifty; a person may send sixty a minute


class Running:
    """A program that can be killed and started again."""

    def __init__(self, command: list[str], environ: dict[str, str], log: Path) -> None:
        self.command, self.environ, self.log = command, environ, log
        self.start()

    def start(self) -> None:
        """Start it (again)."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environ, stdout=log, stderr=log)

    def kill(self) -> None:
        """As a machine that loses power does, for the process and its worker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.process.kill()
        for child in children:
            subprocess.run(["kill", "-9", child], check=False, capture_output=True)
        self.process.wait()

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()


@contextmanager
def redis_server(folder: Path) -> Iterator[tuple[Running, str]]:
    """A Redis of one's own, to be killed."""
    port = free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", ""]
    server = Running(command, {}, folder / "redis.log")
    try:
        wait_until_it_answers(port, server.process)
        yield server, f"redis://127.0.0.1:{port}/0"
    finally:
        server.stop()


@contextmanager
def nginx_before(folder: Path, ports: tuple[int, int]) -> Iterator[int]:
    """deploy/nginx.conf with both processes behind it; gives the port of https."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    folder.mkdir()
    https = free_port()
    write_configuration(folder, https, free_port(), ports[0])
    site = folder / "site.conf"
    site.write_text(site.read_text().replace("# server 127.0.0.1:8001;", f"server 127.0.0.1:{ports[1]};"))
    main = folder / "main.conf"
    main.write_text(main.read_text().replace("worker_connections 64", "worker_connections 1024"))
    command = [program, "-p", str(folder), "-c", "main.conf", "-e", "error.log"]
    with subprocess.Popen(command) as server:
        try:
            wait_for(https, server)
            yield https
        finally:
            server.terminate()


@pytest.mark.timeout(600)
def test_fifty_clients_lose_nothing_while_processes_and_redis_are_killed(
    tmp_path: Path, new_postgres_url: Any
) -> None:
    seed = secrets.randbits(32)
    chance = random.Random(seed)
    with ExitStack() as stack:
        redis, redis_url = stack.enter_context(redis_server(tmp_path))
        ports = (free_port(), free_port())
        environ = environment(
            tmp_path, new_postgres_url(), ports[0], TSUBOMI_ASYNC_MODE="gevent", TSUBOMI_REDIS_URL=redis_url,
            TSUBOMI_BASE_URL=ADDRESS, TSUBOMI_TRUSTED_PROXIES="1",
        )  # fmt: skip
        app, world = stack.enter_context(planted(environ))
        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "wsgi:app"]
        processes = []
        for port in ports:
            process = Running(command, {**environ, "TSUBOMI_PORT": str(port)}, tmp_path / f"{port}.log")
            stack.callback(process.stop)
            processes.append(process)
            wait_until_alive(Served(port, tmp_path, app, world, process.process, environ))
        served = Served(ports[0], tmp_path, app, world, processes[0].process, environ)
        https = stack.enter_context(nginx_before(tmp_path / "nginx", ports))
        keys = more_candidates(served, 50)
        room = plant_room(served, keys)
        blocker, blocked = keys[0], keys[1]
        act(served, blocker, block_person, served.world.people[blocked].public_id)
        doors = {key: door_of(served, key) for key in keys}
        clients = {
            key: Client(
                Door(https, door.cookie, door.csrf, ADDRESS, is_tls=True),
                (room.public_id,),
                random.Random(chance.random()),
                Mischief(drops=0.03, repeats=0.1, deaf=0.05),
            )
            for key, door in doors.items()
        }

        async def havoc() -> None:
            for number in range(6):
                await asyncio.sleep(6)
                target = redis if number % 3 == 2 else processes[number % 2]
                target.kill()
                await asyncio.sleep(1.5)
                target.start()

        async def scene() -> None:
            tasks = [asyncio.create_task(client.run()) for client in clients.values()]
            breaking = asyncio.create_task(havoc())
            try:
                for number in range(EACH):
                    for client in clients.values():
                        client.say(room.public_id, f"{number} {'あ' * chance.randrange(40)}")
                    await asyncio.sleep(0.9)
                await breaking
                states = [
                    (len(client.outbox), client.connects, client.refused) for client in clients.values()
                ]
                assert await settle(list(clients.values()), 240), (seed, states)
            finally:
                for task in (breaking, *tasks):
                    task.cancel()
                await asyncio.gather(breaking, *tasks, return_exceptions=True)

        play(scene())
        log = stored_log(served, room.id)
        said = [key for client in clients.values() for key in client.acked]
        assert len(said) == EACH * len(clients)
        assert sorted(stored_keys(served, room.id)) == sorted(said), seed
        hidden = {
            blocker: {ack["id"] for ack in clients[blocked].acked.values()},
            blocked: {ack["id"] for ack in clients[blocker].acked.values()},
        }
        for key, client in clients.items():
            seen = [entry for entry in log if entry[2] not in hidden.get(key, set())]
            assert client.logs[room.public_id] == seen, (key, seed)
        print(
            f"seed {seed}: {len(log)} messages, {sum(client.connects for client in clients.values())} connections"
        )


# ── everybody at once ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["threading", "gevent"])
def crowded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Served, int]]:
    """A server and how many come back to it within a minute."""
    with ExitStack() as stack:
        if request.param == "threading":
            url = f"sqlite:///{tmp_path / 'tsubomi.db'}"
            yield stack.enter_context(serving(tmp_path, url, TSUBOMI_THREADS="400")), 300
        else:
            _redis, redis_url = stack.enter_context(redis_server(tmp_path))
            url = request.getfixturevalue("new_postgres_url")()
            more = {"TSUBOMI_ASYNC_MODE": "gevent", "TSUBOMI_REDIS_URL": redis_url}
            yield stack.enter_context(serving(tmp_path, url, **more)), 1000


@pytest.mark.timeout(400)
def test_everybody_comes_back_within_a_minute_and_pages_go_on(crowded: tuple[Served, int]) -> None:
    served, count = crowded
    keys = more_candidates(served, count)
    rooms = [plant_room(served, keys[start : start + 50]) for start in range(0, count, 50)]
    clients = [
        Client(door_of(served, key), (rooms[number // 50].public_id,), random.Random(number))
        for number, key in enumerate(keys)
    ]
    reader = door_of(served, "sora")
    slowest: list[float] = []

    async def read_pages() -> None:
        while True:
            began = time.monotonic()
            with suppress(Gone, OSError):
                status, _page = await asyncio.wait_for(get_json(reader, "/boards"), 30)
                assert status == 200
                slowest.append(time.monotonic() - began)
            await asyncio.sleep(0.25)

    async def scene() -> None:
        tasks = [asyncio.create_task(client.run()) for client in clients]
        try:
            assert await until(lambda: all(client.is_synced.is_set() for client in clients), 120)
            for client in clients:
                client.say(
                    clients[0].rooms[0] if client.rooms == clients[0].rooms else client.rooms[0], "ただいま"
                )
            for client in clients:
                if client.connection is not None:
                    client.connection.cut()
                client.is_synced.clear()
            began = time.monotonic()
            reading = asyncio.create_task(read_pages())
            everybody = await until(
                lambda: all(client.is_synced.is_set() and not client.outbox for client in clients), 60
            )
            taken = time.monotonic() - began
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            assert everybody, sum(not client.outbox for client in clients)
            assert await settle(clients, 30)
            print(f"{count} came back in {taken:.1f} s; {len(slowest)} pages, slowest {max(slowest):.2f} s")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    play(scene())
    assert slowest
    assert max(slowest) < 10
    for place in rooms:
        log = stored_log(served, place.id)
        inside = [client for client in clients if client.rooms == (place.public_id,)]
        assert len(log) == len(inside)
        assert all(client.logs[place.public_id] == log for client in inside)

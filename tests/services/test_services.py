"""The servers the other tests rely on are real, empty, and end with the run."""

from collections.abc import Callable

import psycopg
import redis


def test_postgres_gives_an_empty_database(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        connection.execute("CREATE TABLE bud (name text)")
        connection.execute("INSERT INTO bud VALUES ('つぼみ')")
        assert connection.execute("SELECT name FROM bud").fetchone() == ("つぼみ",)
        connection.rollback()
    assert tables == (0,)


def test_each_new_database_is_apart(postgres_url: str, new_postgres_url: Callable[[], str]) -> None:
    assert len({postgres_url, new_postgres_url(), new_postgres_url()}) == 3


def test_redis_answers_on_a_port_of_its_own(redis_url: str) -> None:
    """Shared by the tests of one worker, so it need not be empty."""
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
        assert client.config_get("bind")["bind"] == "127.0.0.1"

"""Readings: the same rows as a session would give, one text for every viewer, nothing without its parameters."""

from __future__ import annotations

from datetime import UTC

import pytest
from sqlalchemy import Integer, bindparam, func, select

from app import policy
from app.core.db import db, session
from app.core.errors import NotFound
from app.core.operation import end_reading, unit_of_work
from app.core.reading import IdSet, Reading, each_of, end_reading_connection, is_among, is_found_among
from app.models import Board, Member, Post, Topic
from app.policy import viewer_of

NAMES = Reading(
    select(Member.id, Member.display_name, Member.is_demo)
    .where(is_among(Member.id, bindparam("asked", type_=IdSet())))
    .order_by(Member.id)
)
_EACH = each_of(bindparam("asked", type_=IdSet())).table_valued("value", name="value")
TOTAL = Reading(select(func.count().label("ids"), func.sum(_EACH.c.value).label("total")).select_from(_EACH))
NUMBERED = Reading(
    select(Topic.id.label("numbered")).where(
        Topic.id == bindparam("number", type_=Integer),
        is_among(Topic.board_id, bindparam("asked", type_=IdSet())),
    )
)
MOMENT = Reading(select(Topic.public_id, Topic.started_at, Topic.hidden_at))


def test_a_set_of_ids_is_one_parameter_of_any_size(app, world, queries):
    everyone = {world.haruka.id, world.sora.id, world.ren.id}
    with app.app_context(), queries() as seen:
        assert NAMES.all({"asked": frozenset()}) == []
        assert [row.id for row in NAMES.all({"asked": everyone})] == sorted(everyone)
        (one,) = NAMES.all({"asked": [world.haruka.id]})
    assert one == (world.haruka.id, "はるか", True)
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_a_set_of_ids_is_also_a_table(app):
    with app.app_context():
        assert TOTAL.first({"asked": frozenset()}) == (0, None)
        assert TOTAL.first({"asked": frozenset({3, 40_000})}) == (2, 40_003)


@pytest.mark.parametrize("app", ["postgres"], indirect=True)
def test_postgresql_keeps_one_plan_for_whatever_a_reading_is_asked(app):
    with app.app_context():
        for number in range(12):
            NUMBERED.all({"number": number % 2 * 70_000, "asked": frozenset(range(number))})
        end_reading_connection()
        with db.engine.connect() as connection:  # the pool gives out again what came back last
            kept = connection.exec_driver_sql(
                "SELECT generic_plans > 0, custom_plans FROM pg_prepared_statements WHERE statement LIKE %(like)s",
                {"like": "SELECT topic.id AS numbered%"},
            )
            assert kept.all() == [(True, 0)]


def test_a_set_leads_into_an_index_where_it_is_short(sqlite_app):
    def plan(among):
        statement = select(Topic.id).where(among(Topic.board_id, bindparam("asked", type_=IdSet())))
        with sqlite_app.app_context():
            text = str(statement.compile(session.get_bind()))
            return str(session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ("[1]",)).all())

    assert "SEARCH topic" in plan(is_found_among)
    assert "SCAN topic" in plan(is_among)


def test_a_parameter_that_is_missing_or_a_list_is_a_mistake(app):
    with app.app_context():
        with pytest.raises(KeyError):
            NAMES.all({})
        listed = Reading(select(Member.id).where(Member.id.in_(bindparam("asked", expanding=True))))
        with pytest.raises(ValueError, match="IdSet"):
            listed.all({"asked": [1]})


def test_values_come_back_as_the_models_say(app, world):
    with app.app_context():
        row = MOMENT.first({})
        assert row == tuple(session.execute(MOMENT.statement).one())
    assert row.started_at.tzinfo is UTC
    assert row.hidden_at is None
    assert row.public_id == world.topic_id


def test_inside_an_operation_a_reading_sees_what_was_just_written(app, world):
    with app.app_context():
        assert MOMENT.first({}) is not None
        with unit_of_work():
            board = session.scalars(select(Board.id).limit(1)).one()
            session.add(Topic(board_id=board, title="新しい", started_at=MOMENT.first({}).started_at))
            assert len(MOMENT.all({})) == 2
        assert len(MOMENT.all({})) == 2


def test_reading_holds_no_connection_once_it_has_ended(app):
    with app.app_context():
        pool = session.get_bind().pool
        before = pool.checkedout()
        MOMENT.all({})
        assert pool.checkedout() == before + 1
        end_reading()
        assert pool.checkedout() == before


def test_a_page_about_posts_asks_about_their_topic_once(app, world, acting):
    """`seen` leaves out what is known already; for rows of a topic that is seen both clauses say the same."""
    whole = policy.standing("view", Post)
    known = policy.standing("view", Post, Topic)
    assert "EXISTS" in str(whole)
    assert "EXISTS" not in str(known)
    with app.app_context():
        for person in world.people.values():
            viewer = viewer_of(person.id)
            try:
                topic = policy.fetch(viewer, Topic, world.topic_id)
            except NotFound:
                continue
            found = [
                session.scalars(select(Post.id).where(Post.topic_id == topic.id, clause), viewer.binds).all()
                for clause in (whole, known)
            ]
            assert found[0] == found[1]


def test_what_a_viewer_keeps_goes_with_the_snapshot(app, world, write):
    with app.app_context():
        viewer = viewer_of(world.haruka.id)
        assert viewer.keep("words", lambda: "once") == viewer.keep("words", lambda: "twice") == "once"
        assert viewer_of(world.haruka.id) is viewer
        with unit_of_work():
            session.get(Member, world.haruka.id).version += 1
        assert viewer_of(world.haruka.id).keep("words", lambda: "anew") == "anew"

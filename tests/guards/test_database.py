"""The database itself: models equal migrations, and it refuses forbidden roles, on both databases."""

from __future__ import annotations

import itertools

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from app.core.db import Base, db, session
from app.core.migrations import MIGRATIONS, is_ours
from app.core.operation import unit_of_work
from app.models import EXCLUSIONS, Community, Member, Post, ProfileValue, Role, Topic, excluded_pair

PAIRS = [Role(one | other) for one, other in itertools.combinations(list(Role), 2)]


def test_models_equal_migrations(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": is_ours}
        )
        differences = compare_metadata(context, Base.metadata)
    assert differences == [], "run `flask --app wsgi db revision --autogenerate` and read what it wrote"


def test_migrations_lead_down_and_up_again(app: Flask) -> None:
    with app.app_context():
        session.remove()
        downgrade(directory=str(MIGRATIONS), revision="base")
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        upgrade(directory=str(MIGRATIONS))
        assert set(Base.metadata.tables) <= set(inspect(db.engine).get_table_names())


def test_what_was_written_before_an_upgrade_is_there_after_it(app: Flask) -> None:
    """Two topics, a reply and a hidden one, as the first release stored them."""
    with app.app_context():
        session.remove()
        downgrade(directory=str(MIGRATIONS), revision="0001")
        with db.engine.begin() as connection:
            author = connection.execute(
                text("SELECT id FROM member WHERE mail = 'sora@example.jp'")
            ).scalar_one()
            topic = connection.execute(text("SELECT id FROM topic")).scalar_one()
            for number, hidden_at in enumerate((None, "2026-10-06 00:00:00")):
                connection.execute(
                    text(
                        "INSERT INTO post (public_id, topic_id, author_id, is_first, body, body_html, renderer_version,"
                        " written_at, hidden_at, hidden_reason) VALUES (:public_id, :topic, :author, :is_first, 'あとで',"
                        " '<p>あとで</p>', 1, '2026-10-05 03:00:00', :hidden_at, '')"
                    ),
                    {
                        "public_id": f"aaaaaaaaaaaa{'bc'[number]}",
                        "topic": topic,
                        "author": author,
                        "is_first": False,
                        "hidden_at": hidden_at,
                    },
                )
        upgrade(directory=str(MIGRATIONS))
        row = session.execute(select(Topic.replies, Topic.newest_id)).one()
        newest = session.scalar(select(func.max(Post.id)))
        assert (row.replies, row.newest_id) == (1, newest)
        assert set(session.scalars(select(Member.bookmark_id))) == {newest}
        assert len(session.scalars(select(Post.body)).all()) == 3
        session.remove()
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_whoever_was_here_before_has_their_legal_name_as_a_field_after_it(app: Flask) -> None:
    """Candidates who have not left: for themselves, HR and their mentor, as if they joined today."""
    with app.app_context():
        session.remove()
        downgrade(directory=str(MIGRATIONS), revision="0004")
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE member SET kana = '' WHERE mail = 'ren@example.jp'"))
            connection.execute(
                text("UPDATE member SET ended_at = '2026-10-06 00:00:00' WHERE display_name = 'ゆい'")
            )
        upgrade(directory=str(MIGRATIONS))
        values = session.execute(
            select(Member.display_name, ProfileValue.field, ProfileValue.value, ProfileValue.effective)
            .join(Member, Member.id == ProfileValue.member_id)
            .order_by(Member.id)
        ).all()
        assert [tuple(row) for row in values] == [
            ("はるか", "legal_name", "はるか 氏名（テスト）", 7),
            ("そら", "legal_name", "そら 氏名（テスト）", 7),
            ("れん", "legal_name", "れん 氏名", 7),
        ]
        session.remove()


def test_the_database_refuses_a_field_its_owner_does_not_see_and_an_audience_beyond_its_effect(
    app: Flask,
) -> None:
    """What follows from a choice only ever adds the floor."""
    for audience, effective in ((2, 3), (1 + 16, 1)):
        with app.app_context(), pytest.raises(IntegrityError):
            _try_field(audience, effective)


def _try_field(audience: int, effective: int) -> None:
    with unit_of_work():
        owner = session.scalars(select(Member.id).limit(1)).one()
        field = ProfileValue(member_id=owner, field="wish", value="", audience=audience, effective=effective)
        session.add(field)


def _try_roles(roles: int, cohort_id: int | None = None) -> None:
    with unit_of_work():
        session.add(
            Member(
                mail=f"roles{roles}@example.jp",
                roles=roles,
                cohort_id=cohort_id,
                display_name="だれか",
                display_fold="だれか",
                bud=1,
            )
        )


def test_the_database_refuses_exactly_the_forbidden_pairs_of_roles(app: Flask) -> None:
    with app.app_context():
        for roles in PAIRS:
            if excluded_pair(roles) is None:
                _try_roles(int(roles))
                continue
            with pytest.raises(IntegrityError):
                _try_roles(int(roles))


def test_the_exclusions_of_the_privacy_design_are_in_the_table() -> None:
    forbidden = {
        frozenset({one, other})
        for one, others in EXCLUSIONS
        for other in Role
        if other & others and other != one
    }
    staff = [role for role in Role if role is not Role.CANDIDATE]
    apart_from_hr = [
        {Role.DESK, Role.HR},
        {Role.DESK, Role.LEAD},
        {Role.DESK, Role.MODERATOR},
        {Role.DESK, Role.ADMINISTRATOR},
        {Role.AUDITOR, Role.HR},
        {Role.AUDITOR, Role.LEAD},
        {Role.AUDITOR, Role.ADMINISTRATOR},
    ]
    assert forbidden == {frozenset({Role.CANDIDATE, role}) for role in staff} | set(
        map(frozenset, apart_from_hr)
    )


def test_the_database_refuses_a_member_without_a_role_and_staff_in_a_cohort(app: Flask) -> None:
    with app.app_context():
        cohort_id = session.scalar(text("SELECT min(id) FROM cohort"))
        for roles, cohort in ((0, None), (int(Role.EMPLOYEE), cohort_id)):
            with pytest.raises(IntegrityError):
                _try_roles(roles, cohort)


def test_there_is_one_community(app: Flask) -> None:
    with app.app_context(), pytest.raises(IntegrityError), unit_of_work():
        session.add(Community(id=2, name="もうひとつ"))

"""Without an SMTP server no letter reaches anybody, so its doors are closed and say so."""

from __future__ import annotations

from sqlalchemy import select

from app.models import OneTimeLink


def test_signing_in_by_letter_is_off_and_the_page_does_not_offer_it(world, anyone, rows):
    client = anyone()
    assert "/sign-in/link" not in client.page("/sign-in")
    for path in ("/sign-in/link", "/password/forgot"):
        refused = client.post(path, {"mail": world.haruka.mail})
        assert refused.status_code == 403
        assert "メールの送信が設定されていない" in refused.text
    assert rows(select(OneTimeLink)) == []


def test_with_an_smtp_server_it_is_offered(changed_settings, anyone):
    changed_settings(mail_url="smtp://localhost:9")
    assert "/sign-in/link" in anyone().page("/sign-in")

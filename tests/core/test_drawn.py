"""A card is drawn once for everybody who is shown the same, and never for somebody who is shown something else."""

from __future__ import annotations

from app.boards.operations import hide_post, reply_to_topic
from app.core.web import _drawn
from app.people.operations import change_profile


def test_the_same_card_is_drawn_once(world, as_):
    _drawn.cache_clear()
    path = f"/topics/{world.topic_id}"
    first = as_(world.haruka).page(path)
    other = as_(world.takumi)
    other.page("/boards")  # what stands around the page is drawn for each person
    drawn = _drawn.cache_info().misses
    assert other.page(path).count('id="post-') == first.count('id="post-')
    # Of its parts the form alone is new: it says with whose name one writes.
    assert _drawn.cache_info().misses <= drawn + 1


def test_a_drawing_follows_the_language_the_name_and_what_is_hidden(world, as_, acting):
    path = f"/topics/{world.topic_id}"
    reply = acting(world.haruka, reply_to_topic, world.topic_id, body="ひとこと")
    reader, moderator = as_(world.takumi), as_(world.mod)
    assert "はるか" in reader.page(path)
    acting(world.haruka, change_profile, display_name="はるな", bud=5, pace="few", language="ja")
    assert "はるな" in reader.page(path)
    assert "Hide" not in moderator.page(path)
    moderator.post("/language", {"lang": "en"})
    assert "Hide" in moderator.page(path)
    acting(world.mod, hide_post, reply, reason="連絡先のため")
    assert "ひとこと" not in reader.page(path)
    assert "連絡先のため" in as_(world.haruka).page(path)
    assert "連絡先のため" not in reader.page(path)


def test_an_untouched_form_is_drawn_with_everything_it_offers(world, as_):
    """Quoting, mentions and files as well, and a key of its own each time."""
    haruka = as_(world.haruka)
    pages = [haruka.page(f"/topics/{world.topic_id}") for _time in range(2)]
    for text in pages:
        assert "data-quote-strip" in text
        assert 'name="attachments"' in text
    keys = {text.partition('name="submission_key"')[2].partition('value="')[2][:32] for text in pages}
    assert len(keys) == 2

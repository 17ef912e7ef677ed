"""Finding a message again: in one's own room, as it reads now, and never what one may not see."""

from __future__ import annotations

from collections.abc import Callable

from app.chat.index import clear_index, enter_again
from tests.chat.conftest import PlantedRoom, say, send_json
from tests.conftest import NO_SUCH_ID, Client, Person, World

As = Callable[[Person], Client]


def found(client: Client, room: PlantedRoom, query: str) -> str:
    """The page with what was found."""
    answer = client.http.get(f"/rooms/{room.public_id}/search", query_string={"q": query})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_a_message_is_found_by_a_part_of_it_and_leads_to_its_place(
    as_: As, world: World, group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    said = say(haruka, group_room, "懇親会の会場はサーバー室の隣です")
    page = found(as_(world.sora), group_room, "懇親会　サーバ")
    assert "サーバー室の隣" in page
    assert f"/rooms/{group_room.public_id}?at={said['id']}" in page
    assert "見つかりませんでした" in found(haruka, group_room, "忘年会")


def test_an_edit_is_found_by_its_new_words_only_and_what_was_taken_back_by_none(
    as_: As, world: World, group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    message = say(haruka, group_room, "集合は東口です")["id"]
    assert (
        send_json(haruka, f"{group_room.api}/messages/{message}/edit", {"body": "集合は西口です"}).status_code
        == 200
    )
    assert "西口" in found(haruka, group_room, "西口")
    assert "見つかりませんでした" in found(haruka, group_room, "東口")
    send_json(haruka, f"{group_room.api}/messages/{message}/unsend")
    assert "見つかりませんでした" in found(haruka, group_room, "西口")


def test_words_of_somebody_blocked_and_of_another_room_are_not_found(
    as_: As, world: World, square_room: PlantedRoom, group_room: PlantedRoom
) -> None:
    say(as_(world.ren), square_room, "映画の話をしましょう")
    say(as_(world.haruka), group_room, "映画は金曜に見ます")
    assert "見つかりませんでした" in found(as_(world.haruka), square_room, "映画")
    assert "映画の話" in found(as_(world.sora), square_room, "映画")


def test_a_room_one_is_not_in_is_missing_also_for_a_search(
    as_: As, world: World, group_room: PlantedRoom
) -> None:
    say(as_(world.haruka), group_room, "ひみつ")
    outsider = as_(world.jinji)
    hidden = outsider.get(f"/rooms/{group_room.public_id}/search?q=ひみつ")
    missing = outsider.get(f"/rooms/{NO_SUCH_ID}/search?q=ひみつ")
    assert (hidden.status_code, hidden.data) == (404, missing.data)


def test_more_than_a_page_is_read_on_page_by_page(as_: As, world: World, group_room: PlantedRoom) -> None:
    sora, haruka = as_(world.sora), as_(world.haruka)
    for number in range(11):
        say(haruka, group_room, f"ランチ{number}回目")
        say(sora, group_room, f"らんち{number}番目")
    first = found(sora, group_room, "ランチ")
    assert first.count("row-text") == 20
    older = first.split("before=")[1].split('"')[0]
    rest = sora.page(f"/rooms/{group_room.public_id}/search?q=ランチ&before={older}")
    assert rest.count("row-text") == 2
    assert sora.get(f"/rooms/{group_room.public_id}/search?q=ランチ&before={NO_SUCH_ID}").status_code == 404


def test_the_index_can_be_made_again_while_people_talk(
    as_: As, world: World, group_room: PlantedRoom
) -> None:
    haruka = as_(world.haruka)
    say(haruka, group_room, "入社式の話です")
    with haruka.app.app_context():
        clear_index()
    say(haruka, group_room, "入社式はもうすぐです")
    with haruka.app.app_context():
        reached: int | None = 0
        while reached is not None:
            reached = enter_again(reached)
    page = found(haruka, group_room, "入社式")
    assert page.count("row-text") == 2

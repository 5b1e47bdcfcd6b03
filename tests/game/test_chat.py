"""Chat of the tavern and of battles: game.md 4.1 and 4.2, and deleting messages of section 9."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from functions.game import chat
from functions.game.calls import make_call
from functions.shared import db
from functions.shared.errors import (
    BadRequest,
    Forbidden,
    NotFound,
    Problem,
    TooManyRequests,
    Unauthorized,
)
from tests.support.battles import join, make_battle
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import (
    DROP_PLAYERS,
    at_once,
    audited,
    in_threads,
    make_operator,
    make_player,
    player_id,
)


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


@pytest.fixture
def rita(store: str) -> Client:
    return make_operator("Rita", "staff")


def post(who: Client | int, text: str, room: str = chat.TAVERN, version: int = 0) -> Any:
    id_ = who if isinstance(who, int) else player_id(who)
    return chat.post_message(make_call(id_, version), room, text)


def pass_seconds(seconds: float) -> None:
    """Messages become older."""
    db.query(
        "update game.chat_messages set sent_at = sent_at - make_interval(secs => %s)", (seconds,)
    )


def events(room: str) -> list[tuple[int, str, dict[str, Any]]]:
    rows = db.query(
        "select seq, type, payload from live.events where room = %s order by seq", (room,)
    )
    return [(row["seq"], row["type"], row["payload"]) for row in rows]


def history(client: Client) -> list[str]:
    return [one["text"] for one in client.get("/api/chat/history").json]


def delete(client: Client, message_id: Any, body: Any = None) -> Any:
    return client.delete(f"/api/chat/messages/{message_id}", body=body)


# --- sending ---


def test_a_message_of_the_tavern_is_kept_and_told_to_the_room(mira: Client) -> None:
    posted = post(mira, "  <b>Hello</b> & good evening, it's 'late'\n")
    [kept] = mira.get("/api/chat/history").json
    text = "<b>Hello</b> & good evening, it's 'late'"
    assert (kept["text"], kept["userId"], kept["type"]) == (text, player_id(mira), "message")
    assert posted == {
        "seq": 1,
        "type": "message",
        "payload": {
            "id": kept["id"],
            "userId": str(player_id(mira)),  # as the token's `sub`
            "username": "Mira_K",
            "text": text,
            "timestamp": kept["timestamp"],
        },
    }
    assert events("tavern") == [(1, "message", posted["payload"])]


def test_a_message_of_a_battle_is_told_as_html(mira: Client) -> None:
    battle = make_battle()
    join(mira, battle)
    room = f"battle:{battle}"
    posted = post(mira, '<i>it\'s</i> "&amp;"', room)
    assert (posted["seq"], posted["type"]) == (2, "chat")
    payload = posted["payload"]
    assert payload["message"] == "&lt;i&gt;it&#39;s&lt;/i&gt; &quot;&amp;amp;&quot;"
    assert payload["username"] == payload["player_name"] == "Mira_K"
    assert events(room)[1] == (2, "chat", payload)
    [kept] = db.query("select room, text from game.chat_messages")
    assert kept == {"room": room, "text": '<i>it\'s</i> "&amp;"'}
    assert history(mira) == []  # of the tavern


@pytest.mark.parametrize("text", ["x", "x" * 500, " " * 600 + "x", "🦔" * 500, "a\nb", "\ud83d"])
def test_what_is_a_message(mira: Client, text: str) -> None:
    post(mira, text)
    assert len(history(mira)) == 1


@pytest.mark.parametrize(
    "text", ["", " \t\n", "x" * 501, "🦔" * 501, "\u200b\u200b", "\u00a0", "a\0b", "\0"]
)
def test_what_is_none(mira: Client, text: str) -> None:
    with pytest.raises(BadRequest, match="A message has 1 to 500 characters"):
        post(mira, text)
    assert history(mira) == []
    assert events("tavern") == []


def test_blank_is_told_from_too_long() -> None:
    assert chat.is_blank(" \u200b\n")
    assert not chat.is_blank(" x")


def test_only_who_is_in_a_battle_talks_there(mira: Client) -> None:
    battle = make_battle()
    for room, problem, words in (
        (f"battle:{battle}", BadRequest, "Not in this battle"),
        ("battle:999999", NotFound, "Battle not found"),
        ("battle:", NotFound, "Battle not found"),
        ("battle:" + "9" * 30, NotFound, "Battle not found"),
        (f"battle:{battle} ", NotFound, "Battle not found"),
        ("cellar", NotFound, "Battle not found"),
    ):
        with pytest.raises(problem, match=words):
            post(mira, "hello", room)
    assert db.query("select 1 from game.chat_messages") == []
    assert db.query("select 1 from live.rooms where room <> 'tavern'") == []


def test_who_is_muted_is_silent_until_then(mira: Client, rita: Client) -> None:
    url = f"/api/admin/users/{player_id(mira)}/mute"
    until = rita.post(url, {"minutes": 10, "reason": "spam"}).json["muted_until"]
    with pytest.raises(Forbidden, match=f"You are muted until {until}"):
        post(mira, "hello")
    db.query("update accounts.users set muted_until = now() - interval '1 second'")
    post(mira, "hello")
    rita.post(url, {"minutes": 10})
    assert rita.post(url, {"minutes": 0}).json["muted_until"] is None
    post(mira, "again")
    assert history(mira) == ["hello", "again"]
    muted = [row for row in audited() if row["action"] == "user.muted"]
    assert [row["details"]["minutes"] for row in muted] == [10, 10, 0]
    assert muted[0]["reason"] == "spam"


def test_a_stale_token_a_ban_and_an_erased_player(mira: Client) -> None:
    id_ = player_id(mira)
    with pytest.raises(Unauthorized, match="Could not validate credentials"):
        post(id_, "hello", version=1)
    db.query(DROP_PLAYERS)
    with pytest.raises(Unauthorized):
        post(id_, "hello")
    db.query("update accounts.users set is_active = false")
    with pytest.raises(Forbidden, match="Inactive user"):
        post(id_, "hello")


def test_five_messages_in_five_seconds(mira: Client) -> None:
    """In any five, also over what a window of the clock would begin anew."""
    battle = make_battle()
    join(mira, battle)
    for n in range(5):
        post(mira, str(n))
    with pytest.raises(TooManyRequests):
        post(mira, "too much")
    post(make_player("Other"), "mine")
    post(mira, "elsewhere", f"battle:{battle}")
    pass_seconds(3)
    with pytest.raises(TooManyRequests):
        post(mira, "too early")
    pass_seconds(2)
    post(mira, "later")
    assert history(mira) == ["0", "1", "2", "3", "4", "mine", "later"]


def test_the_clock_an_hour_back_silences_nobody(mira: Client) -> None:
    for n in range(5):
        post(mira, str(n))
    pass_seconds(-3600)
    post(mira, "later")


def test_without_the_database(mira: Client, away: Callable[[], None]) -> None:
    id_ = player_id(mira)
    away()
    with pytest.raises(db.DatabaseUnavailable):
        post(id_, "hello")


def test_a_message_is_one_round_trip(mira: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    id_, sent, real = player_id(mira), list[Any](), db.query

    def count(*args: Any, **more: Any) -> list[db.Row]:
        sent.append(args)
        return real(*args, **more)

    monkeypatch.setattr(db, "query", count)
    post(id_, "hello")
    assert len(sent) == 1


# --- deleting ---


def test_a_deleted_message_is_gone_and_its_room_hears_of_it(mira: Client, rita: Client) -> None:
    first, second = (post(mira, text)["payload"]["id"] for text in ("one", "two"))
    answered = delete(rita, first, {"reason": "rude"})
    assert (answered.status, answered.json) == (200, {"message": "Message deleted", "id": first})
    assert history(mira) == ["two"]
    told = events("tavern")
    assert told[2] == (3, "message_deleted", {"id": first})
    # Who follows the room from its beginning reads no words of it.
    assert (told[0][2]["text"], told[0][2]["deleted"]) == ("", True)
    assert told[1][2]["text"] == "two"
    [noted] = audited()
    assert noted == {
        "action": "message.deleted",
        "user_id": player_id(mira),
        "actor": str(player_id(rita)),
        "reason": "rude",
        "details": {"message_id": first},
    }
    assert second > first


def test_a_message_of_a_battle_is_deleted_there(mira: Client, rita: Client) -> None:
    battle = make_battle()
    join(mira, battle)
    room = f"battle:{battle}"
    message = post(mira, "rude", room)["payload"]["id"]
    assert delete(rita, message).status == 200
    _, spoken, deleted = events(room)
    assert (spoken[2]["message"], spoken[2]["deleted"]) == ("", True)
    assert deleted == (3, "message_deleted", {"id": message})


def test_a_message_is_deleted_once(mira: Client, rita: Client) -> None:
    message = post(mira, "one")["payload"]["id"]
    assert delete(rita, message).status == 200
    for unknown in (message, 10**9, -1):
        answered = delete(rita, unknown)
        assert (answered.status, answered.json) == (404, {"detail": "Message not found"})
    assert delete(rita, "one").status == 422
    assert len(events("tavern")) == 2


def test_a_message_without_an_event_is_deleted_too(mira: Client, rita: Client) -> None:
    db.query("insert into game.chat_messages (username, text) values ('Old', 'before')")
    [old] = mira.get("/api/chat/history").json
    assert delete(rita, old["id"]).status == 200
    assert history(mira) == []


def test_only_staff_delete(mira: Client, store: str) -> None:
    message = post(mira, "one")["payload"]["id"]
    for client in (mira, make_operator("Org", "organizer")):
        answered = delete(client, message)
        assert (answered.status, answered.json) == (403, {"detail": "Not allowed"})
    assert delete(make_operator(), message, {"reason": "x" * 501}).status == 422
    assert history(mira) == ["one"]


def test_an_erased_persons_words_are_gone_from_every_room(mira: Client, rita: Client) -> None:
    battle = make_battle()
    join(mira, battle)
    other = post(rita, "Hello Mira_K")["payload"]["id"]
    post(mira, "my words")
    post(mira, "my words", f"battle:{battle}")
    mira.post(f"/api/chat/messages/{other}/report", {"reason": "my words"})
    db.query("select game.erase_player(%s)", (player_id(mira),))
    assert history(rita) == ["Hello Mira_K"]
    for table in ("game.chat_messages", "game.chat_reports", "live.events"):
        rows = db.query(f"select to_jsonb(t)::text as row from {table} as t")  # type: ignore[arg-type]
        assert [row for row in rows if "my words" in row["row"]] == []
    payloads = [one[2] for room in ("tavern", f"battle:{battle}") for one in events(room)]
    assert [one for one in payloads if one.get("username") == "Mira_K"] == []


def test_a_player_takes_their_messages_and_reports_along(mira: Client, rita: Client) -> None:
    message = post(rita, "hello")["payload"]["id"]
    post(mira, "hi")
    mira.post(f"/api/chat/messages/{message}/report", {"reason": "rude"})
    exported = db.query(
        "select list, record from game.export_records(%s, '-infinity', 100)", (player_id(mira),)
    )
    by_list = {row["list"]: row["record"] for row in exported}
    assert by_list["chat_messages"]["text"] == "hi"
    assert by_list["chat_reports"]["reason"] == "rude"
    assert by_list["chat_reports"]["message_id"] == message


# --- at the same moment ---


@pytest.mark.commits
def test_of_twenty_messages_at_once_five_are_taken(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mira = make_player()
    id_ = player_id(mira)

    def attempt(number: int) -> str:
        try:
            return str(post(id_, str(number))["type"])
        except Problem as problem:
            return type(problem).__name__

    with own_connections(store, monkeypatch):
        counted = Counter(in_threads(20, attempt))
    assert counted == {"message": 5, "TooManyRequests": 15}
    assert len(history(mira)) == 5
    assert [seq for seq, _, _ in events("tavern")] == [1, 2, 3, 4, 5]


@pytest.mark.commits
def test_of_twenty_deletions_at_once_one_succeeds(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mira, rita = make_player(), make_operator("Rita", "staff")
    message = post(mira, "one")["payload"]["id"]
    with own_connections(store, monkeypatch):
        answers = at_once(20, lambda _: delete(rita, message))
    assert Counter(one.status for one in answers) == {200: 1, 404: 19}
    assert [kind for _, kind, _ in events("tavern")] == ["message", "message_deleted"]


@pytest.mark.commits
def test_ten_players_talk_at_once_in_an_order_that_all_see(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    players = [player_id(make_player(f"Player {n}")) for n in range(10)]
    with own_connections(store, monkeypatch):
        posted = in_threads(10, lambda n: post(players[n], "hello"))
    assert sorted(one["seq"] for one in posted) == list(range(1, 11))
    kept = db.query("select id, event_seq from game.chat_messages")
    assert {row["id"]: row["event_seq"] for row in kept} == {
        one["payload"]["id"]: one["seq"] for one in posted
    }

"""Reports of chat messages: game.md section 9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.game import chat
from functions.game.calls import make_call
from functions.shared import db
from tests.support.battles import join, make_battle
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import at_once, audited, make_operator, make_player, player_id


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


@pytest.fixture
def otto(store: str) -> Client:
    return make_player("Otto")


@pytest.fixture
def rita(store: str) -> Client:
    return make_operator("Rita", "staff")


def post(client: Client, text: str = "rude", room: str = chat.TAVERN) -> int:
    posted = chat.post_message(make_call(player_id(client), 0), room, text)
    return int(posted["payload"]["id"])


def report(client: Client, message_id: Any, reason: Any = "insults me", key: str = "") -> Any:
    headers = client.headers | ({"Idempotency-Key": key} if key else {})
    url = f"/api/chat/messages/{message_id}/report"
    return client.post(url, {"reason": reason}, headers=headers)


def read(operator: Client, query: str = "") -> Any:
    return operator.get(f"/api/admin/reports?{query}")


def test_a_report_reaches_the_staff(mira: Client, otto: Client, rita: Client) -> None:
    message = post(otto)
    answered = report(mira, message)
    assert answered.status == 200
    found = read(rita).json
    [one] = found["reports"]
    assert one.pop("at").endswith("Z")
    assert one["message"].pop("sent_at").endswith("Z")
    assert one == {
        "id": answered.json["report_id"],
        "reason": "insults me",
        "reporter_id": player_id(mira),
        "reporter": "Mira_K",
        "message": {
            "id": message,
            "room": "tavern",
            "user_id": player_id(otto),
            "username": "Otto",
            "text": "rude",
            "deleted_at": None,
        },
    }
    assert found["next_cursor"] is None


def test_a_message_of_a_battle_can_be_reported(mira: Client, otto: Client, rita: Client) -> None:
    battle = make_battle()
    join(otto, battle)
    report(mira, post(otto, "<rude>", f"battle:{battle}"))
    [one] = read(rita).json["reports"]
    assert (one["message"]["room"], one["message"]["text"]) == (f"battle:{battle}", "<rude>")


def test_twice_is_one(mira: Client, otto: Client, rita: Client) -> None:
    message = post(otto)
    first, second = report(mira, message), report(mira, message, "again")
    assert (first.status, first.json) == (second.status, second.json)
    assert [one["reason"] for one in read(rita).json["reports"]] == ["insults me"]
    assert report(rita, message).json["report_id"] > first.json["report_id"]
    assert len(read(rita).json["reports"]) == 2


def test_nobody_reports_themselves(mira: Client) -> None:
    answered = report(mira, post(mira))
    assert (answered.status, answered.json) == (400, {"detail": "This message is your own"})


def test_unknown_deleted_and_system_messages(mira: Client, otto: Client, rita: Client) -> None:
    message = post(otto)
    assert rita.delete(f"/api/chat/messages/{message}").status == 200
    system = db.fetch_value(
        """
        insert into game.chat_messages (username, text, type)
        values ('', 'Otto came', 'system')
        returning id
        """
    )
    for unknown in (message, system, 10**9, -1):
        answered = report(mira, unknown)
        assert (answered.status, answered.json) == (404, {"detail": "Message not found"})
    assert report(mira, "x").status == 422


def test_staff_read_what_was_deleted_after_its_report(
    mira: Client, otto: Client, rita: Client
) -> None:
    message = post(otto)
    report(mira, message)
    rita.delete(f"/api/chat/messages/{message}")
    [one] = read(rita).json["reports"]
    assert one["message"]["text"] == "rude"
    assert one["message"]["deleted_at"].endswith("Z")


@pytest.mark.parametrize("reason", [None, "", "  ", 7, "x" * 501, "two\nlines", ["x"]], ids=str)
def test_a_report_needs_a_reason(mira: Client, otto: Client, reason: Any) -> None:
    assert report(mira, post(otto), reason).status == 422
    assert db.query("select 1 from game.chat_reports") == []


def test_a_key_repeats_the_answer(mira: Client, otto: Client) -> None:
    first, second = post(otto), post(otto)
    answered = report(mira, first, key="k")
    assert report(mira, first, key="k").json == answered.json
    assert report(mira, first, "another reason", key="k").status == 409
    assert report(mira, second, key="k").status == 200


def test_who_is_muted_may_report(mira: Client, otto: Client) -> None:
    db.query("update accounts.users set muted_until = now() + interval '1 hour'")
    db.query("insert into game.chat_messages (username, text) values ('Bea', 'rude')")
    assert report(mira, db.fetch_value("select id from game.chat_messages")).status == 200


def test_pages_hold_each_report_once(otto: Client, rita: Client) -> None:
    message = post(otto)
    for n in range(5):
        report(make_player(f"Player {n}"), message, f"for {n} reasons")
    reasons: list[str] = []
    query = "limit=2"
    for count in (2, 2, 1):
        page = read(rita, query).json
        assert len(page["reports"]) == count
        reasons += [one["reason"] for one in page["reports"]]
        query = f"limit=2&cursor={page['next_cursor']}"
    assert reasons == [f"for {n} reasons" for n in (4, 3, 2, 1, 0)]
    assert page["next_cursor"] is None
    for wrong in ("nonsense", "%00", "x" * 3000):
        assert read(rita, f"cursor={wrong}").status == 422


def test_who_reads_them_is_audited_and_staff(mira: Client, rita: Client) -> None:
    assert read(mira).json == {"detail": "Not allowed"}
    assert read(rita, "reason=evening+round").status == 200
    [noted] = audited()
    assert (noted["action"], noted["actor"]) == ("reports.read", str(player_id(rita)))
    assert noted["reason"] == "evening round"


def test_without_the_database(mira: Client, rita: Client, away: Callable[[], None]) -> None:
    away()
    assert report(mira, 1).status == 503
    assert read(rita).status == 503
    assert rita.delete("/api/chat/messages/1").status == 503


@pytest.mark.commits
def test_twenty_reports_at_once_are_one(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mira, otto = make_player(), make_player("Otto")
    message = post(otto)
    with own_connections(store, monkeypatch):
        answers = at_once(20, lambda _: report(mira, message))
    assert {one.status for one in answers} == {200}
    assert len({one.text for one in answers}) == 1
    assert len(db.query("select 1 from game.chat_reports")) == 1

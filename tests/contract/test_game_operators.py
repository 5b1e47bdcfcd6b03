"""Running a game: game.md section 9 as an evening of operators."""

from __future__ import annotations

from typing import Any

import pytest

from functions.game import chat
from functions.game.calls import make_call
from tests.support.accounts import bearer, make_user
from tests.support.battles import claim, make_battle, win
from tests.support.client import Client
from tests.support.game import audited, make_operator, make_player, player_id


@pytest.fixture
def mira(store: str) -> Client:
    return make_player()


@pytest.fixture
def otto(store: str) -> Client:
    return make_player("Otto")


@pytest.fixture
def ada(store: str) -> Client:
    """An admin, at the panel."""
    return bearer(make_user("Ada", "admin"), "panel")


@pytest.fixture
def rita(store: str) -> Client:
    return make_operator("Rita", "staff")


def post(client: Client, text: str) -> int:
    posted = chat.post_message(make_call(player_id(client), 0), chat.TAVERN, text)
    return int(posted["payload"]["id"])


def test_a_player_who_lost_a_battle_to_a_fault_is_made_up_for_it(
    mira: Client, ada: Client, rita: Client
) -> None:
    battle = make_battle()
    win(mira, battle)
    claim(mira, battle)
    url = f"/api/admin/players/{player_id(mira)}"
    body: dict[str, Any] = {"gold": 120, "xp": 60, "item": "rest-4", "reason": "battle 7 froze"}
    dry = ada.post(f"{url}/grant", body | {"dry_run": True})
    headers = ada.headers | {"Idempotency-Key": "complaint 7"}
    given, repeated = (ada.post(f"{url}/grant", body, headers=headers) for _ in range(2))
    assert dry.status == given.status == repeated.status == 200
    assert given.json == repeated.json
    assert given.json["after"] == dry.json["after"]
    assert ada.post(f"{url}/grant", body | {"gold": -10_000}).status == 409
    found = rita.get(f"{url}/ledger?limit=2").json
    assert [(m["cause"], m["amount"]) for m in found["movements"]] == [
        ("grant", 120),
        ("claim", 120),
    ]
    assert found["movements"][0]["reason"] == "battle 7 froze"
    older = rita.get(f"{url}/ledger?cursor={found['next_cursor']}").json["movements"]
    assert [m["cause"] for m in older] == ["start"]
    assert [row["action"] for row in audited()] == ["player.granted", "ledger.read", "ledger.read"]


def test_rude_words_are_reported_deleted_and_their_author_muted(
    mira: Client, otto: Client, rita: Client
) -> None:
    own, rude = post(mira, "good evening"), post(otto, "rude")
    url = f"/api/chat/messages/{rude}"
    assert mira.post(f"{url}/report", {"reason": "rude"}).status == 200
    assert mira.post(f"/api/chat/messages/{own}/report", {"reason": "mine"}).status == 400
    [report] = rita.get("/api/admin/reports").json["reports"]
    assert report["message"]["id"] == rude
    assert rita.delete(url, body={"reason": "rude"}).status == 200
    assert rita.delete(url).status == 404
    muted = rita.post(f"/api/admin/users/{player_id(otto)}/mute", {"minutes": 60})
    assert muted.json["muted_until"].endswith("Z")
    assert [one["text"] for one in mira.get("/api/chat/history").json] == ["good evening"]
    actions = [row["action"] for row in audited()]
    assert actions == ["reports.read", "message.deleted", "user.muted"]


def test_nobody_claims_for_nothing(mira: Client, rita: Client) -> None:
    win(mira, make_battle())
    assert rita.get("/api/admin/contribution").json == {"days": 7, "players": []}


def test_what_operators_ask_must_make_sense(ada: Client, mira: Client) -> None:
    for url in (
        "/api/admin/reports?cursor=x",
        "/api/admin/contribution?reason=%0A",
        "/api/admin/players/x/ledger",
    ):
        assert ada.get(url).status == 422
    assert ada.delete("/api/chat/messages/x").status == 422
    assert mira.get("/api/chat/history?limit=0").status == 422
    assert mira.post("/api/chat/messages/x/report", {"reason": "x"}).status == 422

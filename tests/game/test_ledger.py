"""The ledger as operators read it: game.md section 9, `GET /api/admin/players/{id}/ledger`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support.battles import claim, make_battle, win
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.game import (
    at_once,
    audited,
    buy,
    change,
    drawing,
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


def read(operator: Client, of: Client, query: str = "") -> Any:
    return operator.get(f"/api/admin/players/{player_id(of)}/ledger?{query}")


def test_every_movement_is_there_newest_first(mira: Client, rita: Client) -> None:
    change(mira, gems=60)
    battle = make_battle()
    win(mira, battle)
    with drawing(2**32 - 1):
        claim(mira, battle)
    buy(mira, "crossbow-1")
    buy(mira, "fury-10", "gems")
    mira.post("/api/pets/egg")
    ada = make_operator()
    body = {"gold": -5, "reason": "a wager lost"}
    assert ada.post(f"/api/admin/players/{player_id(mira)}/grant", body).status == 200
    found = read(rita, mira).json
    told = [(m["kind"], m["amount"], m["balance_after"], m["cause"]) for m in found["movements"]]
    assert told == [
        ("gold", -5, 525, "grant"),
        ("gold", -500, 530, "egg"),
        ("gem", -50, 10, "purchase"),
        ("gold", -90, 1030, "purchase"),
        ("gold", 120, 1120, "claim"),
        ("gem", 60, 60, "test"),
        ("gold", 1000, 1000, "start"),
    ]
    assert found["next_cursor"] is None
    purchases = [one["id"] for one in mira.get("/api/shop/history").json]
    [participant] = mira.get("/api/battles/history/me").json
    references = [m["reference"] for m in found["movements"]]
    assert references[1:5] == [*purchases, participant["id"]]
    assert references[5:] == [None, None]
    newest, *others = found["movements"]
    assert (newest["actor"], newest["reason"]) == (str(player_id(ada)), "a wager lost")
    assert {(m["actor"], m["reason"]) for m in others} == {(None, None)}
    assert newest["at"].endswith("Z")


def test_pages_hold_each_movement_once(mira: Client, rita: Client) -> None:
    for _ in range(6):
        buy(mira, "rest-1")
    amounts: list[int] = []
    query = "limit=3"
    for count in (3, 3, 1):
        page = read(rita, mira, query).json
        assert len(page["movements"]) == count
        amounts += [m["balance_after"] for m in page["movements"]]
        # What comes meanwhile is on no later page; why somebody reads is no filter.
        buy(mira, "rest-1")
        query = f"limit=3&reason=a+complaint&cursor={page['next_cursor']}"
    assert amounts == [940, 950, 960, 970, 980, 990, 1000]
    assert page["next_cursor"] is None
    whole = read(rita, mira, "limit=10").json
    assert (len(whole["movements"]), whole["next_cursor"]) == (10, None)


def test_a_cursor_counts_for_its_player(mira: Client, rita: Client) -> None:
    buy(mira, "rest-1")
    cursor = read(rita, mira, "limit=1").json["next_cursor"]
    assert read(rita, make_player("Other"), f"cursor={cursor}").status == 422
    for wrong in ("nonsense", cursor[:-2], "%00", "x" * 3000):
        assert read(rita, mira, f"cursor={wrong}").status == 422
    assert read(rita, mira, "cursor=").status == 200


@pytest.mark.parametrize(("limit", "count"), [("0", 1), ("-3", 1), ("x", 4), ("1000", 4)])
def test_a_limit_is_clamped(mira: Client, rita: Client, limit: str, count: int) -> None:
    for _ in range(3):
        buy(mira, "rest-1")
    assert len(read(rita, mira, f"limit={limit}").json["movements"]) == count


def test_a_ledger_stays_when_the_person_is_erased(mira: Client, rita: Client) -> None:
    id_ = player_id(mira)
    db.query("select game.erase_player(%s)", (id_,))
    db.query(
        "update accounts.users set deleted_at = now(), username = null, email = null, "
        "password_hash = null, is_active = false where id = %s",
        (id_,),
    )
    found = rita.get(f"/api/admin/players/{id_}/ledger").json
    assert [m["cause"] for m in found["movements"]] == ["start"]


def test_who_reads_whose_ledger_is_audited(mira: Client, rita: Client) -> None:
    assert read(rita, mira, "reason=a+complaint").status == 200
    assert read(rita, mira).status == 200
    noted = [(row["action"], row["user_id"], row["reason"]) for row in audited()]
    assert noted == [
        ("ledger.read", player_id(mira), "a complaint"),
        ("ledger.read", player_id(mira), None),
    ]
    assert {row["actor"] for row in audited()} == {str(player_id(rita))}
    assert read(rita, mira, "reason=%0A").status == 422


def test_only_staff_read_it(mira: Client, store: str) -> None:
    for role in ("player", "organizer"):
        assert read(make_operator(f"The {role}", role), mira).status == 403
    assert read(mira, mira).json == {"detail": "Not allowed"}
    assert audited() == []


def test_unknown_players(rita: Client) -> None:
    for id_, status in (("999999", 404), ("-1", 404), ("nobody", 422), ("1e3", 422)):
        assert rita.get(f"/api/admin/players/{id_}/ledger").status == status


def test_without_the_database(mira: Client, rita: Client, away: Callable[[], None]) -> None:
    id_ = player_id(mira)
    away()
    assert rita.get(f"/api/admin/players/{id_}/ledger").status == 503


@pytest.mark.commits
def test_movements_of_one_moment_are_in_the_order_of_their_balances(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their transactions may have begun in another order than they took turns in."""
    mira, rita = make_player(), make_operator("Rita", "staff")
    with own_connections(store, monkeypatch):
        at_once(20, lambda _: mira.post("/api/shop/purchase", {"item_id": "rest-1"}))
    balances = [m["balance_after"] for m in read(rita, mira).json["movements"]]
    assert balances == [1000 - 10 * n for n in range(20, -1, -1)]

"""Users of the tracker, as they see each other: tracker.md section 3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.tracker import check_error, make_user
from tests.support.tracker_battles import make_duel, user_id


@pytest.fixture
def mira(tracker_keys: None) -> Client:
    """A player."""
    return make_user("mira")


@pytest.fixture
def ada(tracker_keys: None) -> Client:
    """An admin."""
    return make_user("ada", "admin")


def test_whoever_asks_hears_how_the_tracker_is(store: str, away: Callable[[], None]) -> None:
    answered = Client().get("/v1/health/")
    assert (answered.status, answered.json) == (200, {"status": "healthy"})
    reference = Client().get("/v1/openapi.json")
    assert reference.json == Client().get("/openapi.json").json
    assert reference.headers["x-request-id"].startswith("req_")
    have = {"If-None-Match": reference.headers["etag"]}
    assert Client(have).get("/v1/openapi.json").status == 304
    away()
    check_error(Client().get("/v1/health"), 503, "SERVICE_UNAVAILABLE")


def test_a_user_is_shown(mira: Client, ada: Client) -> None:
    own = mira.get("/v1/auth/profile").json["user"]
    url = f"/v1/users/{own['id']}"
    for client in (mira, ada):
        assert client.get(url).json == {"user": own}
    nils = make_user("nils")
    assert nils.get(url).json == {"user": own | {"email": None}}
    for unknown in ("usr_00000000", "army_00000000", "%00", "x" * 300):
        check_error(mira.get(f"/v1/users/{unknown}"), 404, "USER_NOT_FOUND")


def test_users_are_found_by_the_beginning_of_their_name(mira: Client, ada: Client) -> None:
    for name in ("mirabel", "Miro", "Mi_x"):
        make_user(name)

    def names(query: str) -> list[str]:
        answered = ada.get(f"/v1/users?{query}")
        assert answered.status == 200, answered.text
        assert all(one["email"] is None for one in answered.json["data"])
        return [one["username"] for one in answered.json["data"]]

    assert names("q=MIR") == ["Miro", "mirabel", "mira"]
    assert names("q=mira&limit=1") == ["mirabel"]
    assert names("q=mi&offset=3") == ["mira"]
    assert names("q=mi_") == ["Mi_x"]
    assert names("q=%25%25") == []
    cursor = ada.get("/v1/users?q=mir&limit=2").json["pagination"]["next_cursor"]
    assert names(f"q=mir&cursor={cursor}") == ["mira"]
    for query in ("", "?q=", "?q=m", "?q=%20m%20", "?q=" + "x" * 65, "?q=m%00"):
        check_error(ada.get(f"/v1/users{query}"), 422, "VALIDATION_ERROR")


def test_admins_give_roles(mira: Client, ada: Client) -> None:
    url = f"/v1/users/{user_id(mira)}"
    check_error(mira.patch(url, {"role": "admin"}), 403, "FORBIDDEN", required="admin")
    check_error(make_user("otto", "organizer").patch(url, {"role": "admin"}), 403, "FORBIDDEN")
    answered = ada.patch(url, {"role": "organizer"})
    assert (answered.status, answered.json["user"]["role"]) == (200, "organizer")
    assert mira.get("/v1/auth/profile").json["user"]["role"] == "organizer"
    [noted] = db.query("select actor, ip_hash, details from accounts.audit where actor is not null")
    assert noted["details"]["role"] == ["player", "organizer"]
    assert noted["ip_hash"]
    for body in ({}, {"role": "staff"}, {"role": None}, {"role": 7}):
        check_error(ada.patch(url, body), 422, "VALIDATION_ERROR")
    own = f"/v1/users/{user_id(ada)}"
    check_error(ada.patch(own, {"role": "player"}), 403, "FORBIDDEN")
    check_error(ada.patch("/v1/users/usr_00000000", {"role": 7}), 404, "USER_NOT_FOUND")


def test_battles_are_counted_while_they_are_completed(tracker_keys: None) -> None:
    duel = make_duel()

    def counted() -> list[Any]:
        users = [
            duel.mira.get(f"/v1/users/{name}").json["user"] for name in (duel.mira_id, duel.nils_id)
        ]
        own = duel.mira.get("/v1/auth/profile").json["user"]
        return [one["total_battles"] for one in (*users, own)]

    assert counted() == [0, 0, 0]
    battle = duel.make()
    duel.mira.post(f"/v1/battles/{battle['id']}/complete")
    assert counted() == [1, 1, 1]
    duel.mira.patch(f"/v1/battles/{battle['id']}", {"action": "reopen"})
    assert counted() == [0, 0, 0]

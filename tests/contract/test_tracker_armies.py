"""Armies: tracker.md sections 1.4, 1.5, 3 and 7."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.shared import db
from tests.support.armies import ARMY, make_army
from tests.support.client import Answered, Client
from tests.support.tracker import check_error, make_user


@pytest.fixture
def mira(tracker_keys: None) -> Client:
    """A player."""
    return make_user("mira")


@pytest.fixture
def nils(tracker_keys: None) -> Client:
    """Another player."""
    return make_user("nils")


@pytest.fixture
def ada(tracker_keys: None) -> Client:
    """An admin."""
    return make_user("ada", "admin")


def test_an_army_is_made_and_read(mira: Client, nils: Client) -> None:
    answered = mira.post("/v1/armies", ARMY)
    assert answered.status == 201, answered.text
    army = answered.json["army"]
    assert answered.headers["location"] == f"/v1/armies/{army['id']}"
    assert answered.headers["etag"] == '"1"'
    assert {name: army[name] for name in ARMY} == ARMY
    assert (army["units_total"], army["list_complete"], army["version"]) == (85, False, 1)
    assert army["owner_id"] == mira.get("/v1/auth/profile").json["user"]["id"]
    read = nils.get(f"/v1/armies/{army['id']}/")
    assert (read.status, read.json) == (200, {"army": army})
    assert read.headers["cache-control"] == "private, no-cache"
    assert read.headers["etag"] == '"1"'


def test_defaults_and_numbers_as_games_send_them(mira: Client) -> None:
    unit = {"name": " Cafe\u0301 guard ", "points": 3.0}
    sent = {**ARMY, "points_value": 3.0, "army_list": {"units": [unit]}}
    del sent["visibility"]
    army = mira.post("/v1/armies", sent).json["army"]
    assert army["visibility"] == "public"
    assert (army["points_value"], army["list_complete"]) == (3, True)
    [unit] = army["army_list"]["units"]
    assert unit == {"name": "Caf\u00e9 guard", "points": 3, "keywords": [], "abilities": []}


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        *(("name", value, "invalid") for value in ("", "x" * 101, 7, None, "a\u0007b", "a\nb")),
        *(("detachment", value, "invalid") for value in (" ", "x" * 101)),
        *(
            ("faction_id", value, "invalid")
            for value in ("necrons", "fac_", "fac_A", "fac_" + "a" * 61)
        ),
        *(("points_value", value, "invalid") for value in (0, 20_001, 1.5, "3", True, None)),
        ("visibility", "secret", "invalid"),
        ("army_list", [], "invalid"),
        ("army_list", None, "invalid"),
        ("army_list.units", [{"name": "x", "points": 1}] * 201, "invalid"),
        ("army_list.units.0.points", [{"name": "x", "points": 5001}], "invalid"),
        ("army_list.units.0.name", [{"points": 1}], "required"),
        (
            "army_list.units.0.keywords",
            [{"name": "x", "points": 1, "keywords": ["k"] * 31}],
            "invalid",
        ),
        (
            "army_list.units.0.keywords.0",
            [{"name": "x", "points": 1, "keywords": ["k" * 51]}],
            "invalid",
        ),
        (
            "army_list.units.0.abilities.0",
            [{"name": "x", "points": 1, "abilities": ["a" * 101]}],
            "invalid",
        ),
        (
            "army_list.units",
            [{"name": "x", "points": 501}, {"name": "y", "points": 500}],
            "units_exceed_points_value",
        ),
    ],
)
def test_a_field_that_breaks_a_rule_is_named(
    mira: Client, field: str, value: Any, rule: str
) -> None:
    is_unit = field.startswith("army_list.")
    changes = {"army_list": {"units": value}} if is_unit else {field: value}
    answered = mira.post("/v1/armies", ARMY | changes)
    check_error(answered, 422, "VALIDATION_ERROR")
    [problem] = answered.json["error"]["details"]["fields"]
    assert (problem["field"], problem["rule"]) == (field, rule)


@pytest.mark.parametrize("missing", [name for name in ARMY if name != "visibility"])
def test_what_is_required(mira: Client, missing: str) -> None:
    sent = {name: value for name, value in ARMY.items() if name != missing}
    answered = mira.post("/v1/armies", sent)
    check_error(answered, 422, "VALIDATION_ERROR")
    [problem] = answered.json["error"]["details"]["fields"]
    assert (problem["field"], problem["rule"]) == (missing, "required")


def test_owners_change_what_they_send(mira: Client, nils: Client, ada: Client) -> None:
    army = make_army(mira)
    url = f"/v1/armies/{army['id']}"
    check_error(nils.put(url, {"name": "Mine"}), 403, "FORBIDDEN", required="owner")
    answered = mira.put(url, {"name": "Fourth Dynasty", "owner_id": "usr_00000000"})
    assert (answered.status, answered.headers["etag"]) == (200, '"2"')
    changed = answered.json["army"]
    assert changed == army | {
        **{"name": "Fourth Dynasty", "version": 2, "updated_at": changed["updated_at"]}
    }
    assert ada.put(url, {"visibility": "private"}).json["army"]["version"] == 3
    assert mira.get(url).json["army"]["visibility"] == "private"
    units = {"army_list": {"units": [{"name": "Monolith", "points": 1000}]}}
    assert mira.put(url, units).json["army"]["list_complete"] is True
    answered = mira.put(url, {"points_value": 999})
    check_error(answered, 422, "VALIDATION_ERROR")
    [problem] = answered.json["error"]["details"]["fields"]
    assert problem["rule"] == "units_exceed_points_value"
    answered = mira.put(url, {"faction_id": "fac_orks"})
    [problem] = answered.json["error"]["details"]["fields"]
    assert (problem["field"], problem["rule"]) == ("faction_id", "immutable")
    assert mira.put(url, {"faction_id": army["faction_id"]}).status == 200
    assert mira.put(url).status == 200
    for field in ("name", "points_value", "army_list", "visibility"):
        check_error(mira.put(url, {field: None}), 422, "VALIDATION_ERROR")


def test_a_private_army_is_hidden(mira: Client, nils: Client, ada: Client) -> None:
    army = make_army(mira, visibility="private")
    url = f"/v1/armies/{army['id']}"
    for answered in (nils.get(url), nils.put(url, {"name": "x"}), nils.delete(url)):
        check_error(answered, 404, "ARMY_NOT_FOUND", army_id=army["id"])
    assert mira.get(url).status == ada.get(url).status == 200
    assert [one["id"] for one in nils.get("/v1/armies").json["data"]] == []
    for client in (mira, ada):
        assert [one["id"] for one in client.get("/v1/armies").json["data"]] == [army["id"]]


def test_if_match_and_if_none_match(mira: Client) -> None:
    army = make_army(mira)
    url = f"/v1/armies/{army['id']}"

    def put(tag: str) -> Answered:
        return mira.put(url, {"name": "x"}, headers=mira.headers | {"If-Match": tag})

    assert put('"1"').json["army"]["version"] == 2
    answered = put('"1"')
    check_error(answered, 409, "VERSION_CONFLICT", current_version=2)
    assert answered.json["error"]["details"]["army"]["name"] == "x"
    assert put('W/"2"').status == put("*").status == put('"1", "4"').status == 200
    check_error(put("nonsense"), 409, "VERSION_CONFLICT", current_version=5)
    for tag, status in (('"5"', 304), ('W/"5"', 304), ('"4"', 200), ("*", 304)):
        answered = mira.get(url, headers=mira.headers | {"If-None-Match": tag})
        assert answered.status == status, tag
        assert answered.headers["etag"] == '"5"'
    delete = mira.delete(url, headers=mira.headers | {"If-Match": '"4"'})
    check_error(delete, 409, "VERSION_CONFLICT")


def test_deleting(mira: Client, nils: Client) -> None:
    army = make_army(mira)
    url = f"/v1/armies/{army['id']}"
    check_error(nils.delete(url), 403, "FORBIDDEN")
    key = mira.headers | {"Idempotency-Key": "gone"}
    answered = mira.delete(url, headers=key)
    assert (answered.status, answered.text) == (204, "")
    for client in (mira, nils):
        for answered in (client.get(url), client.delete(url), client.put(url, {})):
            check_error(answered, 404, "ARMY_NOT_FOUND")
    again = mira.delete(url, headers=key)
    assert (again.status, again.headers["idempotency-replayed"]) == (204, "true")
    assert mira.get("/v1/armies").json["data"] == []


@pytest.mark.parametrize("army", ["army_0f3k", "btl_00000000", "%00", "x" * 500, "é"])
def test_an_unknown_army(mira: Client, army: str) -> None:
    url = f"/v1/armies/{army}"
    for answered in (mira.get(url), mira.put(url, {}), mira.delete(url)):
        check_error(answered, 404, "ARMY_NOT_FOUND")


# --- repeats ---


def test_the_same_key_gets_the_same_answer(mira: Client, nils: Client) -> None:
    key = {"Idempotency-Key": "a-1"}
    first = mira.post("/v1/armies", ARMY, headers=mira.headers | key)
    again = mira.post("/v1/armies", json.dumps(ARMY, indent=1), headers=mira.headers | key)
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    other = mira.post("/v1/armies", ARMY | {"name": "x"}, headers=mira.headers | key)
    check_error(other, 409, "IDEMPOTENCY_CONFLICT", reason="other_body")
    theirs = nils.post("/v1/armies", ARMY, headers=nils.headers | key)
    assert theirs.json["army"]["id"] != first.json["army"]["id"]
    wrong = mira.post(
        "/v1/armies", ARMY | {"name": ""}, headers=mira.headers | {"Idempotency-Key": "b"}
    )
    check_error(wrong, 422, "VALIDATION_ERROR")
    again = mira.post(
        "/v1/armies", ARMY | {"name": ""}, headers=mira.headers | {"Idempotency-Key": "b"}
    )
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json["error"] == wrong.json["error"]


@pytest.mark.parametrize("key", ["x" * 129, "é", "a\tb"])
def test_a_key_that_is_none(mira: Client, key: str) -> None:
    answered = mira.post("/v1/armies", ARMY, headers=mira.headers | {"Idempotency-Key": key})
    check_error(answered, 422, "VALIDATION_ERROR")


def test_an_equal_creation_without_a_key_is_a_retry(mira: Client, nils: Client) -> None:
    first = mira.post("/v1/armies", ARMY)
    again = mira.post("/v1/armies", {**ARMY, "points_value": 1000.0})
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["idempotency-replayed"] == "true"
    assert nils.post("/v1/armies", ARMY).json["army"]["id"] != first.json["army"]["id"]
    other = mira.post("/v1/armies", ARMY | {"name": "x"})
    assert other.json["army"]["id"] != first.json["army"]["id"]
    db.query("update tracker.idempotency set expires_at = expires_at - interval '61 seconds'")
    later = mira.post("/v1/armies", ARMY)
    assert later.json["army"]["id"] != first.json["army"]["id"]
    assert "idempotency-replayed" not in later.headers


# --- lists ---


def walk(client: Client, url: str, limit: int) -> list[list[str]]:
    """The ids of each page."""
    pages, cursor = [], ""
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        body = client.get(f"{url}&limit={limit}{more}").json
        pages.append([one["id"] for one in body["data"]])
        cursor = body["pagination"]["next_cursor"]
        assert body["pagination"]["has_more"] == bool(cursor)
        if not cursor:
            return pages


def test_walking_by_cursor_and_by_offset(mira: Client, nils: Client) -> None:
    made = [make_army(mira, name=f"{n}")["id"] for n in range(7)]
    make_army(nils)
    owner = mira.get("/v1/auth/profile").json["user"]["id"]
    url = f"/v1/armies?owner_id={owner}"
    newest = made[::-1]
    assert walk(mira, url, 3) == [newest[:3], newest[3:6], newest[6:]]
    assert walk(mira, url, 7) == [newest]
    body = mira.get(f"{url}&offset=2&limit=2").json
    assert [one["id"] for one in body["data"]] == newest[2:4]
    cursor = body["pagination"]["next_cursor"]
    body = mira.get(f"{url}&cursor={cursor}").json
    assert [one["id"] for one in body["data"]] == newest[4:]
    assert body["pagination"] == {"limit": 20, "has_more": False, "next_cursor": None}
    assert mira.get(f"{url}&offset=100000").json["data"] == []
    assert len(mira.get("/v1/armies?faction_id=fac_necrons").json["data"]) == 8
    assert mira.get("/v1/armies?faction_id=fac_orks").json["data"] == []
    assert len(mira.get("/v1/armies?faction_id=&owner_id=&unknown=1").json["data"]) == 8


def test_what_comes_between_two_pages_is_not_on_the_second(mira: Client) -> None:
    made = [make_army(mira, name=f"{n}")["id"] for n in range(4)]
    body = mira.get("/v1/armies?limit=2").json
    make_army(mira, name="new")
    mira.delete(f"/v1/armies/{made[2]}")
    cursor = body["pagination"]["next_cursor"]
    body = mira.get(f"/v1/armies?limit=9&cursor={cursor}").json
    assert [one["id"] for one in body["data"]] == [made[1], made[0]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *((f"limit={value}", "limit") for value in ("0", "-1", "x", "1.5", "", "%00")),
        *((f"offset={value}", "offset") for value in ("-1", "x", "100001", "1e3", "9" * 5000)),
        ("offset=0&cursor=x", "cursor"),
        ("owner_id=%00", "owner_id"),
        ("faction_id=" + "x" * 65, "faction_id"),
    ],
)
def test_a_query_that_cannot_be_understood(mira: Client, query: str, field: str) -> None:
    answered = mira.get(f"/v1/armies?{query}")
    check_error(answered, 422, "VALIDATION_ERROR")
    [problem] = answered.json["error"]["details"]["fields"]
    assert problem["field"] == field


@pytest.mark.parametrize("limit", ["5000", "9999999999", "9" * 5000, "0" * 50 + "101"])
def test_more_than_a_hundred_are_cut(mira: Client, limit: str) -> None:
    """Regression: a limit of ten digits or more was refused."""
    assert mira.get(f"/v1/armies?limit={limit}").json["pagination"]["limit"] == 100


def test_whose_cursor_it_is(mira: Client, nils: Client) -> None:
    for number in range(3):
        make_army(mira, name=f"{number}")
    cursor = mira.get("/v1/armies?limit=1").json["pagination"]["next_cursor"]

    def rule(client: Client, query: str) -> Any:
        answered = client.get(f"/v1/armies?{query}")
        if answered.status == 200:
            return None
        check_error(answered, 422, "VALIDATION_ERROR")
        [problem] = answered.json["error"]["details"]["fields"]
        assert problem["field"] == "cursor"
        return problem["rule"]

    assert rule(mira, f"cursor={cursor}&limit=2") is None
    assert rule(mira, f"cursor={cursor}&faction_id=fac_orks") == "cursor_filter_mismatch"
    assert rule(nils, f"cursor={cursor}") == "cursor_filter_mismatch"
    changed = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for wrong in (changed, cursor[:-4], "nonsense", "é"):
        assert rule(mira, f"cursor={wrong}") == "invalid_cursor"


# --- the general limit ---


def test_what_has_not_changed_is_free(mira: Client, setting: Any) -> None:
    army = make_army(mira)
    url = f"/v1/armies/{army['id']}"
    have = mira.headers | {"If-None-Match": '"1"'}
    left = int(mira.get(url).headers["x-ratelimit-remaining"])
    for _ in range(3):
        answered = mira.get(url, headers=have)
        assert answered.status == 304
        assert int(answered.headers["x-ratelimit-remaining"]) == left
        assert int(answered.headers["x-ratelimit-reset"]) > 0
    stale = mira.headers | {"If-None-Match": '"9"'}
    assert int(mira.get(url, headers=stale).headers["x-ratelimit-remaining"]) == left - 1
    assert int(mira.get(f"{url}x", headers=have).headers["x-ratelimit-remaining"]) == left - 2
    setting(GENERAL_REQUESTS=str(1000 - left + 2))
    for headers in (mira.headers, have):
        answered = mira.get(url, headers=headers)
        check_error(answered, 429, "RATE_LIMITED", scope="general")
        assert answered.headers["x-ratelimit-remaining"] == "0"


# --- order of checks ---


def test_the_order_of_checks(mira: Client, nils: Client) -> None:
    army = make_army(mira)
    url = f"/v1/armies/{army['id']}"
    check_error(Client().put(url, "nonsense"), 401, "UNAUTHORIZED", reason="missing")
    check_error(
        mira.put(url, '"' + "x" * 300_000 + '"'), 413, "PAYLOAD_TOO_LARGE", limit_bytes=262144
    )
    check_error(mira.put("/v1/armies/army_00000000", "nonsense"), 400, "INVALID_JSON")
    check_error(mira.put("/v1/armies/army_00000000", {"name": 7}), 404, "ARMY_NOT_FOUND")
    check_error(nils.put(url, {"name": 7}), 403, "FORBIDDEN")
    stale = mira.headers | {"If-Match": '"7"'}
    check_error(mira.put(url, {"name": 7}, headers=stale), 422, "VALIDATION_ERROR")
    check_error(mira.put(url, {"points_value": 1}, headers=stale), 409, "VERSION_CONFLICT")
    db.query("update accounts.sessions set revoked_at = now()")
    for body in ("nonsense", {"name": "x"}):
        check_error(mira.put(url, body), 401, "UNAUTHORIZED", reason="revoked")

"""Events: tracker.md sections 3, 6.1 and 6.2, and the events of its worked session."""

from __future__ import annotations

from typing import Any

import pytest

from functions.shared import db
from tests.support.client import Client
from tests.support.cups import CUP, Cup, expect, make_cup, make_person
from tests.support.tracker import check_error

pytestmark = pytest.mark.usefixtures("tracker_keys")


@pytest.fixture
def olga(tracker_keys: None) -> Client:
    """An organiser."""
    return make_person("olga", "organizer")[0]


def make(client: Client, **changes: Any) -> dict[str, Any]:
    """A new event."""
    body = expect(client.post("/v1/tournaments", CUP | changes), 201)["tournament"]
    assert isinstance(body, dict)
    return body


# --- the worked session (section 9) ---


def test_the_worked_session_from_registration_to_the_first_round(olga: Client) -> None:
    sent = {
        "name": "Lantern Cup",
        "format": "swiss",
        "max_participants": 8,
        "entry_fee": 12.5,
        "start_date": "2027-03-06T08:00:00Z",
        "rules": {"points_limit": 1000, "time_limit": 1200, "first_round": "seeded"},
    }
    made = olga.post("/v1/tournaments", sent)
    event = expect(made, 201)["tournament"]
    assert made.headers["location"] == f"/v1/tournaments/{event['id']}"
    assert event["status"] == "registration"
    assert (event["prize_pool"], event["tables"]) == (100.0, [1, 2, 3, 4])
    assert event["end_date"] == "2027-03-06T17:00:00.000Z"

    cup = Cup(olga, event["id"])
    cup.recruit("A")
    body = {"army_id": cup.armies["A"]}
    first = expect(cup.players["A"].post(f"{cup.url}/register", body), 201)
    assert first["tournament"]["current_participants"] == 1
    assert first["participant"]["seed"] == 1
    for letter in "BCDEFGH":
        cup.add(letter)
    cup.recruit("I")
    ninth = cup.players["I"].post(f"{cup.url}/register", {"army_id": cup.armies["I"]})
    check_error(ninth, 409, "TOURNAMENT_FULL", max_participants=8, current_participants=8)

    paired = cup.pair()
    assert paired["tournament"]["status"] == "active"
    assert cup.list_pairs() == ["A-E", "B-F", "C-G", "D-H"]
    tables = [one["table_number"] for one in paired["tournament"]["rounds"][0]["pairings"]]
    assert tables == [1, 2, 3, 4]
    assert cup.pair() == paired
    cup.play("A 80-40 E", "B 80-40 F", "D 80-40 H")
    missing = cup.find_battle("C-G")
    refused = olga.post(f"{cup.url}/next-round")
    check_error(refused, 409, "ROUND_INCOMPLETE", round=1)
    assert refused.json["error"]["details"]["missing"] == [
        {"battle_id": missing["battle_id"], "table_number": 3}
    ]


# --- making and changing one ---


def test_an_event_has_defaults(olga: Client) -> None:
    event = make(olga, rules={}, description=None)
    rules = event["rules"]
    assert rules["tiebreakers"] == [
        *("match_points", "opp_win_pct", "opp_opp_win_pct", "victory_points", "win_path")
    ]
    assert (rules["points_limit"], rules["time_limit"]) == (2000, 1800)
    assert (rules["allowed_factions"], rules["missions"]) == (["all"], [])
    assert (rules["swiss_rounds"], rules["score_caps"]) == (None, None)
    assert (event["rounds"], event["current_round"], event["champion_id"]) == ([], 0, None)
    assert event["pairing_seed"]
    assert (event["time_zone"], event["co_organizer_ids"]) == ("UTC", [])


def test_the_same_instant_comes_back_from_another_zone(olga: Client) -> None:
    """Regression, elsewhere: +09:00 went in and another instant came out."""
    event = make(olga, start_date="2027-03-06T08:00:00+09:00", end_date="2027-03-05T23:30:00.1239Z")
    assert event["start_date"] == "2027-03-05T23:00:00.000Z"
    assert event["end_date"] == "2027-03-05T23:30:00.123Z"
    read = expect(olga.get(f"/v1/tournaments/{event['id']}"), 200)["tournament"]
    assert read["start_date"] == event["start_date"]


@pytest.mark.parametrize(
    ("preset", "keys", "score"),
    [
        ("points", ["match_points", "victory_points", "opp_win_pct"], "match_points"),
        ("wtc", ["battle_points", "match_points", "vp_difference"], "battle_points"),
    ],
)
def test_presets_of_tiebreakers(olga: Client, preset: str, keys: list[str], score: str) -> None:
    rules = make(olga, rules={"tiebreakers": preset})["rules"]
    assert (rules["tiebreakers"], rules["pairing_score"]) == (keys, score)
    rules = make(olga, rules={"tiebreakers": preset, "pairing_score": "match_points"})["rules"]
    assert rules["pairing_score"] == "match_points"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("name", value) for value in ("ab", "x" * 101, 7, None, "a\u0007bc")),
        *(("format", value) for value in ("knockout", None, 1)),
        *(("max_participants", value) for value in (1, 513, "8", 8.5, True, None)),
        *(
            ("start_date", value)
            for value in ("2027-03-06", "2027-03-06T08:00:00", "soon", 7, "9999-12-31T00:00:00Z")
        ),
        ("end_date", "2027-03-06T07:59:59Z"),
        *(("entry_fee", value) for value in (-1, 100_001, 1.555, "1", True)),
        *(("tables", value) for value in ([1, 2, 3], [1, 1, 2, 3], [0, 1, 2, 3], 4)),
        ("status", "active"),
        ("pairing_seed", "x" * 65),
        ("description", "x" * 5001),
        ("location", "x" * 201),
        ("time_zone", "Mars/Olympus"),
        ("co_organizer_ids", ["usr_nobodyatall1"]),
        ("co_organizer_ids", [f"usr_{n:08}" for n in range(21)]),
        *(
            (f"rules.{name}", value)
            for name, value in [
                *(("points_limit", 0), ("time_limit", 29), ("time_limit", 86_401)),
                *(("allowed_factions", []), ("allowed_factions", ["orks"])),
                *(("swiss_rounds", 0), ("swiss_rounds", 13), ("max_rounds", 11)),
                *(("tiebreakers", ["luck"]), ("tiebreakers", ["win_path"] * 2)),
                *(("pairing_by", "elo"), ("avoid_same_club", True), ("grand_final", "best_of")),
                *(("missions", [{"name": "x"}]), ("score_caps", {"total": 1000})),
            ]
        ),
    ],
)
def test_a_setting_that_breaks_a_rule_is_named(olga: Client, field: str, value: Any) -> None:
    outer, _, inner = field.partition(".")
    answered = olga.post("/v1/tournaments", CUP | {outer: {inner: value} if inner else value})
    check_error(answered, 422, "VALIDATION_ERROR")
    named = [problem["field"] for problem in answered.json["error"]["details"]["fields"]]
    assert any(name.startswith(field) for name in named), named


def test_who_may_make_one(olga: Client, setting: Any) -> None:
    player, _ = make_person("paul")
    check_error(player.post("/v1/tournaments", CUP), 403, "FORBIDDEN", required="organizer")
    check_error(player.post("/v1/tournaments", {}), 403, "FORBIDDEN", required="organizer")
    admin, _ = make_person("ada", "admin")
    make(admin)
    setting(TRACKER_OPEN_ORGANIZER="1")
    event = make(player)
    assert expect(player.post(f"/v1/tournaments/{event['id']}/cancel"), 200)
    other = make(olga)
    check_error(player.post(f"/v1/tournaments/{other['id']}/cancel"), 403, "FORBIDDEN")


def test_an_equal_event_within_a_minute_is_a_retry(olga: Client) -> None:
    made = olga.post("/v1/tournaments", CUP)
    again = olga.post("/v1/tournaments", CUP)
    assert (again.status, again.json) == (201, made.json)
    assert again.headers["idempotency-replayed"] == "true"
    assert make(olga, name="Another Cup")["id"] != made.json["tournament"]["id"]


def test_settings_change_and_rules_merge(olga: Client) -> None:
    event = make(olga, rules={"points_limit": 1500, "swiss_rounds": 4})
    url = f"/v1/tournaments/{event['id']}"
    sent = {"name": "Lamp Cup", "max_participants": 12, "rules": {"draw_band": 0}}
    changed = expect(olga.patch(url, sent), 200)["tournament"]
    assert (changed["name"], changed["tables"]) == ("Lamp Cup", [1, 2, 3, 4, 5, 6])
    rules = event["rules"] | {"draw_band": 0}
    assert changed["rules"] == rules
    assert changed["version"] == event["version"] + 1
    stale = olga.patch(url, {"name": "X Cup"}, headers=olga.headers | {"If-Match": '"1"'})
    check_error(stale, 409, "VERSION_CONFLICT", current_version=2)
    assert stale.json["error"]["details"]["tournament"] == changed
    assert expect(olga.patch(url), 200)["tournament"]["name"] == "Lamp Cup"


def test_a_read_with_the_etag_is_304(olga: Client) -> None:
    event = make(olga)
    for path in ("", "/rounds", "/standings"):
        url = f"/v1/tournaments/{event['id']}{path}"
        read = olga.get(url)
        assert read.headers["etag"] == '"1"'
        assert read.headers["cache-control"] == "private, no-cache"
        for tag in ('"1"', 'W/"1"'):
            again = olga.get(url, headers=olga.headers | {"If-None-Match": tag})
            assert (again.status, again.text) == (304, "")


def test_a_round_with_the_etag_is_304() -> None:
    cup = make_cup(2)
    cup.pair()
    url, caller = f"/v1/tournaments/{cup.id}/rounds/1", cup.organiser
    tag = caller.get(url).headers["etag"]
    again = caller.get(url, headers=caller.headers | {"If-None-Match": tag})
    assert (again.status, again.text) == (304, "")


def test_what_is_fixed_once_it_has_started() -> None:
    cup = make_cup(4)
    cup.pair()
    for sent in (
        *({"format": "single_elimination"}, {"entry_fee": 5}, {"pairing_seed": "x"}),
        *({"rules": {"points_limit": 5}}, {"rules": {"first_round": "random"}}),
        {"rules": {"missions": [{"name": "a", "deployment": "b"}]}},
    ):
        check_error(
            cup.organiser.patch(cup.url, sent), 409, "INVALID_TOURNAMENT_STATE", reason="started"
        )
    same = {"format": "swiss", "entry_fee": 0, "rules": {"points_limit": 2000}}
    change = {"name": "Late Cup", "max_participants": 6, "location": "Hall 2"}
    changed = expect(cup.organiser.patch(cup.url, same | change), 200)["tournament"]
    assert (changed["name"], changed["tables"]) == ("Late Cup", [1, 2, 3])
    for sent in ({"max_participants": 3}, {"rules": {"swiss_rounds": 0}}, {"tables": [1]}):
        check_error(cup.organiser.patch(cup.url, sent), 422, "VALIDATION_ERROR")
    cup.win_by_seed()
    cup.pair()
    below = cup.organiser.patch(cup.url, {"swiss_rounds": 1})
    check_error(below, 422, "VALIDATION_ERROR")


def test_organisers_share_an_event_but_not_its_end(olga: Client) -> None:
    event = make(olga)
    url = f"/v1/tournaments/{event['id']}"
    carl, carl_id = make_person("carl")
    check_error(carl.patch(url, {"name": "Mine"}), 403, "FORBIDDEN", required="owner")
    expect(olga.patch(url, {"co_organizer_ids": [carl_id]}), 200)
    expect(carl.patch(url, {"name": "Ours"}), 200)
    check_error(carl.post(f"{url}/cancel"), 403, "FORBIDDEN", required="organizer")
    taken = carl.patch(url, {"organizer_id": carl_id})
    check_error(taken, 403, "FORBIDDEN", required="organizer")
    assert expect(carl.get(f"{url}/events"), 200)["data"][0]["type"] == "created"
    handed = expect(olga.patch(url, {"organizer_id": carl_id}), 200)["tournament"]
    assert handed["organizer_id"] == carl_id
    expect(carl.post(f"{url}/cancel", {"reason": "Snow"}), 200)


# --- its life ---


def test_a_draft_is_hidden_until_it_opens(olga: Client) -> None:
    event = make(olga, status="draft")
    url = f"/v1/tournaments/{event['id']}"
    paul, _ = make_person("paul")
    for method, path in [
        *(("GET", ""), ("GET", "/participants"), ("GET", "/rounds"), ("GET", "/standings")),
        *(("PATCH", ""), ("POST", "/register"), ("POST", "/generate-pairings")),
        ("GET", "/events"),
    ]:
        answered = paul.call(method, url + path, {} if method != "GET" else None)
        check_error(answered, 404, "TOURNAMENT_NOT_FOUND", tournament_id=event["id"])
    assert expect(paul.get("/v1/tournaments"), 200)["data"] == []
    assert [one["id"] for one in olga.get("/v1/tournaments").json["data"]] == [event["id"]]
    check_error(olga.post(f"{url}/generate-pairings"), 409, "INVALID_TOURNAMENT_STATE")
    assert expect(olga.post(f"{url}/open-registration"), 200)["tournament"]["status"] == (
        "registration"
    )
    again = olga.post(f"{url}/open-registration")
    check_error(again, 409, "INVALID_TOURNAMENT_STATE", status="registration")
    assert paul.get(url).status == 200
    assert paul.get(url).json["tournament"]["pairing_seed"] is None


def test_two_players_are_needed() -> None:
    cup = make_cup(1)
    refused = cup.organiser.post(f"{cup.url}/generate-pairings")
    check_error(refused, 409, "INVALID_TOURNAMENT_STATE", reason="too_few_players")
    assert cup.get()["status"] == "registration"


def test_cancelling_ends_its_battles() -> None:
    cup = make_cup(4)
    cup.pair()
    cup.play("A 80-40 C")
    cancelled = expect(cup.organiser.post(f"{cup.url}/cancel"), 200)["tournament"]
    assert cancelled["status"] == "cancelled"
    states = [one["status"] for one in cancelled["rounds"][0]["pairings"]]
    assert states == ["completed", "cancelled"]
    for path in ("cancel", "generate-pairings", "finish", "open-registration"):
        refused = cup.organiser.post(f"{cup.url}/{path}")
        check_error(refused, 409, "INVALID_TOURNAMENT_STATE", status="cancelled")
    check_error(cup.organiser.patch(cup.url, {"name": "Again"}), 409, "INVALID_TOURNAMENT_STATE")


def test_finishing_needs_the_results_or_early() -> None:
    cup = make_cup(4)
    cup.pair()
    cup.play("A 80-40 C")
    open_game = cup.find_battle("B-D")
    refused = cup.organiser.post(f"{cup.url}/finish")
    check_error(refused, 409, "ROUND_INCOMPLETE", round=1)
    finished = expect(cup.organiser.post(f"{cup.url}/finish", {"early": True}), 200)
    event = finished["tournament"]
    assert (event["status"], event["champion_id"]) == ("completed", cup.ids["A"])
    assert event["pairing_seed"]
    assert [row["played"] for row in finished["standings"]["data"]] == [1, 1, 0, 0]
    battle = cup.organiser.get(f"/v1/battles/{open_game['battle_id']}").json["battle"]
    assert battle["status"] == "cancelled"
    again = cup.organiser.post(f"{cup.url}/finish")
    check_error(again, 409, "INVALID_TOURNAMENT_STATE", status="completed")


def count_titles(cup: Cup, letter: str) -> int:
    """The tournaments that a player has won."""
    wins = db.fetch_value(
        "select tournament_wins from tracker.players where user_id = %s", (cup.ids[letter],)
    )
    return wins or 0


def test_a_correction_after_the_end_moves_the_title() -> None:
    cup = make_cup(2)
    cup.play_round("A 80-40 B")
    expect(cup.organiser.post(f"{cup.url}/finish"), 200)
    assert (count_titles(cup, "A"), count_titles(cup, "B")) == (1, 0)
    corrected = expect(cup.enter("B 80-40 A", reason="Swapped"), 200)
    assert corrected["tournament"]["champion_id"] == cup.ids["B"]
    assert (count_titles(cup, "A"), count_titles(cup, "B")) == (0, 1)
    db.query("update tracker.tournaments set ended_at = ended_at - interval '721 hours'")
    late = cup.enter("A 80-40 B", reason="Swapped back")
    check_error(late, 409, "INVALID_TOURNAMENT_STATE", reason="too_late")


def test_the_audit_says_who_did_what() -> None:
    cup = make_cup(2)
    cup.play_round("A 80-40 B")
    cup.enter("B 80-40 A", reason="Swapped")
    events = expect(cup.organiser.get(f"{cup.url}/events"), 200)["data"]
    assert [one["seq"] for one in events] == [1, 2, 3, 4, 5, 6]
    assert [(one["type"], one["actor_role"]) for one in events] == [
        ("created", "organizer"),
        ("registered", "player"),
        ("registered", "player"),
        ("round_paired", "organizer"),
        ("result_entered", "organizer"),
        ("result_corrected", "organizer"),
    ]
    assert events[-1]["data"]["reason"] == "Swapped"
    assert events[-1]["request_id"].startswith("req_")
    page = expect(cup.organiser.get(f"{cup.url}/events?since=1&limit=2"), 200)
    assert [one["seq"] for one in page["data"]] == [2, 3]
    assert page["pagination"] == {"limit": 2, "has_more": True, "next_cursor": "3"}
    check_error(cup.players["A"].get(f"{cup.url}/events"), 403, "FORBIDDEN")
    for query in ("since=-1", "since=x", "limit=0", "limit=x"):
        check_error(cup.organiser.get(f"{cup.url}/events?{query}"), 422, "VALIDATION_ERROR")


def test_lists_are_read_in_pages(olga: Client) -> None:
    made = [make(olga, name=f"Cup number {number}")["id"] for number in range(5)]
    first = expect(olga.get("/v1/tournaments?limit=2"), 200)
    assert [one["id"] for one in first["data"]] == made[:2:-1]
    assert first["data"][0]["rounds"] == []
    cursor = first["pagination"]["next_cursor"]
    rest = expect(olga.get(f"/v1/tournaments?limit=5&cursor={cursor}"), 200)
    assert [one["id"] for one in rest["data"]] == made[2::-1]
    assert rest["pagination"]["next_cursor"] is None
    offset = expect(olga.get("/v1/tournaments?limit=2&offset=2"), 200)
    assert offset["data"] == rest["data"][:2]
    expect(olga.post(f"/v1/tournaments/{made[0]}/cancel"), 200)
    cancelled = expect(olga.get("/v1/tournaments?status=cancelled&organizer_id="), 200)["data"]
    assert [one["id"] for one in cancelled] == [made[0]]
    check_error(olga.get("/v1/tournaments?status=lost"), 422, "VALIDATION_ERROR")
    assert olga.get("/v1/tournaments?organizer_id=usr_nobodyatall1").json["data"] == []


def test_unknown_events_and_wrong_tokens(olga: Client) -> None:
    url = "/v1/tournaments/trn_nothingatall"
    check_error(olga.get(url), 404, "TOURNAMENT_NOT_FOUND", tournament_id="trn_nothingatall")
    check_error(olga.post(f"{url}/finish"), 404, "TOURNAMENT_NOT_FOUND")
    check_error(Client().get(url), 401, "UNAUTHORIZED", reason="missing")
    check_error(olga.post(f"{url}/finish", "{"), 400, "INVALID_JSON")


def test_the_database_is_away(olga: Client, away: Any) -> None:
    event = make(olga)
    url = f"/v1/tournaments/{event['id']}"
    away()
    for answered in (
        olga.get(url),
        olga.get(f"{url}/standings"),
        olga.post("/v1/tournaments", CUP | {"name": "Dark Cup"}),
        olga.post(f"{url}/generate-pairings"),
        olga.post(f"{url}/finish"),
    ):
        check_error(answered, 503, "SERVICE_UNAVAILABLE", retry_after=5)

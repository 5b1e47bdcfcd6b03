"""Rounds and results of tournaments: tracker.md 6.5, 6.7 and 6.8."""

from __future__ import annotations

from typing import Any

import pytest

from functions.shared import db
from tests.support.cups import Cup, expect, make_cup
from tests.support.tracker import check_error

pytestmark = pytest.mark.usefixtures("tracker_keys")


@pytest.fixture
def cup(tracker_keys: None) -> Cup:
    """Four players, of whom the first round is paired."""
    made = make_cup(4, rules={"swiss_rounds": 3})
    made.pair()
    return made


def call(cup: Cup, **body: Any) -> Any:
    """The answer to generate-pairings, whatever it is."""
    return cup.organiser.post(f"{cup.url}/generate-pairings", body)


# --- pairing ---


def test_which_round_is_expected(cup: Cup) -> None:
    first = cup.get()
    assert cup.pair(round=1)["tournament"] == first
    check_error(call(cup, round=3), 409, "INVALID_TOURNAMENT_STATE", reason="wrong_round")
    cup.win_by_seed()
    assert cup.pair(round=1)["tournament"]["current_round"] == 1
    check_error(call(cup, round=3), 409, "INVALID_TOURNAMENT_STATE", reason="wrong_round")
    assert cup.pair(round=2)["tournament"]["current_round"] == 2
    for value in (0, "1", 1.5, True):
        check_error(call(cup, round=value), 422, "VALIDATION_ERROR")
    check_error(cup.players["A"].post(f"{cup.url}/generate-pairings"), 403, "FORBIDDEN")


def test_a_dry_run_stores_nothing(cup: Cup) -> None:
    cup.win_by_seed()
    before = cup.get()
    proposed = cup.pair(dry_run=True)
    assert proposed["tournament"] == before == cup.get()
    names = cup.letters
    pairs = [
        names[one["player1_id"]] + names[one["player2_id"]]
        for one in proposed["proposed_round"]["pairings"]
    ]
    paired = cup.pair()
    assert paired["pairing_report"] == proposed["pairing_report"]
    assert cup.list_pairs() == [f"{one}-{two}" for one, two in pairs]


def test_a_round_that_has_begun_is_not_paired_again(cup: Cup) -> None:
    battle = cup.find_battle("A-C")["battle_id"]
    before = cup.get()
    kept = cup.pair(regenerate=True)["tournament"]
    assert kept["rounds"] == before["rounds"]
    expect(cup.players["A"].patch(f"/v1/battles/{battle}", {"action": "start"}), 200)
    assert cup.find_battle("A-C")["status"] == "in_progress"
    assert cup.get()["rounds"][0]["status"] == "in_progress"
    check_error(call(cup, regenerate=True), 409, "INVALID_TOURNAMENT_STATE", reason="round_started")


def test_a_retry_with_a_key_is_answered_as_before(cup: Cup) -> None:
    cup.win_by_seed()
    headers = cup.organiser.headers | {"Idempotency-Key": "round 2"}
    url = f"{cup.url}/next-round"
    first = cup.organiser.post(url, headers=headers)
    again = cup.organiser.post(url, headers=headers)
    assert (again.status, again.json) == (200, first.json)
    assert again.headers["idempotency-replayed"] == "true"
    refused = cup.organiser.post(url, headers=cup.organiser.headers | {"Idempotency-Key": "3"})
    check_error(refused, 409, "ROUND_INCOMPLETE")
    other = cup.organiser.post(url, {"round": 1}, headers=headers)
    check_error(other, 409, "IDEMPOTENCY_CONFLICT")


def test_battles_have_the_rules_of_their_tournament() -> None:
    missions = [{"name": "Take and Hold", "deployment": "Tipping Point"}]
    rules = {"missions": missions, "time_limit": 1200, "clock_mode": "chess", "max_rounds": 3}
    made = make_cup(2, rules=rules | {"swiss_rounds": 2})
    made.pair()
    game = made.find_battle("A-B")
    battle = made.players["A"].get(f"/v1/battles/{game['battle_id']}").json["battle"]
    assert battle["mission"]["name"] == "Take and Hold"
    assert (battle["turn_time_limit"], battle["clock_mode"], battle["max_rounds"]) == (
        *(1200, "chess", 3),
    )
    assert (battle["tournament_id"], battle["round_number"], battle["table_number"]) == (
        *(made.id, 1, 1),
    )
    assert [one["position"] for one in battle["players"]] == ["left", "right"]
    assert [one["user_id"] for one in battle["players"]] == [game["player1_id"], game["player2_id"]]
    made.win_by_seed()
    made.pair()
    battle_id = made.find_battle("A-B")["battle_id"]
    battle = made.players["A"].get(f"/v1/battles/{battle_id}").json["battle"]
    assert (battle["mission"]["name"], battle["mission"]["deployment"]) == ("Round 2", "Standard")


def test_the_engine_works_for_organisers_alone(cup: Cup, monkeypatch: pytest.MonkeyPatch) -> None:
    cup.win_by_seed()

    def fail(*_: Any) -> None:
        raise AssertionError("it was asked")

    monkeypatch.setattr("functions.tracker.engine.rounds.pair_next_round", fail)
    check_error(cup.players["A"].post(f"{cup.url}/next-round"), 403, "FORBIDDEN")


# --- by hand ---


def test_a_round_is_paired_by_hand_and_kept(cup: Cup) -> None:
    old = cup.find_battle("A-C")["battle_id"]
    expect(cup.edit("AD BC"), 200)
    assert cup.list_pairs() == ["A-D", "B-C"]
    assert cup.find_battle("A-D")["locked"] is True
    assert cup.organiser.get(f"/v1/battles/{old}").json["battle"]["status"] == "cancelled"
    same = cup.find_battle("A-D")["battle_id"]
    cup.pair(regenerate=True)
    assert cup.find_battle("A-D")["battle_id"] == same
    expect(cup.edit("AC BD", locked=False), 200)
    assert cup.find_battle("A-C")["locked"] is False


@pytest.mark.parametrize("pairs", ["AB", "AB CC", "AB AC", "AB CD AB", ""])
def test_everybody_plays_once_in_a_round_by_hand(cup: Cup, pairs: str) -> None:
    check_error(cup.edit(pairs), 422, "VALIDATION_ERROR")
    assert cup.list_pairs() == ["A-C", "B-D"]


def test_when_a_round_is_not_paired_by_hand(cup: Cup) -> None:
    check_error(cup.edit("AB CD", number=2), 409, "INVALID_TOURNAMENT_STATE", reason="wrong_round")
    cup.play("A 80-40 C")
    started = cup.edit("AB CD")
    check_error(started, 409, "INVALID_TOURNAMENT_STATE", reason="round_started")
    player = cup.players["A"].put(f"{cup.url}/rounds/1/pairings", {"pairings": []})
    check_error(player, 403, "FORBIDDEN")


def test_tables_by_hand(cup: Cup) -> None:
    body = {
        "pairings": [
            {
                "player1_id": cup.ids["A"],
                "player2_id": cup.ids["C"],
                "table_number": 2,
            },
            {"player1_id": cup.ids["B"], "player2_id": cup.ids["D"]},
        ]
    }
    before = cup.find_battle("A-C")
    url = f"{cup.url}/rounds/1/pairings"
    expect(cup.organiser.put(url, body), 200)
    moved = cup.find_battle("A-C")
    assert (moved["battle_id"], moved["table_number"]) == (before["battle_id"], 2)
    battle = cup.organiser.get(f"/v1/battles/{moved['battle_id']}").json["battle"]
    assert battle["table_number"] == 2
    body["pairings"][1]["table_number"] = 2
    check_error(cup.organiser.put(url, body), 422, "VALIDATION_ERROR")
    body["pairings"][1]["table_number"] = 9
    check_error(cup.organiser.put(url, body), 422, "VALIDATION_ERROR")


# --- results ---


def put(cup: Cup, pair: str, body: Any) -> Any:
    """The answer to a result of a pair of the first round."""
    battle = cup.find_battle(pair, 1)["battle_id"]
    return cup.organiser.put(f"{cup.url}/results/{battle}", body)


def test_players_complete_their_game_and_the_round_knows(cup: Cup) -> None:
    version = cup.get()["version"]
    battle = cup.find_battle("A-C")["battle_id"]
    scores = {
        cup.ids["A"]: {"primary": 50, "victory_points": 71},
        cup.ids["C"]: {"victory_points": 64},
    }
    done = cup.players["C"].post(f"/v1/battles/{battle}/complete", {"final_scores": scores})
    expect(done, 200)
    game = cup.find_battle("A-C")
    assert (game["status"], game["winner_id"], game["result_type"]) == (
        *("completed", cup.ids["A"], "score"),
    )
    assert game["victory_points"] == {cup.ids["A"]: 71, cup.ids["C"]: 64}
    assert cup.get()["version"] > version
    assert cup.order()[0] == "A"


def test_a_result_of_an_organiser_is_the_battles(cup: Cup) -> None:
    body = {
        "scores": {
            cup.ids["A"]: {"primary": 40, "secondary": 20},
            cup.ids["C"]: {"victory_points": 61},
        }
    }
    entered = expect(put(cup, "A-C", body), 200)
    battle = entered["battle"]
    assert (battle["status"], battle["winner_id"]) == ("completed", cup.ids["C"])
    assert [one["scores"]["victory_points"] for one in battle["players"]] == [60, 61]
    assert entered["correction"]["before"] is None
    assert entered["correction"]["after"] == {
        "victory_points": {cup.ids["A"]: 60, cup.ids["C"]: 61},
        "winner_id": cup.ids["C"],
        "result_type": "score",
    }
    events = cup.organiser.get(f"/v1/battles/{battle['id']}/events").json["data"]
    assert [one["type"] for one in events] == ["created", "started", "completed"]
    assert events[-1]["actor_role"] == "organizer"


def test_a_correction_is_an_event_of_the_battle(cup: Cup) -> None:
    cup.play("A 80-40 C")
    expect(cup.enter("C 80-40 A", reason="Swapped"), 200)
    battle = cup.find_battle("A-C")["battle_id"]
    events = cup.organiser.get(f"/v1/battles/{battle}/events").json["data"]
    assert events[-1]["type"] == "corrected"
    assert events[-1]["data"]["reason"] == "Swapped"
    room = db.query(
        "select payload from live.events where room = %s order by seq desc limit 1",
        (f"tracker:{battle}",),
    )
    assert room[0]["payload"]["cause"] == "corrected"
    played = db.query("select total_battles from tracker.players where total_battles > 0")
    assert [row["total_battles"] for row in played] == [1, 1]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scores": {"usr_nobodyatall1": {"victory_points": 1}}}, "scores."),
        ({"scores": {"A": {"victory_points": 1000}}}, "scores."),
        ({"scores": {"A": {"victory_points": "5"}}}, "scores."),
        ({"scores": []}, "scores"),
        ({"winner_id": "usr_nobodyatall1"}, "winner_id"),
        ({"result_type": "luck"}, "result_type"),
        ({"result_type": "concession"}, "winner_id"),
        ({"result_type": "double_loss", "winner_id": "A"}, "winner_id"),
        ({"force": "yes"}, "force"),
    ],
)
def test_a_wrong_result_names_its_field(cup: Cup, body: dict[str, Any], field: str) -> None:
    sent = dict(body)
    if isinstance(body.get("scores"), dict):
        sent["scores"] = {cup.ids.get(key, key): one for key, one in body["scores"].items()}
    if "winner_id" in body:
        sent["winner_id"] = cup.ids.get(body["winner_id"], body["winner_id"])
    answered = put(cup, "A-C", sent)
    check_error(answered, 422, "VALIDATION_ERROR")
    [problem] = answered.json["error"]["details"]["fields"]
    assert problem["field"].startswith(field)
    assert cup.find_battle("A-C")["status"] == "setup"


def test_a_correction_says_why(cup: Cup) -> None:
    cup.play("A 80-40 C")
    answered = cup.enter("A 80-41 C")
    check_error(answered, 422, "VALIDATION_ERROR")
    assert answered.json["error"]["details"]["fields"][0]["field"] == "reason"


def test_who_may_enter_results_and_of_which_battles(cup: Cup) -> None:
    battle = cup.find_battle("A-C")["battle_id"]
    url = f"{cup.url}/results"
    check_error(cup.players["A"].put(f"{url}/{battle}", {}), 403, "FORBIDDEN", required="owner")
    check_error(cup.organiser.put(f"{url}/btl_nothingatall", {}), 404, "BATTLE_NOT_FOUND")
    other = make_cup(2)
    other.pair()
    foreign = other.find_battle("A-B")["battle_id"]
    check_error(cup.organiser.put(f"{url}/{foreign}", {}), 404, "BATTLE_NOT_FOUND")


def test_forfeits_and_double_losses(cup: Cup) -> None:
    expect(put(cup, "A-C", {"winner_id": cup.ids["C"], "result_type": "forfeit"}), 200)
    assert cup.find_battle("A-C")["victory_points"] == {cup.ids["A"]: 0, cup.ids["C"]: 70}
    expect(put(cup, "B-D", {"result_type": "double_loss"}), 200)
    rows = {row["letter"]: row for row in cup.rank()}
    assert [rows[letter]["match_points"] for letter in "ABCD"] == [0, 0, 2, 0]
    assert (rows["C"]["battle_points"], rows["A"]["battle_points"]) == (15, 0)
    assert (rows["B"]["losses"], rows["B"]["battle_points"], rows["B"]["played"]) == (1, 0, 1)


def test_a_winner_against_the_totals_is_flagged(cup: Cup) -> None:
    body = {"scores": {cup.ids["A"]: {"victory_points": 80}}, "winner_id": cup.ids["C"]}
    expect(put(cup, "A-C", body), 200)
    game = cup.find_battle("A-C")
    assert (game["result_type"], game["warnings"]) == ("declared", ["WINNER_DIFFERS_FROM_SCORE"])


def test_caps_of_scores() -> None:
    made = make_cup(2, rules={"score_caps": {"total": 100}})
    made.pair()
    answered = made.enter("A 101-40 B")
    check_error(answered, 422, "VALIDATION_ERROR")
    assert answered.json["error"]["details"]["fields"][0]["rule"] == "score_cap"


def test_a_dry_run_of_a_result_stores_nothing(cup: Cup) -> None:
    cup.play("A 80-40 C", "B 80-40 D")
    before = cup.get()
    tried = expect(cup.enter("C 80-40 A", reason="What if", dry_run=True), 200)
    assert tried["tournament"] == before == cup.get()
    moved = {
        one["user_id"]: (one["before"], one["after"])
        for one in tried["correction"]["standings_changes"]
    }
    assert moved[cup.ids["A"]][0] < moved[cup.ids["A"]][1]
    assert tried["battle"]["winner_id"] == cup.ids["A"]


def test_what_was_played_since_a_correction_is_kept(cup: Cup) -> None:
    cup.play("A 80-40 C", "B 80-40 D")
    cup.pair()
    first = cup.list_pairs()
    cup.play(f"{first[0][0]} 60-50 {first[0][2]}")
    corrected = expect(cup.enter("C 80-40 A", 1, reason="Swapped"), 200)["correction"]
    assert corrected["affected_rounds"] == [{"round": 2, "status": "kept"}]
    assert cup.list_pairs() == first
    battle = cup.find_battle("A-C", 1)["battle_id"]
    reopened = cup.organiser.patch(f"/v1/battles/{battle}", {"action": "reopen"})
    check_error(reopened, 409, "INVALID_BATTLE_STATE", reason="round_depends")


def test_correcting_back_restores_what_was(cup: Cup) -> None:
    cup.play("A 80-40 C", "B 80-40 D")
    cup.pair()
    before = cup.rank()
    pairs = cup.list_pairs()
    expect(cup.enter("C 80-40 A", 1, reason="Swapped"), 200)
    assert cup.get()["rounds"][1]["stale"] is True
    expect(cup.enter("A 80-40 C", 1, reason="Not swapped"), 200)
    assert cup.get()["rounds"][1]["stale"] is False
    assert (cup.rank(), cup.list_pairs()) == (before, pairs)


# --- standings ---


def test_standings_say_why(cup: Cup) -> None:
    cup.play("A 80-40 C", "B 75-70 D")
    answered = cup.players["D"].get(f"{cup.url}/standings")
    table = expect(answered, 200)
    assert (table["round"], table["final"]) == (1, False)
    assert table["tiebreakers"][0] == "match_points"
    first, second = table["data"][:2]
    assert first["explain"]["above"] is None
    assert second["explain"]["above"] == first["user_id"]
    assert second["explain"]["text"]
    [game] = second["explain"]["opponents"]
    assert (game["round"], game["counted"]) == (1, True)
    assert first["army"]["name"] == "Third Dynasty"


def test_which_standings_there_are(cup: Cup) -> None:
    url = f"{cup.url}/standings"
    assert [row["match_points"] for row in cup.rank(round=0)] == [0] * 4
    for query in ("round=2", "round=-1", "round=x", "round=1.5"):
        check_error(cup.organiser.get(f"{url}?{query}"), 422, "VALIDATION_ERROR")
    made = make_cup(2)
    assert [row["letter"] for row in made.rank()] == ["A", "B"]

"""Faults reported against tournament software elsewhere, as regression tests over HTTP.

Those of brackets are in test_tracker_tournaments_brackets.py, those of registration, late entries
and drops in test_tracker_tournaments_players.py.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from string import ascii_uppercase

import pytest

from tests.support.connections import own_connections
from tests.support.cups import Cup, expect, make_cup
from tests.support.tracker import check_error

pytestmark = pytest.mark.usefixtures("tracker_keys")


def list_byes(cup: Cup) -> list[str]:
    """Who had the bye, round by round."""
    return [
        cup.letters[bye["player_id"]] for round_ in cup.get()["rounds"] for bye in round_["byes"]
    ]


def list_meetings(cup: Cup) -> list[frozenset[str]]:
    """Who met whom, in all rounds."""
    return [
        frozenset((cup.letters[one["player1_id"]], cup.letters[one["player2_id"]]))
        for round_ in cup.get()["rounds"]
        for one in round_["pairings"]
    ]


def test_nobody_has_a_second_bye_and_no_leader_has_one() -> None:
    cup = make_cup(7, rules={"swiss_rounds": 4})
    for _ in range(4):
        cup.pair()
        cup.win_by_seed()
    byes = list_byes(cup)
    assert len(set(byes)) == 4
    assert "A" not in byes


def test_a_bye_has_its_points() -> None:
    cup = make_cup(3)
    cup.pair()
    [bye] = list_byes(cup)
    row = next(row for row in cup.rank() if row["letter"] == bye)
    assert (row["match_points"], row["victory_points"], row["battle_points"]) == (2, 70, 15)
    assert (row["byes"], row["wins"], row["played"], row["win_path"]) == (1, 0, 0, "W")


@pytest.mark.parametrize("players", [4, 6, 8])
def test_there_is_no_rematch_while_one_can_be_avoided(players: int) -> None:
    cup = make_cup(players, rules={"swiss_rounds": players // 2})
    for _ in range(players // 2):
        cup.pair()
        cup.win_by_seed()
    met = list_meetings(cup)
    assert len(set(met)) == len(met)


def test_an_event_does_not_end_for_want_of_a_legal_pairing() -> None:
    cup = make_cup(4, rules={"swiss_rounds": 5})
    for number in range(1, 6):
        paired = cup.pair()
        assert paired["tournament"]["current_round"] == number
        cup.win_by_seed()
    everybody = {frozenset(pair) for pair in combinations("ABCD", 2)}
    assert set(list_meetings(cup)) == everybody


def test_the_undefeated_do_not_meet_the_last() -> None:
    cup = make_cup(8, rules={"swiss_rounds": 4})
    for _ in range(3):
        cup.pair()
        cup.win_by_seed()
    first, last = cup.rank()[0], cup.rank()[-1]
    assert (first["match_points"], last["match_points"]) == (6, 0)
    cup.pair()
    assert {first["letter"], last["letter"]} not in [set(pair) for pair in list_meetings(cup)[-4:]]


def test_the_same_player_does_not_float_again() -> None:
    """Of two who could float down, the one who has not."""
    cup = make_cup(6, rules={"swiss_rounds": 4})
    floated: list[str] = []
    for _ in range(4):
        for pair in cup.pair()["pairing_report"]["cross_record"]:
            floated.append(cup.letters[pair["players"][0]])
        cup.win_by_seed()
    assert floated
    assert max(floated.count(letter) for letter in floated) <= 2


def test_all_games_drawn() -> None:
    cup = make_cup(6, rules={"swiss_rounds": 3})
    for _ in range(3):
        cup.pair()
        for pair in cup.list_pairs():
            one, two = pair.split("-")
            cup.play(f"{one} 50-50 {two}")
    rows = cup.rank()
    assert [row["match_points"] for row in rows] == [3] * 6
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["win_path"] for row in rows] == ["DDD"] * 6
    met = list_meetings(cup)
    assert len(set(met)) == len(met)
    champion = expect(cup.organiser.post(f"{cup.url}/finish"), 200)["tournament"]["champion_id"]
    assert champion == rows[0]["user_id"]


def test_seeds_beyond_32() -> None:
    cup = make_cup(0, max_participants=40, format="single_elimination")
    for number in range(40):
        cup.add(f"P{number:02}")
    paired = cup.pair()["tournament"]
    [round_] = paired["rounds"]
    assert (len(round_["pairings"]), len(round_["byes"])) == (8, 24)
    pairs = {frozenset(pair.split("-")) for pair in cup.list_pairs() if "-" in pair}
    assert pairs == {frozenset((f"P{24 + n:02}", f"P{39 - n:02}")) for n in range(8)}


def test_two_who_meet_have_one_game() -> None:
    cup = make_cup(4)
    cup.pair()
    pair = cup.find_battle("A-C")
    players = [{"user_id": cup.ids[letter], "army_id": cup.armies[letter]} for letter in ("A", "C")]
    body = {
        "tournament_id": cup.id,
        "battle_type": "matched_play",
        "mission": {"name": "Take and Hold", "deployment": "Tipping Point"},
        "players": players,
    }
    again = cup.players["C"].post("/v1/battles", body)
    assert expect(again, 200)["battle"]["id"] == pair["battle_id"]
    players[1] = {"user_id": cup.ids["B"], "army_id": cup.armies["B"]}
    other = cup.players["B"].post("/v1/battles", body)
    check_error(other, 409, "INVALID_TOURNAMENT_STATE", reason="not_paired")


def test_nothing_is_paired_before_the_results_are_in() -> None:
    cup = make_cup(4)
    cup.pair()
    cup.play("A 80-40 C")
    before = cup.get()
    assert cup.pair()["tournament"] == before
    for body in ({"round": 2}, {"round": 2, "dry_run": True}):
        refused = cup.organiser.post(f"{cup.url}/generate-pairings", body)
        check_error(refused, 409, "ROUND_INCOMPLETE", round=1)
    assert cup.get() == before


def test_a_winner_does_not_keep_the_first_table() -> None:
    cup = make_cup(8, tables=list(range(1, 9)), rules={"swiss_rounds": 3})
    seen: dict[str, list[int]] = {letter: [] for letter in ascii_uppercase[:8]}
    for _ in range(3):
        cup.pair()
        for pair in cup.list_pairs():
            for letter in pair.split("-"):
                seen[letter].append(cup.find_battle(pair)["table_number"])
        cup.win_by_seed()
    assert all(len(set(tables)) == 3 for tables in seen.values()), seen


# --- at the same moment ---


@pytest.mark.commits
def test_twenty_parallel_calls_make_one_round(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cup = make_cup(8)

    def generate(_: int) -> str:
        answered = cup.organiser.post(f"{cup.url}/generate-pairings")
        assert answered.status == 200, answered.text
        return answered.text

    with own_connections(store, monkeypatch), ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(generate, range(20)))
    assert len(answers) == 1
    event = cup.get()
    assert (event["current_round"], len(event["rounds"])) == (1, 1)
    listed = cup.organiser.get(f"/v1/battles?tournament_id={cup.id}&limit=100").json["data"]
    assert len(listed) == 4


@pytest.mark.commits
def test_a_result_is_corrected_while_the_next_round_is_paired(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes first: the round is paired by what stands, or is marked as stale."""
    for _ in range(3):
        cup = make_cup(8)
        cup.play_round("A 85-40 E", "F 71-62 B", "C 90-55 G", "D 66-66 H")
        battle = cup.find_battle("D-H")["battle_id"]
        scores = {cup.ids["H"]: {"victory_points": 70}, cup.ids["D"]: {"victory_points": 66}}

        def act(what: int, cup: Cup = cup, battle: str = battle, scores: object = scores) -> int:
            if what:
                body = {"scores": scores, "reason": "A slip of the pen"}
                return cup.organiser.put(f"{cup.url}/results/{battle}", body).status
            return cup.organiser.post(f"{cup.url}/next-round").status

        with own_connections(store, monkeypatch), ThreadPoolExecutor(2) as pool:
            assert list(pool.map(act, (0, 1))) == [200, 200]
        by_the_correction = ["A-C", "F-H", "B-D", "E-G"]
        if not cup.get()["rounds"][1]["stale"]:
            assert cup.list_pairs() == by_the_correction
        else:
            assert cup.list_pairs() == ["A-C", "F-D", "H-B", "E-G"]
            cup.pair(regenerate=True)
            assert cup.list_pairs() == by_the_correction


@pytest.mark.commits
def test_both_players_complete_their_game_at_once(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cup = make_cup(2)
    cup.pair()
    battle = cup.find_battle("A-B")["battle_id"]

    def complete(letter: str) -> int:
        scores = {cup.ids[letter]: {"victory_points": 80}}
        url = f"/v1/battles/{battle}/complete"
        return cup.players[letter].post(url, {"final_scores": scores}).status

    with own_connections(store, monkeypatch), ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(complete, "AB")) == [200, 409]
    game = cup.find_battle("A-B")
    assert game["status"] == "completed"
    assert sorted(game["victory_points"].values()) == [0, 80]


@pytest.mark.commits
def test_games_begin_while_their_round_is_paired_again(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: players and organisers lock a game and its tournament in another order."""
    cup = make_cup(8)
    cup.pair()
    battles = [one["battle_id"] for one in cup.get()["rounds"][0]["pairings"]]
    owners = [cup.letters[one["player1_id"]] for one in cup.get()["rounds"][0]["pairings"]]
    pairs = [cup.list_pairs()[number].split("-") for number in (0, 1)]
    byhand = {
        "pairings": [
            {"player1_id": cup.ids[one], "player2_id": cup.ids[two]}
            for one, two in (
                *zip(pairs[0], pairs[1], strict=True),
                *(pair.split("-") for pair in cup.list_pairs()[2:]),
            )
        ]
    }

    def act(what: int) -> int:
        if what < len(battles):
            url = f"/v1/battles/{battles[what]}"
            return cup.players[owners[what]].patch(url, {"action": "start"}).status
        return cup.organiser.put(f"{cup.url}/rounds/1/pairings", byhand).status

    with own_connections(store, monkeypatch), ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(act, (4, 0, 1, 2, 3)))
    assert set(answers) <= {200, 409}, answers
    states = [one["status"] for one in cup.get()["rounds"][0]["pairings"]]
    for battle, answer in zip(battles, answers[1:], strict=True):
        status = cup.organiser.get(f"/v1/battles/{battle}").json["battle"]["status"]
        assert status == ("in_progress" if answer == 200 else "cancelled")
    assert len(states) == 4

"""Elimination over HTTP: tracker.md 6.6, example X10, and what brackets elsewhere get wrong."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

import pytest

from tests.support.cups import Cup, expect, make_cup
from tests.support.tracker import check_error

pytestmark = pytest.mark.usefixtures("tracker_keys")


def play_through(cup: Cup) -> list[list[str]]:
    """The rounds of a tournament in which the better seed always wins, as seeds; byes alone."""
    played = []
    while cup.organiser.post(f"{cup.url}/next-round").status == 200:
        played.append(cup.list_pairs())
        cup.win_by_seed()
    seeds = {letter: str(seed) for seed, letter in enumerate(ascii_uppercase, 1)}
    return [["-".join(seeds[one] for one in pair.split("-")) for pair in pairs] for pairs in played]


@pytest.mark.parametrize(
    ("kind", "players", "rounds"),
    [
        ("single", 5, ["4-5 1 2 3", "1-4 2-3", "1-2"]),
        ("single", 6, ["4-5 3-6 1 2", "1-4 2-3", "1-2"]),
        ("single", 8, ["1-8 4-5 2-7 3-6", "1-4 2-3", "1-2"]),
        ("double", 2, ["1-2", "1-2"]),
        ("double", 4, ["1-4 2-3", "1-2 3-4", "2-3", "1-2"]),
        ("double", 5, ["4-5 1 2 3", "1-4 2-3", "1-2 3-5", "3-4", "2-3", "1-2"]),
        ("double", 6, ["4-5 3-6 1 2", "1-4 2-3", "1-2 3-5 4-6", "3-4", "2-3", "1-2"]),
        (
            "double",
            8,
            ["1-8 4-5 2-7 3-6", "1-4 2-3 5-8 6-7", "1-2 3-5 4-6", "3-4", "2-3", "1-2"],
        ),
    ],
)
def test_x10_the_better_seed_always_wins(kind: str, players: int, rounds: list[str]) -> None:
    cup = make_cup(players, format=f"{kind}_elimination")
    played = play_through(cup)
    games = [[pair for pair in pairs if "-" in pair] for pairs in played]
    assert games == [[pair for pair in said.split() if "-" in pair] for said in rounds]
    first = [pair for pair in rounds[0].split() if "-" not in pair]
    assert sorted(pair for pair in played[0] if "-" not in pair) == first


def test_places_of_those_out_in_one_round_are_shared() -> None:
    cup = make_cup(8, format="double_elimination")
    play_through(cup)
    rows = cup.rank()
    assert [(row["letter"], row["rank"]) for row in rows] == [
        *(("A", 1), ("B", 2), ("C", 3), ("D", 4)),
        *(("E", 5), ("F", 5), ("G", 7), ("H", 7)),
    ]
    finished = expect(cup.organiser.post(f"{cup.url}/finish"), 200)["tournament"]
    assert finished["champion_id"] == cup.ids["A"]


def test_who_is_still_in_has_no_rank() -> None:
    cup = make_cup(4, format="single_elimination")
    cup.play_round("A 80-40 D", "B 80-40 C")
    ranks = {row["letter"]: row["rank"] for row in cup.rank()}
    assert ranks == {"A": None, "B": None, "C": 3, "D": 3}


def test_the_final_is_played_again_after_the_losers_champion_wins() -> None:
    """Regression, elsewhere: no reset after the losers' champion won the grand final."""
    cup = make_cup(4, format="double_elimination")
    cup.play_round("A 80-40 D", "B 80-40 C")
    cup.play_round("A 80-40 B", "C 80-40 D")
    cup.play_round("B 80-40 C")
    cup.play_round("B 80-40 A")
    cup.pair()
    [final] = cup.get()["rounds"][-1]["pairings"]
    assert (final["match_code"], final["bracket"]) == ("GF-2", "grand_final")
    cup.play("A 80-40 B")
    assert (
        expect(cup.organiser.post(f"{cup.url}/finish"), 200)["tournament"]["champion_id"]
        == cup.ids["A"]
    )


def test_a_single_grand_final_has_no_reset() -> None:
    cup = make_cup(2, format="double_elimination", rules={"grand_final": "single"})
    cup.play_round("A 80-40 B")
    cup.play_round("B 80-40 A")
    assert cup.organiser.post(f"{cup.url}/generate-pairings").status == 409
    assert cup.rank()[0]["letter"] == "B"


def test_losers_enter_the_right_line() -> None:
    """Regression, elsewhere: a loser dropped to the wrong line, or met the same player at once."""
    cup = make_cup(8, format="double_elimination")
    cup.pair()
    cup.win_by_seed()
    cup.pair()
    codes = {one["match_code"]: one for one in cup.get()["rounds"][-1]["pairings"]}
    assert {code for code in codes if code.startswith("L")} == {"L1-1", "L1-2"}
    names = cup.letters
    losers = [
        {names[codes[code]["player1_id"]], names[codes[code]["player2_id"]]}
        for code in ("L1-1", "L1-2")
    ]
    assert losers == [{"E", "H"}, {"F", "G"}]


@pytest.mark.parametrize("upsets", ["", "B D", "A C F"])
def test_losers_do_not_meet_again_early(upsets: str) -> None:
    """Regression, elsewhere: two who had met in the winners' bracket met again at once in the
    losers'."""
    cup = make_cup(8, format="double_elimination")
    met: set[str] = set()
    for _ in range(3):
        cup.pair()
        pairs = cup.list_pairs()
        codes = {one["match_code"]: one for one in cup.get()["rounds"][-1]["pairings"]}
        names = cup.letters
        for code in [code for code in codes if code.startswith(("L1", "L2"))]:
            one, two = names[codes[code]["player1_id"]], names[codes[code]["player2_id"]]
            assert "-".join(sorted((one, two))) not in met, code
        for pair in pairs:
            one, two = sorted(pair.split("-"))
            met.add(f"{one}-{two}")
            has_upset = one in upsets and two not in upsets
            cup.play(f"{two} 80-40 {one}" if has_upset else f"{one} 80-40 {two}")


def test_a_drawn_knock_out_needs_who_passes_on() -> None:
    """Regression, elsewhere: a drawn game of a knock-out, and nothing went on."""
    cup = make_cup(4, format="single_elimination")
    cup.pair()
    refused = cup.enter("A 60-60 D")
    assert refused.status == 422
    [problem] = refused.json["error"]["details"]["fields"]
    assert problem["field"] == "winner_id"
    expect(cup.enter("A 60-60 D", winner_id=cup.ids["D"]), 200)
    cup.play("B 80-40 C")
    cup.pair()
    assert sorted(cup.list_pairs()[0].split("-")) == ["B", "D"]


def test_a_loser_is_not_stuck_behind_a_walkover() -> None:
    """Regression, elsewhere: a loser waited for ever for an opponent who had left."""
    cup = make_cup(4, format="double_elimination")
    cup.play_round("A 80-40 D", "B 80-40 C")
    cup.drop("D")
    cup.pair()
    assert cup.list_pairs() == ["A-B", "C"]
    assert cup.get()["rounds"][-1]["byes"][0]["reason"] == "walkover"
    cup.play("A 80-40 B")
    cup.pair()
    assert cup.list_pairs() == ["B-C"]


def test_who_leaves_with_an_open_game_loses_it() -> None:
    cup = make_cup(4, format="single_elimination")
    cup.pair()
    dropped = cup.drop("A")
    game = cup.find_battle("A-D", 1)
    assert (game["winner_id"], game["result_type"]) == (cup.ids["D"], "forfeit")
    assert game["victory_points"] == {cup.ids["D"]: 70, cup.ids["A"]: 0}
    assert dropped["affected_matches"] == []
    cup.play("B 80-40 C")
    cup.pair()
    assert cup.list_pairs() == ["B-D"]


def reinstate(cup: Cup, letter: str) -> Any:
    return cup.organiser.post(f"{cup.url}/participants/{cup.ids[letter]}/reinstate", {})


@pytest.mark.parametrize("kind", ["drop", "disqualified"])
def test_who_left_comes_back_before_the_bracket_goes_on(kind: str) -> None:
    """Regression: a drop by mistake could not be undone in a bracket."""
    cup = make_cup(4, format="double_elimination")
    cup.play_round("A 80-40 D", "B 80-40 C")
    cup.drop("A", kind=kind)
    back = expect(reinstate(cup, "A"), 200)
    assert back["participant"]["status"] == "confirmed"
    assert back["tournament"]["current_participants"] == 4
    check_error(reinstate(cup, "A"), 409, "INVALID_TOURNAMENT_STATE", reason="confirmed")
    cup.pair()
    assert cup.list_pairs() == ["A-B", "C-D"]


def test_who_lost_a_game_by_leaving_comes_back_with_the_loss() -> None:
    cup = make_cup(4, format="double_elimination")
    cup.pair()
    cup.drop("A")
    cup.play("B 80-40 C")
    expect(reinstate(cup, "A"), 200)
    cup.pair()
    assert cup.list_pairs() == ["B-D", "A-C"]


def test_a_bracket_that_went_on_takes_nobody_back() -> None:
    cup = make_cup(4, format="double_elimination")
    cup.play_round("A 80-40 D", "B 80-40 C")
    cup.drop("A")
    cup.pair()
    refused = reinstate(cup, "A")
    check_error(refused, 409, "INVALID_TOURNAMENT_STATE", reason="bracket", status="active")
    assert {row["letter"]: row["status"] for row in cup.rank()}["A"] == "dropped"


def test_a_correction_replaces_who_passed_on() -> None:
    """Regression, elsewhere: an old winner stayed in the bracket after a correction."""
    cup = make_cup(4, format="single_elimination")
    cup.play_round("A 80-40 D", "B 80-40 C")
    cup.pair()
    old = cup.find_battle("A-B")
    corrected = expect(cup.enter("D 80-40 A", 1, reason="Sheets were swapped"), 200)
    assert cup.list_pairs(2) == ["B-D"]
    new = cup.find_battle("B-D", 2)
    assert new["battle_id"] != old["battle_id"]
    assert new["match_code"] == old["match_code"] == "W2-1"
    assert corrected["correction"]["affected_matches"] == [
        {
            "battle_id": old["battle_id"],
            "round": 2,
            "match_code": "W2-1",
            "old_players": [cup.ids["A"], cup.ids["B"]],
            "new_players": [cup.ids["B"], cup.ids["D"]],
            "has_result": False,
        }
    ]
    battle = cup.organiser.get(f"/v1/battles/{old['battle_id']}").json["battle"]
    assert battle["status"] == "cancelled"


def test_a_correction_that_voids_games_is_locked() -> None:
    cup = make_cup(4, format="single_elimination")
    cup.play_round("A 80-40 D", "B 80-40 C")
    cup.play_round("A 80-40 B")
    before = cup.get()
    locked = cup.enter("D 80-40 A", 1, reason="Sheets were swapped")
    assert (locked.status, locked.json["error"]["code"]) == (409, "RESULT_LOCKED")
    [match] = locked.json["error"]["details"]["affected_matches"]
    assert (match["match_code"], match["has_result"]) == ("W2-1", True)
    assert cup.get() == before
    forced = expect(cup.enter("D 80-40 A", 1, reason="Sheets were swapped", force=True), 200)
    assert forced["correction"]["affected_matches"] == [match]
    assert cup.list_pairs(2) == ["B-D"]
    cup.play("D 80-40 B")
    assert cup.order() == "DBAC"
    back: dict[str, Any] = expect(cup.enter("A 80-40 D", 1, reason="No", force=True), 200)
    assert cup.list_pairs(2) == ["A-B"]
    assert back["tournament"]["rounds"][0] == before["rounds"][0] | {
        "pairings": cup.get()["rounds"][0]["pairings"]
    }


def test_third_place() -> None:
    cup = make_cup(4, format="single_elimination", rules={"third_place_match": True})
    cup.play_round("A 80-40 D", "B 80-40 C")
    cup.pair()
    codes = {one["match_code"]: one["bracket"] for one in cup.get()["rounds"][-1]["pairings"]}
    assert codes == {"W2-1": "winners", "P3": "third_place"}
    cup.play("A 80-40 B", "D 80-40 C")
    assert [(row["letter"], row["rank"]) for row in cup.rank()] == [
        *(("A", 1), ("B", 2), ("D", 3), ("C", 4)),
    ]


def test_nobody_comes_late_to_a_bracket() -> None:
    cup = make_cup(3, format="single_elimination", max_participants=8)
    cup.pair()
    cup.recruit("X")
    refused = cup.organiser.post(
        f"{cup.url}/participants", {"user_id": cup.ids["X"], "army_id": cup.armies["X"]}
    )
    assert refused.status == 409
    assert refused.json["error"]["details"]["reason"] == "bracket"

"""Swiss events over HTTP: the worked examples of tracker.md 6.9."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from functions.shared import db
from tests.support.armies import make_army
from tests.support.cups import Cup, expect, make_cup
from tests.support.tracker import bearer, open_session

pytestmark = pytest.mark.usefixtures("tracker_keys")
TERMS = "RBCPSFI"


def get_cost(paired: dict[str, Any]) -> tuple[int, ...]:
    """The cost of a round's pairing, in the order of its terms."""
    cost = paired["pairing_report"]["cost"]
    return tuple(cost[letter] for letter in TERMS)


def test_x1_four_players_three_rounds() -> None:
    cup = make_cup(4, rules={"swiss_rounds": 3})
    cup.play_round("A 80-60 C", "B 75-70 D")
    assert get_cost(cup.pair()) == (0, 0, 0, 0, 0, 0, 2)
    assert cup.list_pairs() == ["A-B", "C-D"]
    cup.play("A 65-64 B", "C 90-50 D")
    assert get_cost(cup.pair()) == (0, 0, 0, 0, 16, 0, 10)
    assert cup.list_pairs() == ["A-D", "B-C"]
    cup.play("A 88-40 D", "B 55-55 C")
    rows = cup.rank()
    assert [(row["letter"], row["match_points"], row["win_path"]) for row in rows] == [
        ("A", 6, "WWW"),
        ("C", 3, "LWD"),
        ("B", 3, "WLD"),
        ("D", 0, "LLL"),
    ]
    assert [(row["opp_win_pct"], row["opp_opp_win_pct"]) for row in rows] == [
        (0.3333, 0.5556),
        (0.5, 0.5),
        (0.5, 0.5),
        (0.6667, 0.4444),
    ]
    assert [row["victory_points"] for row in rows] == [233, 205, 194, 160]
    assert [row["explain"]["decided_by"] for row in rows] == [
        None,
        "match_points",
        "victory_points",
        "match_points",
    ]


def test_x1_the_fourth_round_has_no_pairing_without_rematches() -> None:
    cup = make_cup(4, rules={"swiss_rounds": 4})
    cup.play_round("A 80-60 C", "B 75-70 D")
    cup.play_round("A 65-64 B", "C 90-50 D")
    cup.play_round("A 88-40 D", "B 55-55 C")
    report = cup.pair()["pairing_report"]
    assert cup.list_pairs() == ["A-B", "C-D"] or cup.list_pairs() == ["A-B", "C-D"][::-1]
    assert [report["cost"][letter] for letter in TERMS] == [2, 0, 0, 0, 18, 2, 2]
    assert report["rematch_free_possible"] is False
    assert [one["rounds"] for one in report["rematches"]] == [[2], [2]]
    assert report["notes"]


def test_x2_five_players_and_nobody_has_a_second_bye() -> None:
    cup = make_cup(5)
    cup.pair()
    assert cup.list_pairs() == ["A-C", "B-D", "E"]
    cup.play("A 82-61 C", "B 70-75 D")
    assert get_cost(cup.pair()) == (0, 0, 0, 0, 4, 0, 2)
    assert cup.list_pairs() == ["A-D", "E-B", "C"]
    cup.play("A 77-64 D", "E 58-66 B")
    assert get_cost(cup.pair()) == (0, 0, 0, 1, 4, 0, 8)
    assert cup.list_pairs() == ["A-E", "D-C", "B"]
    cup.play("A 90-35 E", "D 71-71 C")
    rows = cup.rank()
    assert [
        (row["letter"], row["match_points"], row["opp_win_pct"], row["victory_points"])
        for row in rows
    ] == [
        ("A", 6, 0.25, 249),
        ("B", 4, 0.25, 206),
        ("C", 3, 0.75, 202),
        ("D", 3, 0.5833, 210),
        ("E", 2, 0.75, 163),
    ]
    assert rows[2]["byes"] == 1
    assert rows[3]["explain"]["decided_by"] == "opp_win_pct"
    assert rows[3]["explain"]["values"] == [0.5833, 0.75]


def test_x3_taking_the_first_free_opponent_would_force_a_rematch() -> None:
    cup = make_cup(6)
    cup.play_round("D 63-51 A", "E 91-38 B", "F 72-45 C")
    assert get_cost(cup.pair()) == (0, 0, 0, 0, 4, 0, 3)
    cup.play("D 70-42 E", "A 90-29 F", "C 67-45 B")
    assert get_cost(cup.pair()) == (0, 0, 0, 0, 8, 0, 17)
    assert cup.list_pairs() == ["D-F", "E-C", "A-B"]
    cup.play("D 60-50 F", "E 58-58 C", "A 77-33 B")
    assert cup.order() == "DAECFB"


def test_x4_a_rematch_that_nobody_can_avoid() -> None:
    cup = make_cup(6, rules={"swiss_rounds": 4})
    for number, results in enumerate(
        (
            ("A 63-51 D", "B 91-38 E", "C 72-45 F"),
            ("A 70-42 E", "B 66-61 F", "C 58-40 D"),
            ("A 55-50 F", "B 80-20 D", "C 45-44 E"),
        ),
        1,
    ):
        cup.pair()
        pairs = " ".join(f"{said[0]}{said[-1]}" for said in results)
        expect(cup.edit(pairs, number=number), 200)
        cup.play(*results)
    paired = cup.pair()
    assert sorted(cup.list_pairs()) == ["A-B", "C-D", "E-F"]
    assert get_cost(paired) == (1, 0, 0, 0, 36, 4, 3)
    report = paired["pairing_report"]
    assert report["rematch_free_possible"] is False
    [rematch] = report["rematches"]
    assert {cup.letters[user_id] for user_id in rematch["players"]} == {"C", "D"}
    assert rematch["rounds"] == [2]


def test_x5_a_bye_does_not_go_to_the_last_where_that_would_force_a_rematch() -> None:
    cup = make_cup(6, rules={"swiss_rounds": 4})
    cup.play_round("D 72-55 A", "B 80-41 E", "F 77-60 C")
    cup.play_round("B 69-63 D", "F 74-52 A", "C 81-70 E")
    cup.play_round("F 79-58 B", "D 68-60 C", "A 73-49 E")
    cup.drop("F")
    report = cup.pair()
    assert cup.list_pairs() == ["B-C", "D-E", "A"]
    assert get_cost(report) == (0, 0, 0, 1, 20, 0, 8)
    [note] = report["pairing_report"]["notes"]
    assert "bye" in note


def test_x6_a_result_corrected_before_the_next_round_is_played() -> None:
    cup = make_cup(8)
    cup.pair()
    assert cup.list_pairs() == ["A-E", "B-F", "C-G", "D-H"]
    cup.play("A 85-40 E", "F 71-62 B", "C 90-55 G", "D 66-66 H")
    assert get_cost(cup.pair()) == (0, 0, 0, 0, 2, 0, 4)
    assert cup.list_pairs() == ["A-C", "F-D", "H-B", "E-G"]
    assert cup.order(round=1) == "CAFDHBGE"
    kept = {pair: cup.find_battle(pair)["battle_id"] for pair in ("A-C", "E-G")}

    corrected = expect(cup.enter("H 70-66 D", 1, reason="A slip of the pen"), 200)["correction"]
    assert corrected["affected_rounds"] == [{"round": 2, "status": "stale"}]
    assert corrected["before"]["result_type"] == "draw"
    assert corrected["after"]["winner_id"] == cup.ids["H"]
    assert cup.get()["rounds"][1]["stale"] is True
    assert cup.order(round=1) == "CAFHDBGE"

    assert get_cost(cup.pair(regenerate=True)) == (0, 0, 0, 0, 0, 0, 4)
    assert cup.list_pairs() == ["A-C", "F-H", "B-D", "E-G"]
    assert {pair: cup.find_battle(pair)["battle_id"] for pair in kept} == kept
    assert cup.get()["rounds"][1]["stale"] is False


def test_x6_played_through() -> None:
    cup = make_cup(8)
    cup.play_round("A 85-40 E", "F 71-62 B", "C 90-55 G", "D 66-66 H")
    cup.play_round("A 70-52 C", "D 80-44 F", "B 61-49 H", "G 75-30 E")
    assert get_cost(cup.pair()) == (0, 0, 0, 0, 2, 2, 4)
    assert cup.list_pairs() == ["A-D", "C-F", "B-G", "H-E"]
    cup.play("A 81-47 D", "F 72-60 C", "B 55-55 G", "H 90-20 E")
    assert cup.order() == "AFDBHGCE"
    finished = expect(cup.organiser.post(f"{cup.url}/finish"), 200)
    assert finished["tournament"]["status"] == "completed"
    assert finished["tournament"]["champion_id"] == cup.ids["A"]
    assert finished["standings"]["final"] is True


def test_x7_floats_of_one_win_instead_of_the_leader_against_the_last() -> None:
    cup = make_cup(16, rules={"swiss_rounds": 5})
    for _ in range(4):
        cup.pair()
        cup.win_by_seed("KOFBJCDLNHIEAGPM")  # whereby no meeting forbids a pair of the fifth
    points = {row["letter"]: row["match_points"] for row in cup.rank()}
    assert Counter(points.values()) == {8: 1, 6: 4, 4: 6, 2: 4, 0: 1}
    paired = cup.pair()
    assert (paired["pairing_report"]["cost"]["R"], paired["pairing_report"]["cost"]["S"]) == (0, 16)
    gaps = [points[one] - points[two] for one, _, two in cup.list_pairs()]
    assert Counter(map(abs, gaps)) == {0: 4, 2: 4}
    floats = [one["match_points"] for one in paired["pairing_report"]["cross_record"]]
    assert sorted(floats) == [[2, 0], [4, 2], [6, 4], [8, 6]]


def test_x8_players_change_tables() -> None:
    cup = make_cup(4, tables=[1, 2, 3])
    cup.play_round("A 80-60 C", "B 75-70 D")
    assert [cup.find_battle(pair)["table_number"] for pair in ("A-C", "B-D")] == [1, 2]
    cup.pair()
    assert [cup.find_battle(pair)["table_number"] for pair in ("A-B", "C-D")] == [1, 3]


def test_x8_two_tables_cannot_be_changed() -> None:
    cup = make_cup(4, tables=[1, 2])
    cup.play_round("A 80-60 C", "B 75-70 D")
    cup.pair()
    assert [cup.find_battle(pair)["table_number"] for pair in ("A-B", "C-D")] == [1, 2]


def test_x9_a_random_draw() -> None:
    cup = make_cup(max_participants=5, pairing_seed="42", rules={"first_round": "random"})
    for letter, name in zip("ABCDE", ("anna", "bert", "cleo", "dina", "egon"), strict=True):
        session = open_session(f"{name}-of-the-draw")
        number = "ABCDE".index(letter) + 1
        cup.ids[letter] = f"usr_{name}000{number}"
        db.query(
            "update accounts.users set public_id = %s where public_id = %s",
            (cup.ids[letter], session["user"]["id"]),
        )
        cup.players[letter] = bearer(session)
        cup.armies[letter] = make_army(cup.players[letter])["id"]
        cup.register(letter)
    paired = cup.pair()
    assert cup.list_pairs() == ["B-E", "C-A", "D"]
    order = paired["pairing_report"]["order"]
    assert "".join(cup.letters[user_id] for user_id in order) == "BECAD"


def test_no_rounds_are_left() -> None:
    cup = make_cup(2)
    cup.play_round("A 80-60 B")
    refused = cup.organiser.post(f"{cup.url}/generate-pairings")
    assert refused.status == 409
    assert refused.json["error"]["details"] == {"status": "active", "reason": "no_more_rounds"}
    change = cup.organiser.patch(cup.url, {"rules": {"swiss_rounds": 2}})
    assert expect(change, 200)["tournament"]["rules"]["swiss_rounds"] == 2
    cup.pair()
    assert cup.list_pairs() == ["A-B"]


def test_the_event_is_the_callers_to_read_at_any_round(store: str) -> None:
    cup: Cup = make_cup(4)
    cup.play_round("A 80-60 C", "B 75-70 D")
    rounds = expect(cup.players["A"].get(f"{cup.url}/rounds"), 200)["rounds"]
    assert [one["round_number"] for one in rounds] == [1]
    one = expect(cup.players["A"].get(f"{cup.url}/rounds/1"), 200)["round"]
    assert one == rounds[0]
    assert one["pairing_report"]["order"] == [cup.ids[letter] for letter in "ABCD"]
    assert cup.players["A"].get(f"{cup.url}/rounds/2").status == 404

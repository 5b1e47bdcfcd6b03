"""Players of tournaments: tracker.md 6.3, and what software elsewhere gets wrong with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.shared import db
from tests.support.accounts import PASSWORD
from tests.support.armies import make_army
from tests.support.client import Client
from tests.support.connections import own_connections
from tests.support.cups import Cup, expect, make_cup, make_person
from tests.support.tracker import check_error

pytestmark = pytest.mark.usefixtures("tracker_keys")


def list_states(cup: Cup) -> dict[str, str]:
    """The players of a tournament by letter, in the order of registration, with their state."""
    rows = expect(cup.organiser.get(f"{cup.url}/participants?limit=100"), 200)["data"]
    return {cup.letters[row["user_id"]]: row["status"] for row in rows}


def list_seeds(cup: Cup) -> str:
    """The letters of those with a seed, from seed 1 on."""
    rows = expect(cup.organiser.get(f"{cup.url}/participants?limit=100"), 200)["data"]
    seeds = {row["seed"]: cup.letters[row["user_id"]] for row in rows if row["seed"]}
    assert sorted(seeds) == list(range(1, len(seeds) + 1))
    return "".join(seeds[seed] for seed in sorted(seeds))


# --- registering ---


def test_registering_twice_is_registering_once() -> None:
    cup = make_cup(1)
    body = {"army_id": cup.armies["A"], "role": "admin"}
    again = cup.players["A"].post(f"{cup.url}/register", body)
    assert expect(again, 200)["tournament"]["current_participants"] == 1
    other = make_army(cup.players["A"], name="Other")["id"]
    refused = cup.players["A"].post(f"{cup.url}/register", {"army_id": other})
    check_error(refused, 409, "ALREADY_REGISTERED", army_id=cup.armies["A"])


def test_which_armies_may_register() -> None:
    rules = {"points_limit": 1000, "allowed_factions": ["fac_necrons"]}
    cup = make_cup(0, rules=rules, max_participants=8)
    cup.recruit("A")
    cup.recruit("B")
    player, url = cup.players["A"], f"{cup.url}/register"

    def refuse(army_id: Any, rule: str) -> None:
        answered = player.post(url, {"army_id": army_id})
        check_error(answered, 422, "VALIDATION_ERROR")
        [problem] = answered.json["error"]["details"]["fields"]
        assert (problem["field"], problem["rule"]) == ("army_id", rule)

    refuse("army_nothingatall", "unknown")
    refuse(7, "invalid")
    refuse(make_army(player, points_value=1001)["id"], "points_limit")
    refuse(make_army(player, faction_id="fac_orks")["id"], "faction_not_allowed")
    check_error(player.post(url, {"army_id": cup.armies["B"]}), 403, "FORBIDDEN")
    refuse(make_army(cup.players["B"], visibility="private")["id"], "unknown")
    expect(player.post(url, {"army_id": cup.armies["A"]}), 201)
    deleted = player.delete(f"/v1/armies/{cup.armies['A']}")
    check_error(deleted, 409, "ARMY_IN_USE", tournament_ids=[cup.id])


def test_a_registration_holds_a_copy_of_the_army() -> None:
    cup = make_cup(1)
    renamed = {"name": "Renamed", "points_value": 5000}
    expect(cup.players["A"].put(f"/v1/armies/{cup.armies['A']}", renamed), 200)
    [row] = expect(cup.organiser.get(f"{cup.url}/participants"), 200)["data"]
    assert row["army"] == {
        "name": "Third Dynasty",
        "faction_id": "fac_necrons",
        "detachment": "Canoptek Court",
        "points_value": 1000,
    }


def test_who_withdraws_makes_room_for_the_first_in_line() -> None:
    cup = make_cup(2)
    for place, letter in enumerate("CD", 1):
        cup.recruit(letter)
        body = {"army_id": cup.armies[letter]}
        check_error(cup.players[letter].post(f"{cup.url}/register", body), 409, "TOURNAMENT_FULL")
        waiting = cup.players[letter].post(f"{cup.url}/register", body | {"join_waitlist": True})
        participant = expect(waiting, 201)["participant"]
        assert (participant["status"], participant["waitlist_position"]) == ("waitlisted", place)
    assert cup.get()["waitlist_count"] == 2
    left = expect(cup.players["A"].delete(f"{cup.url}/register"), 200)["tournament"]
    assert (left["current_participants"], left["waitlist_count"]) == (2, 1)
    assert list_states(cup) == {
        "A": "withdrawn",
        "B": "confirmed",
        "C": "confirmed",
        "D": "waitlisted",
    }
    expect(cup.players["A"].delete(f"{cup.url}/register"), 200)
    back = {"army_id": cup.armies["A"], "join_waitlist": True}
    again = expect(cup.players["A"].post(f"{cup.url}/register", back), 201)["participant"]
    assert (again["status"], again["waitlist_position"]) == ("waitlisted", 2)
    grown = expect(cup.organiser.patch(cup.url, {"max_participants": 4}), 200)["tournament"]
    assert (grown["current_participants"], grown["waitlist_count"]) == (4, 0)
    assert list_seeds(cup) == "BCDA"


def test_withdrawing_without_a_registration_or_after_the_start() -> None:
    cup = make_cup(2)
    stranger, _ = make_person("stan")
    refused = stranger.delete(f"{cup.url}/register")
    check_error(refused, 409, "INVALID_TOURNAMENT_STATE", reason="not_registered")
    cup.pair()
    refused = cup.players["A"].delete(f"{cup.url}/register")
    check_error(refused, 409, "INVALID_TOURNAMENT_STATE", reason="started")
    late = stranger.post(f"{cup.url}/register", {"army_id": make_army(stranger)["id"]})
    check_error(late, 409, "INVALID_TOURNAMENT_STATE", status="active")


def test_organisers_move_seeds() -> None:
    cup = make_cup(5)
    url = f"{cup.url}/participants"
    for letter, seed, order in (("E", 1, "EABCD"), ("E", 3, "ABECD"), ("A", 99, "BECDA")):
        body = {"seed": seed, "club": "Lanterns"}
        changed = expect(cup.organiser.patch(f"{url}/{cup.ids[letter]}", body), 200)
        assert changed["participant"]["club"] == "Lanterns"
        assert list_seeds(cup) == order
    check_error(cup.players["A"].patch(f"{url}/{cup.ids['A']}", {"seed": 1}), 403, "FORBIDDEN")
    check_error(cup.organiser.patch(f"{url}/usr_nobodyatall1", {}), 404, "USER_NOT_FOUND")
    check_error(cup.organiser.patch(f"{url}/{cup.ids['A']}", {"seed": 0}), 422, "VALIDATION_ERROR")
    table = cup.organiser.patch(f"{url}/{cup.ids['A']}", {"fixed_table": 9})
    check_error(table, 422, "VALIDATION_ERROR")
    cup.pair()
    fixed = cup.organiser.patch(f"{url}/{cup.ids['A']}", {"seed": 1})
    check_error(fixed, 409, "INVALID_TOURNAMENT_STATE", reason="started")
    kept = expect(cup.organiser.patch(f"{url}/{cup.ids['A']}", {"club": None}), 200)
    assert kept["participant"]["club"] is None


def test_a_list_of_players_is_read_in_pages() -> None:
    cup = make_cup(5)
    url = f"{cup.url}/participants"
    expect(cup.players["B"].delete(f"{cup.url}/register"), 200)
    first = expect(cup.organiser.get(f"{url}?limit=2"), 200)
    cursor = first["pagination"]["next_cursor"]
    rest = expect(cup.organiser.get(f"{url}?limit=9&cursor={cursor}"), 200)
    names = [cup.letters[row["user_id"]] for row in first["data"] + rest["data"]]
    assert names == list("ABCDE")
    gone = expect(cup.organiser.get(f"{url}?status=withdrawn"), 200)["data"]
    assert [cup.letters[row["user_id"]] for row in gone] == ["B"]
    check_error(cup.organiser.get(f"{url}?status=gone"), 422, "VALIDATION_ERROR")


# --- late, absent, gone and back ---


def enter(cup: Cup, letter: str, **more: Any) -> Any:
    """The organiser's answer to entering somebody."""
    cup.recruit(letter)
    body = {"user_id": cup.ids[letter], "army_id": cup.armies[letter]} | more
    return cup.organiser.post(f"{cup.url}/participants", body)


@pytest.mark.parametrize(
    ("credit", "points", "path"), [(None, 2, "LW"), ("draw", 3, "DW"), ("bye", 4, "WW")]
)
def test_a_late_entry_is_paired_from_the_next_round_on(
    credit: str | None, points: int, path: str
) -> None:
    """Regression, elsewhere: a late entry that is never paired."""
    cup = make_cup(3, max_participants=8)
    cup.play_round("A 80-40 B")
    more = {"missed_rounds": credit} if credit else {}
    expect(enter(cup, "D", **more), 201)
    cup.pair()
    pair = next(pair for pair in cup.list_pairs() if "D" in pair)
    other = pair.replace("D", "").strip("-")
    cup.play(f"D 90-20 {other}")
    row = next(row for row in cup.rank() if row["letter"] == "D")
    assert (row["match_points"], row["win_path"]) == (points, path)


def test_until_when_somebody_may_come_late() -> None:
    cup = make_cup(4, max_participants=6, rules={"late_entry_until_round": 1})
    cup.play_round("A 80-40 C", "B 80-40 D")
    refused = enter(cup, "E")
    check_error(refused, 409, "INVALID_TOURNAMENT_STATE", reason="late_entry_closed")
    unknown = cup.organiser.post(
        f"{cup.url}/participants", {"user_id": "usr_nobodyatall1", "army_id": "x"}
    )
    assert unknown.status == 409


def test_nobody_waits_for_a_seat_once_it_has_started() -> None:
    cup = make_cup(2)
    cup.pair()
    check_error(enter(cup, "C", join_waitlist=True), 409, "TOURNAMENT_FULL")
    cup.drop("B")
    entered = expect(enter(cup, "D"), 201)
    assert entered["participant"]["status"] == "confirmed"


def test_an_organiser_enters_whom_they_know_with_an_army_of_theirs() -> None:
    cup = make_cup(1, max_participants=2)
    url = f"{cup.url}/participants"
    body = {"user_id": "usr_nobodyatall1", "army_id": cup.armies["A"]}
    check_error(cup.organiser.post(url, body), 422, "VALIDATION_ERROR")
    cup.recruit("B")
    wrong = {"user_id": cup.ids["B"], "army_id": cup.armies["A"]}
    check_error(cup.organiser.post(url, wrong), 422, "VALIDATION_ERROR")
    check_error(cup.players["A"].post(url, wrong), 403, "FORBIDDEN")
    body = {"user_id": cup.ids["B"], "army_id": cup.armies["B"], "seed": 1}
    entered = expect(cup.organiser.post(url, body), 201)
    assert entered["participant"]["seed"] == 1
    expect(cup.organiser.post(url, body), 200)
    check_error(enter(cup, "C"), 409, "TOURNAMENT_FULL")


def test_a_drop_leaves_the_last_round_as_it_was() -> None:
    """Regression, elsewhere: a drop changed the standings of the last round."""
    cup = make_cup(6)
    cup.play_round("A 80-40 D", "B 80-45 E", "C 80-50 F")
    before = cup.rank(round=1)
    cup.drop("A")
    after = cup.rank(round=1)
    assert [row["letter"] for row in after] == [row["letter"] for row in before]
    assert [row["match_points"] for row in after] == [row["match_points"] for row in before]
    cup.pair()
    assert "A" not in "".join(cup.list_pairs())
    assert len("".join(cup.list_pairs()).replace("-", "")) == 5


def test_nobody_meets_themselves_after_drops() -> None:
    """Regression, elsewhere: somebody was paired with himself after a drop."""
    cup = make_cup(5)
    cup.pair()
    cup.win_by_seed()
    for letter in "EDC":
        cup.drop(letter)
    cup.pair()
    [pair] = cup.list_pairs()
    assert sorted(pair.split("-")) == ["A", "B"]
    cup.win_by_seed()
    cup.drop("B")
    refused = cup.organiser.post(f"{cup.url}/generate-pairings")
    check_error(refused, 409, "INVALID_TOURNAMENT_STATE", reason="too_few_players")


def test_the_opponent_of_who_leaves_wins_without_a_game() -> None:
    cup = make_cup(4)
    cup.pair()
    dropped = cup.players["A"].post(f"{cup.url}/participants/{cup.ids['A']}/drop")
    assert expect(dropped, 200)["tournament"]["current_participants"] == 3
    game = cup.find_battle("A-C")
    assert (game["result_type"], game["winner_id"]) == ("forfeit", cup.ids["C"])
    row = next(row for row in cup.rank() if row["letter"] == "C")
    assert (row["match_points"], row["victory_points"], row["played"]) == (2, 70, 0)
    expect(cup.players["A"].post(f"{cup.url}/participants/{cup.ids['A']}/drop"), 200)
    other = cup.players["B"].post(f"{cup.url}/participants/{cup.ids['C']}/drop")
    check_error(other, 403, "FORBIDDEN")


def test_a_repaired_round_pairs_who_would_be_idle() -> None:
    cup = make_cup(5)
    cup.pair()
    assert cup.list_pairs() == ["A-C", "B-D", "E"]
    old = cup.find_battle("A-C")
    cup.drop("A", repair=True)
    assert cup.list_pairs() == ["C-E", "B-D"] or cup.list_pairs() == ["B-D", "C-E"]
    new = cup.find_battle("C-E")
    assert new["table_number"] == old["table_number"]
    assert new["battle_id"] != old["battle_id"]
    battle = cup.organiser.get(f"/v1/battles/{old['battle_id']}").json["battle"]
    assert battle["status"] == "cancelled"
    row = next(row for row in cup.rank() if row["letter"] == "A")
    assert row["status"] == "dropped"


def test_who_is_disqualified_is_listed_last() -> None:
    cup = make_cup(4)
    cup.play_round("A 80-40 C", "B 70-50 D")
    cup.drop("A", kind="disqualified")
    assert cup.order()[-1] == "A"
    assert list_states(cup)["A"] == "disqualified"


def test_before_the_start_a_drop_is_a_withdrawal() -> None:
    cup = make_cup(2)
    cup.drop("A")
    assert list_states(cup) == {"A": "withdrawn", "B": "confirmed"}


def test_who_dropped_comes_back() -> None:
    cup = make_cup(4)
    cup.play_round("A 80-40 C", "B 80-40 D")
    cup.drop("D")
    url = f"{cup.url}/participants/{cup.ids['D']}/reinstate"
    cup.pair()
    cup.win_by_seed()
    back = expect(cup.organiser.post(url, {"missed_rounds": "draw"}), 200)
    assert back["participant"]["status"] == "confirmed"
    again = cup.organiser.post(url)
    check_error(again, 409, "INVALID_TOURNAMENT_STATE", reason="confirmed")
    row = next(row for row in cup.rank() if row["letter"] == "D")
    assert (row["win_path"], row["match_points"]) == ("LD", 1)


def test_somebody_misses_one_round() -> None:
    cup = make_cup(4, rules={"swiss_rounds": 3})
    url = f"{cup.url}/participants/{cup.ids['D']}/absent"
    expect(cup.organiser.post(url, {"round": 2}), 200)
    cup.pair()
    cup.win_by_seed()
    check_error(cup.organiser.post(url, {"round": 1}), 422, "VALIDATION_ERROR")
    check_error(cup.players["D"].post(url, {"round": 3}), 403, "FORBIDDEN")
    cup.pair()
    assert "D" not in "".join(cup.list_pairs())
    cup.win_by_seed()
    cup.pair()
    assert "D" in "".join(cup.list_pairs())


def test_round_1_is_taken_back() -> None:
    cup = make_cup(3, max_participants=4)
    cup.pair()
    url = f"{cup.url}/rounds/1"
    check_error(cup.players["A"].delete(url), 403, "FORBIDDEN")
    battles = [one["battle_id"] for one in cup.get()["rounds"][0]["pairings"]]
    taken = expect(cup.organiser.delete(url), 200)["tournament"]
    assert (taken["status"], taken["rounds"], taken["current_round"]) == ("registration", [], 0)
    assert taken["rules"]["swiss_rounds"] is None
    battle = cup.organiser.get(f"/v1/battles/{battles[0]}").json["battle"]
    assert battle["status"] == "cancelled"
    cup.add("D")
    cup.pair()
    cup.play("A 80-40 C")
    refused = cup.organiser.delete(url)
    check_error(refused, 409, "INVALID_TOURNAMENT_STATE", reason="round_started")


# --- erased ---


def test_an_erased_account_drops_out_and_its_opponent_wins() -> None:
    cup = make_cup(4, rules={"swiss_rounds": 3})
    waiting = make_cup(2)
    cup.pair()
    body = {"army_id": make_army(cup.players["A"], name="Second")["id"], "join_waitlist": True}
    expect(cup.players["A"].post(f"{waiting.url}/register", body), 201)
    erased = cup.players["A"].call("DELETE", "/v1/auth/profile", {"password": PASSWORD})
    assert erased.status == 204, erased.text
    assert waiting.get()["waitlist_count"] == 0
    cup.play("B 80-40 D")
    cup.pair()
    game = cup.find_battle("A-C", 1)
    assert (game["winner_id"], game["result_type"]) == (cup.ids["C"], "forfeit")
    assert "A" not in "".join(cup.list_pairs(2))
    row = next(row for row in cup.rank() if row["letter"] == "A")
    assert (row["display_name"], row["status"]) == ("Deleted player", "dropped")
    events = expect(cup.organiser.get(f"{cup.url}/events"), 200)["data"]
    assert ("dropped", "system") in [(one["type"], one["actor_role"]) for one in events]


def test_an_erased_account_is_taken_back_by_nobody() -> None:
    """Regression: organisers could reinstate it, and hand the tournament over to it."""
    cup = make_cup(4, rules={"swiss_rounds": 3})
    gone, stays = cup.ids["A"], cup.ids["B"]
    expect(cup.organiser.patch(cup.url, {"co_organizer_ids": [gone, stays]}), 200)
    cup.pair()
    erased = cup.players["A"].call("DELETE", "/v1/auth/profile", {"password": PASSWORD})
    assert erased.status == 204, erased.text
    refused = cup.organiser.post(f"{cup.url}/participants/{gone}/reinstate")
    check_error(refused, 409, "INVALID_TOURNAMENT_STATE", reason="erased")
    assert cup.get()["co_organizer_ids"] == [stays]
    for body in ({"co_organizer_ids": [stays, gone]}, {"organizer_id": gone}):
        check_error(cup.organiser.patch(cup.url, body), 422, "VALIDATION_ERROR")


# --- at the same moment ---


def register_all(
    cup: Cup, people: list[tuple[Client, str]], **more: Any
) -> list[tuple[int, str | None]]:
    """The status and the error's code of registrations that come at the same moment, sorted."""

    def register(person: tuple[Client, str]) -> tuple[int, str | None]:
        client, army_id = person
        answered = client.post(f"{cup.url}/register", {"army_id": army_id} | more)
        code = answered.json["error"]["code"] if answered.status >= 400 else None
        return answered.status, code

    with ThreadPoolExecutor(20) as pool:
        return sorted(pool.map(register, people), key=str)


@pytest.fixture
def crowd(tracker_keys: None, setting: Any) -> list[tuple[Client, str]]:
    """200 players, each with an army."""
    setting(REGISTRATIONS="1000")
    clients = [make_person(f"crowd-{number}")[0] for number in range(200)]
    return [(client, make_army(client)["id"]) for client in clients]


@pytest.mark.commits
def test_200_register_for_32_seats(
    store: str, crowd: list[tuple[Client, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cup = make_cup(0, max_participants=32)
    with own_connections(store, monkeypatch):
        answers = register_all(cup, crowd)
    assert answers == [(201, None)] * 32 + [(409, "TOURNAMENT_FULL")] * 168
    event = cup.get()
    assert (event["current_participants"], event["waitlist_count"]) == (32, 0)

    line = make_cup(0, max_participants=32)
    with own_connections(store, monkeypatch):
        answers = register_all(line, crowd, join_waitlist=True)
    assert answers == [(201, None)] * 200
    event = line.get()
    assert (event["current_participants"], event["waitlist_count"]) == (32, 168)
    numbers = db.query(
        "select number from tracker.registrations where tournament_id = %s", (line.id,)
    )
    assert sorted(row["number"] for row in numbers) == list(range(1, 201))


@pytest.mark.commits
def test_one_player_registers_twenty_times_at_once(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression, elsewhere: the same registration twice at once made two players."""
    cup = make_cup(0, max_participants=8)
    cup.recruit("A")
    with own_connections(store, monkeypatch):
        answers = register_all(cup, [(cup.players["A"], cup.armies["A"])] * 20)
    assert answers == [(200, None)] * 19 + [(201, None)]
    assert cup.get()["current_participants"] == 1

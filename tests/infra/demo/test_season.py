"""Invented seasons are what servers post, and the same for the same seed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from infra.demo.people import make_people
from infra.demo.season import Played, Season
from infra.local.sam import ROOT

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = START + timedelta(days=7)
BUSY = Season(7, players=120, servers=3, kills_per_round=30)
WINNERS = {"1", "2", "3", "4", "nones", "traitors", "innocents", "timelimit", "jesters"}


def week(season: Season = BUSY, count: int = 1200) -> list[Played]:
    return list(season.rounds(count, START, WEEK))


@pytest.fixture(scope="module")
def rounds() -> list[Played]:
    return week()


@pytest.fixture(scope="module")
def plain() -> list[Played]:
    return week(Season(7, players=120), 600)


HASHED = """
import hashlib, json
from datetime import UTC, datetime
from infra.demo.season import Season
season = Season(3, players=60)
start, end = datetime(2026, 3, 2, 19, tzinfo=UTC), datetime(2026, 3, 2, 23, tzinfo=UTC)
told = json.dumps([season.names(), *season.rounds(50, start, end)])
print(hashlib.sha256(told.encode()).hexdigest())
"""


def test_a_seed_is_the_same_season_in_every_process() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", HASHED],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=ROOT,
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_rounds_can_be_asked_for_again() -> None:
    assert week(count=20) == week(count=20)
    other = Season(8, players=120, servers=3, kills_per_round=30)
    ids = [body["round_id"] for season in (BUSY, other) for _, body in week(season, 20)]
    ids += [body["round_id"] for _, body in BUSY.rounds(20, START, WEEK + timedelta(days=1))]
    ids += [body["round_id"] for _, body in week(count=21)]
    assert len(set(ids)) == len(ids) == 81


def test_a_round_is_what_a_server_may_post(rounds: list[Played]) -> None:
    keys = {"round_id", "map_name", "winner", "duration", "ended_at"}
    keys |= {"start_roles", "end_roles", "kills", "buys"}
    uuid = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
    assert len({body["round_id"] for _, body in rounds}) == len(rounds)
    for _, body in rounds:
        assert body.keys() == keys
        assert uuid.fullmatch(body["round_id"])
        assert body["winner"] in WINNERS
        assert isinstance(body["duration"], float)
        assert 1 <= body["duration"] <= 3600
        assert body["duration"].is_integer()
        assert len(json.dumps(body)) < 100_000
        for roles in (body["start_roles"], body["end_roles"]):
            assert 3 <= len(roles) <= 20
            humans = [one["player_steamid"] for one in roles if one["player_steamid"] != "BOT"]
            assert len(set(humans)) == len(humans)
            for one in roles:
                assert one.keys() == {"player_steamid", "role", "karma", "points"}
                assert isinstance(one["karma"], float)
                assert isinstance(one["points"], float)
                assert 0 <= one["karma"] <= 1000


def test_times_are_in_order_and_rounds_of_a_server_do_not_overlap(rounds: list[Played]) -> None:
    ends = [body["ended_at"] for _, body in rounds]
    assert ends == sorted(ends)
    assert all(re.fullmatch(r"2026-03-0\dT\d\d:\d\d:\d\d\.\d{3}Z", end) for end in ends)
    times = [datetime.fromisoformat(end) for end in ends]
    assert START <= times[0] < times[-1] < WEEK
    for server in range(3):
        mine = [
            (datetime.fromisoformat(b["ended_at"]), b["duration"]) for s, b in rounds if s == server
        ]
        assert len(mine) == 400
        for (before, _), (after, lasted) in pairwise(mine):
            assert after - timedelta(seconds=lasted) >= before
    hours = Counter(time.hour for time in times)
    assert hours[20] > 5 * hours[5]


def test_kills_and_buys_are_of_those_who_play(rounds: list[Played]) -> None:
    for _, body in rounds:
        playing = {one["player_steamid"] for one in body["start_roles"]}
        roles = {one["player_steamid"]: one["role"] for one in body["start_roles"]}
        for kill in body["kills"]:
            assert kill["victim_steamid"] in playing
            assert kill["weapon"]
            assert kill["victim_role"]
            assert isinstance(kill["headshot"], bool)
            assert ("attacker_steamid" in kill) == ("attacker_role" in kill)
            assert kill.get("attacker_steamid", "BOT") in playing | {"BOT"}
        for buy in body["buys"]:
            assert buy.keys() == {"steam_id", "role", "item"}
            assert buy["role"] in ("traitor", "detective")
            assert buy["steam_id"] == "BOT" or buy["role"] == roles[buy["steam_id"]]


def test_every_kind_of_play_happens(rounds: list[Played]) -> None:
    bodies = [body for _, body in rounds]
    kills = [kill for body in bodies for kill in body["kills"]]
    world = [kill for kill in kills if "attacker_steamid" not in kill]
    own = [kill for kill in kills if kill.get("attacker_steamid") == kill["victim_steamid"]]
    team = [kill for kill in kills if kill.get("attacker_role") == kill["victim_role"]]
    for some in (world, own, team):
        assert 0.01 < len(some) / len(kills) < 0.12
    assert 0.1 < sum(kill["headshot"] for kill in kills) / len(kills) < 0.4
    assert {body["winner"] for body in bodies} == WINNERS
    roles = {one["role"] for body in bodies for one in body["end_roles"]}
    assert roles == {"innocent", "traitor", "detective", "deputy", "jester", "role_7"}
    lists = [
        ({one["player_steamid"] for one in body["start_roles"]},
         {one["player_steamid"] for one in body["end_roles"]})
        for body in bodies
    ]  # fmt: skip
    assert sum(bool(end - start) for start, end in lists) > 100  # joined meanwhile
    assert sum(bool(start - end) for start, end in lists) > 100  # left
    assert 10 < sum("BOT" in start for start, _ in lists) < 120
    assert any(one["karma"] % 1 for body in bodies for one in body["end_roles"])


def test_the_means_are_those_asked_for(rounds: list[Played]) -> None:
    kills = sum(len(body["kills"]) for _, body in rounds) / len(rounds)
    buys = sum(len(body["buys"]) for _, body in rounds) / len(rounds)
    players = sum(len(body["start_roles"]) for _, body in rounds) / len(rounds)
    assert 26 < kills < 34
    assert 17 < buys < 23
    assert 10 < players < 14


def test_without_revival_everybody_dies_once(plain: list[Played]) -> None:
    for _, body in plain:
        died = Counter(kill["victim_steamid"] for kill in body["kills"])
        assert all(times == 1 for who, times in died.items() if who != "BOT")
    wins = Counter(body["winner"] for _, body in plain)
    assert 0.5 < (wins["2"] + wins["traitors"]) / (wins["3"] + wins["innocents"]) < 1.2


def test_people_have_favourite_weapons_items_servers_and_skill() -> None:
    known = {one.steam_id: one for one in make_people(7, 120, 2)}
    weapons: dict[str, Counter[str]] = defaultdict(Counter)
    places: dict[str, Counter[int]] = defaultdict(Counter)
    for server, body in week(Season(7, players=120, kills_per_round=30), 1500):
        for one in body["start_roles"]:
            places[one["player_steamid"]][server] += 1
        for kill in body["kills"]:
            killer = kill.get("attacker_steamid", "BOT")
            if killer not in ("BOT", kill["victim_steamid"]):
                weapons[killer][kill["weapon"]] += 1
    often = [who for who, used in weapons.items() if used.total() > 200]
    assert len(often) > 20
    liked = [weapons[who].most_common(1)[0][0] == known[who].arsenal[0] for who in often]
    assert sum(liked) > 0.8 * len(liked)
    loyal = [places[who].most_common(1)[0][0] == known[who].home for who in often]
    assert sum(loyal) > 0.7 * len(loyal)
    often.sort(key=lambda who: known[who].skill)
    rates = [weapons[who].total() / places[who].total() for who in often]
    third = len(rates) // 3
    assert sum(rates[-third:]) > 1.3 * sum(rates[:third])


def test_maps_and_guns_have_their_popularity(rounds: list[Played]) -> None:
    maps = Counter(body["map_name"] for _, body in rounds)
    guns = Counter(kill["weapon"] for _, body in rounds for kill in body["kills"])
    assert len(maps) >= 15
    assert len(guns) >= 30
    for used in (maps, guns):
        shares = [count for _, count in used.most_common()]
        assert shares[0] > 5 * shares[-1]


def test_a_longer_season_has_other_people_not_longer_careers() -> None:
    def season(days: int) -> tuple[float, int]:
        played: dict[str, set[str]] = defaultdict(set)
        daily: dict[str, set[str]] = defaultdict(set)
        span = Season(5, players=40 * days, servers=2)
        for _, body in span.rounds(20 * days, START, START + timedelta(days=days)):
            for one in body["start_roles"]:
                played[one["player_steamid"]].add(body["ended_at"][:10])
                daily[body["ended_at"][:10]].add(one["player_steamid"])
        played.pop("BOT", None)
        careers = sorted(len(days) for days in played.values())
        thirds = [daily[day] for day in sorted(daily)]
        first, last = (sum(map(len, part)) for part in (thirds[: days // 3], thirds[-days // 3 :]))
        assert 0.6 < first / last < 1.6
        assert careers[len(careers) // 2] <= 5
        return sum(careers) / len(careers), careers[-1]

    (short, most), (long, _) = season(60), season(180)
    assert most > 20
    assert long < 1.5 * short


def test_names_are_invented_in_many_scripts() -> None:
    names = Season(1, players=24).names()
    assert len({steam_id for steam_id, _ in names}) == 24
    assert all(re.fullmatch(r"STEAM_0:[01]:1\d{9}", steam_id) for steam_id, _ in names)
    many = "".join(name for _, name in Season(1, players=200).names())
    for some in ("А-я", "א-ת", "ء-ي", "\U0001f300-\U0001faff"):
        assert re.search(f"[{some}]", many)
    assert all(0 < len(name) <= 128 for _, name in names)
    playing = {
        one["player_steamid"]
        for _, body in week(Season(1, players=24), 50)
        for one in body["start_roles"]
    }
    assert playing <= {steam_id for steam_id, _ in names} | {"BOT"}

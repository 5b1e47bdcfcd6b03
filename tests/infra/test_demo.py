"""Invented seasons are what servers post, the same of a seed; the demo posts and reads them."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from infra.demo import __main__ as demo
from infra.demo import service, tables
from infra.demo.evening import Evening, last_ended
from infra.demo.people import people
from infra.demo.progress import Progress
from infra.demo.season import Played, Season
from infra.local import state
from infra.local.deployment import Deployment
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
    known = {one.steam_id: one for one in people(7, 120, 2)}
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


def test_an_evening_ends_in_the_past_and_stays_the_same_all_day() -> None:
    def end(hour: int, minute: int = 0) -> datetime:
        return last_ended(datetime(2026, 3, 2, hour, minute, tzinfo=UTC))

    assert end(22, 59) == end(0) == datetime(2026, 3, 1, 23, tzinfo=UTC)
    assert end(23) == end(23, 59) == datetime(2026, 3, 2, 23, tzinfo=UTC)
    window = Evening(1, 10, end(0)).window
    assert window == {"from": "2026-03-01", "to": "2026-03-02"}


@dataclass
class Stack:
    """What a stack of this contract would answer, as far as the demo asks."""

    url: str = ""
    key: str = "the key"
    names: dict[str, str] = field(default_factory=dict)
    rounds: dict[str, Any] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    cut: int = 0

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        if path == "/api/player/update":
            known = body["steam_id"] in self.names
            self.names[body["steam_id"]] = body["display_name"]
            return 200 if known else 201, {"message": "Player updated successfully"}
        if path == "/api/tilt/events":
            self.events.append(body)
            return 200, {"success": True, "eventId": "1"}
        if path == "/api/collect":
            stored = self.rounds.setdefault(body["round_id"], body)
            if stored is not body and stored != body:
                return 409, {"error": "Round already stored with different content"}
            return 201 if stored is body else 200, {"round_id": body["round_id"]}
        return 404, {"error": "Not found"}

    def get(self, path: str) -> tuple[int, Any]:
        path, _, asked = path.partition("?")
        if path.startswith("/api/tilt/stats/"):
            return 200, {"totalEvents": 3, "averageTiltScore": 2.5, "lastEventAt": None}
        assert "from=20" in asked
        assert "to=20" in asked
        if path == "/api/ttt/overview":
            return 200, {"rounds": len(self.rounds), "wins": {"traitors": 4}}
        if path.startswith("/api/ttt/"):
            row = {"display_name": "קו 🦊\x1b[2J", "kills": 12, "weapon": "weapon_zm_rifle"}
            return 200, {"items": [row], "changes": []}
        return 404, {"error": "Not found"}


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack that URL and API_KEY point to."""
    known = Stack()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: two would wait for each other

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.say(lambda: known.post(self.path, sent))

        def do_GET(self) -> None:
            self.say(lambda: known.get(self.path))

        def say(self, answer: Any) -> None:
            known.connections.add(self.client_address)
            headers: dict[str, str] = {}
            if self.headers["X-Api-Key"] != known.key:
                status, body = 401, {"error": "Unauthorized"}
            elif known.refusals:
                (status, headers), body = known.refusals.pop(0), {"error": "Not now"}
            else:
                status, body = answer()
            told = json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)
            if known.cut:
                known.cut -= 1
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        known.url = f"http://127.0.0.1:{listening.server_port}"
        monkeypatch.setenv("URL", known.url + "/")
        monkeypatch.setenv("API_KEY", known.key)
        yield known
        listening.shutdown()
        thread.join()


def run(*words: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["demo", *words])
        demo.main()


def test_an_evening_is_posted_once_and_read_back(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--rounds", "40")
    told = capsys.readouterr().out
    assert "40 rounds stored, 0 were there already." in told
    assert "10 of 40 rounds on 2 servers\n" in told
    assert "\r" not in told
    assert len(stack.rounds) == 40
    assert len(stack.names) == 24
    assert len(stack.events) > 5
    assert f"posted {len(stack.events)} events" in told
    assert len(stack.connections) == 1
    for title in ("Overview", "Players", "Weapons", "Maps", "Roles", "Best duos", "Nemesis"):
        assert f"\n{title}\n" in told
    assert "\nPurchases\n" in told
    assert "\nTilt\n" in told
    assert "weapon_zm_rifle" in told
    assert "\x1b" not in told
    once = list(stack.events)
    run("--rounds", "40")
    assert "All 40 rounds were there already" in capsys.readouterr().out
    assert len(stack.rounds) == 40
    assert stack.events == 2 * once  # the stack knows them too


def test_tilt_events_are_what_a_bot_posts(stack: Stack) -> None:
    run("--rounds", "60", "--seed", "4")
    assert len({event["userId"] for event in stack.events}) == 4
    ends = {datetime.fromisoformat(body["ended_at"]) for body in stack.rounds.values()}
    for event in stack.events:
        assert 2 <= event["tiltScore"] <= 5
        assert datetime.fromtimestamp(event["timestamp"] / 1000, UTC) in ends
        assert event["signals"]
        for signal in event["signals"]:
            assert 0 <= signal["severity"] <= 10
            assert 0 <= signal["confidence"] <= 1


def test_a_cut_connection_and_a_busy_stack_are_no_end(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.cut = 3
    stack.refusals = [(429, {"Retry-After": "0"}), (429, {"Retry-After": "0"})]
    run("--rounds", "4")
    assert "4 rounds stored" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (403, "refused the API key"),
        (404, "does not serve /api/player/update: deploy"),
        (503, "was answered 503: Not now"),
        (409, "choose another --seed"),
    ],
)
def test_a_refusal_is_a_sentence(stack: Stack, status: int, sentence: str) -> None:
    stack.refusals = [(status, {})]
    with pytest.raises(SystemExit, match=sentence):
        run("--rounds", "4")


def test_a_wrong_key_is_a_sentence(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "another")
    with pytest.raises(SystemExit, match="refused the API key: set API_KEY"):
        run()
    monkeypatch.delenv("API_KEY")
    with pytest.raises(SystemExit, match="Set API_KEY too"):
        run()


def test_a_stopped_stack_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("URL", raising=False)
    monkeypatch.setattr(state, "HOME", tmp_path)
    with pytest.raises(SystemExit, match="start one with `make run`"):
        run()
    monkeypatch.setenv("URL", "http://127.0.0.1:1")
    with pytest.raises(SystemExit, match=r"Nothing answers at http://127.0.0.1:1: .*`make run`"):
        run()


def test_the_running_stack_is_found_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("URL", raising=False)
    monkeypatch.delenv("API_KEY")
    monkeypatch.setattr(state, "HOME", tmp_path)
    monkeypatch.setattr(service, "LOCAL", tmp_path)
    (tmp_path / "keys.json").write_text('{"api_key": "made once"}')
    deployed = Deployment("api", "live", "migrate", "/logs", "queue", "letters")
    with state.owned(tmp_path):
        state.State(1, "http://127.0.0.1:8000", 4566, {}, deployed).write(tmp_path)
        with closing(service.found()) as found:
            assert (found.url, found.key) == ("http://127.0.0.1:8000", "made once")


def test_progress_is_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True)
    for done in (1, 2):
        Progress(out, "rounds")(done, 2)
    assert out.getvalue() == f"\r[{'#' * 20:<40}] 1/2 rounds\r[{'#' * 40}] 2/2 rounds\n"


def test_a_table_is_aligned_whatever_the_script() -> None:
    rows: list[dict[str, Any]] = [{"name": "猫", "kills": 7}, {"name": "Otter", "kills": None}]
    assert tables.table("Title", ("name", "kills"), rows).splitlines() == [
        "Title",
        "  name   kills",
        "  猫         7",
        "  Otter      -",
    ]
    assert tables.table("T", ("avgScore",), []).splitlines() == ["T", "  avg score", "  (none)"]

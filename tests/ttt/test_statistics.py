"""Every statistic, held against a recount of the posted rounds: dirty, refreshed and in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.rollups import refresh
from functions.shared import db
from functions.ttt import names, round_report, rounds
from infra.demo.season import Season
from tests.rollups.conftest import connect, wrong
from tests.support.client import Client
from tests.support.ttt.oracle import Oracle
from tests.support.ttt.records import PSEUDO, Posted

Told = tuple[datetime, str, str]
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = (
    "BOT",
    "STEAM_ID_PENDING",
    "NULL",
    "STEAM_0:1:1",
    "STEAM_0:0:2",
    "STEAM_0:1:30",
    "☾é",
    "q\"\\%'",
    "x y",
    "B",
)
ROLES = (
    *(None, "", " ", "innocent", "Traitor ", "DETECTIVE", "vampire", "\u00a0deputy\u3000"),
    *("jester", "role_7", "none", "Unknown", "zombie", "jackal", "ÉCLAIREUR"),
)
WEAPONS = (None, "", "unknown", "weapon_ttt_knife", "weapon_ttt_m16", "Weapon_ttt_m16")
MAPS = (None, "", "unknown", "ttt_a", "ttt_ß")
WINNERS = (None, 1, "2", "traitors", 3.0, "innocents", "4", "timelimit", "Jackals", "nil")
SERVERS = (None, "red", "blue ☾")
MOMENTS = (
    *(NEW_YEAR + timedelta(days=days, milliseconds=-1) for days in (0, 1, 31, 59, 90)),
    *(NEW_YEAR + timedelta(days=days) for days in (0, 31, 59, 75, 90)),
    *(NEW_YEAR + timedelta(days=15, minutes=minutes) for minutes in (0, 14, 15, 1439)),
    *(datetime(2024, 2, 29, 23, 59, tzinfo=UTC), datetime(2025, 7, 4, 12, tzinfo=UTC)),
    *(TODAY - timedelta(days=days) for days in (1, 6, 7, 8)),
)


def _kills() -> st.SearchStrategy[dict[str, Any]]:
    required = {"victim_steamid": st.sampled_from(PEOPLE)}
    optional = {
        "attacker_steamid": st.sampled_from((*PEOPLE, None, "")),
        "attacker_role": st.sampled_from(ROLES),
        "victim_role": st.sampled_from(ROLES),
        "weapon": st.sampled_from(WEAPONS),
        "headshot": st.sampled_from((True, False, 1, 0, None)),
    }
    return st.fixed_dictionaries(required, optional=optional)


def _standings() -> st.SearchStrategy[list[dict[str, Any]]]:
    number = st.none() | st.integers(-2000, 2000) | st.sampled_from((0.5, -0.5, 0.1, 999.9, 2.25))
    entry = st.fixed_dictionaries(
        {"player_steamid": st.sampled_from((*PEOPLE, None))},
        optional={"role": st.sampled_from(ROLES), "karma": number, "points": number},
    )
    return st.lists(entry, max_size=6)


BODIES = st.fixed_dictionaries(
    {
        "ended_at": st.sampled_from(MOMENTS).map(datetime.isoformat),
        "winner": st.sampled_from(WINNERS),
    },
    optional={
        "map_name": st.sampled_from(MAPS),
        "duration": st.none() | st.integers(-5, 900),
        "start_roles": _standings(),
        "end_roles": _standings(),
        "kills": st.lists(_kills(), max_size=6),
        "buys": st.lists(
            st.fixed_dictionaries(
                {
                    "steam_id": st.sampled_from(PEOPLE),
                    "item": st.sampled_from(("Radar", 3, "", "é")),
                },
                optional={"role": st.sampled_from(ROLES)},
            ),
            max_size=5,
        ),
    },
)
SERVED = st.lists(st.tuples(st.sampled_from(SERVERS), BODIES), min_size=1, max_size=8)
# As (the query's words, the recount's).
FILTERS: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({}, {}),
    ({"include_bots": "true"}, {"include_bots": True}),
    ({"timelimit": "innocents"}, {"timelimit": "innocents"}),
    ({"from": "2026-01-01", "to": "2026-02-01"}, {"since": "2026-01-01", "until": "2026-02-01"}),
    ({"from": "2025-12-31", "to": "2026-03-17"}, {"since": "2025-12-31", "until": "2026-03-17"}),
    ({"from": "2026-01-16", "to": "2026-01-17"}, {"since": "2026-01-16", "until": "2026-01-17"}),
    ({"from": "2026-01-02", "to": "2026-01-31"}, {"since": "2026-01-02", "until": "2026-01-31"}),
    (
        {"to": "2026-03-01", "timelimit": "innocents", "include_bots": "true"},
        {"until": "2026-03-01", "timelimit": "innocents", "include_bots": True},
    ),
    (
        {"from": f"{TODAY - timedelta(days=7):%Y-%m-%d}"},
        {"since": f"{TODAY - timedelta(days=7):%Y-%m-%d}"},
    ),
    ({"server": "red"}, {"server": "red"}),
    (
        {"server": "blue ☾", "from": "2026-01-15", "include_bots": "true"},
        {"server": "blue ☾", "since": "2026-01-15", "include_bots": True},
    ),
    ({"map": "unknown"}, {"map_name": "unknown"}),
    (
        {"map": "ttt_a", "server": "red", "from": "2025-12-01", "timelimit": "innocents"},
        {"map_name": "ttt_a", "server": "red", "since": "2025-12-01", "timelimit": "innocents"},
    ),
]


class Community:
    """What was posted, the answers about it, and what they should be."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.posted: list[Posted] = []
        self.told: list[Told] = []

    def post(self, server: str | None, body: dict[str, Any]) -> None:
        self.posted.append(Posted(body, TODAY, server))
        assert rounds.record(round_report.parse_body(json.dumps(body)), server) == "new"

    def receive(self, body: dict[str, Any], moment: datetime) -> None:
        """A round whose time is that of its receipt."""
        self.posted.append(Posted(body, moment))
        rounds.consume({"server": None, "round": body}, int(moment.timestamp() * 1000))

    def tell(self, moment: datetime, steam_id: str, name: str) -> None:
        self.told.append((moment, steam_id, name))
        item = {"steam_id": steam_id, "display_name": name[:128]}
        if steam_id not in PSEUDO:
            names.consume(item, int(moment.timestamp() * 1000))

    @property
    def oracle(self) -> Oracle:
        return Oracle(self.posted, self.told)

    def read(self, path: str, **asked: str) -> Any:
        answered = self.client.get(f"/api/ttt/{path}?{urlencode(asked)}")
        assert answered.status == 200, answered.text
        return answered.json

    def check(self, filters: list[tuple[dict[str, str], dict[str, Any]]], people: int = 99) -> None:
        """All answers under all filters; profiles of some people."""
        oracle = self.oracle
        for query, said in filters:
            wanted = {
                key: date.fromisoformat(value) if key in ("since", "until") else value
                for key, value in said.items()
            }
            for path, found, expected in self._answers(oracle, query, wanted, people):
                assert found == expected, f"{path} of {query}"

    def _answers(
        self, oracle: Oracle, query: dict[str, str], wanted: dict[str, Any], people: int
    ) -> Iterator[tuple[str, Any, Any]]:
        found = self.read("overview", **query)
        yield "overview", _without_head(found), oracle.overview(**wanted)
        for tz in ("UTC", "Asia/Kolkata", "America/New_York"):
            found = self.read("activity", tz=tz, **query)
            yield f"activity {tz}", _without_head(found), oracle.activity(tz, **wanted)
        found = self.read("roles", limit="1000", **query)
        yield "roles", (found["items"], found["changes"]), oracle.roles(**wanted)
        for path in ("weapons", "buys"):
            listed = self.read(path, limit="1000", **query)["items"]
            yield path, listed, getattr(oracle, path)(**wanted)
        for order in ("best", "worst"):
            asked = {"order": order, "min_rounds": "1", "limit": "1000", **query}
            listed = self.read("karma", **asked)["items"]
            yield f"karma {order}", listed, oracle.karma(order, 1, **wanted)
        listed = self.read("players", limit="1000", **query)["items"]
        yield "players", listed, oracle.players(**wanted)
        stats = {key: query[key] for key in query if key in ("from", "to", "server", "map")}
        answered = self.client.get(f"/api/stats?{urlencode(stats)}&limit=10000&include=names")
        expected = oracle.stats(names=True, **wanted)
        yield "stats", answered.json, expected
        yield "total", answered.headers["x-total-count"], str(len(expected))
        if "map" not in query:
            yield from self._answers_without_map(oracle, query, wanted, people)

    def _answers_without_map(
        self, oracle: Oracle, query: dict[str, str], wanted: dict[str, Any], people: int
    ) -> Iterator[tuple[str, Any, Any]]:
        for path in ("maps", "nemesis", "rivalries"):
            listed = self.read(path, limit="1000", **query)["items"]
            yield path, listed, getattr(oracle, path)(**wanted)
        for kind in ("best", "worst", "frequent"):
            asked = {"kind": kind, "min_rounds": "1", "limit": "1000", **query}
            listed = self.read("duos", **asked)["items"]
            yield f"duos {kind}", listed, oracle.duos(kind, 1, **wanted)
        seen = [one["steam_id"] for one in oracle.players(include_bots=True)][:people]
        for steam_id in seen:
            expected = oracle.player(steam_id, "Asia/Kolkata", **wanted)
            if expected:
                found = self.read(f"players/{_quoted(steam_id)}", tz="Asia/Kolkata", **query)
                yield f"profile of {steam_id}", _without_head(found), expected


def _without_head(found: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in found.items() if key not in ("from", "to", "as_of", "raw_tail")
    }


def _quoted(text: str) -> str:
    return urlencode({"": text}, quote_via=lambda one, *_: _percent(one))[1:]


def _percent(text: str | bytes) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return "".join(f"%{byte:02X}" for byte in raw)


def hostile(seed: int, count: int) -> list[tuple[str | None, dict[str, Any]]]:
    """As many rounds of the kind that hypothesis makes, the same of a seed."""
    rng = Random(seed)

    def standing() -> dict[str, Any]:
        gain = rng.choice((None, 0, 0.5, -0.5, 5, -137.25, 999.9))
        return {
            "player_steamid": rng.choice(PEOPLE),
            "role": rng.choice(ROLES),
            "karma": gain,
            "points": gain,
        }

    def kill() -> dict[str, Any]:
        killer = rng.choice((*PEOPLE, None, ""))
        return {
            "attacker_steamid": killer,
            "attacker_role": rng.choice(ROLES),
            "victim_steamid": rng.choice(PEOPLE),
            "victim_role": rng.choice(ROLES),
            "weapon": rng.choice(WEAPONS),
            "headshot": rng.random() < 0.4,
        }

    def buy() -> dict[str, Any]:
        item = rng.choice(("Radar", 3, "", "é"))
        return {"steam_id": rng.choice(PEOPLE), "role": rng.choice(ROLES), "item": item}

    return [
        (
            rng.choice(SERVERS),
            {
                "round_id": f"{seed} {n}",
                "ended_at": rng.choice(MOMENTS).isoformat(),
                "winner": rng.choice(WINNERS),
                "map_name": rng.choice(MAPS),
                "duration": rng.choice((None, -1, 0, 61, 245)),
                "start_roles": [standing() for _ in range(rng.randrange(7))],
                "end_roles": [standing() for _ in range(rng.randrange(7))],
                "kills": [kill() for _ in range(rng.randrange(8))],
                "buys": [buy() for _ in range(rng.randrange(5))],
            },
        )
        for n in range(count)
    ]


NAMES: list[Told] = [
    (NEW_YEAR + timedelta(hours=12 * n), PEOPLE[n % 5], name)
    for n, name in enumerate(("Ana", "Bo", "ça", "Ana ☾", "d", "Ana", "Bo", "\u202eabc", "\u0007"))
]


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(served=SERVED, asked=st.sampled_from(FILTERS))
def test_hostile_rounds_are_counted_as_the_contract_says(
    client: Client, served: list[tuple[str | None, dict[str, Any]]], asked: Any
) -> None:
    with db.connection().transaction(force_rollback=True):
        community = Community(client)
        for n, (server, body) in enumerate(served):
            community.post(server, {"round_id": f"r {n}", **body})
        community.check([asked, FILTERS[0]])


@pytest.mark.commits
def test_hostile_rounds_are_counted_the_same_before_after_and_amid_a_refresh(
    client: Client, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    community = Community(client)
    served = hostile(1, 75)
    for moment, steam_id, name in NAMES:
        community.tell(moment, steam_id, name)
    for server, body in served[:40]:
        community.post(server, body)
    community.receive({"round_id": "now", "kills": [{"victim_steamid": "☾é"}]}, TODAY)
    community.check(FILTERS)  # all of it dirty
    assert community.read("overview")["raw_tail"]
    with connect(store) as connection:
        assert wrong(connection) == {}
        assert refresh.run(connection).left == 0
        assert not community.read("overview")["raw_tail"]
        community.check(FILTERS)
        assert wrong(connection) == {}
        for server, body in served[40:]:
            community.post(server, body)
        written = _stop_after(monkeypatch, 30)
        assert refresh.run(connection).left > 0
        assert written
        community.check(FILTERS)
        assert wrong(connection) == {}
        monkeypatch.undo()


def _stop_after(patch: pytest.MonkeyPatch, spans: int) -> list[Any]:
    """Lets a refresh write so many spans; returns which, as it goes on."""
    written: list[Any] = []
    real = refresh._write

    def write(connection: db.Connection, span: refresh.Span, generation: int) -> bool:
        written.append(span)
        return len(written) <= spans and real(connection, span, generation)

    patch.setattr(refresh, "_write", write)
    return written


@pytest.mark.commits
def test_a_season_is_counted_as_the_contract_says(client: Client, store: str) -> None:
    season, community = Season(7, players=24, servers=3), Community(client)
    for n, (steam_id, name) in enumerate(season.names()):
        community.tell(NEW_YEAR + timedelta(hours=n), steam_id, name)
    played = season.rounds(150, NEW_YEAR - timedelta(days=20), NEW_YEAR + timedelta(days=80))
    for n, (server, body) in enumerate(played):
        community.post(SERVERS[server], body)
        if n == 110:
            with connect(store) as connection:
                assert refresh.run(connection).left == 0
    asked = [FILTERS[n] for n in (0, 1, 2, 3, 4, 9)]
    community.check(asked, people=4)
    with connect(store) as connection:
        assert wrong(connection) == {}
        assert refresh.run(connection).left == 0
        community.check(asked, people=4)
        assert wrong(connection) == {}


@pytest.fixture
def community(client: Client) -> Community:
    """Forty hostile rounds and some names."""
    made = Community(client)
    for moment, steam_id, name in NAMES:
        made.tell(moment, steam_id, name)
    for server, body in hostile(2, 40):
        made.post(server, body)
    return made


@pytest.mark.parametrize(
    "path",
    [
        *("players?sort=kd&order=asc", "players?sort=display_name", "weapons", "maps", "roles"),
        *("duos?min_rounds=1", "duos?kind=worst&min_rounds=1", "duos?kind=frequent", "nemesis"),
        *("rivalries", "karma?min_rounds=1", "karma?order=worst&min_rounds=1", "buys"),
    ],
)
def test_the_pages_of_a_list_are_the_list(community: Community, path: str) -> None:
    url = f"/api/ttt/{path}{'&' if '?' in path else '?'}include_bots=true"
    whole = community.client.get(f"{url}&limit=1000").json["items"]
    pages, cursor = [], ""
    while cursor is not None:
        page = community.client.get(f"{url}&limit=2&cursor={cursor}").json
        assert len(page["items"]) == 2 or page["next_cursor"] is None
        pages += page["items"]
        cursor = page["next_cursor"]
    assert len(whole) > 2
    assert pages == whole


def test_the_pages_of_the_feed_are_the_feed(community: Community) -> None:
    whole = community.client.get("/api/stats?limit=10000&include=names").json
    pages, cursor, offset = [], "", 0
    while True:
        url = f"/api/stats?limit=3&include=names&cursor={cursor}"
        page = community.client.get(url)
        assert (
            page.json
            == community.client.get(f"/api/stats?limit=3&include=names&offset={offset}").json
        )
        pages += page.json
        if page.headers["x-has-more"] == "false":
            break
        cursor, offset = page.headers["x-next-cursor"], offset + 3
    assert pages == whole == community.oracle.stats(names=True)


SORTS = (
    *("rounds", "kills", "deaths", "kd", "headshots", "headshot_rate", "team_kills", "suicides"),
    *("world_deaths", "kills_on_bots", "wins", "wins_innocent", "wins_traitor", "win_rate"),
    *("kills_per_round", "items_bought", "karma_total", "karma_rounds", "avg_karma"),
    *("points_total", "seconds", "last_seen", "display_name"),
)


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_players_are_sorted_by_any_number(community: Community, order: str) -> None:
    oracle = community.oracle
    for sort in SORTS:
        asked = {"sort": sort, "order": order, "include_bots": "true", "timelimit": "innocents"}
        found = community.read("players", **asked)["items"]
        wanted = {"include_bots": True, "timelimit": "innocents"}
        assert found == oracle.players(sort, order, **wanted), sort


@pytest.mark.parametrize(
    "asked",
    [
        {"min_rounds": "5"},
        {"min_kills": "4"},
        {"min_rounds": "6", "min_kills": "3", "from": "2026-01-01"},
        {"search": "AN"},
        {"search": "x y"},
        {"search": "☾é"},
        {"search": "%"},
    ],
)
def test_players_are_picked(community: Community, asked: dict[str, str]) -> None:
    wanted: dict[str, Any] = {
        key: int(value) for key, value in asked.items() if key.startswith("min_")
    }
    wanted |= {"search": asked["search"]} if "search" in asked else {}
    wanted |= {"since": date.fromisoformat(asked["from"])} if "from" in asked else {}
    assert community.read("players", **asked)["items"] == community.oracle.players(**wanted)


def test_each_round_is_read_by_itself(community: Community) -> None:
    for one in community.posted:
        found = community.read(f"rounds/{_quoted(one.body['round_id'])}")
        for name in ("kills", "players", "buys"):
            for row in found[name]:
                del row["id"]
        assert found == community.oracle.round(one.body["round_id"])


def test_buyer_rounds_of_ids_with_blanks_are_told_apart(client: Client) -> None:
    """Regression: they were counted by "<round id> <SteamID>", here "a b c" twice."""
    community = Community(client)
    for round_id, steam_id in (("a", "b c"), ("a b", "c")):
        start = [{"player_steamid": steam_id, "role": "traitor"}]
        buys = [{"steam_id": steam_id, "item": "Radar"}]
        body = {"round_id": round_id, "start_roles": start, "buys": buys, "winner": 2}
        community.post(None, body | {"ended_at": "2026-03-02T19:50:00Z"})
    assert community.read("buys")["items"] == community.oracle.buys()


def test_a_statistic_costs_one_round_trip(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    real = db.query
    monkeypatch.setattr(db, "query", lambda *sent: calls.append(sent) or real(*sent))  # type: ignore[func-returns-value]
    paths = (
        *("overview", "players", "players/B", "players/B/names", "weapons", "maps", "roles"),
        *("duos", "nemesis", "rivalries", "karma", "activity", "buys"),
    )
    for path in paths:
        calls.clear()
        community.read(path)
        assert len(calls) == 1, path
    for url in ("/api/stats?include=names", "/api/health"):
        calls.clear()
        assert community.client.get(url).status == 200
        assert len(calls) == 1, url

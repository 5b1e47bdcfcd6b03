"""Every statistic, held against a recount of the posted rounds: dirty, refreshed and in between."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.rollups import refresh
from functions.shared import db
from infra.demo.season import Season
from tests.support.client import Client
from tests.support.rollups import connect, wrong
from tests.support.ttt.community import (
    FILTERS,
    MAPS,
    MOMENTS,
    NEW_YEAR,
    PEOPLE,
    ROLES,
    SERVERS,
    TODAY,
    WEAPONS,
    WINNERS,
    Community,
    NameUpdate,
    _quoted,
    hostile,
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


NAMES: list[NameUpdate] = [
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
        f"players/{_quoted(PEOPLE[0])}/sessions",
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
        *("duos", "nemesis", "rivalries", "karma", "activity", "buys", "newcomers"),
        *("players/B/form", "players/B/sessions"),
    )
    for path in paths:
        calls.clear()
        community.read(path)
        assert len(calls) == 1, path
    for url in ("/api/stats?include=names", "/api/health"):
        calls.clear()
        assert community.client.get(url).status == 200
        assert len(calls) == 1, url

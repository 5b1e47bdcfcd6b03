"""A TTT community: what was posted, and each statistic held against its recount."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

from functions.shared.spool import Accepted
from functions.ttt import names, round_report, rounds
from tests.support.client import Client
from tests.support.ttt import attendance
from tests.support.ttt.oracle import Oracle
from tests.support.ttt.records import PSEUDO, Posted

NameUpdate = tuple[datetime, str, str]
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
        self.told: list[NameUpdate] = []

    def post(self, server: str | None, body: dict[str, Any]) -> None:
        self.posted.append(Posted(body, TODAY, server))
        assert rounds.record(round_report.parse_body(json.dumps(body)), server) == "new"

    def receive(self, body: dict[str, Any], moment: datetime) -> None:
        """A round whose time is that of its receipt."""
        self.posted.append(Posted(body, moment))
        rounds.consume([Accepted({"server": None, "round": body}, int(moment.timestamp() * 1000))])

    def tell(self, moment: datetime, steam_id: str, name: str) -> None:
        self.told.append((moment, steam_id, name))
        item = {"steam_id": steam_id, "display_name": name[:128]}
        if steam_id not in PSEUDO:
            names.consume([Accepted(item, int(moment.timestamp() * 1000))])

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
        asked = {"from": "2025-11-15", "to": "2026-05-01"} | query
        found = self.read("newcomers", **(query if "from" in query else asked))
        expected = attendance.newcomers(oracle, found["from"], found["to"], **wanted)
        yield "newcomers", found["items"], expected
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
            yield from self._attendance(oracle, query, wanted, steam_id)

    def _attendance(
        self, oracle: Oracle, query: dict[str, str], wanted: dict[str, Any], steam_id: str
    ) -> Iterator[tuple[str, Any, Any]]:
        path = f"players/{_quoted(steam_id)}"
        for bucket in ("day", "week", "month"):
            found = self.read(f"{path}/form", bucket=bucket, **query)["items"]
            expected = attendance.form(oracle, steam_id, bucket, **wanted)
            yield f"{bucket} of {steam_id}", found, expected
        found = self.read(f"{path}/sessions", limit="1000", **query)["items"]
        yield f"sessions of {steam_id}", found, attendance.sessions(oracle, steam_id, **wanted)


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

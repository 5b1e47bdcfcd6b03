"""The worked example of sessions: an evening of three players, hours ago instead of in March."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from functions.logs.players import profile
from functions.shared import json_codec
from tests.support.client import Client
from tests.support.logs import stored
from tests.support.logs.oracle import Beat, Event
from tests.support.logs.panel import make_server, make_staff

SECOND = timedelta(seconds=1)
ANA, BO, CY = "STEAM_0:1:101", "STEAM_0:1:102", "STEAM_0:1:103"


class Evening(NamedTuple):
    """The moments of one evening. None is thought of at import: a suite takes a while."""

    start: datetime  # 19:00

    def event(self, minute: int, kind: str, who: str, key: str | None = None) -> Event:
        at = self.start + timedelta(minutes=minute)
        name = {ANA: "Ana", BO: "Bo", CY: "Cy"}[who]
        return Event(stored.event_id(at, minute), at, "srv_01", kind, who, name, key=key)

    def at(self, minute: int) -> str:
        return json_codec.format_time(self.start + timedelta(minutes=minute))


@pytest.fixture
def evening(still: datetime) -> Evening:
    # At least an hour ago, so that its last session is over.
    return Evening(still.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2))


@pytest.fixture
def panel(store: str, evening: Evening) -> Client:
    stored.servers({"srv_01": "Sandbox"})
    people = [1] * 5 + [2] * 5 + [3] * 10 + [2] * 10 + [1] * 11
    stored.store(
        Beat(evening.start + timedelta(minutes=minute), "srv_01", count, "gm_construct")
        for minute, count in enumerate(people)
    )
    stored.store(
        [
            evening.event(20, "DISCONNECT", CY),
            evening.event(0, "CONNECT", ANA, "s1"),
            evening.event(35, "CHAT", BO),
            evening.event(30, "DISCONNECT", ANA, "s1"),
            evening.event(10, "CONNECT", BO),
            evening.event(5, "CONNECT", CY),
        ]
    )
    return make_staff()


def sessions(panel: Client, who: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = panel.get(f"/api/players/{who}/sessions").json
    return found


def test_sessions_are_those_of_the_example(panel: Client, evening: Evening) -> None:
    assert sessions(panel, ANA) == [
        {
            "serverId": "srv_01",
            "sessionId": "s1",
            "start": evening.at(0),
            "end": evening.at(30),
            "seconds": 1800,
            "method": "exact",
            "endReason": "disconnect",
        }
    ]
    [bo] = sessions(panel, BO)
    assert (bo["end"], bo["seconds"], bo["method"], bo["endReason"]) == (
        evening.at(40),
        1800,
        "inferred",
        "timeout",
    )
    [cy] = sessions(panel, CY)
    assert (cy["seconds"], cy["method"], cy["endReason"]) == (900, "inferred", "disconnect")
    stored.store([evening.event(38, "DISCONNECT", BO)])  # late
    [bo] = sessions(panel, BO)
    assert (bo["end"], bo["seconds"], bo["endReason"]) == (evening.at(38), 1680, "disconnect")


def test_analytics_are_those_of_the_example(panel: Client, evening: Evening) -> None:
    told = panel.get("/api/servers/srv_01/analytics?range=24h").json
    assert told["totalPlayTimeHours"] == 1.3
    assert (told["totalSessions"], told["newPlayers"], told["peakPlayers"]) == (3, 3, 3)
    assert told["playTimeMethod"] == "mixed"
    assert told["from"] == json_codec.format_time(evening.start - timedelta(hours=21))
    assert told["playTimeTrend"][-3] == {"date": f"{evening.start:%H:00}", "hours": 1.3}
    assert told["playerCountTrend"][-3] == {"date": f"{evening.start:%H:00}", "count": 1.9}
    assert len(told["playTimeTrend"]) == len(told["playerCountTrend"]) == 24
    assert [(one["name"], one["hours"]) for one in told["topPlayers"]] == [
        ("Ana", 0.5),
        ("Bo", 0.5),
        ("Cy", 0.3),
    ]
    for days in (7, 30):
        told = panel.get(f"/api/servers/srv_01/analytics?range={days}d").json
        assert (told["totalSessions"], told["totalPlayTimeHours"]) == (3, 1.3)
        assert len(told["playTimeTrend"]) == days
    assert panel.get("/api/servers/srv_02/analytics").status == 404
    assert len(panel.get("/api/servers/srv_01/analytics?range=x").json["playTimeTrend"]) == 7


def test_players_are_listed_last_seen_first(panel: Client, evening: Evening) -> None:
    listed = panel.get("/api/players").json
    assert [one["name"] for one in listed] == ["Bo", "Ana", "Cy"]
    assert {**listed[1], "avatarUrl": "", "firstSeen": "", "lastSeen": ""} == {
        "steamId": ANA,
        "name": "Ana",
        "avatarUrl": "",
        "lastSeen": "",
        "firstSeen": "",
        "totalConnections": 1,
        "playTimeHours": 0.5,
        "isVip": False,
        "serverStats": {"srv_01": {"playTimeHours": 0.5, "connections": 1}},
        "punishments": [],
    }
    assert (listed[1]["firstSeen"], listed[1]["lastSeen"]) == (evening.at(0), evening.at(30))
    assert len(listed[1]["avatarUrl"].encode()) <= 400
    for query, names in {
        "search=a": ["Ana"],
        "search=AN": ["Ana"],
        "search=:103": ["Cy"],
        "search=%25": [],
        "serverId=srv_01": ["Bo", "Ana", "Cy"],
        "serverId=srv_02": [],
        "isVip=true": [],
        "isVip=false": ["Bo", "Ana", "Cy"],
    }.items():
        assert [one["name"] for one in panel.get(f"/api/players?{query}").json] == names, query
    first = panel.get("/api/players?limit=2")
    assert first.headers["x-has-more"] == "true"
    cursor = first.headers["x-next-cursor"]
    rest = panel.get(f"/api/players?limit=2&cursor={cursor}")
    assert [one["name"] for one in rest.json] == ["Cy"]
    assert rest.headers["x-has-more"] == "false"
    assert panel.get(f"/api/players?limit=2&search=a&cursor={cursor}").status == 400


def test_a_profile_says_everything(panel: Client, evening: Evening) -> None:
    told = panel.get(f"/api/players/{ANA}").json
    assert (told["playTimeSeconds"], told["playTimeMethod"]) == (1800, "exact")
    seen = {"firstSeen": evening.at(0), "lastSeen": evening.at(30)}
    assert told["names"] == [{"name": "Ana", **seen}]
    assert (told["notes"], told["punishments"]) == ([], [])
    days = told["activityHistory"]
    assert len(days) == 14
    assert days[-1]["date"] == f"{datetime.now(UTC):%Y-%m-%d}"
    assert sum(day["sessions"] for day in days) == 1
    assert sum(day["hoursPlayed"] for day in days) == 0.5
    assert told["gameModeStats"] == {
        "sandbox": {"totalPlayTimeHours": 0.5, "totalSessions": 1, "propsSpawned": 0}
    }
    assert panel.get("/api/players/STEAM_0:1:999").json == {"error": "Player not found"}
    assert panel.get("/api/players/STEAM_0:1:999/sessions").status == 404
    assert panel.get("/api/players/BOT").status == 404
    assert panel.get(f"/api/players/{ANA}", headers={}).status == 401


def test_the_dashboard_shows_numbers_and_no_samples(panel: Client) -> None:
    told = panel.get("/api/dashboard").json
    assert (told["uniquePlayers24h"], told["totalConnections"], told["roundsPlayed"]) == (3, 3, 0)
    assert told["activeBans"] == 0
    assert len(told["chartData"]) == 7
    assert told["mapStats"] == {
        "Sandbox": [{"name": "gm_construct", "playCount": 1, "percentage": 100}]
    }
    assert [one["serverName"] for one in told["liveActivity"]] == ["Server srv_01"] * 5
    assert told["liveActivity"][0]["type"] == "INFO"
    assert told["financialStats"]["revenueToday"] == 0


def test_an_empty_store_has_no_samples_either(store: str) -> None:
    told = make_staff().get("/api/dashboard").json
    assert (told["mapStats"], told["liveActivity"]) == ({}, [])
    assert [day["players"] for day in told["chartData"]] == [0] * 7


@pytest.mark.parametrize("search", ["ÁLVARO Ç", "álvaro ç", "Álvaro Ç", "☭"])
def test_names_are_found_in_any_case(store: str, search: str) -> None:
    """Only ASCII letters had a case: not even the name as it is spelled was found."""
    server = make_server()
    sent = {"type": "CHAT", "steamId": ANA, "playerName": "☭ ÁLVARO Ç"}
    assert server.post("/api/ingest/logs", [sent]).status == 200
    found = make_staff().get(f"/api/players?search={quote(search)}").json
    assert [one["steamId"] for one in found] == [ANA]


def test_of_many_names_the_newest_are_told(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes another name every second made their own page larger than any may be."""
    monkeypatch.setattr(profile, "_MAX_NAMES", 3)
    now = datetime.now(UTC)
    sent = [
        {
            "type": "CHAT",
            "steamId": ANA,
            "playerName": f"n{n}",
            "timestamp": json_codec.format_time(now - n * SECOND),
        }
        for n in range(5)
    ]
    assert make_server().post("/api/ingest/logs", sent).status == 200
    told = make_staff().get(f"/api/players/{ANA}").json
    assert [one["name"] for one in told["names"]] == ["n0", "n1", "n2"]


def test_sessions_up_to_a_time_that_was_shown(panel: Client, evening: Evening) -> None:
    """Regression: times are shown in milliseconds, and were compared in microseconds."""
    moment = evening.start + timedelta(minutes=38, microseconds=123_456)
    stored.store([Event(stored.event_id(moment, 38), moment, "srv_01", "CONNECT", CY, "Cy")])
    shown = sessions(panel, CY)[0]["start"]
    assert shown == json_codec.format_time(moment)
    found = panel.get(f"/api/players/{CY}/sessions?to={shown}").json
    assert [one["start"] for one in found] == [shown, evening.at(5)]

"""The wire contract of an evening: changes of the map, two servers at once, and reads that wait for
nobody while a server plays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from functions.logs import change_queue
from functions.shared import db
from tests.support.client import Client
from tests.support.logs.panel import SERVER, ago, make_server, make_staff, say, send, stamp
from tests.support.rollups import connect as connect_to

ANA, BO = "STEAM_0:1:101", "STEAM_0:1:102"
MAPS = ("gm_construct", "gm_flatgrass", "rp_downtown", "gm_fork")


def hook(kind: str, minutes: float, who: str = ANA, **more: Any) -> dict[str, Any]:
    """What a hook sends, some minutes after the evening began."""
    at = stamp(ago(hours=5) + timedelta(minutes=minutes))
    return {"type": kind, "timestamp": at, "steamId": who, "playerName": who[-3:], **more}


def evening() -> list[dict[str, Any]]:
    """Four maps of an hour; the hook of connecting fires again after each change of the map."""
    events = []
    for number, name in enumerate(MAPS):
        begin, key = number * 60, f"s{number}"
        events += [
            hook("CONNECT", begin + 1, map=name, sessionId=key),
            hook("CONNECT", begin + 1.2, BO, map=name),
            *(hook("CHAT", begin + at, map=name, sessionId=key) for at in range(2, 60, 2)),
            *(hook("CHAT", begin + at, BO, map=name) for at in range(2, 60, 2)),
        ]
    return [*events, hook("DISCONNECT", 240, sessionId="s3"), hook("DISCONNECT", 240, BO)]


def totals(staff: Client, who: str) -> tuple[int, int]:
    card = next(one for one in staff.get("/api/players").json if one["steamId"] == who)
    return card["totalConnections"], staff.get(f"/api/players/{who}").json["playTimeSeconds"]


@pytest.mark.parametrize("folds", [False, True])
def test_a_change_of_the_map_is_no_connection(store: str, folds: bool) -> None:
    """Regression: four maps in one evening were four connections, and sessions of one map each."""
    staff, game = make_staff(), make_server()
    for event in evening():
        send(game, event)
        if folds:
            change_queue.fold_all()
    played = (240 - 1) * 60
    assert totals(staff, ANA) == (1, played)
    assert totals(staff, BO) == (1, played - 12)
    [session] = staff.get(f"/api/players/{ANA}/sessions").json
    assert (session["sessionId"], session["method"]) == ("s0", "exact")
    assert (session["endReason"], session["seconds"]) == ("disconnect", played)
    [session] = staff.get(f"/api/players/{BO}/sessions").json
    assert (session["method"], session["endReason"]) == ("inferred", "disconnect")
    card = staff.get(f"/api/players/{ANA}").json
    assert card["serverStats"][SERVER]["connections"] == 1
    assert staff.get("/api/dashboard").json["totalConnections"] == 2
    change_queue.fold_all()
    assert totals(staff, ANA) == (1, played)
    assert staff.get("/api/dashboard").json["totalConnections"] == 2


@pytest.mark.parametrize(
    ("events", "connections", "sessions"),
    [
        # The server restarts the map: MAP_CHANGE says so.
        (
            [
                hook("CONNECT", 0, map="a"),
                {**hook("GAME_EVENT", 3), "steamId": None, "metadata": {"eventKind": "MAP_CHANGE"}},
                hook("CONNECT", 4, map="a"),
            ],
            1,
            1,
        ),
        # Ten minutes are the limit, from the player's last event.
        ([hook("CONNECT", 0, map="a"), hook("CONNECT", 10, map="b")], 1, 1),
        (
            [
                hook("CONNECT", 0, map="a"),
                *(hook("CHAT", at, BO, map="a") for at in range(1, 11)),
                hook("CONNECT", 10.1, map="b"),
            ],
            2,
            2,
        ),
        # Who left and comes again has connected.
        (
            [
                hook("CONNECT", 0, map="a"),
                hook("DISCONNECT", 2, map="a"),
                hook("CONNECT", 4, map="b"),
            ],
            2,
            2,
        ),
        # The map stays: it was a crash of the game.
        ([hook("CONNECT", 0, map="a"), hook("CONNECT", 4, map="a")], 2, 2),
        # No map is known before: that is no change.
        ([hook("CONNECT", 0), hook("CONNECT", 4, map="a")], 2, 2),
        # Another player's event tells the new map, and a heartbeat's would.
        (
            [
                hook("CONNECT", 0, map="a"),
                hook("CHAT", 3, BO, map="b"),
                hook("CONNECT", 4, map="b"),
            ],
            1,
            1,
        ),
        # The first id stands for the session, and either id ends it.
        (
            [
                hook("CONNECT", 0, map="a", sessionId="x"),
                hook("CONNECT", 4, map="b", sessionId="y"),
                hook("CHAT", 5, map="b", sessionId="y"),
                hook("DISCONNECT", 6, map="b", sessionId="x"),
            ],
            1,
            1,
        ),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_what_is_a_connection(
    store: str,
    events: list[dict[str, Any]],
    connections: int,
    sessions: int,
    backwards: bool,
) -> None:
    staff, game = make_staff(), make_server()
    for event in reversed(events) if backwards else events:
        send(game, event)
        change_queue.fold_all()
    card = staff.get(f"/api/players/{ANA}").json
    assert card["totalConnections"] == connections
    listed = staff.get(f"/api/players/{ANA}/sessions").json
    assert len(listed) == sessions


@pytest.mark.parametrize("folds", [False, True])
def test_an_hour_on_two_servers_counts_once_for_the_person(store: str, folds: bool) -> None:
    """Regression: it was two hours of the person's, and of the day's."""
    staff, game, other = make_staff(), make_server(), make_server("srv_02", "TTT")
    for server, begin, end in ((game, 0, 60), (other, 30, 90)):
        send(
            server,
            hook("CONNECT", begin),
            *(hook("CHAT", at) for at in range(begin + 10, end, 10)),
            hook("DISCONNECT", end),
        )
        if folds:
            change_queue.fold_all()
    read = staff.get(f"/api/players/{ANA}").json
    assert (read["playTimeSeconds"], read["playTimeHours"]) == (5400, 1.5)
    assert {name: part["playTimeHours"] for name, part in read["serverStats"].items()} == {
        SERVER: 1.0,
        "srv_02": 1.0,
    }
    # Each tenth is rounded by itself where the evening lies on both sides of midnight.
    days = sum(day["hoursPlayed"] for day in read["activityHistory"])
    assert days == pytest.approx(1.5, abs=0.11)
    assert sum(day["sessions"] for day in read["activityHistory"]) == 2
    [card] = staff.get("/api/players").json
    assert card["playTimeHours"] == 1.5
    assert read["gameModeStats"]["sandbox"]["totalPlayTimeHours"] == 1.0


@pytest.mark.commits
def test_who_reads_waits_for_nobody(store: str) -> None:
    """Regression: readers waited for each other, and were answered 503 after ten seconds, while
    one of them brought the sessions of the hour up to date."""
    staff, game = make_staff(), make_server()
    send(game, hook("CONNECT", 200), *(hook("CHAT", at) for at in range(202, 290, 2)))
    pages = (
        "/api/players",
        f"/api/players/{ANA}",
        f"/api/players/{ANA}/sessions",
        f"/api/servers/{SERVER}/analytics?range=24h",
        "/api/suspicious",
        "/api/dashboard",
    )
    with connect_to(store) as folding, folding.transaction():
        folding.execute("select logs.fold(1000)")  # and does not end yet
        send(game, *(say(f"hi {n}", who=BO) for n in range(60)))
        during = {page: staff.get(page) for page in pages}
        assert {page: read.status for page, read in during.items()} == dict.fromkeys(pages, 200)
        assert [one["steamId"] for one in during["/api/players"].json] == [BO, ANA]
        [session] = during[f"/api/players/{ANA}/sessions"].json
        assert session["seconds"] >= 88 * 60
    after = {page: staff.get(page).json for page in pages}
    for page in pages[:3]:
        assert after[page] == during[page].json


@pytest.mark.commits
def test_late_events_are_folded_by_who_sends_them(store: str) -> None:
    """Regression: the next page after events of 2,000 hours took seconds, until the refresh."""
    game = make_server()
    send(game, *(say(f"late {n}", ago(hours=n), ANA) for n in range(1, 100)))
    assert db.query("select count(*) as n from logs.change_queue")[0]["n"] == 0
    send(game, say("now"))
    assert db.query("select count(*) as n from logs.change_queue")[0]["n"] == 1

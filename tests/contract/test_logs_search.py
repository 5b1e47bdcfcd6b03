"""The wire contract of searching logs."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from functions.logs.search import search
from functions.shared import db, json_codec
from tests.support.client import Client
from tests.support.logs.panel import ago, make_server, say, send, stamp

ANA, BO = "STEAM_0:1:12", "STEAM_0:1:123"


def find(staff: Client, **asked: Any) -> list[str]:
    answered = staff.get(f"/api/logs?{urlencode(asked)}")
    assert answered.status == 200, answered.text
    return [one["rawText"] for one in answered.json]


def test_without_logs_it_is_an_empty_list(staff: Client) -> None:
    answered = staff.get("/api/logs?search=&serverId=&type=&from=&to=")
    assert (answered.status, answered.json) == (200, [])
    assert answered.headers["x-has-more"] == "false"
    assert "x-next-cursor" not in answered.headers


def test_the_newest_come_first_and_200_at_a_time(game: Client, staff: Client) -> None:
    events = [say(str(number), ago(seconds=number // 3)) for number in range(450)]
    random.Random(1).shuffle(events)
    send(game, *events)
    first = staff.get("/api/logs")
    assert len(first.json) == 200
    seen, cursor = list(first.json), first.headers["x-next-cursor"]
    while cursor:
        page = staff.get(f"/api/logs?limit=7&cursor={cursor}")
        seen += page.json
        cursor = page.headers.get("x-next-cursor", "")
        assert page.headers["x-has-more"] == ("true" if cursor else "false")
    came = {one["rawText"]: place for place, one in enumerate(events)}
    places = [(one["timestamp"], came[one["rawText"]]) for one in seen]
    assert places == sorted(places, reverse=True)
    assert len({one["id"] for one in seen}) == 450


@pytest.mark.parametrize(
    ("limit", "shown"), [("1", 1), ("1000", 1000), ("5000", 1000), ("0", 200), ("x", 200)]
)
def test_limits(game: Client, staff: Client, limit: str, shown: int) -> None:
    send(game, *[say(str(number)) for number in range(1100)])
    assert len(staff.get(f"/api/logs?limit={limit}").json) == shown


@pytest.mark.parametrize("asked", ["search=a", "type=CHAT", "from=0", "serverId=srv_01"])
def test_a_cursor_goes_on_with_its_own_filters_only(
    game: Client, staff: Client, asked: str
) -> None:
    send(game, *[say("a", metadata={"message": str(number)}) for number in range(5)])
    cursor = staff.get(f"/api/logs?{asked}&limit=2").headers["x-next-cursor"]
    assert len(staff.get(f"/api/logs?{asked}&cursor={cursor}").json) == 3
    for other in ("", f"{asked}1&", f"{asked}&map=x&"):
        answered = staff.get(f"/api/logs?{other}cursor={cursor}")
        assert (answered.status, answered.json["details"][0]["field"]) == (400, "cursor")
    assert staff.get(f"/api/logs?{asked}&cursor={cursor[:-2]}").status == 400


def test_a_list_that_is_too_long_is_cut_and_goes_on(
    game: Client, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_codec, "MAX_ANSWER_BYTES", 3000)
    send(game, *[say("☭" * 300, metadata={"message": str(number)}) for number in range(7)])
    seen, cursor = 0, ""
    while True:
        page = staff.get(f"/api/logs?cursor={cursor}")
        assert 1 <= len(page.json) <= 2
        assert len(page.text.encode()) <= 3100
        seen += len(page.json)
        if page.headers["x-has-more"] == "false":
            break
        cursor = page.headers["x-next-cursor"]
    assert seen == 7
    monkeypatch.setattr(json_codec, "MAX_ANSWER_BYTES", 10)
    assert len(staff.get("/api/logs").json) == 1


def test_filters(game: Client, staff: Client) -> None:
    other = make_server("srv_02", "TTT")
    send(game, say("a"), say("b", type="BUILD_SAVE"), say("c", who=BO, map="gm_flatgrass"))
    send(other, say("d"), say("e", gameMode="murder"))
    assert sorted(find(staff)) == ["a", "b", "c", "d", "e"]
    assert sorted(find(staff, serverId="srv_02")) == ["d", "e"]
    assert find(staff, serverId="srv_03") == []
    assert find(staff, type="BUILD_SAVE") == find(staff, type=" build_save") == ["b"]
    assert find(staff, type="NEVER_SEEN") == []
    assert find(staff, gameMode="TTT") == find(staff, gameMode="ttt") == ["d"]
    assert find(staff, gameMode="MURDER") == ["e"]
    assert find(staff, gameMode="prophunt") == []
    assert find(staff, steamId=BO) == find(staff, map="gm_flatgrass") == ["c"]
    assert find(staff, steamId=BO, map="gm_construct") == []
    assert find(staff, serverId="srv_01", type="CHAT", steamId=ANA, gameMode="Sandbox") == ["a"]


def test_from_and_to_are_inclusive(game: Client, staff: Client) -> None:
    send(game, *[say(str(minutes), ago(minutes=minutes)) for minutes in range(5)])
    since, until = stamp(ago(minutes=3)), stamp(ago(minutes=1))
    assert find(staff, **{"from": since}) == ["0", "1", "2", "3"]
    assert find(staff, to=until) == ["1", "2", "3", "4"]
    assert find(staff, **{"from": since, "to": until}) == ["1", "2", "3"]
    unix = round(ago(minutes=3).timestamp() * 1000)
    assert find(staff, **{"from": unix}) == ["0", "1", "2", "3"]
    assert find(staff, **{"from": until, "to": since}) == []
    assert find(staff, **{"from": since, "to": until, "search": "\x1f2"}) == ["2"]


def test_up_to_the_time_that_was_shown(game: Client, staff: Client) -> None:
    """Times are shown in milliseconds, and were compared in microseconds."""
    moment = ago(minutes=1).isoformat().removesuffix("+00:00")
    send(game, say("a", timestamp=f"{moment}.123456Z"), say("b", timestamp=f"{moment}.124Z"))
    [_, a] = staff.get("/api/logs").json
    assert a["timestamp"].endswith(".123Z")
    assert find(staff, to=a["timestamp"]) == ["a"]
    assert find(staff, **{"from": a["timestamp"], "to": a["timestamp"]}) == ["a"]


@pytest.mark.parametrize(("name", "value"), [("from", "x"), ("to", "2026-13-01"), ("to", "9" * 30)])
def test_an_unreadable_time_is_400(staff: Client, name: str, value: str) -> None:
    answered = staff.get(f"/api/logs?{name}={value}")
    assert (answered.status, answered.json["error"]) == (400, f"Invalid {name}")


@pytest.mark.parametrize("name", ["search", "serverId", "type", "steamId", "cursor"])
def test_what_no_store_holds_is_400(staff: Client, name: str) -> None:
    answered = staff.get(f"/api/logs?{name}=a%00b")
    assert (answered.status, answered.json["error"]) == (400, f"Invalid {name}")
    assert staff.get(f"/api/logs?search={'x' * 257}").status == 400


TEXTS = ["Hello wörld", "100% sure", "a_b", "axb", "back\\slash", "ÀÉÎ ☭", "it's", "x"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("hello", ["Hello wörld"]),
        ("WÖRLD", ["Hello wörld"]),
        ("lo wö", ["Hello wörld"]),
        ("100%", ["100% sure"]),
        ("0% s", ["100% sure"]),
        ("%", ["100% sure"]),
        ("a_b", ["a_b"]),
        ("a_", ["a_b"]),
        ("back\\s", ["back\\slash"]),
        ("\\", ["back\\slash"]),
        ("àéî", ["ÀÉÎ ☭"]),
        ("☭", ["ÀÉÎ ☭"]),
        ("it's", ["it's"]),
        ("' or 1=1 --", []),
        ("hellowörld", []),
        ("zoë", ["x"]),  # a name
        ("STEAM_0:1:9", ["x"]),
        ("steam_0:1:", TEXTS),
        ("ZOË\x1fx", ["x"]),
    ],
)
@pytest.mark.parametrize("look", [4000, 2, 1])
def test_words_are_found_in_name_text_and_steam_id(
    game: Client,
    staff: Client,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    found: list[str],
    look: int,
) -> None:
    monkeypatch.setattr(search, "_LOOK", look)  # so that some are found by their index
    events = [say(text, ago(hours=7 * place)) for place, text in enumerate(TEXTS)]
    events[-1] |= {"steamId": "STEAM_0:1:9", "playerName": "Zoë"}
    send(game, *events)
    assert find(staff, search=words) == found


@pytest.mark.parametrize("look", [4000, 10, 3])
@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
def test_rare_and_frequent_words_are_found_wherever_they_are(
    game: Client, staff: Client, monkeypatch: pytest.MonkeyPatch, look: int, limit: int
) -> None:
    monkeypatch.setattr(search, "_LOOK", look)
    dice = random.Random(look * limit)
    minutes = [*range(60), *(60 + 7 * n * n for n in range(60)), 60 * 24 * 80]
    events = [
        say(dice.choice(["red", "red", "green", "blue sky"]) + f" {n}", ago(minutes=minute))
        for n, minute in enumerate(minutes)
    ]
    send(game, *events)
    for words in ("red", "blue", "sky 1", "green", "nothing"):
        wanted = [one["rawText"] for one in events if words in one["rawText"]]
        seen: list[str] = []
        cursor = ""
        while True:
            page = staff.get(f"/api/logs?search={quote(words)}&limit={limit}&cursor={cursor}")
            seen += [one["rawText"] for one in page.json]
            cursor = page.headers.get("x-next-cursor", "")
            if not cursor:
                break
        assert seen == wanted


def test_a_whole_steam_id_finds_exactly_its_events(game: Client, staff: Client) -> None:
    kill = {"attackerSteamId": ANA, "victimSteamId": BO, "attackerName": "Ana"}
    send(
        game,
        say("own", ago(seconds=1)),
        say("other", ago(seconds=2), who=BO),
        say("as attacker", ago(seconds=3), who=BO, type="KILL", metadata=kill),
        say("as target", ago(seconds=4), who=BO, type="ULX", metadata={"targetSteamId": ANA}),
        say("both", ago(seconds=5), type="KILL", metadata={"victimSteamId": ANA}),
        say(f"spoken of {ANA}", ago(seconds=6), who=BO),
    )
    assert find(staff, search=ANA) == ["own", "as attacker", "as target", "both"]
    assert find(staff, search=BO) == ["other", "as attacker", "as target", f"spoken of {ANA}"]
    assert find(staff, search=ANA, type="KILL") == ["as attacker", "both"]
    assert find(staff, search=ANA, limit=1) == ["own"]
    page = staff.get(f"/api/logs?search={ANA}&limit=2")
    more = staff.get(f"/api/logs?search={ANA}&cursor={page.headers['x-next-cursor']}")
    assert [one["rawText"] for one in more.json] == ["as target", "both"]
    # Not a whole one: as any words.
    assert f"spoken of {ANA}" in find(staff, search=ANA[1:])


def test_reads_are_503_while_the_database_is_away(staff: Client, away: Any) -> None:
    away()
    for url in ("/api/logs", "/api/logs/live", "/api/ingest/stats", "/api/servers"):
        answered = staff.get(url)
        assert answered.status == 503
        assert "error" in answered.json
    assert db._link().connection is None


@pytest.mark.parametrize(
    "value", ["0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_the_ends_of_the_calendar_may_be_asked_for(game: Client, staff: Client, value: str) -> None:
    """What lies ten minutes or a week before the year 1 was computed, and was a 500."""
    send(game, say("1"))
    for search_for in ("", "1", ANA):
        asked = {"search": search_for, "limit": 5}
        assert find(staff, **asked, **{"from": value}) == (["1"] if value < "5" else [])
        assert find(staff, **asked, to=value) == ([] if value < "5" else ["1"])

"""The wire contract of the import of text logs: what the panel sends and reads."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.logs.text_import import imports
from functions.shared import db
from tests.support.client import Answered, Client
from tests.support.logs.panel import SERVER, TODAY, make_staff, send

PATH = "/api/admin/legacy-logs/import"
DAY = TODAY - timedelta(days=2)
TAGGED = """\
[00:00:23] [CONNECT] Doom Cart [STEAM_0:0:111|user] initial spawn ip=203.0.113.9:48878
[00:01:00] [CHAT] ana [STEAM_0:0:7|user] [GLOBAL/ALIVE] !menu now
[SPAWN] [BR] Zé [x] ☭ [STEAM_0:1:5|vip] spawned PROP prop_physics[12] model=models/a b.mdl
what is this
[00:02:00] [CONNECT] Bot01 [BOT|user] initial spawn ip=none
"""
ULX = f"""\
<Logging continued from "data/ulx_logs/{DAY - timedelta(days=1):%m-%d-%y}.txt">
[10:00:00] New map: gm_construct
[10:00:05] Client "Ana" connected.
[10:00:09] Client "Ana" spawned in server <STEAM_0:1:101> (took 4 seconds).
[10:01:00] Ana: olá ☭
[10:02:00] Rita kicked Bo (no reason)
[10:03:00] Dropped "Ana" from server<STEAM_0:1:101> (Disconnect by user.)
<Logging continued in "data/ulx_logs/{DAY + timedelta(days=1):%m-%d-%y}.txt">
"""


def bring(staff: Client, content: str = TAGGED, **more: Any) -> Answered:
    sent = {"serverId": SERVER, "content": content, "formatHint": "AUTO", "baseDate": str(DAY)}
    return staff.post(PATH, {**sent, **more})


def stored() -> list[db.Row]:
    return db.query(
        "select id, type, occurred_at, mode, steam_id, raw_text, map, session_id, metadata"
        " from logs.events order by occurred_at, id"
    )


def test_a_tagged_log_becomes_events(staff: Client) -> None:
    answered = bring(staff)
    assert (answered.status, answered.headers["cache-control"]) == (200, "no-store")
    assert answered.json == {
        "format": "TAGGED",
        "linesParsed": 5,
        "eventsGenerated": 5,
        "eventsInserted": 5,
        "playersTouched": 3,
        "byType": {"CONNECT": 2, "COMMAND": 1, "CHAT": 1, "PROP_SPAWN": 1},
        "dryRun": False,
        "errors": [{"line": 4, "text": "what is this", "reason": "unrecognised_line"}],
        "errorsTotal": 1,
        "duplicates": 0,
        "ignored": 0,
        "rejected": 0,
        "baseDateUsed": str(DAY),
        "warnings": [],
    }
    rows = stored()
    assert {row["occurred_at"].date() for row in rows} == {DAY}
    prop = next(row for row in rows if row["type"] == "PROP_SPAWN")
    assert (prop["steam_id"], prop["mode"]) == ("STEAM_0:1:5", "Sandbox")
    assert prop["occurred_at"].strftime("%H:%M:%S") == "00:01:00"  # the time of the line before
    assert prop["raw_text"] == TAGGED.splitlines()[2]


def test_a_second_import_adds_nothing(staff: Client) -> None:
    bring(staff)
    before = stored()
    again = bring(staff).json
    assert (again["eventsInserted"], again["duplicates"], again["playersTouched"]) == (0, 5, 3)
    assert stored() == before


def test_a_ulx_log_names_its_day_in_its_header(staff: Client) -> None:
    answered = bring(staff, ULX, baseDate=None)
    said = answered.json
    assert (answered.status, said["format"], said["linesParsed"]) == (200, "ULX", 8)
    assert said["baseDateUsed"] == str(DAY)
    assert said["byType"] == {
        "GAME_EVENT": 1,
        "CONNECT": 1,
        "CHAT": 1,
        "ULX": 1,
        "DISCONNECT": 1,
    }
    assert said["errors"] == []
    rows = {row["type"]: row for row in stored()}
    assert rows["CONNECT"]["session_id"] == rows["DISCONNECT"]["session_id"]
    assert rows["CHAT"]["steam_id"] == "STEAM_0:1:101"
    assert rows["CHAT"]["map"] == "gm_construct"
    assert rows["ULX"]["metadata"]["message"] == "Rita kicked Bo (no reason)"


def test_what_was_sent_live_is_not_stored_again(game: Client, staff: Client) -> None:
    at = f"{DAY}T19:00:03Z"
    live = {
        "type": "CHAT",
        "timestamp": at,
        "steamId": "STEAM_0:1:101",
        "playerName": "Ana",
        "rawText": "Ana: olá ☭",
        "metadata": {"message": "olá ☭", "chatScope": "GLOBAL", "lifeState": "ALIVE"},
    }
    [sent] = send(game, live)["results"]
    line = "[16:00:03] [CHAT] Ana [STEAM_0:1:101|user] [GLOBAL/ALIVE] olá ☭\n"
    said = bring(staff, line, timezoneOffsetMinutes=-180).json
    assert (said["eventsInserted"], said["duplicates"]) == (0, 1)
    assert [str(row["id"]) for row in stored()] == [sent["id"]]


def test_what_is_imported_first_is_a_duplicate_when_it_is_sent(game: Client, staff: Client) -> None:
    bring(staff, "[00:00:23] [CONNECT] Doom [STEAM_0:0:111|user] initial spawn ip=203.0.113.9:4\n")
    live = {"type": "CONNECT", "timestamp": f"{DAY}T00:00:23.000Z", "steamId": "STEAM_0:0:111"}
    assert send(game, live)["duplicates"] == 1


def test_a_dry_run_stores_nothing(staff: Client) -> None:
    said = bring(staff, dryRun=True, baseDate=None).json
    assert (said["dryRun"], said["eventsGenerated"], said["eventsInserted"]) == (True, 5, 0)
    assert (said["playersTouched"], said["baseDateUsed"]) == (0, str(datetime.now(UTC).date()))
    assert said["warnings"][0] == "base_date_assumed"
    assert stored() == []


@pytest.mark.parametrize("sent", ["false", False, 0, "", None, []])
def test_a_run_is_dry_only_if_asked_for(staff: Client, sent: Any) -> None:
    """The text "false" counted as true: an import said that all was well, and stored nothing."""
    said = bring(staff, dryRun=sent).json
    assert (said["dryRun"], said["eventsInserted"]) == (False, 5)


def test_a_log_without_a_date_needs_one(staff: Client) -> None:
    answered = bring(staff, baseDate="")
    assert (answered.status, answered.json["error"]) == (
        400,
        "baseDate is required: the log has no date",
    )
    assert stored() == []


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"serverId": ""}, 400, "Missing serverId or content"),
        ({"content": None}, 400, "Missing serverId or content"),
        ({"content": ""}, 400, "Missing serverId or content"),
        ({"serverId": "srv_nobody"}, 404, "Server not found"),
        ({"serverId": "s" * 65}, 404, "Server not found"),
        ({"serverId": "srv\0"}, 404, "Server not found"),
        ({"content": 5}, 400, "Invalid content"),
        ({"formatHint": "CSV"}, 400, "Invalid formatHint"),
        ({"defaultGameMode": "chess"}, 400, "Invalid game mode"),
        ({"baseDate": "02/03/2026"}, 400, "Invalid baseDate"),
        ({"baseDate": str(TODAY + timedelta(days=3))}, 400, "baseDate is in the future"),
        ({"baseDate": "9998-12-31", "dryRun": True}, 400, "baseDate is in the future"),
        ({"baseDate": "0001-01-01"}, 400, "Invalid baseDate"),
        ({"baseDate": "9999-12-31"}, 400, "Invalid baseDate"),
        ({"dryRun": "maybe"}, 400, "Invalid dryRun"),
        ({"timezoneOffsetMinutes": 1e9}, 400, "Invalid timezoneOffsetMinutes"),
        ({"content": "é" * 2_621_441}, 413, "Payload too large"),
    ],
)
def test_what_cannot_be_imported_is_refused(
    staff: Client, changed: dict[str, Any], status: int, error: str
) -> None:
    answered = bring(staff, **changed)
    assert (answered.status, answered.json["error"]) == (status, error)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "5", '{"serverId": "srv_01"}'])
def test_a_body_without_a_log_is_refused(staff: Client, body: str) -> None:
    assert staff.post(PATH, body).status == 400


def test_a_log_in_which_nothing_is_understood_is_refused(staff: Client) -> None:
    answered = bring(staff, "hello\n\nworld\n", formatHint="TAGGED")
    assert answered.status == 400
    assert answered.json == {
        "error": "No valid events after parsing: 2 lines not recognised",
        "format": "TAGGED",
        "linesParsed": 3,
        "byType": {},
        "errors": [
            {"line": 1, "text": "hello", "reason": "unrecognised_line"},
            {"line": 3, "text": "world", "reason": "unrecognised_line"},
        ],
        "errorsTotal": 2,
    }


def test_a_log_that_yields_nothing_says_why(staff: Client) -> None:
    """Regression: the panel showed four words, and the command "100 lines" for thousands."""
    old = str(TODAY - timedelta(days=91))
    refused = bring(staff, "what\n" * 3 + TAGGED * 60, baseDate=old)
    assert (refused.status, len(refused.json["errors"]), refused.json["errorsTotal"]) == (
        400,
        100,
        363,
    )
    sentence = "No valid events after parsing: 300 lines older than what is kept"
    assert refused.json["error"] == sentence
    frame = bring(staff, ULX.splitlines()[0])
    assert frame.json["error"] == "No valid events after parsing: 1 line without an event"
    header = ULX.replace(f"{DAY - timedelta(days=1):%m-%d-%y}", "12-31-98")
    unknown = bring(staff, "\n".join(header.splitlines()[:-1]), baseDate=None)
    assert (unknown.status, unknown.json["error"]) == (400, "baseDate is in the future")


def test_lines_older_than_what_is_kept_are_refused_one_by_one(staff: Client) -> None:
    old = TODAY - timedelta(days=91)
    answered = bring(staff, baseDate=str(old))
    assert answered.status == 400
    assert answered.json["error"] == (
        "No valid events after parsing: 5 lines older than what is kept"
    )
    assert answered.json["errors"][0] == {
        "line": 1,
        "text": TAGGED.splitlines()[0],
        "reason": "older_than_retention",
    }
    late = datetime.now(UTC) - timedelta(days=90) + timedelta(minutes=30)
    early = late - timedelta(hours=1)
    lines = [f"[{at:%H:%M:%S}] [CHAT] a [STEAM_0:0:7|user] [GLOBAL] {at}" for at in (early, late)]
    said = bring(staff, "\n".join(lines), baseDate=str(early.date())).json
    assert (said["eventsGenerated"], said["eventsInserted"], said["rejected"]) == (2, 1, 1)
    assert [(one["line"], one["reason"]) for one in said["errors"]] == [(1, "older_than_retention")]


def test_a_line_with_a_nul_is_refused_alone(staff: Client) -> None:
    said = bring(staff, TAGGED.replace("!menu now", "a\0b")).json
    assert said["rejected"] == 1
    assert [(one["line"], one["reason"]) for one in said["errors"]] == [
        (2, "text_has_nul"),
        (4, "unrecognised_line"),
    ]
    assert said["eventsInserted"] == 3


def test_the_first_hundred_errors_are_shown(staff: Client) -> None:
    said = bring(staff, "nothing\n" * 150 + TAGGED).json
    assert (len(said["errors"]), said["errorsTotal"]) == (100, 151)
    assert [one["line"] for one in said["errors"]] == list(range(1, 101))


def test_ignore_rules_hold_for_imports_too(staff: Client) -> None:
    db.query(
        """
        insert into logs.site_config (config)
        values ('{"logs": {"ignoredCommands": ["MENU"]}}')
        """
    )
    said = bring(staff).json
    assert (said["eventsInserted"], said["ignored"]) == (4, 1)


def test_a_file_may_have_a_mode_and_any_line_ends(staff: Client) -> None:
    content = "\ufeff" + TAGGED.replace("\n", "\r\n")
    assert bring(staff, content, defaultGameMode="ttt").json["eventsInserted"] == 5
    assert {row["mode"] for row in stored()} == {"TTT"}


def test_lone_surrogates_become_what_text_can_hold(staff: Client) -> None:
    body = f'{{"serverId":"srv_01","baseDate":"{DAY}","content":"[00:00:01] [CHAT] '
    answered = staff.post(PATH, body + 'a [STEAM_0:0:7] [GLOBAL] \\ud800\\nbad \\udfff line"}')
    assert answered.json["errors"][0]["text"] == "bad \ufffd line"
    assert stored()[0]["metadata"]["message"] == "\ufffd"


def test_an_event_of_an_unsure_actor_is_no_evidence(staff: Client) -> None:
    line = "[00:02:00] [CONNECT] x [STEAM_0:0:7|a] authed steamid=STEAM_0:0:8 uniqueid=5\n"
    forged = (
        "[00:03:00] [CONNECT] b [STEAM_0:0:1|a] disconnected reason=x [STEAM_0:0:9|user] "
        "initial spawn ip=203.0.113.9:1\n"
    )
    assert bring(staff, line + forged).json["eventsInserted"] == 2
    assert all(row["metadata"]["ambiguous"] for row in stored())
    assert db.query("select 1 as one from logs.sightings") == []


def test_equal_lines_in_one_second_are_told_apart(staff: Client) -> None:
    line = "[00:00:01] [CHAT] a [STEAM_0:0:7] [GLOBAL] ha\n"
    assert bring(staff, line * 3).json["eventsInserted"] == 3
    assert bring(staff, line * 4).json["eventsInserted"] == 1


@pytest.mark.parametrize("letter", ["x", "я", "☭", '"'])
def test_a_log_of_5_mb_comes_as_gzip(staff: Client, letter: str) -> None:
    """Regression: Lambda takes 6 MB, which are 4.4 MB as base64: no door let a larger log in."""
    line = "[00:00:01] [CHAT] a [STEAM_0:0:7] [GLOBAL] ha\n"
    size = len(letter.encode())
    content = line + letter * ((imports.MAX_BYTES - len(line)) // size)
    headers = {**staff.headers, "Content-Type": "text/plain", "Content-Encoding": "gzip"}
    for more, status in (("", 200), (letter, 413)):
        sent = {"serverId": SERVER, "content": content + more, "baseDate": str(DAY)}
        body = gzip.compress(json.dumps(sent).encode(), 1)
        answered = staff.post(PATH, body, headers=headers)
        assert answered.status == status, answered.text
    assert answered.json == {"error": "Payload too large", "maxBytes": imports.MAX_BYTES}
    assert len(stored()) == 1


@pytest.mark.parametrize("who", ["nobody", "server", "bot"])
def test_only_staff_import(game: Client, staff: Client, who: str) -> None:
    headers = {
        "nobody": {},
        "server": game.headers,
        "bot": make_staff("bot", "tilt:write").headers,
    }[who]
    answered = staff.post(PATH, {"serverId": SERVER, "content": TAGGED}, headers=headers)
    assert answered.status == (403 if who == "bot" else 401)
    assert stored() == []


def test_an_outage_is_told_and_the_import_may_be_repeated(staff: Client, away: Any) -> None:
    away()
    answered = bring(staff)
    assert answered.status == 503
    assert answered.headers["retry-after"]


def visits(staff: Client, steam_id: str) -> list[tuple[int, str]]:
    found = staff.get(f"/api/players/{steam_id}/sessions").json
    return [(one["seconds"], one["endReason"]) for one in found]


def test_two_people_of_one_name_play_for_as_long_as_each_is_there(staff: Client) -> None:
    """Regression: who joined was whoever had spawned last, and half an hour of A's became B's."""
    one, two = "STEAM_0:0:201", "STEAM_0:1:202"
    bring(
        staff,
        f"""\
[00:00:00] Client "Bob" connected.
[00:00:00] Client "Bob" spawned in server <{one}> (took 0 seconds).
[00:10:00] Client "Bob" connected.
[00:10:00] Client "Bob" spawned in server <{two}> (took 0 seconds).
[00:20:00] Dropped "Bob" from server<{two}>
[00:30:00] Dropped "Bob" from server<{one}>
""",
    )
    assert visits(staff, one) == [(1800, "disconnect")]
    assert visits(staff, two) == [(600, "disconnect")]


def test_a_visit_through_the_hour_that_autumn_repeats_is_whole(staff: Client) -> None:
    bring(
        staff,
        """\
[02:50:00] Client "Ana" spawned in server <STEAM_0:1:101> (took 9 seconds).
[02:10:00] Ana: is it that early?
[02:20:00] Dropped "Ana" from server<STEAM_0:1:101>
""",
    )
    assert visits(staff, "STEAM_0:1:101") == [(1800, "disconnect")]
    texts = [one["type"] for one in staff.get("/api/logs").json]
    assert texts == ["DISCONNECT", "CHAT", "CONNECT"]

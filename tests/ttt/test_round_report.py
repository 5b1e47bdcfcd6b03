"""Reports of servers that are broken, hostile, or in another year."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared import db
from functions.shared.errors import Invalid
from functions.ttt import round_report
from tests.support.client import Client

STRANGE = (
    *("\u202eevil\u202c", "👩‍👩‍👧🏴‍☠️", "a\tb\r\nc\x07\x1b[31m\x7f\x85", "\ufeff\u200b\u00ad", " "),
    *("'; drop table ttt.rounds; --", "%s%(x)s%%", '"\\"\\\\', "</script><b>", "{}[]null"),
)


def read(**body: Any) -> round_report.RoundReport:
    return round_report.parse_body(json.dumps({"round_id": "x", **body}))


@pytest.mark.parametrize("text", STRANGE, ids=ascii)
def test_any_text_is_stored_and_read_as_it_was_sent(client: Client, text: str) -> None:
    body = {
        "round_id": "x",
        "map_name": text,
        "winner": f"w{text}w",
        "start_roles": [{"player_steamid": text, "role": text}],
        "end_roles": [{"player_steamid": text, "role": text}],
        "kills": [
            {
                "attacker_steamid": text,
                "attacker_role": text,
                "victim_steamid": text,
                "victim_role": text,
                "weapon": text,
                "headshot": True,
            }
        ],
        "buys": [{"steam_id": text, "role": text, "item": text}],
    }
    assert client.post("/api/collect", body).status == 201
    assert client.post("/api/collect", body).status == 200
    [found] = client.get("/api/stats").json
    assert (found["map_name"], found["kills"], found["buys"]) == (
        text,
        body["kills"],
        body["buys"],
    )
    assert found["winner"] == f"w{text}w".lower()
    assert found["players"] == [
        {
            "steam_id": text,
            "role_start": text,
            "role_end": text,
            "karma_diff": None,
            "points_diff": None,
        }
    ]
    for path in ("overview", "players", "weapons", "maps", "roles", "buys"):
        assert client.get(f"/api/ttt/{path}").status == 200
    [row] = client.get("/api/ttt/players").json["items"]
    assert (row["steam_id"], row["suicides"], row["favorite_weapon"]) == (text, 1, None)


def test_lone_surrogates_become_the_replacement_character(client: Client) -> None:
    body = '{"round_id":"x","map_name":"a\\ud83d","kills":[{"victim_steamid":"\\udc00v"}]}'
    assert client.post("/api/collect", body).status == 201
    [found] = client.get("/api/stats").json
    assert (found["map_name"], found["kills"][0]["victim_steamid"]) == ("a\ufffd", "\ufffdv")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"map_name": "a\0"}, "map_name"),
        ({"start_roles": [{"player_steamid": "s"}, {"player_steamid": "\0"}]}, "start_roles[1]"),
        ({"kills": [{"victim_steamid": "v", "weapon": "\0"}]}, "kills[0].weapon"),
        ({"nobody": {"reads": ["\0"]}}, "JSON"),  # a name of the sender's making is not told
    ],
)
def test_a_nul_is_refused_wherever_it_is(client: Client, body: dict[str, Any], field: str) -> None:
    """Regression: its place was told as `kills.0.weapon`, unlike all others."""
    answered = client.post("/api/collect", {"round_id": "x", **body})
    assert answered.status == 400
    assert answered.json["error"].startswith(f"Invalid {field}")
    assert db.query("select * from ttt.rounds") == []


@pytest.mark.parametrize("deep", [100, 5_000, 200_000])
def test_depth_is_no_weapon(client: Client, deep: int) -> None:
    body = '{"round_id":"x","map_name":' + "[" * deep + "]" * deep + "}"
    assert client.post("/api/collect", body).status == 400


def test_ten_thousand_kills_are_refused_in_few_words(client: Client) -> None:
    kills = [{"weapon": 7, "n": n} for n in range(10_000)]
    answered = client.post("/api/collect", {"round_id": "x", "kills": kills})
    assert (answered.status, len(answered.text) < 5_000) == (400, True)
    kills = [{"victim_steamid": 7}] * 2000
    answered = client.post("/api/collect", {"round_id": "x", "kills": kills})
    assert (answered.status, len(answered.text) < 5_000) == (400, True)


def test_a_valid_megabyte_is_stored(client: Client) -> None:
    people = [f"STEAM_0:{n % 2}:{n:054}" for n in range(256)]
    standing = [
        {"player_steamid": one, "role": "r" * 32, "karma": 0.1, "points": 9.9} for one in people
    ]
    kills = [
        {
            "attacker_steamid": people[n % 256],
            "attacker_role": "traitor",
            "victim_steamid": people[n * 7 % 256],
            "victim_role": "innocent",
            "weapon": f"{n:064}",
            "headshot": n % 3 == 0,
        }
        for n in range(2000)
    ]
    buys = [
        {"steam_id": people[n % 256], "role": "traitor", "item": f"{n:0>64}"} for n in range(1500)
    ]
    body: dict[str, Any] = {"round_id": "x", "start_roles": standing, "end_roles": standing}
    body |= {"kills": kills, "buys": buys}
    text = json.dumps(body)
    body["filler"] = "x" * (1_048_576 - len(text) - 14)
    assert len(json.dumps(body)) == 1_048_576
    assert client.post("/api/collect", body).status == 201
    assert client.post("/api/collect", body).status == 200
    [found] = client.get("/api/stats").json
    assert (found["kills"], len(found["buys"]), len(found["players"])) == (kills, 1500, 256)
    assert client.get("/api/ttt/overview").json["kill_rows"] == 2000


@pytest.mark.parametrize("days", [365, 1, 0.01])
def test_a_clock_that_is_ahead_is_refused(client: Client, days: float) -> None:
    ended_at = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    answered = client.post("/api/collect", {"round_id": "x", "ended_at": ended_at})
    assert (answered.status, answered.json["error"]) == (400, "Invalid ended_at")


@pytest.mark.parametrize("years", [1, 5, 22])
def test_a_clock_that_is_years_behind_is_believed(client: Client, years: int) -> None:
    ended_at = datetime.now(UTC).replace(day=1, year=datetime.now(UTC).year - years)
    sent = {"round_id": "x", "ended_at": ended_at.isoformat(), "winner": "2"}
    assert client.post("/api/collect", sent).status == 201
    assert client.get("/api/ttt/overview").json["wins"]["traitors"] == 1
    day = f"{ended_at:%Y-%m-%d}"
    assert client.get(f"/api/ttt/overview?from={day}").json["rounds"] == 1
    assert client.get(f"/api/ttt/overview?to={day}").json["rounds"] == 0


def gain(start: float, end: float) -> Any:
    begun = [{"player_steamid": "s", "karma": start}]
    ended = [{"player_steamid": "s", "karma": end}]
    [row] = json.loads(read(start_roles=begun, end_roles=ended).content["players"])
    return row["karma_diff"]


TALLY = st.integers(-(10**9), 10**9) | st.decimals(-2000, 2000, places=3).map(float)


@settings(max_examples=300, deadline=None)
@given(start=TALLY, end=TALLY)
def test_gains_are_exact_on_the_decimals_as_sent(start: float, end: float) -> None:
    exact = Fraction(Decimal(str(end))) - Fraction(Decimal(str(start)))
    assert gain(start, end) == floor(exact + Fraction(1, 2))


@pytest.mark.parametrize(
    ("start", "end", "diff"),
    [(1e-300, 0.5, 0), (-1e-300, 0.5, 1), (1e-300, 1e9, 10**9), (0.5, 1e9, 10**9)],
)
def test_gains_of_tiny_numbers_are_exact_too(start: float, end: float, diff: int) -> None:
    """Regression: decimals were subtracted with 28 digits."""
    assert gain(start, end) == diff


@pytest.mark.parametrize("karma", [1e9 + 1, -1e9 - 1, 10**30, 1e300])
def test_a_tally_that_cannot_be_is_refused(karma: float) -> None:
    with pytest.raises(Invalid, match=r"Invalid end_roles\[0\]\.karma"):
        read(end_roles=[{"player_steamid": "s", "karma": karma}])


@pytest.mark.parametrize(
    "keys", [["1", "2", "4"], ["0", "1"], ["01", "2"], ["1", "x"], ["1.0"], ["-1"], ["٢", "1"]]
)
def test_an_object_with_other_keys_is_no_array(keys: list[str]) -> None:
    with pytest.raises(Invalid, match="Invalid buys"):
        read(buys={key: {"steam_id": "s", "item": "i"} for key in keys})

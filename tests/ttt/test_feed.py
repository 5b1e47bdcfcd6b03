"""The feed's size: bodies that fit whatever is in them, plain and packed."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from functions.shared import db
from functions.ttt import feed
from tests.support.client import Client, _gateway
from tests.support.gateway import gateway_event


def fill(count: int, map_name: str, winner: str, players: str = "[]", kills: str = "[]") -> None:
    """Rounds as they would be stored, a second apart, the newest with the highest number."""
    db.query(
        """
        insert into ttt.rounds (id, occurred_at, map_name, winner, players, kills, buys)
        select to_char(n, 'FM00000'), '2026-03-01'::timestamptz + interval '1 second' * n,
          %s, %s, %s, %s, '[]'
        from generate_series(1, %s) n
        """,
        (map_name, winner, players, kills, count),
    )


KILL = (
    '{"attacker_steamid":"STEAM_0:1:101","attacker_role":"traitor","victim_steamid":"STEAM_0:0:102"'
    ',"victim_role":"innocent","weapon":"weapon_ttt_m16","headshot":false}'
)


def player(n: int) -> dict[str, Any]:
    keys = ("role_start", "role_end", "karma_diff", "points_diff")
    return {"steam_id": f"s{n}", **dict.fromkeys(keys)}


@pytest.mark.parametrize(
    ("map_name", "winner"),
    [("🏴" * 128, "w"), ("\x01" * 128, "\x02" * 64), ('"' * 128, "\\" * 64)],
    ids=["emoji", "control", "quotes"],
)
def test_rounds_of_long_names_fit_too(client: Client, map_name: str, winner: str) -> None:
    """Regression: a round's map, winner and id were taken to need 600 bytes at the most."""
    fill(9900, map_name, winner)
    answered = client.get("/api/stats?limit=10000")
    assert len(answered.text.encode()) < 5_000_000
    assert answered.headers["x-has-more"] == "true"


def test_names_of_four_byte_letters_fit_too(client: Client) -> None:
    """Regression: a name was taken to need four times what its player does."""
    fill(120, "m", "w", players=json.dumps([player(n) for n in range(256)], separators=(",", ":")))
    db.query(
        """
        insert into ttt.names (steam_id, valid_from, display_name, last_seen)
        select 's' || n, now(), repeat('🏴', 128), now()
        from generate_series(0, 255) n
        """
    )
    answered = client.get("/api/stats?limit=10000&include=names")
    assert len(answered.text.encode()) < 5_000_000


def test_as_many_rounds_as_fit_are_sent(client: Client) -> None:
    """Regression: each was taken to need 600 bytes beside its lists, three times what it does."""
    fill(4000, "ttt_harbor", "traitors", kills=f"[{','.join([KILL] * 10)}]")
    text = client.get("/api/stats?limit=10000").text
    one = len(text) // len(json.loads(text))
    assert len(text) + one > 4_900_000


def packed(headers: dict[str, str], query: str = "limit=10000") -> dict[str, Any]:
    event = gateway_event("GET", f"/api/stats?{query}", None, headers)
    answered: dict[str, Any] = _gateway()(event, None)
    assert answered["statusCode"] == 200
    return answered


BROWSER = {"Accept": "application/json, text/plain, */*", "Accept-Encoding": "gzip, deflate, br"}


def test_browsers_get_ten_thousand_rounds_at_once(client: Client) -> None:
    fill(10_500, "ttt_harbor", "traitors", kills=f"[{','.join([KILL] * 10)}]")
    answered = packed(BROWSER)
    headers = answered["headers"]
    assert answered["isBase64Encoded"]
    assert (headers["Content-Encoding"], headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert len(answered["body"]) < 5_000_000
    rounds = json.loads(gzip.decompress(base64.b64decode(answered["body"])))
    assert [int(one["id"]) for one in rounds] == [*range(10_500, 500, -1)]
    assert (headers["X-Has-More"], headers["X-Next-Offset"]) == ("true", "10000")
    rest = packed(BROWSER, f"limit=10000&cursor={headers['X-Next-Cursor']}")
    assert rest["headers"]["X-Has-More"] == "false"


def test_what_does_not_pack_well_is_cut_between_rounds(client: Client) -> None:
    db.query(
        """
        insert into ttt.rounds (id, occurred_at, winner, players, kills, buys)
        select to_char(n, 'FM00000'), '2026-03-01'::timestamptz + interval '1 second' * n, 'w',
          '[]', '[{"attacker_steamid":null,"attacker_role":null,"victim_steamid":"'
            || (select string_agg(md5(n || ' ' || k), '') from generate_series(1, 3000) k)
            || '","victim_role":null,"weapon":null,"headshot":false}]', '[]'
        from generate_series(1, 120) n
        """
    )
    answered = packed(BROWSER)
    assert len(answered["body"]) < 5_000_000
    rounds = json.loads(gzip.decompress(base64.b64decode(answered["body"])))
    assert [int(one["id"]) for one in rounds] == [*range(120, 120 - len(rounds), -1)]
    assert answered["headers"]["X-Next-Offset"] == str(len(rounds))
    assert answered["headers"]["X-Has-More"] == "true"
    rest = packed(BROWSER, f"limit=1&cursor={answered['headers']['X-Next-Cursor']}")
    assert int(json.loads(rest["body"])[0]["id"]) == 120 - len(rounds)


def test_unpacked_it_is_40_megabytes_at_the_most(client: Client) -> None:
    fill(60, "ttt_harbor", "traitors", kills=f"[{','.join([KILL] * 5000)}]")
    body = gzip.decompress(base64.b64decode(packed(BROWSER)["body"]))
    assert 30_000_000 < len(body) <= 40_000_000


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "*/*"},
        {"Accept-Encoding": "gzip"},  # the gateway would hand out base64
        {"Accept": "*/*", "Accept-Encoding": "br"},
        {"Accept": "*/*", "Accept-Encoding": "gzip;q=0, identity"},
        {"Accept": "*/*", "Accept-Encoding": "identity, gzip; q=0.0"},
    ],
    ids=str,
)
def test_who_does_not_ask_for_gzip_gets_none(client: Client, headers: dict[str, str]) -> None:
    """Regression: "gzip;q=0" is to say: anything but gzip."""
    fill(600, "ttt_harbor", "traitors", kills=f"[{','.join([KILL] * 10)}]")
    answered = packed(headers)
    assert not answered["isBase64Encoded"]
    assert len(json.loads(answered["body"])) == 600


def test_a_packed_answer_has_an_etag_that_stays(client: Client) -> None:
    fill(600, "ttt_harbor", "traitors", kills=f"[{','.join([KILL] * 10)}]")
    first, again = packed(BROWSER), packed(BROWSER)
    assert first["headers"]["ETag"] == again["headers"]["ETag"]
    event = gateway_event(
        "GET",
        "/api/stats?limit=10000",
        None,
        {**BROWSER, "If-None-Match": first["headers"]["ETag"]},
    )
    known = _gateway()(event, None)
    assert (known["statusCode"], known["body"], known["isBase64Encoded"]) == (304, "", False)


def test_the_size_is_that_of_the_answer_as_it_is_sent() -> None:
    assert feed.MAX_BYTES == 5_000_000

"""Activity: every name of a time zone means the same here, in PostgreSQL and in Python."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest

from functions.shared import db
from functions.shared.errors import Invalid
from functions.ttt.activity import parse_zone
from tests.support.client import Client
from tests.support.ttt.example import FIRST

MOMENTS = [datetime(year, month, 15, 12, tzinfo=UTC) for year in (2004, 2023) for month in (1, 7)]


def accepted(names: set[str]) -> list[str]:
    found = []
    for name in sorted(names):
        try:
            parse_zone(name)
        except Invalid:
            continue
        found.append(name)
    return found


def test_every_name_is_that_zone_in_summer_and_in_winter(store: str) -> None:
    """Regression: CET, EET, MET and WET had no summer time. PostgreSQL takes them for
    abbreviations, which come before zones."""
    theirs = {row["name"] for row in db.query("select name from pg_timezone_names")}
    names = accepted(theirs | available_timezones())
    assert len(names) > 400
    assert set(names) <= available_timezones()
    for moment in MOMENTS:
        rows = db.query(
            """
            select name, %s::timestamptz at time zone zone as local
            from unnest(%s::text[], %s::text[]) as z (name, zone)
            """,
            (moment, names, [parse_zone(name) for name in names]),
        )
        wrong = {
            row["name"]: row["local"]
            for row in rows
            if row["local"] != moment.astimezone(ZoneInfo(row["name"])).replace(tzinfo=None)
        }
        assert wrong == {}


def test_no_name_of_a_zone_is_unknown(store: str) -> None:
    assert available_timezones() - set(accepted(available_timezones())) <= {"localtime"}


def test_no_zone_is_read_as_an_abbreviation(store: str) -> None:
    abbreviations = {
        row["name"] for row in db.query("select abbrev as name from pg_timezone_abbrevs")
    }
    names = accepted(available_timezones())
    read = {name for name in names if parse_zone(name).upper() in abbreviations}
    assert read <= {"UTC"}


@pytest.mark.parametrize(
    "tz", ["posix/UTC", "right/UTC", "posixrules", "localtime", "cet", "CEST", "+1"]
)
def test_what_is_no_zone_is_refused(store: str, tz: str) -> None:
    with pytest.raises(Invalid):
        parse_zone(tz)


def test_a_round_in_july_was_played_in_summer_time(client: Client) -> None:
    client.post("/api/collect", {**FIRST, "ended_at": "2026-07-15T12:00:00Z"})
    for tz in ("CET", "Europe/Berlin"):
        told = client.get(f"/api/ttt/activity?tz={tz}").json
        assert (told["tz"], told["hour"].index(1)) == (tz, 14)
        player = FIRST["start_roles"][0]["player_steamid"]
        assert client.get(f"/api/ttt/players/{player}?tz={tz}").json["activity"]["hour"][14] == 1

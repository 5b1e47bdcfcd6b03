"""Time zones: every view, function, refresh and answer is the same in a session of any zone.

Regression: a bucket's end, and every "so many days ago", was reckoned in the session's zone. Before
a refresh, a reader in New York counted two of the four rounds of March below; and a refresh from
there would have kept as little.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from functions.rollups import audit, rebuild, refresh, retention
from functions.shared import db
from functions.ttt import round_report, rounds
from tests.support.client import Client
from tests.support.logs import evening, stored
from tests.support.logs.panel import make_staff
from tests.support.rollups import INSERT, ROLLUPS, connect, insert, wrong
from tests.support.ttt.example import FIRST

NOW = datetime.now(UTC).replace(microsecond=0)
MARCH = [
    datetime(2026, 3, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 23, 30, tzinfo=UTC),
    datetime(2026, 3, 28, 23, 30, tzinfo=UTC),
    datetime(2026, 3, 31, 23, 59, 59, 999000, tzinfo=UTC),
]
CHANGES = [  # of clocks: New York, Berlin, Santiago, Lord Howe, Casablanca, Samoa, Tehran
    *(datetime(2025, 11, 2, 6), datetime(2026, 3, 8, 7), datetime(2026, 3, 29, 1)),
    *(datetime(2025, 10, 26, 1), datetime(2026, 4, 5, 3), datetime(2025, 10, 4, 15, 30)),
    *(datetime(2026, 2, 15, 2), datetime(2011, 12, 30, 10), datetime(2022, 3, 21, 20, 30)),
]
KNOWN = [
    *("America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"),
    *("America/Santiago", "Africa/Casablanca", "Pacific/Apia", "Pacific/Kiritimati"),
]


def _custom(ahead: int) -> str:
    """A zone whose clocks changed some days ago, whenever this runs."""
    days = [(NOW - timedelta(days=ago)).timetuple().tm_yday for ago in (12, 4)]
    first, last = (min(day, 365) for day in days)
    return f"AAA{-ahead}BBB{-ahead - 1},J{first}/2,J{last}/2"


def zones(connection: db.Connection, seed: int, size: int) -> list[str]:
    """One of those above, two made up, and some of the server's at random."""
    rows = connection.execute(
        """
        select name
        from pg_timezone_names
        where name !~ '^(posix|right)'
        order by name
        """
    ).fetchall()
    names = [row["name"] for row in rows]
    random = Random(seed)
    return [random.choice(KNOWN), _custom(5), _custom(-8), *random.sample(names, size)]


def visit(connection: psycopg.Connection[Any], zone: str) -> None:
    connection.execute("select set_config('TimeZone', %s, false)", (zone,))


def fill() -> None:
    """Rounds, tilt, logs and battles around clock changes, the ends of days and months, and now."""
    moments = [at.replace(tzinfo=UTC) for at in CHANGES] + MARCH
    moments += [NOW - timedelta(days=ago, hours=ago) for ago in (0, 1, 3, 4, 7, 11, 12, 14)]
    near = [at + timedelta(hours=step) for at in moments for step in (-24, 0, 1)]
    for number, at in enumerate(sorted({one for one in [*near, *MARCH] if one < NOW})):
        body = {**FIRST, "round_id": f"round {number}", "ended_at": at.isoformat()}
        assert (
            rounds.record(round_report.parse_body(json.dumps(body)), f"server {number % 2}")
            == "new"
        )
        db.query(INSERT, (at, f"user {number % 3}", number % 100))
        db.query(
            """
            insert into tilt.signals (event_id, ordinal, occurred_at, user_id, type, severity)
            values (gen_random_uuid(), 1, %s, %s, 'rage', %s)
            """,
            (at, f"user {number % 3}", number % 10),
        )
        db.query(
            """
            insert into tracker.battle_results (
              completed_at, battle_id, user_id, faction_id, detachment, mission, is_mirror,
              outcome, victory_points, opponent_victory_points
            )
            values (%s, %s, %s, 'fac_orks', 'Horde', 'Linchpin', false, 'win', %s, 0)
            """,
            (at, f"battle {number}", f"usr_{number % 3}", number),
        )
    stored.servers(evening.MODES)
    for seed, at in enumerate([*moments[:4], NOW - timedelta(days=12), NOW - timedelta(days=4)]):
        stored.store(evening.things(seed, at - timedelta(hours=30), at + timedelta(hours=30), 25))
    stored.store(evening.things(50, NOW - timedelta(days=31), NOW, 60))
    db.query("select logs.fold(100000, true)")


def prints(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """Of each rollup's view a sum over its rows that does not depend on how they are shown."""
    found = {}
    for rollup in ROLLUPS:
        view = sql.Identifier(*rollup.name.split("."))
        found[rollup.name] = connection.execute(
            sql.SQL("select count(*), sum(hash_record_extended(v, 0)::numeric) from {} v").format(
                view
            )
        ).fetchone()
    return found


@pytest.mark.commits
def test_march_has_four_rounds_in_new_york(store: str) -> None:
    for number, at in enumerate(MARCH):
        body = {**FIRST, "round_id": f"round {number}", "ended_at": at.isoformat()}
        rounds.record(round_report.parse_body(json.dumps(body)))
    with connect(store) as connection:
        visit(connection, "America/New_York")
        counted = connection.execute(
            """
            select (
                select sum(rounds)
                from ttt.player_months
                where steam_id = %(who)s
                  and month = '2026-03-01Z'
              ) as month,
              (select count(*) from ttt.player_days where steam_id = %(who)s) as days
            """,
            {"who": FIRST["start_roles"][0]["player_steamid"]},
        ).fetchone()
    assert counted == {"month": 4, "days": 4}


@pytest.mark.commits
def test_views_and_refreshes_are_the_same_in_every_zone(store: str) -> None:
    fill()
    with connect(store) as connection:
        visit(connection, "UTC")
        assert wrong(connection) == {}
        expected = prints(connection)
        for number, zone in enumerate(zones(connection, 1, 2)):
            visit(connection, zone)
            assert prints(connection) == expected, zone  # some buckets are dirty, some are not
            assert connection.execute("select * from ttt.freshness('2026-03-01Z', now())").rowcount
            assert refresh.run(connection).left == 0, zone
            assert prints(connection) == expected, zone
            _touch(number)
        assert refresh.run(connection).left == 0
        visit(connection, "UTC")
        assert wrong(connection) == {}
        assert audit.run(connection, 60).wrong == {}


TOUCHED = {
    "tilt.events": ("occurred_at", "context"),
    "tilt.signals": ("occurred_at", "type"),
    "ttt.rounds": ("occurred_at", "winner"),
    "logs.event_hours": ("hour", "events"),
    "logs.session_hours": ("hour", "seconds"),
    "logs.heartbeats": ("occurred_at", "map"),
}


def _touch(number: int) -> None:
    """Makes a part of all buckets dirty, neighbours among them, and changes no number."""
    for table, (time, column) in TOUCHED.items():
        db.query(
            sql.SQL(
                "update {table} set {column} = {column}"
                " where extract(epoch from {time})::bigint / 172800 % 3 = {part}"
            ).format(
                table=sql.Identifier(*table.split(".")),
                column=sql.Identifier(column),
                time=sql.Identifier(time),
                part=number % 3,
            ),
            None,
        )
    db.query("select logs.fold(100000, true)")


@pytest.mark.commits
def test_months_are_rebuilt_bucket_by_bucket_in_every_zone(store: str) -> None:
    """Regression: a hundred months were added as 3,000 days, and marks fell beside their months."""
    db.query(INSERT, (MARCH[0], "u", 1))
    for number, at in enumerate((datetime(2010, 5, 1, tzinfo=UTC), *MARCH)):
        body = {**FIRST, "round_id": f"round {number}", "ended_at": at.isoformat()}
        rounds.record(round_report.parse_body(json.dumps(body)))
    with connect(store) as connection:
        for zone in ("UTC", "America/New_York", "Asia/Kolkata"):
            visit(connection, zone)
            refresh.run(connection)
            since, until = datetime(2010, 1, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
            steps = list(rebuild.run(connection, "ttt.player_months", since, until))
            assert steps[-1] == (until, 196)
            assert all(reached.astimezone(UTC).day == 1 for reached, _ in steps)
            assert wrong(connection) == {}
            assert audit.run(connection, 1000).wrong == {}


@pytest.mark.commits
def test_what_is_kept_is_the_same_in_every_zone(store: str) -> None:
    with connect(store) as connection:
        insert(connection, f"{NOW:%Y-%m-%d}T00:00Z")
        horizons = set()
        retention.set_retention(connection, "tilt.events", 8)
        try:
            for zone in ("UTC", _custom(5), _custom(-8), "Pacific/Kiritimati"):
                connection.execute("update rollups.sources set retained_from = '-infinity'")
                visit(connection, zone)
                retention.run(connection)
                row = connection.execute(
                    "select rollups.retained_from('tilt.events') as at"
                ).fetchone()
                assert row
                horizons.add(row["at"])
        finally:
            retention.set_retention(connection, "tilt.events", None)
            connection.execute("update rollups.sources set retained_from = '-infinity'")
            visit(connection, "UTC")
            refresh.run(connection)
    assert len(horizons) == 1


EXAMPLES: dict[str, list[Any]] = {
    "timestamp with time zone": [
        *MARCH,
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        NOW - timedelta(days=4, hours=3),
        NOW - timedelta(days=12),
        "-infinity",
    ],
    "text": ["user 1", FIRST["start_roles"][0]["player_steamid"], "logs.event_hours", "sand", None],
    "boolean": [True, False],
    "smallint": [1, 7, 20],
    "integer": [0, 1, 3],
    "uuid": ["01a1e6cd-a800-88d7-a197-0d25f813d079"],
    "text[]": ["{}", "{user 1}"],
    "timestamp with time zone[]": ["{}", "{2026-03-08T07:00:00Z}"],
    "logs.change_queue[]": ["{}"],
    "logs.session_diff[]": ["{}"],
    "bigint": [0, 7],
    "jsonb": [Jsonb({"sessionStart": "2026-03-08T07:00:00.000Z"})],
}


def test_functions_answer_the_same_in_every_zone(store: str) -> None:
    """Whatever function takes a time and changes nothing, with all kinds of arguments."""
    fill()
    connection = db.connection()
    functions = db.query(
        """
        select p.oid::regprocedure::text as name, p.pronamespace::regnamespace::text || '.'
          || quote_ident(p.proname) as call,
          array(select format_type(t, null) from unnest(p.proargtypes) as t) as types
        from pg_proc p
        where p.pronamespace::regnamespace::text in ('shared', 'rollups', 'tilt', 'ttt', 'logs')
          and p.provolatile in ('i', 's')
          and 'timestamptz'::regtype = any(p.proargtypes)
          and (p.prorettype <> 'record'::regtype or p.proallargtypes is not null)
        order by 1
        """
    )
    assert len(functions) >= 15
    random = Random(7)
    calls = []
    for function in functions:
        for _ in range(4):
            values = [random.choice(EXAMPLES[kind]) for kind in function["types"]]
            if function["name"].startswith("ttt.names_at"):
                values[0] = json.dumps([{"steam_id": EXAMPLES["text"][1]}])
            slots = sql.SQL(", ").join(
                sql.SQL("%s::") + sql.SQL(kind) for kind in function["types"]
            )
            calls.append((sql.SQL(_CALL).format(sql.SQL(function["call"]), slots), values))
    visit(connection, "UTC")
    expected = [connection.execute(*call).fetchone() for call in calls]
    assert sum(row is not None and row["n"] > 0 for row in expected) > len(calls) / 2
    for zone in zones(connection, 2, 3):
        visit(connection, zone)
        assert [connection.execute(*call).fetchone() for call in calls] == expected, zone


_CALL: LiteralString = """
    select count(*) as n, sum(hash_record_extended(row(f.*), 0)::numeric) as rows
    from {}({}) as f
"""


@pytest.fixture
def doors(store: str) -> list[tuple[Client, str]]:
    """Whoever reads, and what: every GET that looks at times."""
    fill()
    staff, bot = make_staff(), Client({"X-Api-Key": "test-bootstrap-key"})
    march = "from=2026-03-01&to=2026-04-01"
    return [
        *((bot, f"/api/tilt/{page}/user 1".replace(" ", "%20")) for page in TILT),
        (bot, "/api/tilt/trend/user%201?bucket=hour&days=20"),
        (bot, "/api/tilt/export/user%201?format=csv"),
        *((bot, f"/api/ttt/{page}?{march}") for page in TTT),
        *((bot, f"/api/ttt/{page}") for page in TTT),
        (bot, f"/api/ttt/players/{WHO}?tz=Asia/Kolkata"),
        (bot, "/api/ttt/activity?tz=America/New_York"),
        (bot, "/api/stats?limit=50"),
        (bot, "/api/ttt/rounds/round%203"),
        *((staff, f"/api/{page}") for page in LOGS),
        *((staff, f"/api/servers/sand/analytics?range={one}") for one in ("24h", "7d", "30d")),
        *((staff, f"/api/players/{who}{page}") for who in PLAYERS for page in ("", "/sessions")),
    ]


WHO = FIRST["start_roles"][0]["player_steamid"]
TILT = ("history", "stats", "trend", "signals", "export", "compare", "cooldown")
TTT = (
    *("overview", "players", "weapons", "maps", "roles", "duos", "nemesis", "rivalries", "karma"),
    *("activity", "buys"),
)
LOGS = (
    *("logs?limit=200", "logs?search=a", "logs/live", "players", "servers", "dashboard"),
    *("ingest/stats", "suspicious", "site-config"),
)
PLAYERS = evening.PEOPLE[:3]


def test_answers_are_the_same_in_every_zone(
    store: str, doors: list[tuple[Client, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler whose login has a zone of its own."""

    def read(zone: str) -> dict[str, Any]:
        visit(db.connection(), zone)
        monkeypatch.setattr(db._link(), "cursor", None)  # it remembers the zone
        return {url: _told(client, url) for client, url in doors}

    expected = read("UTC")
    for zone in zones(db.connection(), 3, 1):
        told = read(zone)
        assert [url for url in told if told[url] != expected[url]] == [], zone


def _told(client: Client, url: str) -> Any:
    """An answer without what is of this very moment."""
    answered = client.get(url)
    assert answered.status == 200, (url, answered.text)
    if "json" not in answered.headers["content-type"]:
        return answered.text
    told = answered.json
    for name in ("to", "asOf", "as_of") if isinstance(told, dict) else ():
        told.pop(name, None)
    return told

"""The rollups of the game: each equal to a recount of raw rows, dirty, refreshed or mixed."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from functions.game.maintenance import maintenance
from functions.rollups import audit, refresh, retention
from functions.shared import db
from schema.engine.migrate import HERE, migrate
from tests.support.battles import claim, enemies, join, make_battle, make_raid, strike, win
from tests.support.game import buy, change, make_player, player_id
from tests.support.rollups import ROLLUPS, connect, wrong

GAME = [rollup for rollup in ROLLUPS if rollup.name.startswith("game.")]
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)  # which a week begins with
MOST = 2**53 - 1

INSERTS: dict[str, Any] = {
    "game.ledger": (
        """
        insert into game.ledger (occurred_at, player_id, kind, amount, balance_after, cause)
        values (%(at)s, %(player)s, %(kind)s, %(amount)s, 0, %(cause)s)
        """
    ),
    "game.visits": (
        """
        insert into game.visits (visited_at, player_id, joined_at)
        values (%(at)s, %(player)s, %(joined)s)
        """
    ),
    "game.battle_results": (
        """
        insert into game.battle_results (
          ended_at, battle_id, player_id, battle_type, difficulty, outcome, attacks, damage
        )
        values (
          %(at)s, %(battle)s, %(player)s, 'standard', %(difficulty)s, %(outcome)s, %(number)s,
          abs(%(amount)s)
        )
        on conflict do nothing
        """
    ),
    "game.claims": (
        """
        insert into game.claims (
          claimed_at, battle_id, player_id, battle_type, difficulty, gold, xp, drop_percent, rarity
        )
        values (
          %(at)s, %(battle)s, %(player)s, 'standard', %(difficulty)s, abs(%(amount)s), 7,
          %(percent)s, %(rarity)s
        )
        on conflict do nothing
        """
    ),
}
TIMES = {
    "game.ledger": "occurred_at",
    "game.visits": "visited_at",
    "game.battle_results": "ended_at",
    "game.claims": "claimed_at",
}
ROWS = st.fixed_dictionaries(
    {
        "hours": st.integers(-200, 200),
        "player": st.integers(1, 3),
        "battle": st.integers(1, 4),
        "kind": st.sampled_from(["gold", "gem"]),
        "cause": st.sampled_from(["start", "claim", "grant", "purchase"]),
        "amount": st.integers(1, 300) | st.integers(-300, -1) | st.sampled_from([MOST, -MOST]),
        "difficulty": st.sampled_from(["easy", "epic"]),
        "outcome": st.sampled_from(["completed", "abandoned"]),
        "number": st.integers(0, 2),
        "percent": st.sampled_from([None, 10, 20]),
        "rarity": st.sampled_from([None, "common", "legendary"]),
        "age": st.integers(0, 40),
    }
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["insert", "insert", "delete", "move", "refresh"]), ROWS),
    min_size=3,
    max_size=12,
)


def operate(connection: db.Connection, what: str, row: dict[str, Any]) -> None:
    """A step of somebody, on each of the tables."""
    at = MONDAY + timedelta(hours=row["hours"])
    if what == "refresh":
        refresh.run(connection)
    for table, insert in INSERTS.items():
        if what == "insert":
            joined = at - timedelta(days=row["age"], hours=3)
            connection.execute(insert, row | {"at": at, "joined": joined})
        elif what == "delete":
            connection.execute(
                f"delete from {table} where player_id = %s and {TIMES[table]} < %s",  # type: ignore[arg-type]
                (row["player"], at),
            )
        elif what == "move":
            with_room = f"update {table} set player_id = player_id + 10 where {TIMES[table]} = %s"
            connection.execute(with_room, (at,))  # type: ignore[arg-type]


@pytest.mark.commits
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_views_equal_brute_force(store: str, steps: list[tuple[str, dict[str, Any]]]) -> None:
    """Late rows, deleted ones and those that become another player's are counted as they are."""
    with connect(store) as connection:
        for what, row in steps:
            operate(connection, what, row)
            assert wrong(connection) == {}
        recount(connection)
        refresh.run(connection)
        assert wrong(connection) == {}
        recount(connection)
        # The ledger moved what nobody has, which the audit of balances tells; no rollup is wrong.
        assert audit.run(connection, 50).wrong.keys() <= {"game.players"}


def recount(connection: db.Connection) -> None:
    """Holds each view against raw rows that Python counts."""
    raw = {
        table: connection.execute(f"select * from {table}").fetchall()  # type: ignore[arg-type]
        for table in INSERTS
    }
    made: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in raw["game.ledger"]:
        sums = made[day(row["occurred_at"]), row["kind"], row["cause"]]
        sums[0] += 1
        sums[1 if row["amount"] > 0 else 2] += abs(row["amount"])
    assert made == table(
        "economy_days", ("day", "kind", "cause"), ("movements", "made", "destroyed")
    )
    offered: Counter[Any] = Counter()
    drawn: Counter[Any] = Counter()
    gold: Counter[Any] = Counter()
    for row in raw["game.claims"]:
        gold[day(row["claimed_at"]), row["player_id"]] += row["gold"]
        if row["drop_percent"] is not None:
            key = day(row["claimed_at"]), row["difficulty"], row["drop_percent"]
            offered[key] += 1
            drawn[key] += row["rarity"] is not None
    assert {key: [offered[key], drawn[key]] for key in offered} == table(
        "drop_days", ("day", "difficulty", "percent"), ("offered", "drawn")
    )
    assert {key: [total] for key, total in gold.items()} == table(
        "claim_days", ("day", "player_id"), ("gold",)
    )
    damage: Counter[Any] = Counter()
    battles: dict[Any, set[int]] = defaultdict(set)
    for row in raw["game.battle_results"]:
        damage[day(row["ended_at"]), row["player_id"]] += row["damage"]
        key = day(row["ended_at"]), row["difficulty"], row["outcome"]
        battles[key].add(row["battle_id"])
    assert {key: [total] for key, total in damage.items()} == table(
        "damage_days", ("day", "player_id"), ("damage",)
    )
    assert {key: [len(ids)] for key, ids in battles.items()} == table(
        "battle_days", ("day", "difficulty", "outcome"), ("battles",)
    )
    active: dict[Any, set[int]] = defaultdict(set)
    for row in raw["game.visits"]:
        first, on = day(row["joined_at"]), day(row["visited_at"])
        week = first - timedelta(days=first.weekday())
        active[on, week, (on - first).days].add(row["player_id"])
    assert {key: [len(ids)] for key, ids in active.items()} == table(
        "active_days", ("day", "cohort_week", "age"), ("players",)
    )


def day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def table(rollup: str, key: tuple[str, ...], sums: tuple[str, ...]) -> dict[Any, list[Any]]:
    """Some columns of a rollup, by its other ones."""
    rows = db.query(f"select * from game.{rollup}")  # type: ignore[arg-type]
    found = {tuple(row[name] for name in key): [row[name] for name in sums] for row in rows}
    assert len(found) == len(rows)
    return found


def fetch(statement: str) -> Any:
    return db.query(statement)[0]  # type: ignore[arg-type]


@pytest.fixture
def evening(store: str) -> tuple[Any, Any]:
    """Two players who won a battle together, one of whom claimed."""
    mira, otto = make_player("Mira"), make_player("Otto")
    battle = make_battle()
    assert join(otto, battle).status == 200
    win(mira, battle)
    assert claim(mira, battle).status == 200
    return mira, otto


def test_an_evening_is_counted(evening: tuple[Any, Any]) -> None:
    mira, otto = evening
    ended = fetch("select * from game.battle_days")
    assert ended["battle_type"] == "standard"
    assert (ended["difficulty"], ended["outcome"]) == ("easy", "completed")
    assert (ended["battles"], ended["players"], ended["attackers"]) == (1, 2, 1)
    dealt = fetch("select sum(total_damage_dealt) as damage from game.participants")["damage"]
    assert ended["damage"] == dealt > 0
    rows = {row["player_id"]: row for row in db.query("select * from game.damage_days")}
    assert rows[player_id(mira)]["damage"] == dealt
    assert rows[player_id(otto)]["damage"] == rows[player_id(otto)]["attacks"] == 0
    claimed = fetch("select * from game.claim_days")
    assert claimed["player_id"] == player_id(mira)
    assert (claimed["claims"], claimed["gold"], claimed["xp"]) == (1, 120, 60)
    offered = fetch("select * from game.drop_days")
    assert (offered["difficulty"], offered["percent"], offered["offered"]) == ("easy", 10, 1)
    assert offered["drawn"] == claimed["items"]
    economy = {row["cause"]: row for row in db.query("select * from game.economy_days")}
    assert (economy["start"]["made"], economy["start"]["movements"]) == (2000, 2)
    assert (economy["claim"]["made"], economy["claim"]["destroyed"]) == (120, 0)


def test_a_battle_counts_when_it_ends(store: str) -> None:
    mira = make_player()
    raid = make_raid()
    change(mira, level=10)
    assert join(mira, raid).status == 200
    [boss] = enemies(mira, raid)
    assert strike(mira, raid, boss).status == 200
    assert db.query("select 1 from game.damage_days") == []
    db.query("update game.battles set last_attack_at = now() - interval '25 hours'")
    assert db.fetch_value("select game.abandon_battles()") == 1
    ended = fetch("select * from game.battle_days")
    assert (ended["battle_type"], ended["outcome"], ended["attacks"]) == (
        "boss_raid",
        "abandoned",
        1,
    )


def test_an_attack_that_ends_no_battle_marks_nothing(store: str) -> None:
    """Every request would pay for it."""
    mira = make_player()
    raid = make_raid()
    change(mira, level=10)
    assert join(mira, raid).status == 200
    [boss] = enemies(mira, raid)
    db.query("delete from rollups.dirty_buckets")
    assert strike(mira, raid, boss).status == 200
    assert db.query("select 1 from rollups.dirty_buckets") == []


def test_erasure_leaves_sums_of_battles_and_money(evening: tuple[Any, Any]) -> None:
    mira, _ = evening
    names = [rollup.name for rollup in GAME]
    before = {name: db.query(f"select * from {name}") for name in names}  # type: ignore[arg-type]
    db.query("select game.erase_player(%s)", (player_id(mira),))
    after = {name: db.query(f"select * from {name}") for name in names}  # type: ignore[arg-type]
    assert before == after
    assert all(before.values())
    assert "Mira" not in str(after)


def test_a_player_is_active_on_a_day_once(store: str) -> None:
    mira = make_player()
    for _ in range(2):
        mira.post("/api/player/regenerate-stamina")
        mira.post("/api/pets/egg")
    assert [row["age"] for row in db.query("select age from game.active_days")] == [0]
    db.query(
        """
        update game.players
        set active_on = active_on - interval '24 hours',
          created_at = created_at - interval '24 hours'
        """
    )
    db.query("delete from game.visits")
    for _ in range(2):
        mira.post("/api/player/regenerate-stamina")
    [row] = db.query("select * from game.active_days")
    assert (row["age"], row["players"]) == (1, 1)


def test_who_only_looks_and_what_operators_give_is_no_activity(store: str) -> None:
    mira = make_player()
    db.query("update game.players set active_on = active_on - interval '24 hours'")
    db.query("delete from game.visits")
    mira.get("/api/player/me")
    mira.get("/api/battles/available")
    change(mira, gold=5000)
    assert db.query("select 1 from game.active_days") == []


def visit(player: int, joined: datetime, days: int) -> None:
    db.query(
        "insert into game.visits (visited_at, player_id, joined_at) values (%s, %s, %s)",
        (joined + timedelta(days=days), player, joined),
    )


def test_cohorts_say_who_came_back(store: str) -> None:
    """Of the last day of a week whoever came in it counts too, and in another zone as well."""
    late = MONDAY + timedelta(days=6, hours=23, minutes=59)
    for player, joined, days in (
        (1, MONDAY, (0, 1, 7, 30)),
        (2, late, (0, 2, 7)),
        (3, MONDAY + timedelta(days=3), (0, 31)),
        (4, MONDAY + timedelta(days=7), (0, 1)),
    ):
        for after in days:
            visit(player, joined, after)
    db.query("set local time zone 'Pacific/Auckland'")
    rows = db.query("select * from game.cohorts order by cohort_week")
    assert [row["cohort_week"] for row in rows] == [MONDAY, MONDAY + timedelta(days=7)]
    assert [row["players"] for row in rows] == [3, 1]
    assert [row["played_day_1"] for row in rows] == [1, 1]
    assert [row["played_day_7"] for row in rows] == [2, 0]
    assert [row["played_day_30"] for row in rows] == [1, 0]


def test_what_cannot_be_known_yet_is_null(store: str) -> None:
    now = datetime.now(UTC)
    visit(1, now, 0)
    visit(2, now - timedelta(days=15), 0)
    rows = db.query("select * from game.cohorts order by cohort_week")
    assert rows[1]["played_day_1"] is rows[1]["played_day_7"] is rows[1]["played_day_30"] is None
    assert (rows[0]["played_day_1"], rows[0]["played_day_7"]) == (0, 0)
    assert rows[0]["played_day_30"] is None


def test_the_ledger_is_kept_permanently(store: str) -> None:
    """What it adds up to is the balances; the other sources may be limited."""
    with pytest.raises(retention.RetentionError, match=r"game\.ledger is kept permanently"):
        retention.set_retention(db.connection(), "game.ledger", 400)
    assert retention.set_retention(db.connection(), "game.claims", 400) == ["game.claims"]


@pytest.mark.commits
def test_retention_drops_raw_rows_and_keeps_what_is_counted(store: str) -> None:
    old = datetime.now(UTC) - timedelta(days=100)
    with connect(store) as connection:
        visit(1, old, 0)
        visit(2, datetime.now(UTC), 0)
        retention.set_retention(connection, "game.visits", 60)
        report = retention.run(connection)
        assert report.dropped["game.visits"] >= 1
        assert fetch("select count(*) as rows from game.visits")["rows"] == 1
        assert fetch("select sum(players)::int as players from game.active_days")["players"] == 2
        # For the tests after this one: what is stored of raw rows that are gone goes too.
        connection.execute("update rollups.sources set retained_from = '-infinity'")
        connection.execute(
            """
            select rollups.mark_dirty(c.id, v.day)
            from rollups.catalog as c
            cross join (select distinct day from game.active_days) as v
            where c.name = 'game.active_days'
            """
        )
        refresh.run(connection)


def test_sums_beyond_what_fits_stop_no_refresh(store: str) -> None:
    for player in range(1025):
        row = {"at": MONDAY, "player": player, "kind": "gold", "amount": MOST, "cause": "grant"}
        db.query(INSERTS["game.ledger"], row)
    assert fetch("select made from game.economy_days")["made"] == 2**63 - 1


def test_balances_agree_after_an_evening(evening: tuple[Any, Any]) -> None:
    mira, _ = evening
    buy(mira, "sword-1")
    assert maintenance.audit(db.connection(), 10) == {}
    held = fetch("select sum(gold)::bigint as held from game.players")["held"]
    counted = "select (sum(made) - sum(destroyed))::bigint as held from game.economy_days"
    assert fetch(counted)["held"] == held


@pytest.mark.parametrize("rollup", GAME, ids=lambda rollup: rollup.name)
def test_analysts_read_it_and_no_raw_rows(migrated: tuple[Any, str, str], rollup: Any) -> None:
    with psycopg.connect(migrated[1]) as admin:
        admin.execute("set role tiltyard_analyst")
        admin.execute(f"select from {rollup.name}")
        admin.execute("select from game.cohorts")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute(f"select from {rollup.source}")


def test_what_happened_before_is_counted_too(
    new_database: Callable[[], tuple[str, str]], tmp_path: Path
) -> None:
    """A database that was played on before the migration."""
    url, _ = new_database()
    older = tmp_path / "schema"
    shutil.copytree(HERE, older, ignore=shutil.ignore_patterns("*.py", "*.md"))
    for path in (*older.glob("migrations/*.sql"), *older.glob("rollups/*/*.sql")):
        if path.parent.name != "migrations" or path.name >= "0011":
            path.unlink()
    functions = older / "functions"
    # Of tables that came later.
    for name in ("live_sockets", "game_rooms", "logs_freshness", "shared_health"):
        (functions / f"{name}.sql").unlink()
    for path in functions.glob("tracker_*.sql"):
        path.unlink()
    migrate(url, older)
    with connect(url) as old:
        old.execute(_PLAYED)
    migrate(url)
    with connect(url) as connection:
        assert wrong(connection) == {}
        rows = connection.execute("select * from game.active_days order by day").fetchall()
        assert [(row["age"], row["players"]) for row in rows] == [(0, 2), (2, 1)]
        [ended] = connection.execute("select * from game.battle_days").fetchall()
        assert (ended["difficulty"], ended["battles"], ended["damage"]) == ("hard", 1, 70)
        [claimed] = connection.execute("select * from game.claim_days").fetchall()
        assert (claimed["player_id"], claimed["gold"], claimed["items"]) == (1, 250, 1)
        players = connection.execute("select * from game.players order by user_id").fetchall()
        assert [row["active_on"] for row in players] == [MONDAY + timedelta(days=2), MONDAY]


_PLAYED: Any = """
    set time zone 'UTC';
    insert into game.players (user_id, username, gold, created_at)
    values (1, 'Mira', 0, '2026-03-02 20:00'), (2, 'Otto', 0, '2026-03-02 23:00');
    insert into game.ledger (occurred_at, player_id, kind, amount, balance_after, cause)
    values
      ('2026-03-02 20:00', 1, 'gold', 1000, 1000, 'start'),
      ('2026-03-02 23:00', 2, 'gold', 1000, 1000, 'start');
    insert into game.battles (
      id, name, battle_type, difficulty, gold_reward, exp_reward, status, started_at, ended_at
    )
    overriding system value
    values (5, 'x', 'standard', 'hard', 250, 125, 'completed', '2026-03-04', '2026-03-04 01:00');
    insert into game.participants (
      battle_id, player_id, total_damage_dealt, attacks_count, claimed_at, rewards
    )
    values
      (
        5, 1, 70, 2, '2026-03-04 02:00',
        '{"gold": 250, "xp": 125, "items": [{"rarity": "rare"}], "contribution_percent": 100}'
      ),
      (5, 2, 0, 0, null, null);
    insert into game.rolls (occurred_at, player_id, kind, chance, drawn, result)
    values
      ('2026-03-04 00:30', 1, 'damage', '{}', 5, '70'),
      ('2026-03-04 00:30', null, 'wave', '{}', 5, '1');
    insert into game.ledger (occurred_at, player_id, kind, amount, balance_after, cause, actor)
    values ('2026-03-05', 2, 'gold', 5, 1005, 'grant', '9')
"""

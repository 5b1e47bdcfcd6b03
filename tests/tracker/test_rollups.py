"""The rollups of the tracker: equal to a recount; results follow battles whatever happens."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from functions.rollups import audit, refresh, retention
from functions.shared import db
from tests.support.accounts import PASSWORD
from tests.support.cups import Cup, make_cup
from tests.support.rollups import ROLLUPS, connect, wrong
from tests.support.tracker_battles import Duel, act, done, make_duel, user_id

TRACKER = [rollup for rollup in ROLLUPS if rollup.name.startswith("tracker.")]
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)  # which a week begins with
INSERT = """
    insert into tracker.battle_results (
      completed_at, battle_id, user_id, faction_id, detachment, mission, is_mirror, outcome,
      victory_points, opponent_victory_points, is_first, turns, turn_ms
    )
    values (
      %(at)s, %(battle)s, %(user)s, %(faction)s, 'Court', %(mission)s, %(mirror)s, %(outcome)s,
      %(points)s, 7, %(first)s, %(turns)s, %(turns)s * 60000
    )
    on conflict do nothing
"""
ROWS = st.fixed_dictionaries(
    {
        "hours": st.integers(-400, 400),
        "battle": st.sampled_from(["btl_a", "btl_b", "btl_c"]),
        "user": st.sampled_from(["usr_mira", "usr_nils"]),
        "faction": st.sampled_from(["fac_necrons", "fac_orks"]),
        "mission": st.sampled_from(["Take and Hold", "Linchpin"]),
        "mirror": st.booleans(),
        "outcome": st.sampled_from(["win", "draw", "loss"]),
        "points": st.integers(0, 100),
        "first": st.sampled_from([None, True, False]),
    }
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["insert", "insert", "delete", "move", "refresh"]), ROWS),
    min_size=3,
    max_size=12,
)


def operate(connection: db.Connection, what: str, row: dict[str, Any]) -> None:
    at = MONDAY + timedelta(hours=row["hours"])
    if what == "refresh":
        refresh.run(connection)
    elif what == "insert":
        turns = None if row["first"] is None else 5
        connection.execute(INSERT, row | {"at": at, "turns": turns})
    elif what == "delete":
        connection.execute(
            "delete from tracker.battle_results where user_id = %s and completed_at < %s",
            (row["user"], at),
        )
    else:
        connection.execute(
            """
            update tracker.battle_results
            set outcome = %s,
              mission = 'Linchpin'
            where battle_id = %s
            """,
            (row["outcome"], row["battle"]),
        )


@pytest.mark.commits
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_views_equal_brute_force(store: str, steps: list[tuple[str, dict[str, Any]]]) -> None:
    """Late rows, deleted ones and corrected ones are counted as they are, before a refresh too."""
    with connect(store) as connection:
        for what, row in steps:
            operate(connection, what, row)
            assert wrong(connection) == {}
        recount(connection)
        refresh.run(connection)
        assert wrong(connection) == {}
        recount(connection)
        assert audit.run(connection, 50).wrong == {}
        connection.execute("delete from tracker.battle_results")


def recount(connection: db.Connection) -> None:
    """Holds each view against results that Python counts."""
    rows = connection.execute("select * from tracker.battle_results").fetchall()
    for rollup, key in (
        ("faction_weeks", ("faction_id", "detachment", "mission")),
        ("player_weeks", ("user_id", "faction_id")),
    ):
        counted: dict[Any, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COUNTED, 0))
        for row in rows:
            numbers = counted[week(row["completed_at"]), *(row[name] for name in key)]
            for name, value in count(row).items():
                numbers[name] += value
        view = connection.execute(f"select * from tracker.{rollup}").fetchall()  # type: ignore[arg-type]
        found = {
            (row["week"], *(row[name] for name in key)): {one: row[one] for one in COUNTED}
            for row in view
        }
        assert len(found) == len(view)
        assert found == counted


def count(row: dict[str, Any]) -> dict[str, int]:
    """What one result adds to each number."""
    won, mirror, first = row["outcome"] == "win", row["is_mirror"], row["is_first"]
    numbers = {
        "games": 1,
        "mirror_games": mirror,
        "wins": won,
        "mirror_wins": won and mirror,
        "draws": row["outcome"] == "draw",
        "points": row["victory_points"],
        "opponent_points": row["opponent_victory_points"],
        "first_games": first is True and not mirror,
        "first_wins": first is True and not mirror and won,
        "second_games": first is False and not mirror,
        "second_wins": first is False and not mirror and won,
        "turns": row["turns"] or 0,
        "turn_ms": row["turn_ms"] or 0,
    }
    return {name: int(value) for name, value in numbers.items()}


COUNTED = (
    *("games", "mirror_games", "wins", "mirror_wins", "draws", "points", "opponent_points"),
    *("first_games", "first_wins", "second_games", "second_wins", "turns", "turn_ms"),
)


def week(moment: datetime) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def list_results() -> list[dict[str, Any]]:
    return db.query("select * from tracker.battle_results order by completed_at, user_id")


def complete(duel: Duel, battle: dict[str, Any], mira: int, nils: int, **more: Any) -> None:
    body = {
        "final_scores": {
            duel.mira_id: {"victory_points": mira},
            duel.nils_id: {"victory_points": nils},
        }
    }
    done(duel.mira.post(f"/v1/battles/{battle['id']}/complete", body | more))


@pytest.fixture
def duel(tracker_keys: None) -> Duel:
    return make_duel()


def test_a_battle_is_counted_when_it_is_completed(duel: Duel) -> None:
    battle = duel.make()
    done(act(duel.mira, battle, "start", first_player_id=duel.nils_id))
    for _ in range(3):
        done(act(duel.mira, battle, "end_turn"))
    assert list_results() == []
    complete(duel, battle, 71, 64)
    mira, nils = sorted(list_results(), key=lambda row: row["user_id"] != duel.mira_id)
    assert (mira["user_id"], mira["outcome"], mira["is_first"]) == (duel.mira_id, "win", False)
    assert (nils["user_id"], nils["outcome"], nils["is_first"]) == (duel.nils_id, "loss", True)
    assert (mira["turns"], nils["turns"]) == (2, 2)
    assert (mira["victory_points"], mira["opponent_victory_points"]) == (71, 64)
    assert (nils["victory_points"], nils["opponent_victory_points"]) == (64, 71)
    assert mira["turn_ms"] >= 0
    for row in (mira, nils):
        assert (row["faction_id"], row["detachment"]) == ("fac_necrons", "Canoptek Court")
        assert (row["mission"], row["is_mirror"]) == ("Take and Hold", True)


def test_turns_that_are_undone_did_not_begin(duel: Duel) -> None:
    battle = duel.make()
    done(act(duel.mira, battle, "start"))
    ended = done(act(duel.mira, battle, "end_turn"))
    done(act(duel.mira, battle, "undo", seq=ended["version"]))
    complete(duel, battle, 1, 2)
    turns = {row["user_id"]: row["turns"] for row in list_results()}
    assert turns == {duel.mira_id: 1, duel.nils_id: 0}


def test_whose_turn_was_first_is_not_guessed(duel: Duel) -> None:
    """A sheet that was entered afterwards has no times, and nobody said who began."""
    battle = duel.make()
    complete(duel, battle, 50, 50)
    assert [(row["outcome"], row["is_first"], row["turn_ms"]) for row in list_results()] == [
        ("draw", None, None)
    ] * 2


@pytest.mark.parametrize(
    ("changes", "ending"),
    [
        ({"battle_type": "crusade"}, {}),
        ({"battle_type": "narrative"}, {}),
        ({}, {"winner": 0, "result_type": "forfeit"}),
    ],
)
def test_other_battles_and_forfeits_are_not_counted(
    duel: Duel, changes: dict[str, Any], ending: dict[str, Any]
) -> None:
    battle = duel.make(**changes)
    if ending:
        ending = {"winner_id": duel.mira_id, "result_type": "forfeit"}
    complete(duel, battle, 10, 5, **ending)
    assert list_results() == []


@pytest.mark.parametrize("kind", ["concession", "timeout", "declared"])
def test_what_ended_early_was_played(duel: Duel, kind: str) -> None:
    complete(duel, duel.make(), 10, 50, winner_id=duel.mira_id, result_type=kind)
    assert {row["user_id"]: row["outcome"] for row in list_results()} == {
        duel.mira_id: "win",
        duel.nils_id: "loss",
    }


def test_a_reopened_battle_is_counted_as_it_ends_again(duel: Duel) -> None:
    battle = duel.make()
    complete(duel, battle, 71, 64)
    done(act(duel.mira, battle, "reopen"))
    assert list_results() == []
    assert db.query("select 1 from tracker.faction_weeks") == []
    complete(duel, battle, 71, 75)
    assert {row["user_id"]: row["outcome"] for row in list_results()} == {
        duel.mira_id: "loss",
        duel.nils_id: "win",
    }


def move_back(days: int) -> None:
    """As if all battles had been completed so many days earlier."""
    db.query(
        """
        update tracker.battles as b
        set completed_at = b.completed_at - make_interval(hours => 24 * %(days)s),
          state = jsonb_set(
            b.state,
            '{completed_at}',
            to_jsonb(shared.iso_time(b.completed_at - make_interval(hours => 24 * %(days)s)))
          )
        """,
        {"days": days},
    )


@pytest.mark.commits
def test_a_correction_of_last_month_changes_last_month(store: str, tracker_keys: None) -> None:
    cup = make_cup(2)
    cup.pair()
    cup.play("A 80-60 B")
    move_back(29)
    [then] = {row["completed_at"] for row in list_results()}
    with connect(store) as connection:
        correct_last_month(connection, cup, then)


def correct_last_month(connection: db.Connection, cup: Cup, then: datetime) -> None:
    refresh.run(connection)
    [row] = db.query("select * from tracker.faction_weeks")
    assert (row["week"], row["games"], row["wins"], row["points"]) == (week(then), 2, 1, 140)

    assert cup.enter("A 30-60 B", reason="misread").status == 200
    marked = db.query("select distinct bucket from rollups.dirty_buckets")
    assert marked == [{"bucket": week(then)}]
    for _ in range(2):
        [row] = db.query("select * from tracker.faction_weeks")
        assert (row["week"], row["games"], row["wins"], row["points"]) == (week(then), 2, 1, 90)
        won = {
            row["user_id"]: row["wins"] for row in db.query("select * from tracker.player_weeks")
        }
        assert won == {cup.ids["A"]: 0, cup.ids["B"]: 1}
        assert wrong(connection) == {}
        refresh.run(connection)


def test_both_may_lose(tracker_keys: None) -> None:
    cup = make_cup(2)
    cup.pair()
    assert cup.enter("A 10-10 B", result_type="double_loss").status == 200
    assert [row["outcome"] for row in list_results()] == ["loss", "loss"]


def test_what_a_correction_voids_is_not_counted(tracker_keys: None) -> None:
    """A final that was played counts no more when somebody else is in it."""
    cup = make_cup(4, format="single_elimination")
    cup.play_round("A 80-40 D", "B 80-40 C")
    cup.play_round("A 80-40 B")
    final = cup.find_battle("A-B")["battle_id"]
    assert final in {row["battle_id"] for row in list_results()}
    assert cup.enter("D 80-40 A", 1, reason="Sheets were swapped", force=True).status == 200
    rows = list_results()
    assert len(rows) == 4
    assert final not in {row["battle_id"] for row in rows}
    assert {row["user_id"]: row["outcome"] for row in rows}[cup.ids["D"]] == "win"


def test_a_change_of_a_battle_that_goes_on_marks_nothing(duel: Duel) -> None:
    """What happens most pays for no statistics."""
    battle = duel.make()
    done(act(duel.mira, battle, "start"))
    db.query("delete from rollups.dirty_buckets")
    done(act(duel.mira, battle, "update_scores", player_id=duel.mira_id, scores={"primary": 5}))
    assert db.query("select 1 from rollups.dirty_buckets") == []


def test_an_erased_user_leaves_what_was_counted(duel: Duel) -> None:
    complete(duel, duel.make(), 71, 64)
    names = [rollup.name for rollup in TRACKER]
    before = {name: db.query(f"select * from {name}") for name in names}  # type: ignore[arg-type]
    assert all(before.values())
    erased = duel.mira.call("DELETE", "/v1/auth/profile", {"password": PASSWORD})
    assert erased.status == 204, erased.text
    after = {name: db.query(f"select * from {name}") for name in names}  # type: ignore[arg-type]
    assert before == after
    assert "mira" not in str(after)
    assert "Third Dynasty" not in str(after)


def test_results_are_kept_permanently(store: str) -> None:
    """Any of them may be corrected yet."""
    with pytest.raises(retention.RetentionError, match=r"battle_results is kept permanently"):
        retention.set_retention(db.connection(), "tracker.battle_results", 400)


@pytest.mark.parametrize("rollup", TRACKER, ids=lambda rollup: rollup.name)
def test_analysts_read_it_and_no_raw_rows(migrated: tuple[Any, str, str], rollup: Any) -> None:
    with psycopg.connect(migrated[1]) as admin:
        admin.execute("set role tiltyard_analyst")
        admin.execute(f"select from {rollup.name}")
        for table in (rollup.source, "tracker.battles"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), admin.transaction():
                admin.execute(f"select from {table}")


def test_battles_of_before_are_counted(duel: Duel) -> None:
    """As the migration enters them; of a battle without numbers of turns no times are."""
    battle = duel.make()
    done(act(duel.mira, battle, "start"))
    complete(duel, battle, 71, 64)
    known = list_results()
    assert {row["turns"] for row in known} == {0, 1}
    db.query("delete from tracker.battle_results")
    db.query("select tracker.enter_results(b) from tracker.battles as b")
    assert list_results() == known
    db.query("delete from tracker.battle_results")
    turns = ["players", user_id(duel.nils), "turns"]
    db.query("update tracker.battles set state = state #- %s::text[]", (turns,))
    assert {(row["is_first"], row["turns"]) for row in list_results()} == {(None, None)}


def test_a_week_begins_on_monday_by_utc(store: str) -> None:
    row = {"battle": "btl_a", "user": "usr_a", "faction": "fac_orks", "mission": "Linchpin"}
    row |= {"mirror": False, "outcome": "win", "points": 1, "first": None, "turns": None}
    db.query(INSERT, row | {"at": MONDAY})
    db.query(INSERT, row | {"battle": "btl_b", "at": MONDAY - timedelta(milliseconds=1)})
    for zone in ("Pacific/Auckland", "America/New_York"):
        db.query(f"set local time zone '{zone}'")  # type: ignore[arg-type]
        weeks = db.query("select week, games from tracker.faction_weeks order by week")
        assert [one["week"] for one in weeks] == [MONDAY - timedelta(days=7), MONDAY]
        assert [one["games"] for one in weeks] == [1, 1]

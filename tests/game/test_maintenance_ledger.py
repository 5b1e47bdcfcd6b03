"""The ledger: no balance changes without its row, and every night both are compared."""

from __future__ import annotations

import json
from typing import Any, LiteralString

import psycopg
import pytest

from functions.game.maintenance import maintenance
from functions.rollups import handlers
from functions.shared import db, locks
from functions.shared.exclusive import exclusive
from tests.support.client import Client
from tests.support.game import DROP_PLAYERS, buy, change, make_player, player_id

MOST = 2**53 - 1
KINDS = {"gold": "gold", "gems": "gem"}  # by the column of game.players


@pytest.fixture
def mira(store: str) -> Client:
    client = make_player()
    change(client, gems=40)
    return client


def run(statement: str, *values: Any) -> None:
    db.query(statement, values)  # type: ignore[arg-type]


def enter(id_: int, kind: str, amount: int, after: int) -> None:
    run(
        """
        insert into game.ledger (player_id, kind, amount, balance_after, cause)
        values (%s, %s, %s, %s, 'test')
        """,
        *(id_, kind, amount, after),
    )


def refused(statement: str, *values: Any) -> None:
    with (
        pytest.raises(psycopg.errors.IntegrityConstraintViolation, match=r"game\.ledger"),
        db.connection().transaction(),
    ):
        run(statement, *values)


@pytest.mark.parametrize("column", KINDS)
@pytest.mark.parametrize("amount", [7, -7])
def test_no_balance_changes_without_its_row(mira: Client, column: str, amount: int) -> None:
    update = f"update game.players set {column} = {column} + %s where user_id = %s"
    id_, before = player_id(mira), {"gold": 1000, "gems": 40}[column]
    refused(update, amount, id_)
    other = player_id(make_player("Other"))
    for wrong in (
        (other, KINDS[column], amount, before + amount),
        (id_, {"gold": "gem", "gems": "gold"}[column], amount, before + amount),
        (id_, KINDS[column], amount + 1, before + amount),
        (id_, KINDS[column], amount, before + amount + 1),
    ):
        enter(*wrong)
        refused(update, amount, id_)
    enter(id_, KINDS[column], amount, before + amount)
    run(update, amount, id_)


def test_a_row_of_one_balance_is_none_of_the_other(mira: Client) -> None:
    enter(player_id(mira), "gold", 5, 1005)
    refused("update game.players set gold = gold + 5, gems = gems + 5")


@pytest.mark.parametrize("column", KINDS)
def test_one_row_vouches_for_one_change(mira: Client, column: str) -> None:
    """Regression: gold that went back and forth in one transaction needed no third row."""
    id_, before = player_id(mira), {"gold": 1000, "gems": 40}[column]
    update = f"update game.players set {column} = {column} + %s where user_id = %s"
    for amount in (30, -30):
        enter(id_, KINDS[column], amount, before + max(amount, 0))
        run(update, amount, id_)
    refused(update, 30, id_)


@pytest.mark.commits
def test_a_row_of_an_earlier_transaction_does_not_count(store: str) -> None:
    id_ = player_id(make_player())
    enter(id_, "gold", 7, 1007)
    refused("update game.players set gold = gold + 7 where user_id = %s", id_)


def test_no_player_comes_with_gold_or_gems_out_of_nowhere(store: str) -> None:
    refused("insert into game.players (user_id, username) values (1, 'mint')")
    insert = "insert into game.players (user_id, username, gold, gems) values (1, 'mint', %s, %s)"
    refused(insert, 0, 1)
    enter(1, "gold", 1000, 1000)
    refused(insert, 1000, 1)
    run(insert, 1000, 0)


def test_no_player_goes_with_gold_or_gems(mira: Client) -> None:
    """Regression: a player who was deleted took gold along that the ledger still held."""
    id_ = player_id(mira)
    refused("delete from game.players where user_id = %s", id_)
    with db.connection().transaction(force_rollback=True):
        enter(id_, "gold", -1000, 0)
        refused("delete from game.players where user_id = %s", id_)
    run(DROP_PLAYERS)
    assert maintenance.check(db.connection()) == {}


@pytest.mark.parametrize("column", KINDS)
@pytest.mark.parametrize("amount", [-1, 2**53])
def test_balances_have_bounds(mira: Client, column: str, amount: int) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        run(f"update game.players set {column} = %s", amount)


def test_a_balance_ends_at_what_javascript_holds(mira: Client) -> None:
    change(mira, gold=MOST)
    row: LiteralString = "select game.change_balance(%s, 'gold', %s, 'test')"
    assert db.fetch_value(row, (player_id(mira), 100)) == MOST
    bought = mira.post("/api/shop/purchase", {"item_id": "crossbow-1"})
    assert bought.json["gold_remaining"] == MOST - 90
    assert db.fetch_value(row, (player_id(mira), 100)) == MOST
    assert db.fetch_value("select sum(amount) from game.ledger where kind = 'gold'") == MOST


# --- the nightly check ---


def test_balances_and_ledger_agree(mira: Client) -> None:
    buy(mira, "sword-1")
    buy(mira, "fury-3", "gems")
    mira.post("/api/pets/egg")
    assert maintenance.check(db.connection()) == {}


def alarms(lines: str) -> list[dict[str, Any]]:
    """What is logged of each difference; the metric of which there is an alarm counts the same."""
    parsed = [json.loads(line) for line in lines.splitlines()]
    found = [one for one in parsed if (one["event"], one["level"]) == ("game.balance", "ERROR")]
    assert [one["LedgerDifferences"] for one in parsed if "LedgerDifferences" in one] == [
        len(found)
    ]
    return found


# What somebody does who owns the tables, and what the alarm says then.
TAMPERED: dict[str, tuple[str, dict[str, int]]] = {
    "gold": ("update game.players set gold = gold + 1", {"gold": 1001, "ledger_gold": 1000}),
    "gems": ("update game.players set gems = gems - 1", {"gems": 39, "ledger_gems": 40}),
    "a player": (
        "delete from game.players",
        {"gold": 0, "ledger_gold": 1000, "gems": 0, "ledger_gems": 40},
    ),
    "a row less": (
        "delete from game.ledger where kind = 'gem'",
        {"gems": 40, "ledger_gems": 0},
    ),
    "another amount": (
        "update game.ledger set amount = 1 where kind = 'gold'",
        {"gold": 1000, "ledger_gold": 1},
    ),
    "a row more": (
        """
        insert into game.ledger (player_id, kind, amount, balance_after, cause)
        select user_id, 'gold', 5, 1005, 'grant' from game.players
        """,
        {"gold": 1000, "ledger_gold": 1005},
    ),
}


@pytest.mark.commits
@pytest.mark.parametrize("what", TAMPERED)
@pytest.mark.parametrize("busy", [False, True])
def test_whatever_is_tampered_with_raises_the_alarm_and_stays(
    mira: Client,
    migrated: tuple[Any, str, str],
    capsys: pytest.CaptureFixture[str],
    what: str,
    busy: bool,
) -> None:
    """Also while rollups are refreshed. Regression: then no balance was looked at that night."""
    statement, says = TAMPERED[what]
    id_, run_audit = player_id(mira), _audit_while_busy if busy else handlers.audit
    with psycopg.connect(migrated[1]) as owner:
        owner.execute("alter table game.players disable trigger user")
        assert owner.execute(statement).rowcount == 1  # type: ignore[arg-type]
        owner.execute("alter table game.players enable trigger user")
    capsys.readouterr()
    for _ in range(2):
        assert run_audit({}, None)["wrong"] == {"game.players": 1}
        [line] = alarms(capsys.readouterr().out)
        assert line | {"user_id": id_, **says} == line


def _audit_while_busy(event: dict[str, Any], context: None) -> dict[str, Any]:
    with exclusive(locks.ROLLUPS):
        return handlers.audit(event, context)


@pytest.mark.commits
def test_a_night_without_a_fault_raises_none(
    mira: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    buy(mira, "sword-1")
    capsys.readouterr()
    assert handlers.audit({}, None)["wrong"] == {}
    assert alarms(capsys.readouterr().out) == []

"""The ledger of a player, as operators read it: every movement of gold and gems."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from functions.game.calls import Call, to_value
from functions.game.fields import OfPlayer, clamp
from functions.game.operators import MAX_PAGE, Reasoned
from functions.shared import cursors, db
from functions.shared.fields import Cursor, ResponseModel


class LedgerQuery(OfPlayer, Reasoned):
    """Whose ledger, and which page of it."""

    cursor: Cursor = None
    limit: Annotated[int, clamp(50, MAX_PAGE)] = 50


class Movement(ResponseModel):
    """A movement: `cause` with the id of what caused it, such as purchase 41, and who did it.

    `actor` is the operator's user id, null: the game. `at`: when its transaction began.
    """

    id: int
    at: datetime
    kind: Literal["gold", "gem"]
    amount: int
    balance_after: int
    cause: str
    reference: int | None
    actor: str | None
    reason: str | None


class Movements(ResponseModel):
    """Movements, newest first; `next_cursor` null: there are no more."""

    movements: list[Movement]
    next_cursor: str | None


def list_movements(call: Call, query: LedgerQuery) -> dict[str, Any]:
    """A page of a player's ledger; raises NotFound. Audited. One round trip."""
    keyset = cursors.Keyset(query, query.limit, before="id")
    found = to_value(
        db.fetch_one(
            """
            select status, body::text as body
            from game.list_movements(
              row(%s, %s, %s, %s, %s, %s, %s)::game.call, %s, %s, %s, %s
            )
            """,
            (
                *call,
                query.player_id,
                keyset.values["before"],
                keyset.values["one_more"],
                query.reason,
            ),
        )
    )
    shown = found[: query.limit]
    return {"movements": shown, "next_cursor": keyset.next_cursor(shown, len(found))}

"""What scheduled jobs let the game do for its own tables."""

from __future__ import annotations

from functions.shared import db, log
from functions.shared.maintenance import Maintenance


class GameMaintenance(Maintenance):
    """Compares balances with the ledger, and deletes answers that no request repeats any more."""

    permanent = frozenset({"game.ledger"})  # which adds up to the balances

    def check(self, connection: db.Connection) -> dict[str, int]:
        """Whoever has a balance that differs from the ledger's sum is logged, not repaired.

        A player who is gone has a balance of 0.
        """
        wrong = connection.execute(
            """
            select coalesce(p.user_id, l.player_id) as user_id, coalesce(p.gold, 0) as gold,
              coalesce(l.gold, 0) as ledger_gold, coalesce(p.gems, 0) as gems,
              coalesce(l.gems, 0) as ledger_gems
            from game.players as p
            full join (
              select player_id, sum(amount) filter (where kind = 'gold') as gold,
                sum(amount) filter (where kind = 'gem') as gems
              from game.ledger
              group by player_id
            ) as l on l.player_id = p.user_id
            where coalesce(p.gold, 0) <> coalesce(l.gold, 0)
              or coalesce(p.gems, 0) <> coalesce(l.gems, 0)
            """
        ).fetchall()
        for row in wrong:
            log.event("game.balance", level="ERROR", **{name: int(row[name]) for name in row})
        log.metric("LedgerDifferences", len(wrong))
        return {"game.players": len(wrong)} if wrong else {}

    def maintain(self, connection: db.Connection, deadline: float) -> dict[str, int]:
        deleted = connection.execute(
            """
            delete from game.idempotency
            where stored_at < now() - interval '24 hours'
            """
        ).rowcount
        return {"idempotency": deleted}


maintenance = GameMaintenance()

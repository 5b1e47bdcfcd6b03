"""What scheduled jobs let the tracker do for its own tables."""

from __future__ import annotations

from functions.shared import db
from functions.shared.maintenance import Maintenance


class TrackerMaintenance(Maintenance):
    """Deletes answers that no request repeats any more."""

    permanent = frozenset({"tracker.battle_results"})  # any of which may still be corrected

    def maintain(self, connection: db.Connection, deadline: float) -> dict[str, int]:
        deleted = connection.execute(
            """
            delete from tracker.idempotency
            where expires_at < now()
            """
        ).rowcount
        return {"idempotency": deleted}


maintenance = TrackerMaintenance()

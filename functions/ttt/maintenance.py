"""What scheduled jobs let TTT do for its own tables."""

from __future__ import annotations

from functions.shared import db
from functions.shared.maintenance import Maintenance
from functions.ttt import quarantine


class TttMaintenance(Maintenance):
    """Deletes refused bodies after their days."""

    def maintain(self, connection: db.Connection, deadline: float) -> dict[str, int]:
        return {"quarantine": quarantine.delete_old(connection)}


maintenance = TttMaintenance()

"""What scheduled jobs let accounts do for its own tables."""

from __future__ import annotations

from functions.accounts import login_limits, panel, password_resets, sessions
from functions.shared import db
from functions.shared.maintenance import Maintenance


class AccountsMaintenance(Maintenance):
    """Deletes sessions, reset tokens and known addresses whose time is over."""

    def maintain(self, connection: db.Connection, deadline: float) -> dict[str, int]:
        return {
            "sessions": sessions.delete_old(connection),
            "panel_sessions": panel.delete_old(connection),
            "password_resets": password_resets.delete_old(connection),
            "known_addresses": login_limits.delete_old(connection),
        }


maintenance = AccountsMaintenance()

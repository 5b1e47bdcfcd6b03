"""What accounts delete every night: only what nobody can use any more."""

from __future__ import annotations

from functions.accounts import sessions
from functions.accounts.maintenance import maintenance
from functions.shared import db
from tests.support.accounts import bearer, log_in, make_user
from tests.support.client import Client

NOTHING = dict.fromkeys(("sessions", "panel_sessions", "password_resets", "known_addresses"), 0)


def test_what_is_over_is_deleted_and_nothing_else(store: str) -> None:
    user = make_user()
    log_in()
    sessions.open_session(user)
    bearer(user, "panel")
    Client().post("/api/auth/password/forgot", {"email": user["email"]})
    assert maintenance.maintain(db.connection(), 0) == NOTHING
    db.query("update accounts.sessions set expires_at = now() - interval '24 hours 1 second'")
    db.query("update accounts.panel_sessions set expires_at = now() - interval '1 second'")
    db.query(
        "update accounts.password_resets set expires_at = now() - interval '24 hours 1 second'"
    )
    db.query(
        "update accounts.known_addresses set last_login_at = now() - interval '2592001 seconds'"
    )
    assert maintenance.maintain(db.connection(), 0) == dict.fromkeys(NOTHING, 1)
    assert maintenance.maintain(db.connection(), 0) == NOTHING

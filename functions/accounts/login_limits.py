"""Limits of logins, counted so that guessing is slow and nobody can keep the owner out.

An address may fail LOGIN_FAILURES times a minute; then each login from there, right or wrong, is
refused until the minute is over. An account may fail ACCOUNT_FAILURES times in 15 minutes, counting
only addresses from which nobody logged in to it for 30 days: its owner comes in from a known one.
What counts is decided by the statement after the password was checked, so that of many guesses at
once no more are answered than of the same guesses one by one.
"""

from __future__ import annotations

from functions.shared import db, log
from functions.shared.addresses import hash_text
from functions.shared.rate_limits import RateLimit
from functions.shared.settings import settings

ADDRESS_WINDOW = 60  # seconds
ACCOUNT_WINDOW = 900
REGISTER_WINDOW = 3600
KNOWN_SECONDS = 30 * 86_400
_SENTENCE = "Too many failed logins. Try again later."


def address_key(address_hash: str) -> str:
    """The name under which an address's failures are counted."""
    return f"login:{address_hash}"


def values() -> dict[str, object]:
    """What the statements that count are given: windows in seconds, and limits."""
    return {
        "address_window": ADDRESS_WINDOW,
        "account_window": ACCOUNT_WINDOW,
        "address_limit": settings().login_failures,
        "account_limit": settings().account_failures,
    }


def check(counted: db.Row) -> None:
    """Raises TooManyRequests where the failures before this one spent a limit."""
    for scope, part, limit in _limits():
        left = limit - 1 - (counted[f"{part}_failures"] or 0)
        RateLimit(limit, left, counted[f"{part}_resets_at"] or 0).check(_SENTENCE, scope)


def log_lockout(counted: db.Row, user_id: int | None) -> None:
    """Logs, once in each window, that a limit is spent: bursts of it raise an alarm.

    `counted`: the failures before this one; `user_id`: whose account it was, if anybody's.
    """
    for scope, part, limit in _limits():
        if counted[f"{part}_failures"] == limit - 1:
            log.event("login.locked", level="WARNING", scope=scope, user_id=user_id)
            log.metric("LoginsLocked", 1)


def _limits() -> tuple[tuple[str, str, int], ...]:
    """Of each limit its scope, what is counted, and how many failures it takes."""
    return (
        ("login", "address", settings().login_failures),
        ("login_account", "account", settings().account_failures),
    )


def count_registration(address_hash: str, email: str) -> None:
    """Counts a registration of an address and of an e-mail; raises TooManyRequests.

    One round trip.
    """
    counted = db.query(
        """
        select greatest(a.counted, e.counted) as counted,
          greatest(a.resets_at, e.resets_at) as resets_at
        from shared.count_in_window(%(address)s, %(window)s) as a,
          shared.count_in_window(%(email)s, %(window)s) as e
        """,
        {
            "address": f"register:{address_hash}",
            "email": f"register:{hash_text(email)}",
            "window": REGISTER_WINDOW,
        },
    )[0]
    limit = settings().registrations
    budget = RateLimit(limit, limit - counted["counted"], counted["resets_at"])
    budget.check("Too many registrations. Try again later.", "register")


def count_reset(address_hash: str) -> None:
    """Counts a request for a reset by an address; raises TooManyRequests. One round trip."""
    counted = db.query(
        "select counted, resets_at from shared.count_in_window(%s, %s)",
        (f"forgot:{address_hash}", ADDRESS_WINDOW),
    )[0]
    limit = settings().login_failures
    budget = RateLimit(limit, limit - counted["counted"], counted["resets_at"])
    budget.check("Too many requests. Try again later.", "login")


def count_failure(address_hash: str) -> None:
    """Counts a guess of an address, as a failed login. One round trip."""
    counted = db.fetch_one(
        """
        with noted as (
          insert into accounts.audit (action, ip_hash)
          values ('password.reset_failed', %(address_hash)s)
        )
        select counted - 1 as address_failures, null as account_failures
        from shared.count_in_window(%(key)s, %(window)s)
        """,
        {
            "address_hash": address_hash,
            "key": address_key(address_hash),
            "window": ADDRESS_WINDOW,
        },
    )
    assert counted
    log_lockout(counted, None)


def delete_old(connection: db.Connection) -> int:
    """Deletes addresses that no login has come from for 30 days; returns how many."""
    return connection.execute(
        """
        delete from accounts.known_addresses
        where last_login_at < now() - make_interval(secs => %s)
        """,
        (KNOWN_SECONDS,),
    ).rowcount

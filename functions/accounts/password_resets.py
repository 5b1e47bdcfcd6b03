"""Password resets: a mailed token that works once, for 30 minutes, and ends every session."""

from __future__ import annotations

import hashlib
import secrets

from functions.accounts import login_limits, mail, passwords
from functions.live import closing
from functions.shared import db
from functions.shared.addresses import hash_address, hash_text
from functions.shared.errors import BadRequest
from functions.shared.settings import settings

LIFETIME_SECONDS = 1800
MAX_MAILS = 3  # to one address in 15 minutes; a further request is answered alike and mails nothing
WRONG = "Invalid or expired token"
_TEXT = """Hello {name},

somebody asked for a new password for your account. Choose one within 30 minutes:

{link}

If that was not you, ignore this mail: your password stays as it is.
"""


def request_reset(email: str, address: str) -> None:
    """Mails a token to the user of that e-mail, if there is one; nobody learns whether.

    Raises TooManyRequests for an address that asks too often. Two round trips.
    """
    login_limits.count_reset(hash_address(address))
    token = secrets.token_urlsafe(32)
    found = db.query(
        """
        with counted as (
          select counted
          from shared.count_in_window(%(key)s, 900)
        ), wanted as (
          select u.id, u.email, u.display_name
          from accounts.users as u, counted as c
          where lower(u.email) = lower(%(email)s)
            and u.is_active
            and c.counted <= %(most)s
        ), made as (
          insert into accounts.password_resets (token_hash, user_id, expires_at)
          select %(token_hash)s, id, now() + make_interval(secs => %(lifetime)s)
          from wanted
        ), noted as (
          insert into accounts.audit (action, user_id, ip_hash)
          select 'password.reset_requested', id, %(address_hash)s
          from wanted
        )
        select email, display_name
        from wanted
        """,
        {
            "key": f"reset:{hash_text(email)}",
            "email": email,
            "most": MAX_MAILS,
            "token_hash": _hash(token),
            "lifetime": LIFETIME_SECONDS,
            "address_hash": hash_address(address),
        },
    )
    if found:
        link = settings().password_reset_url.replace("{token}", token) or token
        text = _TEXT.format(name=found[0]["display_name"], link=link)
        mail.send(found[0]["email"], "A new password", text)


def reset(token: str, password: str, address: str) -> None:
    """Replaces the password of the token's user and ends their sessions at every door. Audited.

    Raises BadRequest for a token that is unknown, used or expired, and TooManyRequests after
    several of them from one address. Of two requests at once one succeeds.
    """
    address_hash = hash_address(address)
    if not _is_open(token, address_hash):
        login_limits.count_failure(address_hash)
        raise BadRequest(WRONG)
    done = db.query(
        """
        with spent as (
          update accounts.password_resets
          set used_at = now()
          where token_hash = %(token_hash)s
            and used_at is null
            and expires_at > now()
          returning user_id
        ), changed as (
          update accounts.users as u
          set password_hash = %(password_hash)s,
            must_change_password = false,
            token_version = u.token_version + 1,
            updated_at = now()
          from spent as s
          where u.id = s.user_id
            and u.is_active
          returning u.id
        ), others as (
          update accounts.password_resets as r
          set used_at = now()
          from changed as c
          where r.user_id = c.id
            and r.used_at is null
            and r.token_hash <> %(token_hash)s
        ), noted as (
          insert into accounts.audit (action, user_id, ip_hash)
          select 'password.reset', id, %(address_hash)s
          from changed
        )
        select id, live.is_connected(id) as is_connected
        from changed
        """,
        {
            "token_hash": _hash(token),
            "password_hash": passwords.hash_password(password),
            "address_hash": address_hash,
        },
    )
    if not done:
        raise BadRequest(WRONG)
    closing.announce_sign_out(done[0]["id"], is_connected=done[0]["is_connected"])


def delete_old(connection: db.Connection) -> int:
    """Deletes tokens that expired a day ago; returns how many."""
    return connection.execute(
        """
        delete from accounts.password_resets
        where expires_at < now() - make_interval(secs => 86400)
        """
    ).rowcount


def _is_open(token: str, address_hash: str) -> bool:
    """Whether a token works now; raises TooManyRequests for an address that failed too often."""
    found = db.query(
        """
        select a.counted as address_failures, a.resets_at as address_resets_at,
          exists (
            select
            from accounts.password_resets
            where token_hash = %(token_hash)s
              and used_at is null
              and expires_at > now()
          ) as is_open
        from (values (true)) as always(one)
        left join shared.requests_in_window(%(address_key)s, %(address_window)s) as a on true
        """,
        {
            "token_hash": _hash(token),
            "address_key": login_limits.address_key(address_hash),
            "address_window": login_limits.ADDRESS_WINDOW,
        },
    )[0]
    login_limits.check(found | {"account_failures": 0, "account_resets_at": 0})
    return bool(found["is_open"])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()

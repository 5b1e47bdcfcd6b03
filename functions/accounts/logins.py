"""Logins: a name or e-mail and a password become a user, at the door of whatever client.

Two round trips around one slow hash. Unknown user and wrong password cost the same and are answered
the same; every failure is audited with a hash of the address.
"""

from __future__ import annotations

from typing import NoReturn

from functions.accounts import login_limits, passwords
from functions.shared import db
from functions.shared.addresses import hash_text, list_hashes
from functions.shared.errors import Forbidden, Unauthorized

WRONG = "Incorrect email or password"
INACTIVE = "Account is inactive"


def log_in(identifier: str, password: str, address: str, *, is_player: bool = False) -> db.Row:
    """The user with this e-mail (if it holds an @) or name, and this password.

    `is_player`: makes the player of the web game where the user has none. Raises Unauthorized,
    TooManyRequests, and Forbidden for a banned user who knows the password.
    """
    found = _verify(address, password, identifier=identifier)
    user = _succeed(found, is_player)
    if not user["is_active"]:
        raise Forbidden(INACTIVE)
    return user


def check_password(user_id: int, password: str, address: str) -> None:
    """Raises Unauthorized or TooManyRequests, as a login does, unless this is their password."""
    _succeed(_verify(address, password, user_id=user_id), is_player=False)


def _verify(
    address: str, password: str, *, identifier: str = "", user_id: int | None = None
) -> db.Row:
    hashes = list_hashes(address)
    found = _find(hashes, identifier, user_id)
    found |= {"address_hash": hashes[0]}
    login_limits.check(found)
    if not passwords.verify(password, found["password_hash"]):
        _fail(found)
    return found


def _find(address_hashes: list[str], identifier: str, user_id: int | None) -> db.Row:
    """The user, if there is one, and what was counted of the address and the account.

    Failures to log in to nobody are counted as if there were somebody.
    """
    is_email = "@" in identifier
    return db.query(
        """
        select u.id, u.password_hash, k.is_known is not null as is_known, of.account_key,
          a.counted as address_failures, a.resets_at as address_resets_at,
          case when k.is_known is null then f.counted end as account_failures,
          f.resets_at as account_resets_at
        from (values (true)) as always(one)
        left join accounts.users as u on (
            u.id = %(user_id)s
            or lower(u.email) = lower(%(email)s)
            or lower(u.username) = lower(%(username)s)
          )
        cross join lateral (
          select 'login_account:' || coalesce(u.id::text, %(nobody)s) as account_key
        ) as of
        left join lateral (
          select true as is_known
          from accounts.known_addresses as n
          where n.user_id = u.id
            and n.address_hash = any(%(address_hashes)s)
            and n.last_login_at > now() - make_interval(secs => %(known)s)
        ) as k on true
        left join shared.requests_in_window(%(address_key)s, %(address_window)s) as a on true
        left join lateral shared.requests_in_window(of.account_key, %(account_window)s) as f on true
        """,
        {
            "user_id": user_id,
            "email": identifier if is_email else None,
            "username": identifier if identifier and not is_email else None,
            "nobody": hash_text(identifier),
            "address_hashes": address_hashes,
            "known": login_limits.KNOWN_SECONDS,
            "address_key": login_limits.address_key(address_hashes[0]),
            "address_window": login_limits.ADDRESS_WINDOW,
            "account_window": login_limits.ACCOUNT_WINDOW,
        },
    )[0]


def _fail(found: db.Row) -> NoReturn:
    """Counts and audits a failure; raises Unauthorized, or TooManyRequests once a limit is spent.

    A known address does not count for the account: nobody there keeps the owner out.
    """
    counted = db.query(
        """
        with counted as (
          select a.counted as address_failures, a.resets_at as address_resets_at,
            case when not %(is_known)s then f.counted end as account_failures,
            f.resets_at as account_resets_at
          from shared.count_in_window(%(address_key)s, %(address_window)s) as a,
            shared.count_in_window(
              %(account_key)s, %(account_window)s, case when %(is_known)s then 0 else 1 end
            ) as f
        ), noted as (
          insert into accounts.audit (action, user_id, ip_hash)
          select
            case
              when address_failures >= %(address_limit)s or account_failures >= %(account_limit)s
              then 'login.locked'
              else 'login.failed'
            end,
            %(user_id)s, %(address_hash)s
          from counted
        )
        select address_failures - 1 as address_failures, address_resets_at,
          account_failures - 1 as account_failures, account_resets_at
        from counted
        """,
        _values(found),
    )[0]
    login_limits.log_lockout(counted, found["id"])
    login_limits.check(counted)
    raise Unauthorized(WRONG)


def _succeed(found: db.Row, is_player: bool) -> db.Row:
    """The user, seen now and from this address; raises as `_fail` where that came between."""
    user = db.query(
        """
        with seen as (
          update accounts.users as u
          set last_seen_at = now()
          where u.id = %(user_id)s
            and u.password_hash = %(password_hash)s
            and u.deleted_at is null
            and not exists (
              select
              from shared.requests_in_window(%(address_key)s, %(address_window)s) as a
              where a.counted >= %(address_limit)s
            )
            and (
              %(is_known)s
              or not exists (
                select
                from shared.requests_in_window(%(account_key)s, %(account_window)s) as f
                where f.counted >= %(account_limit)s
              )
            )
          returning id, public_id, username, email, display_name, profile_image_url, role,
            must_change_password, is_active, token_version, created_at, updated_at
        ), known as (
          insert into accounts.known_addresses as k (user_id, address_hash)
          select id, %(address_hash)s
          from seen
          where is_active
          on conflict on constraint known_addresses_pkey do update
          set last_login_at = now()
        )
        select s.*,
          case when %(is_player)s and s.is_active then game.create_player(s.id, s.username) end
            as player
        from seen as s
        """,
        _values(found) | {"password_hash": found["password_hash"], "is_player": is_player},
    )
    if not user:  # others failed from here meanwhile, or the password was changed
        _fail(found)
    return user[0]


def _values(found: db.Row) -> dict[str, object]:
    return login_limits.values() | {
        "user_id": found["id"],
        "is_known": found["is_known"],
        "address_hash": found["address_hash"],
        "address_key": login_limits.address_key(found["address_hash"]),
        "account_key": found["account_key"],
    }

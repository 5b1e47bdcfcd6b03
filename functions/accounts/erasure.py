"""Erasing a person: whatever says who they were goes, their ids and results stay."""

from __future__ import annotations

from functions.accounts import authors
from functions.live import closing
from functions.shared import db


def erase(user_id: int, actor: str | None) -> bool:
    """Erases a user everywhere and ends their sessions; False where there is none. Audited.

    `actor`: who did it for them, None for themselves. One transaction; a store of its own that is
    away, where their name stands, lets nothing be erased.
    """
    rows = _erase_everywhere(user_id, actor)
    for row in rows:
        closing.announce_sign_out(user_id, is_connected=row["is_connected"])
    return bool(rows)


@db.retried
def _erase_everywhere(user_id: int, actor: str | None) -> list[db.Row]:
    with db.transaction():
        rows = _erase(user_id, actor)
        for row in rows:
            if row["operator"]:
                authors.forget(row["operator"])
    return rows


def _erase(user_id: int, actor: str | None) -> list[db.Row]:
    return db.query(
        """
        with person as (
          select u.id, u.username,
            u.role in ('staff', 'admin')
            or exists (
              select
              from accounts.audit as a
              where a.user_id = u.id
                and a.details -> 'role' ?| array['staff', 'admin']
            ) as was_operator
          from accounts.users as u
          where u.id = %(user_id)s
            and u.deleted_at is null
          for update
        ), erased as (
          update accounts.users as u
          set username = null,
            email = null,
            display_name = 'Deleted player',
            profile_image_url = null,
            password_hash = null,
            role = 'player',
            is_active = false,
            token_version = token_version + 1,
            muted_until = null,
            updated_at = now(),
            deleted_at = now()
          from person as p
          where u.id = p.id
          returning u.id, u.public_id
        ), ended as (
          delete from accounts.sessions
          where user_id = (select id from erased)
        ), locked_out as (
          delete from accounts.panel_sessions
          where user_id = (select id from erased)
        ), unlinked as (
          delete from accounts.identities
          where user_id = (select id from erased)
        ), forgotten as (
          delete from accounts.known_addresses
          where user_id = (select id from erased)
        ), withdrawn as (
          delete from accounts.password_resets
          where user_id = (select id from erased)
        ), disowned as (
          update shared.api_keys
          set name = 'Deleted user',
            revoked_at = coalesce(revoked_at, now())
          where user_id = (select id from erased)
        ), uncalled as (
          update accounts.audit as a
          set details = a.details - 'name'
          from shared.api_keys as k
          where k.user_id = (select id from erased)
            and a.action = 'key.issued'
            and a.details ->> 'key_id' = k.key_id
        ), unnamed as (
          update accounts.audit
          set ip_hash = null
          where user_id = (select id from erased)
            and ip_hash is not null
        ), unplaced as (
          update accounts.audit as a
          set ip_hash = null
          from person as p
          where p.was_operator
            and a.actor = p.id::text
            and a.user_id is distinct from p.id
            and a.ip_hash is not null
        ), unsigned as (
          update shared.audit as a
          set actor = 'Deleted user'
          from person as p
          where (p.was_operator and a.actor = p.username)
            or (a.subject, a.actor) in (
              select k.key_id, k.name
              from shared.api_keys as k
              where k.user_id = p.id
            )
        ), noted as (
          insert into accounts.audit (action, user_id, actor)
          select 'user.erased', id, %(actor)s
          from erased
        )
        select case when p.was_operator then p.username end as operator,
          game.erase_player(e.id), tracker.erase_player(e.public_id, e.id),
          case when p.was_operator then logs.rename_author(p.username, 'Deleted user') end,
          live.is_connected(e.id) as is_connected
        from erased as e
        join person as p on p.id = e.id
        """,
        {"user_id": user_id, "actor": actor},
    )

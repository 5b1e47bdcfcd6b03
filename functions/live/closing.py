"""Closing sockets of users who may not be there any more: signed out, banned, erased, sent away.

Whoever does that to a user says so here, after the commit; the sweep finds what is lost.
"""

from __future__ import annotations

from collections.abc import Mapping

from functions.live import connections, fanout, kinds, later, management
from functions.live.kinds import Frame, Watcher, kind_of
from functions.shared import db, log
from functions.shared.errors import Forbidden, Problem, Unauthorized
from functions.shared.settings import settings

_PAGE = 1000  # sockets
_TRIES = 3  # to close a socket
_SECONDS = 2.0  # for the last messages


def announce_sign_out(user_id: int | None, *, is_connected: bool) -> None:
    """Has the sockets of a user closed whose tokens do not count any more, beside this invocation.

    `is_connected` is what `live.is_connected` answers. Never fails.
    """
    if user_id is not None and is_connected:
        _announce("close_user", user_id=user_id)


def announce_room(room: str) -> None:
    """Has the sockets to a room closed whose users may not watch it any more; never fails."""
    _announce("close_room", room=room)


def _announce(work: str, **fields: object) -> None:
    chosen = settings()
    if not (chosen.live_function or chosen.live_endpoint):
        return
    try:
        later.invoke(work, **fields)
    except Exception as error:  # noqa: BLE001  what the caller did is committed, whatever this is
        log.exception(error, work=work)


def close_refused(user_id: int | None = None, room: str | None = None) -> int:
    """Closes sockets whose users may not be there any more, after a message that says why: of a
    user, of a room, or all. How many are closed."""
    chosen = {"user_id": user_id, "room": room}
    signed_out = _find_signed_out(chosen)
    found: dict[str, tuple[str, Problem]] = {
        name: (own, Forbidden("You may not watch this any more."))
        for name, own in _find_sent_away(chosen).items()
    } | {name: (own, Unauthorized("You are signed out.")) for name, own in signed_out.items()}
    if not found:
        return 0
    last = {
        name: [fanout.encode(_describe(own, problem))] for name, (own, problem) in found.items()
    }
    management.post_all(last, _SECONDS)
    closed = _close(list(last))
    connections.close(list(closed))
    return len(closed)


def _find_signed_out(chosen: Mapping[str, object]) -> dict[str, str]:
    """The sockets, each with its room, of users whose tokens do not count any more."""
    rows = db.query(
        """
        select c.connection_id, c.room
        from live.connections as c
        where (%(user_id)s::bigint is null or c.user_id = %(user_id)s)
          and (%(room)s::text is null or c.room = %(room)s)
          and not case
            when c.session_id is null then exists (
              select
              from accounts.caller(c.user_id, c.version) as u
              where u.is_active
            )
            else exists (
              select
              from accounts.session_caller(c.user_id, c.version, c.session_id) as u
              where u.is_active
            )
          end
        limit %(page)s
        """,
        {**chosen, "page": _PAGE},
    )
    return {row["connection_id"]: row["room"] for row in rows}


def _find_sent_away(chosen: Mapping[str, object]) -> dict[str, str]:
    """The sockets, each with its room, of users who lost the right to watch."""
    away: dict[str, str] = {}
    for name, kind in kinds.load_kinds().items():
        if kind.find_refused is None:
            continue
        rows = db.query(
            """
            select distinct c.room, c.user_id
            from live.connections as c
            where (%(user_id)s::bigint is null or c.user_id = %(user_id)s)
              and (%(room)s::text is null or c.room = %(room)s)
              and split_part(c.room, ':', 1) = %(kind)s
            """,
            {**chosen, "kind": name},
        )
        refused = list(kind.find_refused([Watcher(**row) for row in rows])) if rows else []
        if refused:
            away |= _list_sockets(refused)
    return away


def _list_sockets(watchers: list[Watcher]) -> dict[str, str]:
    rows = db.query(
        """
        select c.connection_id, c.room
        from live.connections as c
        join unnest(%s::text[], %s::bigint[]) as w (room, user_id) using (room, user_id)
        limit %s
        """,
        ([one.room for one in watchers], [one.user_id for one in watchers], _PAGE),
    )
    return {row["connection_id"]: row["room"] for row in rows}


def _close(names: list[str]) -> set[str]:
    """Those of some sockets that could be closed: the next sweep sees to the others."""
    closed = set[str]()
    for _ in range(_TRIES):
        closed |= management.close_all([name for name in names if name not in closed])
        if len(closed) == len(names):
            break
    return closed


def _describe(room: str, problem: Problem) -> Frame:
    """The last message to a socket."""
    return {**kind_of(room).describe_problem(problem, None), "closing": True}

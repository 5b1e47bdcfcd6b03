"""Quarantine: refused bodies of known servers, for 30 days. GMod does not send them again.

Of one server the newest are kept: a script gone wrong, or a key in the wrong hands, must not fill
the disk.
After a fix `make quarantine ARGS=replay` records them as of when they were received.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from functions.shared import db, errors, ids, spool
from functions.shared.spool import Accepted
from functions.ttt import round_report, rounds

MAX_BODIES = 1_000  # of one server
MAX_BYTES = 64_000_000  # of one server


def add(body: str, server: str | None, reason: str, key: str | None = None) -> None:
    """Keeps a refused body, once however often it is sent; queues it while the database is down.

    `server` is who sent it, with which `key`.
    """
    refused = {"body": _storable(body), "server": server, "reason": reason}
    with suppress(errors.Unavailable):  # the caller has its answer already
        spool.store_or_queue(
            lambda: _store(refused, datetime.now(UTC)),
            lambda: spool.enqueue("ttt.refused", [refused], key),
        )


def consume(accepted: Sequence[Accepted]) -> None:
    """Keeps spooled bodies as of when they were accepted. A round trip each: they are rare."""
    for item, at in accepted:
        _store(item, datetime.fromtimestamp(at / 1000, UTC))


def _store(refused: dict[str, Any], received_at: datetime) -> None:
    """One round trip."""
    db.query(
        """
        with old as (
          delete from ttt.quarantine
          where received_at < now() - interval '720 hours'
            and id <> %(id)s
        ), kept as (
          select id, row_number() over newest as place,
            sum(octet_length(body)) over newest as bytes
          from ttt.quarantine
          where server is not distinct from %(server)s
            and id <> %(id)s
          window newest as (order by received_at desc, id)
        ), excess as (
          delete from ttt.quarantine q
          using kept k
          where q.id = k.id
            and (k.place >= %(most)s or k.bytes + %(bytes)s > %(most_bytes)s)
        )
        insert into ttt.quarantine as q (id, server, reason, body, received_at)
        values (%(id)s, %(server)s, %(reason)s, %(body)s, %(received_at)s)
        on conflict (id) do update
        set reason = excluded.reason, received_at = excluded.received_at
        where q.received_at < now() - interval '720 hours'
        """,
        {
            **refused,
            "id": ids.make_event_id(0, "ttt.quarantine", refused["server"], refused["body"]),
            "received_at": received_at,
            "bytes": len(refused["body"].encode()),
            "most": MAX_BODIES,
            "most_bytes": MAX_BYTES,
        },
    )


def _storable(body: str) -> str:
    """The body with what PostgreSQL cannot hold spelled otherwise: it stays refused."""
    return body.replace("\0", "\\u0000").encode("utf-8", "replace").decode()


def list_quarantined() -> list[db.Row]:
    """What is in quarantine, the oldest first: id, received_at, server, reason, bytes."""
    return db.query(
        """
        select id, received_at, server, reason, octet_length(body) as bytes
        from ttt.quarantine
        where received_at > now() - interval '720 hours'
        order by received_at, id
        """
    )


def delete_old(connection: db.Connection) -> int:
    """Deletes what was kept for its 30 days; returns how many bodies."""
    return connection.execute(
        "delete from ttt.quarantine where received_at < now() - interval '720 hours'"
    ).rowcount


def replay(which: str | None = None) -> tuple[int, list[str]]:
    """Records what is kept, or one of it; returns how many, and why others are refused."""
    recorded, refused = 0, []
    for row in db.query(
        """
        select id, received_at, server, body
        from ttt.quarantine
        where (%(which)s::text is null or id::text = %(which)s)
          and received_at > now() - interval '720 hours'
        order by received_at, id
        """,
        {"which": which},
    ):
        try:
            _record(row["body"], row["server"], row["received_at"])
        except errors.Problem as problem:
            refused.append(f"{row['id']}: {problem.message}")
            continue
        db.query("delete from ttt.quarantine where id = %s", (row["id"],))
        recorded += 1
    return recorded, refused


def _record(body: str, server: str | None, received_at: datetime) -> None:
    report = round_report.parse_body(body).model_dump(mode="json", exclude_unset=True)
    accepted = Accepted({"server": server, "round": report}, round(received_at.timestamp() * 1000))
    rounds.consume([accepted])

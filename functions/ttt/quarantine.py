"""Quarantine: refused bodies of known servers, for 30 days. GMod does not send them again.

After a fix `make quarantine ARGS=replay` records them as of when they were received.
"""

from __future__ import annotations

from datetime import datetime

from functions.shared import db, errors, ids, log
from functions.ttt import report, rounds


def keep(body: str, server: str | None, reason: str) -> None:
    """Keeps a refused body, once however often it is sent; drops those older than 30 days.

    While the database is away nothing is kept: the caller was told what is wrong.
    """
    try:
        db.run(
            """
            with old as (
              delete from ttt.quarantine
              where received_at < now() - interval '30 days'
            )
            insert into ttt.quarantine (id, server, reason, body)
            values (%s, %s, %s, %s)
            on conflict do nothing
            """,
            (ids.event_id(0, "ttt.quarantine", server, body), server, reason, _storable(body)),
        )
    except db.DatabaseAway as problem:
        log.cause(problem)


def _storable(body: str) -> str:
    """The body without what PostgreSQL cannot hold as text."""
    return body.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def kept() -> list[db.Row]:
    """What is in quarantine, the oldest first: id, received_at, server, reason, bytes."""
    return db.run(
        """
        select id, received_at, server, reason, octet_length(body) as bytes
        from ttt.quarantine
        order by received_at, id
        """
    )


def replay(which: str | None = None) -> tuple[int, list[str]]:
    """Records what is kept, or one of it; returns how many, and why others are refused."""
    recorded, refused = 0, []
    for row in db.run(
        """
        select id, received_at, server, body
        from ttt.quarantine
        where %(which)s::text is null
          or id::text = %(which)s
        order by received_at, id
        """,
        {"which": which},
    ):
        try:
            _record(row["body"], row["server"], row["received_at"])
        except errors.Problem as problem:
            refused.append(f"{row['id']}: {problem.sentence}")
            continue
        db.run("delete from ttt.quarantine where id = %s", (row["id"],))
        recorded += 1
    return recorded, refused


def _record(body: str, server: str | None, received_at: datetime) -> None:
    sent = report.read(body).model_dump(mode="json", exclude_unset=True)
    rounds.restore({"server": server, "round": sent}, round(received_at.timestamp() * 1000))

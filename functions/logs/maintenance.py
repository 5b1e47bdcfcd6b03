"""What scheduled jobs let logs do for their own tables."""

from __future__ import annotations

import time
from datetime import datetime

from functions.logs import change_queue, totals
from functions.logs.search import columnstore
from functions.logs.stats import ingest_stats
from functions.shared import db
from functions.shared.maintenance import Maintenance


class LogsMaintenance(Maintenance):
    """Sessions and totals, which rollups are made of, too; the columnstore; what is over."""

    def prepare_refresh(self, connection: db.Connection) -> None:
        change_queue.fold_before_refresh(connection)

    def catch_up(self, connection: db.Connection, deadline: float) -> dict[str, int]:
        """Indexes the words of compressed events that lack them."""
        return vars(columnstore.index_words(connection, deadline))

    def audit(self, connection: db.Connection, sample: int) -> dict[str, int]:
        return totals.audit(connection, sample)

    def has_pending(self, connection: db.Connection, before: datetime) -> bool:
        return change_queue.has_changes(connection, before)

    def delete_expired(self, connection: db.Connection, before: datetime, deadline: float) -> int:
        return _delete_ahead(connection, before, deadline)

    def maintain(self, connection: db.Connection, deadline: float) -> dict[str, int]:
        connection.execute("select logs.delete_old_sessions()")
        deleted = ingest_stats.delete_old(connection)
        return {"deleted": deleted, **vars(columnstore.run(connection, deadline))}


maintenance = LogsMaintenance()


def _delete_ahead(connection: db.Connection, before: datetime, deadline: float) -> int:
    """Deletes events of before a moment whose server's clock was ahead: by up to 400 days.

    Their chunks go by the time that was sent, `sent_at`, and will be there for that much longer. Of
    one server and type at a time: the columnstore keeps those together, and unpacks no others.
    """
    deleted = 0
    for over in connection.execute(
        """
        select server_id, type, %(before)s::timestamptz as before, min(sent_at) as since,
          max(sent_at) as until
        from logs.events
        where occurred_at < %(before)s
          and sent_at >= %(before)s
        group by server_id, type
        order by since
        """,
        {"before": before},
    ).fetchall():
        if time.monotonic() > deadline:
            break
        with connection.transaction():
            # Without this it refuses to unpack many rows for one statement.
            connection.execute(
                "set local timescaledb.max_tuples_decompressed_per_dml_transaction = 0"
            )
            gone = connection.execute(
                """
                delete from logs.events
                where server_id = %(server_id)s
                  and type = %(type)s
                  and occurred_at < %(before)s
                  and sent_at between %(since)s and %(until)s
                """,
                over,
            )
        deleted += gone.rowcount
    return deleted

"""Names of operators in stores other than the main one, where accounts are unknown."""

from __future__ import annotations

from functions.shared import db, stores

DELETED = "Deleted user"


def rename(old: str, new: str) -> None:
    """Gives what an operator wrote as staff another name. One round trip where logs are apart."""
    if stores.find_store("logs") != stores.MAIN:
        with stores.on("logs"):
            db.query("select logs.rename_author(%s, %s)", (old, new))


def forget(name: str) -> None:
    """Takes an operator's name out of what they wrote, and out of the audit trail of each other
    store. One round trip a store."""
    for store in stores.list_stores():
        if store != stores.MAIN:
            with stores.on(store):
                db.query(
                    """
                    select logs.rename_author(%(old)s, %(new)s),
                      shared.rename_actor(%(old)s, %(new)s)
                    """,
                    {"old": name, "new": DELETED},
                )

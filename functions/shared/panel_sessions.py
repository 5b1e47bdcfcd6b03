"""Sessions of the log panel, for functions that let its staff in and hold no key of tokens.

They ask the database for the hash of a token: whoever gets hold of such a function can neither make
a token nor tell a token by what is stored.
"""

from __future__ import annotations

import hashlib

from functions.shared import db, roles, stores
from functions.shared.request import Caller


def authenticate(token: str) -> Caller | None:
    """The caller whose session this is at this moment, None for any other text; one round trip.

    Raises Forbidden for a banned user, and for one who must choose a new password first.
    """
    with stores.on(stores.MAIN):
        row = db.fetch_one(
            """
            select id, version, username, role, is_active, must_change_password
            from accounts.panel_caller(%s)
            """,
            (hash_token(token),),
        )
    return roles.to_caller(row, row["version"]) if row else None


def hash_token(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

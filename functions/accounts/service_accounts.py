"""Service accounts: users as whom API keys of scope `tracker` act, each named like its user."""

from __future__ import annotations

from collections.abc import Sequence

from functions.shared import auth, db
from functions.shared.errors import Invalid


def issue_key(name: str, scopes: Sequence[str], actor: str | None = None) -> str:
    """A new key, to be shown once; raises Invalid for one of scope `tracker` with no user's name.

    `actor`: who issued it, for the audit; None for its holder.
    """
    user_id = _find_account(name) if auth.TRACKER in scopes else None
    return auth.issue(name, list(scopes), actor, user_id)


def _find_account(name: str) -> int:
    user_id = db.fetch_value(
        """
        select id
        from accounts.users
        where lower(username) = lower(%s)
          and deleted_at is null
        """,
        (name,),
    )
    if user_id is None:
        problem = f"must be that of a user for a key of scope {auth.TRACKER}"
        raise Invalid(f"The name {problem}", [{"field": "name", "problem": problem}])
    return int(user_id)

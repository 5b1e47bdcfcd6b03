"""Erasure of people: what stands for an erased person, and who was erased since a moment."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from functions.shared import db
from functions.shared.settings import settings

TOMBSTONE_PREFIX = "erased_"


def to_pseudonym(person: str) -> str:
    """What the audit trail calls an erased person: the same each time, and no way back."""
    key = settings().signing_key.get_secret_value().encode()
    return hmac.digest(key, b"person\0" + person.encode(), hashlib.sha256).hex()[:32]


def to_tombstone(person: str) -> str:
    """What stands for an erased person in stored rows: the same each time, and no way back."""
    return TOMBSTONE_PREFIX + to_pseudonym(person)


def is_tombstone(text: str) -> bool:
    """Whether a text has the form of a tombstone."""
    return re.fullmatch(TOMBSTONE_PREFIX + "[0-9a-f]{32}", text) is not None


def find_erasures(action: str, since: datetime, people: Iterable[str]) -> dict[str, datetime]:
    """When this action of the audit trail last erased which of the people, at or after a moment.

    One round trip, none for nobody.
    """
    pseudonyms = {to_pseudonym(person): person for person in people}
    found = find_removals([action], since, list(pseudonyms))
    return {pseudonyms[subject]: moment for subject, moment in found.items()}


def find_removals(
    actions: Sequence[str], since: datetime, subjects: Sequence[str]
) -> dict[str, datetime]:
    """When one of the actions of the audit trail last named which of the subjects, at or after a
    moment.

    One round trip, none for no subject.
    """
    if not subjects:
        return {}
    found = db.query(
        """
        select subject, max(occurred_at) as moment
        from shared.audit
        where occurred_at >= %s
          and action = any(%s)
          and subject = any(%s)
        group by subject
        """,
        (since, list(actions), list(subjects)),
    )
    return {row["subject"]: row["moment"] for row in found}

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


def find_erased_since(action: str, moment: datetime, people: Iterable[str]) -> set[str]:
    """Those of the people whom this action of the audit trail erased at or after a moment.

    One round trip, none for nobody.
    """
    pseudonyms = {to_pseudonym(person): person for person in people}
    found = find_removed_since([action], moment, list(pseudonyms))
    return {pseudonyms[subject] for subject in found}


def find_removed_since(
    actions: Sequence[str], moment: datetime, subjects: Sequence[str]
) -> set[str]:
    """Those subjects of the audit trail that one of the actions names at or after a moment.

    One round trip, none for no subject.
    """
    if not subjects:
        return set()
    found = db.query(
        """
        select distinct subject
        from shared.audit
        where occurred_at >= %s
          and action = any(%s)
          and subject = any(%s)
        """,
        (moment, list(actions), list(subjects)),
    )
    return {row["subject"] for row in found}

"""Erasure of people: what stands for an erased person, and who was erased since a moment."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from functions.shared import db
from functions.shared.secrets import get_secrets

TOMBSTONE_PREFIX = "erased_"


def to_pseudonym(person: str) -> str:
    """What the audit trail calls an erased person: the same each time, and no way back.

    Once the signing key is rotated it is another one.
    """
    return list_pseudonyms(person)[0]


def list_pseudonyms(person: str) -> list[str]:
    """What the audit trail may call a person: the pseudonym under each signing key."""
    named = b"person\0" + person.encode()
    keys = get_secrets().signing_secrets
    return [hmac.digest(key, named, hashlib.sha256).hex()[:32] for key in keys]


def to_tombstone(person: str) -> str:
    """What stands for an erased person in stored rows: the same each time, and no way back."""
    return list_tombstones(person)[0]


def list_tombstones(person: str) -> list[str]:
    """What may stand for an erased person: the tombstone under each signing key."""
    return [TOMBSTONE_PREFIX + one for one in list_pseudonyms(person)]


def is_tombstone(text: str) -> bool:
    """Whether a text has the form of a tombstone."""
    return re.fullmatch(TOMBSTONE_PREFIX + "[0-9a-f]{32}", text) is not None


def find_erased_since(action: str, moment: datetime, people: Iterable[str]) -> set[str]:
    """Those of the people whom this action of the audit trail erased at or after a moment.

    One round trip, none for nobody.
    """
    pseudonyms = {one: person for person in people for one in list_pseudonyms(person)}
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

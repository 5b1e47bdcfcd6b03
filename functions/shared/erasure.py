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


def find_erasures(action: str, since: datetime, people: Iterable[str]) -> dict[str, datetime]:
    """When this action of the audit trail last erased which of the people, at or after a moment.

    One round trip, none for nobody.
    """
    pseudonyms = {one: person for person in people for one in list_pseudonyms(person)}
    erased: dict[str, datetime] = {}
    for subject, moment in find_removals([action], since, list(pseudonyms)).items():
        person = pseudonyms[subject]
        erased[person] = max(moment, erased.get(person, moment))
    return erased


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

"""Stores: the TimescaleDB of each domain, and which one this process works on now.

All domains live in the main store, unless DATABASE_URL_TTT, DATABASE_URL_TILT or DATABASE_URL_LOGS
gives one a store of its own. Every store has the whole schema, with limits, audit, rollups and job
runs of its own; keys, users and sessions are in the main one. A store is called `main`, or by the
domain whose it is. Whoever serves a domain says so with `on`; db.py asks here where to go.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from functions.shared.secrets import MAIN as MAIN
from functions.shared.secrets import get_secrets

_served = MAIN  # a domain, or a store


def get_current() -> str:
    """The store that statements go to now."""
    return find_store(_served)


def find_store(domain: str) -> str:
    """The store of a domain; a store's name stands for itself."""
    return get_secrets().stores.get(domain, MAIN)


def list_stores() -> list[str]:
    """All stores, the main one first."""
    return list(dict.fromkeys(get_secrets().stores.values()))


def is_here(domain: str) -> bool:
    """Whether a domain lives in the store that statements go to now."""
    return find_store(domain) == get_current()


@contextmanager
def on(domain: str) -> Iterator[None]:
    """Statements of the block go to the store of a domain; `on(MAIN)`: to the main store.

    Which one that is, is asked with the first of them: what needs no store needs no secret.
    """
    global _served
    before = _served
    _served = domain
    try:
        yield
    finally:
        _served = before

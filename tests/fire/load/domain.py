"""What each domain brings to the fire: clients, and an account of what they did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg

from tests.fire.account import Verdict
from tests.fire.client import Client
from tests.fire.journal import Journal


@dataclass(frozen=True)
class Audited:
    """What accounts are made of: all that was done, and the store as the admin reads it."""

    journal: Journal
    store: psycopg.Connection[Any]

    def rows(self, statement: Any, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        return self.store.execute(statement, values).fetchall()

    def counts(self, statement: Any, *values: Any) -> dict[Any, int]:
        """The rows of a statement of two columns, by the first."""
        return {name: int(count) for name, count in self.rows(statement, *values)}


class Load(Protocol):
    """The load of a domain. It is made before the fire, while everything is well."""

    def list_clients(self) -> list[Callable[[Client], None]]:
        """What each of its clients does until the fire is over."""

    def list_secrets(self) -> list[str]:
        """What no log may ever hold."""

    def account(self, audited: Audited) -> list[Verdict]:
        """Holds what its clients were answered against what is stored."""

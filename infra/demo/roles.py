"""Roles that the demo's operators have as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from infra.demo.service import DemoError


@contextmanager
def lend_role(username: str, role: str) -> Iterator[None]:
    """Somebody of the checkout's own stack has a role until the end."""
    _give_role(username, role)
    try:
        yield
    finally:
        _give_role(username, "player")


def _give_role(username: str, role: str) -> None:
    """As `make admin ARGS="grant-role …"` does."""
    from functions.accounts import users
    from infra.ops.keys import use_database

    use_database()
    if not users.grant_role(username, role):
        raise DemoError(f"{username} is not in the stack's database.")

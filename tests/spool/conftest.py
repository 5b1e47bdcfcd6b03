"""What Lambda does between a queue and its function, with a queue that is mocked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.queues import Mapping, Queues


@pytest.fixture
def mapping(queues: Queues) -> Mapping:
    return Mapping(queues)


@pytest.fixture
def back(store: str, setting: Callable[..., None]) -> Callable[[], None]:
    """Gives the database back."""

    def give() -> None:
        setting(DATABASE_URL=store)

    return give

"""What Lambda does between a queue and its function, with a queue that is mocked."""

from __future__ import annotations

import pytest

from tests.support.queues import Mapping, Queues


@pytest.fixture
def mapping(queues: Queues) -> Mapping:
    return Mapping(queues)

"""Both clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.clients import browser, followers
from tests.support.clients.browser import Browser
from tests.support.clients.followers import Followers


@pytest.fixture(scope="session")
def in_python() -> Iterator[Followers]:
    with followers.in_python() as follow:
        yield follow


@pytest.fixture(scope="session")
def page() -> Iterator[Browser]:
    with browser.running(followers.FILES) as page:
        yield page


@pytest.fixture(scope="session")
def in_browser(page: Browser) -> Followers:
    return followers.in_browser(page)


@pytest.fixture(params=["in_python", "in_browser"])
def follow(request: pytest.FixtureRequest) -> Followers:
    """Makes followers with each of the clients."""
    made: Followers = request.getfixturevalue(request.param)
    return made

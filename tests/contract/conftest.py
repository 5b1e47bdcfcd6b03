"""What several contracts' tests need: a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from functions.logs.ingest import batch
from tests.support import reference
from tests.support.logs.ingest import RECEIPT


class Clock(datetime):
    """A clock that stands still."""

    moment = RECEIPT

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.moment


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each contract holds behind a transaction pooler too."""
    if "way" in metafunc.fixturenames and metafunc.config.getoption("pooler"):
        metafunc.parametrize("way", ["direct", "pooler"])


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Clock]]:
    """Whatever is sent arrives at RECEIPT."""
    monkeypatch.setattr(batch, "datetime", Clock)
    yield Clock
    Clock.moment = RECEIPT


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails a run of all contract tests in which something declared was never answered.

    No test of its own, since none may depend on others; a run of a part says nothing.
    """
    here = Path(__file__).parent
    ran = {item.path for item in session.items}
    options = session.config.option
    chosen = options.keyword or options.markexpr or options.lf or options.collectonly
    is_whole = ran >= {*here.glob("test_*.py"), *here.parent.glob("site/test_*.py")}
    is_whole &= not any("::" in one for one in session.config.args)
    if chosen or not is_whole or session.testsfailed or session.shouldstop:
        return
    if never := reference.never_answered():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        reporter.write_line("\nDeclared, but answered in no contract test:", red=True)
        for operation, status in never:
            reporter.write_line(f"  {operation}: {status}")

"""What several contracts' tests need: a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from functions.logs.ingest import batch
from functions.ttt import names
from tests.support import reference
from tests.support.client import Answered, Client
from tests.support.clock import Clock
from tests.support.logs.ingest import RECEIPT
from tests.support.ttt.contract import Teller
from tests.support.ttt.example import FIRST, SECOND

# Each contract holds behind a transaction pooler too; these, as all that --apart runs, also with
# stores of their own for ttt, tilt and logs.
APART = {"test_tilt", "test_ttt_example", "test_logs_single"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs tests of contracts in more ways than one."""
    if "way" not in metafunc.fixturenames or hasattr(metafunc.module, "way"):
        return  # a file with a fixture of this name has its own
    ways = ["direct"]
    if metafunc.config.getoption("pooler"):
        ways += ["pooler"]
        ways += ["apart"] if metafunc.module.__name__.rpartition(".")[2] in APART else []
    if metafunc.config.getoption("apart"):
        ways = ["apart"]
    if ways != ["direct"]:
        metafunc.parametrize("way", ways)


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Clock]]:
    """Whatever is sent arrives at RECEIPT."""
    monkeypatch.setattr(batch, "datetime", Clock)
    yield Clock
    Clock.moment = RECEIPT


@pytest.fixture
def example(client: Client) -> Client:
    """A client, after both rounds of the worked example."""
    for body in (FIRST, SECOND):
        sent = client.post(
            "/api/collect", body, headers={**client.headers, "Content-Type": "text/plain"}
        )
        assert sent.status == 201
    return client


@pytest.fixture
def tell(client: Client, monkeypatch: pytest.MonkeyPatch) -> Teller:
    """Posts a name that is received at a moment."""
    real = names._note

    def at(steam_id: str, name: str, moment: datetime) -> Answered:
        with monkeypatch.context() as patch:
            patch.setattr(names, "_note", lambda sent, _: real(sent, moment))
            sent = {"steam_id": steam_id, "display_name": name}
            return client.post("/api/player/update", sent)

    return at


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails a run of all contract tests in which something declared was never answered.

    No test of its own, since none may depend on others; a run of a part says nothing. One in
    which a test failed says it too: the list used to come only once everything else had passed.
    """
    here = Path(__file__).parent
    ran = {item.path for item in session.items}
    options = session.config.option
    chosen = options.keyword or options.markexpr or options.lf or options.collectonly
    is_whole = ran >= {*here.glob("test_*.py"), *here.parent.glob("site/test_*.py")}
    is_whole &= not any("::" in one for one in session.config.args)
    if chosen or not is_whole or session.shouldstop:
        return
    if never := reference.never_answered():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        reporter.write_line("\nDeclared, but answered in no contract test:", red=True)
        for operation, status in never:
            reporter.write_line(f"  {operation}: {status}")

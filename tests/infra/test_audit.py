"""The audit says what is known, and never that nothing is when it could not ask."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra import audit
from infra.audit import Accepted, AuditError, Finding
from infra.local import environments, locks

TODAY = date(2026, 11, 27)
FOUND = Finding("chalice", "1.0", ("PYSEC-2026-1", "CVE-2026-1"), ("1.1",))
ACCEPTED = Accepted("CVE-2026-1", "chalice", "its command line alone", TODAY)


def report(**changes: Any) -> dict[str, Any]:
    """What pip-audit prints about one package."""
    package = {"name": "chalice", "version": "1.0", "vulns": []} | changes
    return {"dependencies": [package], "fixes": []}


def test_a_finding_is_told_with_what_fixes_it() -> None:
    vulnerability = {
        "id": "PYSEC-2026-1",
        "aliases": ["CVE-2026-1"],
        "fix_versions": ["1.1"],
        "description": "…",
    }
    assert audit.read_findings(report()) == []
    found = audit.read_findings(report(vulns=[vulnerability]))
    assert found == [FOUND]
    told = audit.judge([*found, *found], [], TODAY)
    assert told == ["chalice 1.0: PYSEC-2026-1, CVE-2026-1 (fixed in 1.1)"]
    assert "(not fixed yet)" in str(FOUND._replace(fixed_in=()))


def test_what_could_not_be_asked_is_no_good_news() -> None:
    """pip-audit itself exits with 0 and `No known vulnerabilities found`."""
    skipped = {"dependencies": [{"name": "chalice", "skip_reason": "not found"}], "fixes": []}
    with pytest.raises(AuditError, match=r"Nothing is known of chalice"):
        audit.read_findings(skipped)


def test_what_is_accepted_is_passed_over_until_its_day() -> None:
    assert audit.judge([FOUND], [ACCEPTED], TODAY) == []
    over = audit.judge([FOUND], [ACCEPTED._replace(until=date(2026, 11, 26))], TODAY)
    assert over == [str(FOUND), "CVE-2026-1 was accepted until 2026-11-26."]


def test_what_is_accepted_of_one_package_counts_for_no_other() -> None:
    other = FOUND._replace(package="pydantic")
    assert str(other) in audit.judge([FOUND, other], [ACCEPTED], TODAY)


def test_what_is_no_longer_found_is_deleted() -> None:
    told = audit.judge([], [ACCEPTED], TODAY)
    assert told == ["CVE-2026-1 is no longer found in chalice: delete it."]


def test_the_checkouts_exceptions_have_a_reason_and_a_day() -> None:
    for one in audit.read_accepted():
        assert len(one.because.split()) > 3
        assert isinstance(one.until, date)


def test_an_entry_of_the_file_is_read(tmp_path: Path) -> None:
    lines = [
        line.removeprefix("# ")
        for line in audit.ADVISORIES.read_text().partition("#\n")[2].splitlines()
        if line.startswith("# ")
    ]
    file = tmp_path / "advisories.toml"
    file.write_text("\n".join(lines))
    [one] = audit.read_accepted(file)
    assert (one.package, one.until) == ("example", date(2027, 3, 1))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_pip_audit_reads_our_locks(name: str) -> None:
    """The real one, which asks nobody here."""
    environments.ensure_ready("audit")
    program = environments.ENVIRONMENTS["audit"].folder() / "bin/pip-audit"
    lock = environments.ROOT / name
    words = [program, *audit.WORDS, "--dry-run", "--requirement", lock]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    count = len(locks.read_pins(lock)) - lock.read_text().count("== 'win32'")
    assert f"would have audited {count} packages" in done.stderr


def test_one_that_does_not_run_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = SimpleNamespace(stdout="", stderr="Traceback\nConnectionError: no route\n")
    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(AuditError, match=r"cannot be audited: ConnectionError: no route"):
        audit._ask(locks.list_locks()[0])


def test_main_says_what_it_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = report(vulns=[{"id": "PYSEC-2026-1", "fix_versions": []}])
    done = SimpleNamespace(stdout=json.dumps(found), stderr="")
    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: done)
    assert audit.main() == 1
    assert capsys.readouterr().out == "chalice 1.0: PYSEC-2026-1 (not fixed yet)\n"
    done.stdout = json.dumps(report())
    assert audit.main() == 0
    assert "no vulnerability that is known" in capsys.readouterr().out

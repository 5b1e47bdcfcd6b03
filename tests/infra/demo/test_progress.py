"""Progress: a bar on a terminal."""

from __future__ import annotations

import io

import pytest

from infra.demo.progress import Progress


def test_progress_is_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True)
    for done in (1, 2):
        Progress(out, "rounds")(done, 2)
    assert out.getvalue() == f"\r[{'#' * 20:<40}] 1/2 rounds\r[{'#' * 40}] 2/2 rounds\n"

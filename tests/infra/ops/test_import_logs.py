"""The command that imports text logs, against the real handler."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from functions.shared import auth, db
from infra.ops import import_logs
from tests.support.logs import door
from tests.support.logs.panel import SERVER, TODAY, make_server

DAY = TODAY - timedelta(days=2)
LINE = "[00:00:{:02}] [CHAT] Ana [STEAM_0:1:101|user] [GLOBAL/ALIVE] {}\n"


@pytest.fixture
def stack(store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    make_server()
    with door.opened() as url:
        monkeypatch.setenv("URL", url + "/")
        monkeypatch.setenv("STAFF_KEY", auth.issue("Rita", ["staff"]))
        yield url


def run(*words: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["import_logs", "--server", SERVER, *map(str, words)])
        import_logs.main()


def test_files_are_imported_once(
    stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / f"{DAY}.log", tmp_path / f"chat {DAY:%m-%d-%y}.txt"
    first.write_text(LINE.format(1, "olá ☭") + "what\x1b[2J\n" + LINE.format(2, "hi"))
    second.write_text(LINE.format(2, "hi"))
    run("--dates-in-names", first, second)
    said = capsys.readouterr().out
    assert f"{DAY}.log: TAGGED of {DAY}, 3 lines, 2 events\n  2 stored, 0 were there" in said
    assert "  1 line became no event:\n    2: unrecognised_line: what?[2J\n" in said
    assert "\n  0 stored, 1 were there already, 0 ignored by rule, 0 refused\n" in said
    size = first.stat().st_size + second.stat().st_size
    assert f"{size} of {size} bytes\n" in said
    assert len(db.query("select id from logs.events")) == 2
    run("--date", DAY, first)
    assert "  0 stored, 2 were there already" in capsys.readouterr().out


def test_a_large_file_of_any_language_fits(
    stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"{DAY}.log"
    file.write_text(LINE.format(1, "привет") + "я" * 2_200_000)
    run("--dates-in-names", file)
    assert "  1 stored, 0 were there" in capsys.readouterr().out


def test_a_dry_run_says_so(stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.log"
    file.write_bytes(LINE.format(1, "ol\xe1").encode("latin-1"))
    run("--dry-run", "--offset", -180, file)
    said = capsys.readouterr().out
    assert "a dry run: nothing was stored" in said
    assert "warnings: base_date_assumed" in said
    assert "not UTF-8" in said
    assert db.query("select id from logs.events") == []


def test_one_refused_file_does_not_stop_the_others(
    stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty, dateless, good = (tmp_path / name for name in ("a.log", "b.log", f"{DAY}.log"))
    empty.write_text("nothing\n" * 3000)
    dateless.write_text(LINE.format(1, "x"))
    good.write_text(LINE.format(1, "x"))
    with pytest.raises(SystemExit, match=r"2 of 3 files were not imported\."):
        run("--format", "tagged", "--dates-in-names", empty, dateless, good)
    said = capsys.readouterr().out
    assert "a.log: baseDate is required: the log has no date" in said
    assert "b.log: baseDate is required: the log has no date\n  tell it with --date, or" in said
    assert "1 stored" in said
    with pytest.raises(SystemExit, match=r"1 of 1 files were not imported\."):
        run("--format", "tagged", "--date", DAY, empty)
    said = capsys.readouterr().out
    assert "a.log: No valid events after parsing: 3000 lines not recognised\n" in said
    assert "\n  3000 lines became no event" in said
    assert "    and 2980 more\n" in said


def test_a_wrong_key_is_told(
    stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.log"
    file.write_text(LINE.format(1, "x"))
    monkeypatch.setenv("STAFF_KEY", "nobody's")
    with pytest.raises(SystemExit):
        run(file)
    assert "Invalid or expired token" in capsys.readouterr().out
    monkeypatch.delenv("STAFF_KEY")
    with pytest.raises(SystemExit, match="Set STAFF_KEY too"):
        run(file)


@pytest.mark.parametrize("size", [None, 5 * 1024 * 1024 + 1])
def test_what_is_no_file_or_too_large_is_refused_before_anything_is_sent(
    tmp_path: Path, size: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.log"
    if size:
        file.write_bytes(b"x" * size)
    with pytest.raises(SystemExit):
        run(file)
    assert ("larger than 5 MB" if size else "is no file") in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("server-2026-03-02.log", date(2026, 3, 2)),
        ("03-02-26.txt", date(2026, 3, 2)),
        ("2026-13-02.log", None),
        ("12026-03-02.log", None),
        ("chat.log", None),
    ],
)
def test_the_day_in_a_name(name: str, day: date | None) -> None:
    assert import_logs.parse_date(name) == day

"""Log files: their format, their days and times, and what becomes of every line."""

from __future__ import annotations

import time
from datetime import date
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.logs.text_import import log_file
from functions.logs.text_import.log_file import LogFile
from functions.shared.errors import BadRequest

DAY = date(2026, 3, 2)
TODAY = date(2026, 3, 5)
HEADER = '<Logging continued from "data/ulx_logs/03-01-26.txt">'
FOOTER = '<Logging continued in "data/ulx_logs/03-03-26.txt">'
TAGGED = "[00:00:01] [CHAT] ana [STEAM_0:0:7|user] [GLOBAL/ALIVE] oi"
MEGABYTES_5 = 5 * 1024 * 1024

Hint = Literal["AUTO", "ULX", "TAGGED"]


def read(
    content: str,
    hint: Hint = "AUTO",
    day: date | None = DAY,
    offset: int = 0,
    dry_run: bool = False,
) -> LogFile:
    return log_file.parse_log(content, hint, day, offset, TODAY, dry_run)


def times(found: LogFile) -> list[Any]:
    return [told.event["timestamp"] for told in found.events]


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (TAGGED, "TAGGED"),
        ("[SPAWN] x [STEAM_0:0:7] spawned PROP a", "TAGGED"),
        ("[00:00:01] [BR] Zé: oi", "ULX"),
        (f"[BR] no time decides nothing\n\n{TAGGED}", "TAGGED"),
        (f"{HEADER}\n{TAGGED}", "ULX"),
        ("[00:00:01] Ana: oi", "ULX"),
        (f"[00:00:01] Ana: oi\n{TAGGED}", "ULX"),
        ("[OTHER] x\nwords", "ULX"),
        ("", "ULX"),
        (f"\ufeff\r\n  \r\n{TAGGED}\r\n", "TAGGED"),
    ],
)
def test_the_first_line_that_can_decides_the_format(content: str, form: str) -> None:
    assert read(content).format == form


def test_a_hint_is_obeyed() -> None:
    assert read(TAGGED, "ULX").format == "ULX"
    assert read("[00:00:01] Ana: oi", "TAGGED").format == "TAGGED"


@pytest.mark.parametrize(
    ("content", "count"),
    [("", 0), ("a", 1), ("a\n", 1), ("a\n\n", 2), ("\r\na\r\n", 2), ("\n", 1), ("a\nb", 2)],
)
def test_lines_are_counted_but_for_an_empty_last_one(content: str, count: int) -> None:
    assert read(content, "TAGGED").lines == count


def test_marks_and_line_ends_of_windows_are_no_part_of_a_line() -> None:
    found = read(f"\ufeff{TAGGED}\r\n\r\n{TAGGED}\r\n")
    assert [told.line for told in found.events] == [1, 3]
    assert [told.event["rawText"] for told in found.events] == [TAGGED, TAGGED]
    assert found.events[0].event["metadata"]["message"] == "oi"
    assert found.lines == 3


def test_local_time_minus_the_offset_is_utc() -> None:
    line = "[16:00:03] [CHAT] Ana [STEAM_0:1:101|user] [GLOBAL/ALIVE] olá ☭"
    assert times(read(line, offset=-180)) == ["2026-03-02T19:00:03Z"]
    assert times(read(line, offset=60)) == ["2026-03-02T15:00:03Z"]
    assert times(read(line.replace("16:", "22:"), offset=-180)) == ["2026-03-03T01:00:03Z"]


def test_a_time_that_falls_far_back_is_of_the_next_day() -> None:
    clocks = ["23:59:58", "23:59:57", "00:00:01", "12:00:01", "00:00:01", "12:00:02", "00:00:01"]
    found = read("\n".join(TAGGED.replace("00:00:01", clock) for clock in clocks))
    assert [at[8:19] for at in times(found)] == [
        "02T23:59:58",
        "02T23:59:57",
        "03T00:00:01",
        "03T12:00:01",
        "03T00:00:01",  # by 12 h exactly
        "03T12:00:02",
        "04T00:00:01",
    ]


def clocks(*times_: str) -> str:
    return "\n".join(TAGGED.replace("00:00:01", clock) for clock in times_)


def test_the_hour_that_autumn_repeats_is_another_one() -> None:
    """Regression: its lines came before those of the hour before, and a visit ended at once."""
    found = read(clocks("01:59:59", "02:05:00", "02:59:30", "02:00:10", "02:59:00", "03:10:00"))
    assert [at[11:19] for at in times(found)] == [
        "01:59:59",
        "02:05:00",
        "02:59:30",
        "03:00:10",
        "03:59:00",
        "04:10:00",
    ]
    night = read(clocks("23:58:00", "23:02:00", "00:01:00"))
    assert [at[8:19] for at in times(night)] == ["02T23:58:00", "03T00:02:00", "03T01:01:00"]


@pytest.mark.parametrize(
    "times_",
    [
        ("02:10:31", "02:10:01"),  # a clock put right, or two lines out of order
        ("14:30:00", "14:02:00"),  # no country's night
        ("02:30:00", "01:30:00"),
        ("02:30:00", "02:10:00", "02:40:00", "02:15:00"),  # twice
    ],
)
def test_other_times_that_fall_back_stay_what_they_are(times_: tuple[str, ...]) -> None:
    said = [at[11:19] for at in times(read(clocks(*times_)))]
    assert said[-1] == (times_[-1] if len(times_) == 2 else "03:15:00")


def test_a_line_without_a_time_inherits_the_last_one() -> None:
    spawn = "[SPAWN] Doom [STEAM_0:0:8|user] spawned PROP prop_physics[1]"
    found = read("\n".join([spawn, TAGGED, spawn, "[00:00:09] nothing", spawn]))
    assert times(found) == [
        "2026-03-02T00:00:00Z",
        "2026-03-02T00:00:01Z",
        "2026-03-02T00:00:01Z",
        "2026-03-02T00:00:09Z",
    ]


@pytest.mark.parametrize("clock", ["24:00:00", "23:60:00", "23:59:60", "1:00:00", "００:00:00"])
def test_what_is_no_time_of_day_is_none(clock: str) -> None:
    found = read(TAGGED.replace("00:00:01", clock), "TAGGED")
    assert found.events == []
    assert found.errors[0].reason == "unrecognised_line"


@pytest.mark.parametrize(
    ("lines", "day"),
    [
        ([HEADER], date(2026, 3, 2)),
        ([HEADER, "[00:00:01] Ana: oi", FOOTER], date(2026, 3, 2)),
        (["", HEADER, "", FOOTER, ""], date(2026, 3, 2)),
        ([HEADER.replace("03-01-26", "12-31-25")], date(2026, 1, 1)),
        ([HEADER.replace("03-01-26", "02-28-24"), "x"], date(2024, 2, 29)),
    ],
)
def test_a_header_names_the_day_before(lines: list[str], day: date) -> None:
    assert read("\n".join(lines), day=None).base_date == day


@pytest.mark.parametrize(
    "lines",
    [
        ["[00:00:01] Ana: oi"],
        [HEADER, FOOTER.replace("03-03", "03-02")],
        [HEADER.replace("03-01", "13-41")],
        [HEADER.replace("03-01-26.txt", "today")],
        ["[00:00:01] Ana: oi", HEADER],
        [FOOTER],
        [TAGGED],
    ],
)
def test_a_log_without_a_date_needs_one(lines: list[str]) -> None:
    content = "\n".join(lines)
    with pytest.raises(BadRequest, match="baseDate is required: the log has no date"):
        read(content, day=None)
    tried = read(content, day=None, dry_run=True)
    assert (tried.base_date, tried.warnings) == (TODAY, ["base_date_assumed"])


def test_a_given_date_beats_the_header() -> None:
    found = read(f"{HEADER}\n[00:00:01] Ana: oi", day=date(2026, 2, 1))
    assert found.base_date == date(2026, 2, 1)
    assert found.warnings == []
    assert times(found) == ["2026-02-01T00:00:01Z"]


def test_the_frame_of_a_log_is_neither_event_nor_error() -> None:
    found = read(f"{HEADER}\n[00:00:01] Ana: oi\n{FOOTER}\n")
    assert (found.lines, len(found.events), found.errors) == (3, 1, [])


def test_a_line_that_says_nothing_is_shown_with_its_number() -> None:
    found = read(f"\nwhat\n{TAGGED}\n{'x' * 9000}\n", "TAGGED")
    assert [(error.line, error.reason) for error in found.errors] == [
        (2, "unrecognised_line"),
        (4, "unrecognised_line"),
    ]
    assert found.errors[0].text == "what"
    assert found.errors[1].text == "x" * 500


PIECES = st.sampled_from(
    [
        *("[00:00:01] ", "[23:59:59] ", "[CHAT] ", "[CONNECT] ", "[SPAWN] ", "[TOOLS] "),
        *("[COMMAND] ", "[PLAYER] ", "[OTHER] ", "ana ", "[STEAM_0:0:7|user] ", "[BOT] "),
        *("[STEAM_0:0:8] ", "[STEAM_0:0:9|a b ", "[GLOBAL/ALIVE] ", "[TEAM]", "!ban x", "/"),
        *("authed steamid=STEAM_0:0:7 uniqueid=1", "initial spawn ip=203.0.113.9:1", " ", ""),
        *("disconnected reason=", "spawned PROP a[1]", " model=m.mdl", "used tool 'x' on a"),
        *(" @ 1 -2.5 3", "executed ulx ban", " perm=ulx ban", " raw=[!ban x]", "died to "),
        *("via w", "Ana killed Bo using w", ": ", " to admins: ", "(TEAM) ", "(tsay from ana) "),
        *(
            " was killed by ",
            " to ",
            " spawned model x",
            " changed their name to ",
            "<STEAM_0:0:7>",
        ),
        *(" suicided!", 'Client "ana" connected.', 'Client "ana" spawned in server <STEAM_0:0:7>'),
        *('Dropped "ana" from server<STEAM_0:0:7>', "New map: gm_flat", "\n", "\r\n", HEADER),
        *("\0", "\ud800", "\u2028", "\x85", "☭"),
    ]
)
TEXTS = st.text() | st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join)


@given(TEXTS, st.sampled_from(["TAGGED", "AUTO", "ULX"]))
def test_no_text_is_too_strange(content: str, hint: Hint) -> None:
    found = read(content, hint)
    lines = content.removeprefix("\ufeff").split("\n")
    filled = {number for number, line in enumerate(lines, 1) if line.strip()}
    told = {one.line for one in found.events}
    failed = [one.line for one in found.errors]
    assert len(failed) == len(set(failed))
    assert not told & set(failed)
    assert told | set(failed) <= filled
    assert failed == sorted(failed)
    assert [one.line for one in found.events] == sorted(one.line for one in found.events)
    if found.format == "TAGGED":
        assert told | set(failed) == filled
    silent = filled - told - set(failed)
    for number in silent:  # who is joining, or the frame
        assert '" connected' in lines[number - 1] or "<Logging" in lines[number - 1]


@pytest.mark.parametrize("hint", ["TAGGED", "ULX"])
@pytest.mark.parametrize(
    "content",
    [
        "[" * MEGABYTES_5,
        "[00:00:01] [CHAT] " + "x [STEAM_0:0:1] " * (MEGABYTES_5 // 16),
        "[00:00:01] [CHAT] " + "x [STEAM_0:0:1] [GLOBAL] " * (MEGABYTES_5 // 25),
        "[00:00:01] [TOOLS] " + "[STEAM_0:0:1] used tool '" * (MEGABYTES_5 // 25),
        "[00:00:01] [SPAWN] " + "[STEAM_0:0:1|" * (MEGABYTES_5 // 13),
        "[00:00:01] [SPAWN] a [STEAM_0:0:1] spawned PROP " + "a[1" * (MEGABYTES_5 // 3),
        "[00:00:01] [PLAYER] " + "[STEAM_0:0:1] died to [BOT] via x " * (MEGABYTES_5 // 33),
        '[00:00:01] Client "' + '" spawned in server <' * (MEGABYTES_5 // 21),
        "[00:00:01] " + "a killed b using : to admins: " * (MEGABYTES_5 // 30),
        "[00:00:01] " + "a was killed by b to c: <x> spawned sent " * (MEGABYTES_5 // 41),
        "[00:00:01] " + "<STEAM_0:0:1> changed their name to " * (MEGABYTES_5 // 36),
        '[00:00:01] Client "' + '" spawned in server (' * (MEGABYTES_5 // 21),
        '[00:00:01] Client "' + '" connected (' * (MEGABYTES_5 // 13),
        HEADER[:30] + "12-" * (MEGABYTES_5 // 3),
    ],
    ids=lambda content: content[:40],
)
def test_five_hostile_megabytes_take_seconds(content: str, hint: Hint) -> None:
    began = time.monotonic()
    found = read(content, hint)
    assert len(found.events) + len(found.errors) <= 1
    assert time.monotonic() - began < 10

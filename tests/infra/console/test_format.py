"""Names and times as people read them."""

from __future__ import annotations

from tests.support.modules import evaluate


def test_marks_that_turn_or_hide_text_are_taken_out() -> None:
    hostile = "\u202egnp.exe\u202c \u200bAna\u0000\u2066x\u2069\ufeff\n\x1b[31m"
    assert evaluate("format.js", "m.toVisible(given)", hostile) == "gnp.exe Anax[31m"


def test_letters_of_all_writings_and_joined_signs_stay() -> None:
    for text in ("Зоя", "علي", "名前", "👩\u200d👧", "<img onerror=alert(1)>", "a & b", "é" * 128):
        assert evaluate("format.js", "m.toVisible(given)", text) == text


def test_a_name_is_a_value_and_no_markup() -> None:
    """lit-html writes values as text and attributes; only the fixed strings are parsed."""
    found = evaluate("format.js", "m.name(given)", "<img src=x onerror=alert(1)>")
    assert found["values"] == ["<img src=x onerror=alert(1)>"] * 2
    assert not [text for text in found["strings"] if "img" in text]


def test_moments_that_are_none() -> None:
    expression = "given.map((one) => [m.toDate(one), m.time(one), m.ago(one)])"
    for found in evaluate("format.js", expression, [None, "", "soon"]):
        assert found == [None, "–", "–"]


def test_times_name_their_moment_in_utc() -> None:
    found = evaluate("format.js", "m.time(given)", "2026-03-01T23:30:00Z")
    assert found["values"][:2] == ["2026-03-01T23:30:00.000Z", "2026-03-01 23:30:00 UTC"]


def test_numbers() -> None:
    durations = "m.duration(null), m.duration(59), m.duration(3725)"
    expression = f"[m.number(null), m.percent(null), {durations}]"
    assert evaluate("format.js", expression) == ["–", "–", "–", "59 s", "1 h 2 min"]

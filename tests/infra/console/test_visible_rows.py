"""Which rows of a long table are rendered."""

from __future__ import annotations

from tests.support.modules import evaluate

_EVERYWHERE = """
Array.from({ length: 700 }, (_, index) => {
  const scrollTop = index * 517;
  return { scrollTop, ...m.slice({ count: 10000, rowHeight: 36, scrollTop, height: 800 }) };
})
"""


def test_what_is_seen_is_rendered_and_little_more() -> None:
    for view in evaluate("visible_rows.js", _EVERYWHERE):
        first = min(9999, view["scrollTop"] // 36)
        last = min(10_000, (view["scrollTop"] + 800) // 36 + 1)
        assert view["start"] <= first
        assert view["end"] >= last
        assert view["end"] - view["start"] <= 80


def test_the_height_is_that_of_all_rows() -> None:
    for view in evaluate("visible_rows.js", _EVERYWHERE):
        rendered = (view["end"] - view["start"]) * 36
        assert view["before"] + rendered + view["after"] == 360_000


def test_short_empty_and_odd_tables() -> None:
    cases = [
        {"count": 0, "rowHeight": 36, "scrollTop": 0, "height": 800},
        {"count": 1, "rowHeight": 36, "scrollTop": 0, "height": 800},
        {"count": 300, "rowHeight": 36, "scrollTop": -50, "height": 0},
        {"count": 300, "rowHeight": 36, "scrollTop": 1e9, "height": 800},
    ]
    found = evaluate("visible_rows.js", "given.map((one) => m.slice(one))", cases)
    assert [(one["start"], one["end"]) for one in found[:2]] == [(0, 0), (0, 1)]
    assert found[2]["start"] == 0
    assert found[3]["end"] == 300
    assert all(one["before"] >= 0 and one["after"] >= 0 for one in found)

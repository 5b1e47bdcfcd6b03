"""Tables of the demo's statistics."""

from __future__ import annotations

from typing import Any

from infra.demo import tables


def test_a_table_is_aligned_whatever_the_script() -> None:
    rows: list[dict[str, Any]] = [{"name": "猫", "kills": 7}, {"name": "Otter", "kills": None}]
    assert tables.format_table("Title", ("name", "kills"), rows).splitlines() == [
        "Title",
        "  name   kills",
        "  猫         7",
        "  Otter      -",
    ]
    assert tables.format_table("T", ("avgScore",), []).splitlines() == [
        "T",
        "  avg score",
        "  (none)",
    ]

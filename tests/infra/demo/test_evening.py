"""An evening: when it ends."""

from __future__ import annotations

from datetime import UTC, datetime

from infra.demo.evening import Evening, get_last_evening


def test_an_evening_ends_in_the_past_and_stays_the_same_all_day() -> None:
    def end(hour: int, minute: int = 0) -> datetime:
        return get_last_evening(datetime(2026, 3, 2, hour, minute, tzinfo=UTC))

    assert end(22, 59) == end(0) == datetime(2026, 3, 1, 23, tzinfo=UTC)
    assert end(23) == end(23, 59) == datetime(2026, 3, 2, 23, tzinfo=UTC)
    window = Evening(1, 10, end(0)).window
    assert window == {"from": "2026-03-01", "to": "2026-03-02"}

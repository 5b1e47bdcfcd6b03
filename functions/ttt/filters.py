"""What statistics are asked about: a period of UTC days, a server, a map, and a page of a list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from functions.shared import cursors, db, fields

EARLIEST = datetime(2004, 1, 1, tzinfo=UTC)
MAX_LIMIT = 1000  # items of a page


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value


def _no_map(value: Any) -> None:
    if value not in (None, ""):
        fields.fail_validation("does not apply here")


Count = Annotated[int, Field(strict=True, ge=0, le=10**9), BeforeValidator(_number)]
Text = Annotated[str | None, Field(max_length=128), fields.EmptyAsNone]


class Period(fields.BracketPathModel):
    """Rounds of whole UTC days, `to` exclusive, by default of all time."""

    from_day: Annotated[fields.Day | None, fields.EmptyAsNone] = Field(
        None, alias="from", description="rounds from this UTC day on"
    )
    to_day: Annotated[fields.Day | None, fields.EmptyAsNone] = Field(
        None, alias="to", description="rounds before this UTC day"
    )
    server: Text = Field(None, description="rounds that this server sent")
    map: Text = Field(None, description="rounds on this map")
    include_bots: bool = Field(
        False, description="count BOT and other SteamIDs that several share as players like others"
    )
    timelimit: Literal["none", "innocents"] = Field(
        "none", description="whose wins rounds are that ran out of time"
    )

    @property
    def window(self) -> dict[str, Any]:
        """The parameters of a statement, which cut the period into days from `from_day`, whole
        months from `first_month` until `end_month`, and days again until `to_day`."""
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        end = today + timedelta(days=2)  # a round may end 5 minutes from now
        from_day = min(max(self.from_day or EARLIEST, EARLIEST), end)
        to_day = max(from_day, min(self.to_day or end, end))
        first_month, end_month = _month(from_day), to_day.replace(day=1)
        if first_month >= end_month:
            first_month = end_month = to_day
        is_all_time = (self.from_day, self.server, self.map) == (None, None, None)
        return {
            "from_day": "-infinity" if is_all_time else from_day,
            "first_month": "-infinity" if is_all_time else first_month,
            "end_month": end_month,
            "to_day": to_day,
            "server": self.server,
            "map": self.map,
            "bots": self.include_bots,
            "timelimit": self.timelimit == "innocents",
        }


def _month(day: datetime) -> datetime:
    """The first of a month that is not before a day."""
    return day if day.day == 1 else (day.replace(day=1) + timedelta(days=32)).replace(day=1)


class PeriodOfAllMaps(Period):
    """A period of what is not counted per map."""

    map: Annotated[None, BeforeValidator(_no_map)] = Field(None, exclude=True)


class Paged(fields.BracketPathModel):
    """A page of a list."""

    limit: Annotated[int, Field(strict=True, ge=1), BeforeValidator(_number)] = Field(
        100, description=f"items of a page, at most {MAX_LIMIT}"
    )
    cursor: fields.Cursor = Field(
        None, description="next_cursor of the page before, under the same parameters"
    )


class Counted(fields.ResponseModel):
    """What every answer about a period says of it; `as_of`: rollups are complete up to there, and
    `raw_tail`: newer raw rows were added."""

    from_day: str | None = Field(alias="from")
    to_day: str | None = Field(alias="to")
    as_of: datetime
    raw_tail: bool


class Page(Counted):
    """A page of a list; `next_cursor` is null on the last one."""

    next_cursor: str | None


def to_page(query: Period) -> dict[str, Any]:
    """A period as the answer repeats it."""
    return {
        "from": query.from_day and query.from_day.date(),
        "to": query.to_day and query.to_day.date(),
    }


class Place(cursors.Pages):
    """Which part of a list a page is. The list is counted for each page, so a cursor holds
    how many items came before."""

    def __init__(self, query: Any) -> None:
        super().__init__(query, min(query.limit, MAX_LIMIT))
        self.offset: int = self.after[0] if self.after else 0

    @property
    def values(self) -> dict[str, int]:
        """The parameters of a statement that reads one item more than the page holds."""
        return {"offset": self.offset, "one_more": self.limit + 1}

    def cut(self, query: Any, rows: list[db.Row]) -> dict[str, Any]:
        """The page's answer from its rows, each of which says as_of and raw_tail.

        A row whose `place` is null stands for an empty page.
        """
        items = [row for row in rows if row.pop("place") is not None]
        head = {name: rows[0][name] for name in ("as_of", "raw_tail")}
        for row in rows:
            del row["as_of"], row["raw_tail"]
        more = None
        if len(items) > self.limit:
            more = self.encode([self.offset + self.limit])
        return {"items": items[: self.limit], "next_cursor": more, **to_page(query), **head}

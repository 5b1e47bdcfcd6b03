"""What a request asks of a rollup: which rows, and as what."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from functions.rollups.exports.catalog import get_rollup
from functions.rollups.exports.selection import Selection, choose_columns
from functions.shared import fields

MAX_LIMIT = 1000
_NAMES = re.compile(r"[a-z_0-9]{1,63}(,[a-z_0-9]{1,63})*")


def _column_names(text: str | None) -> str | None:
    if text is not None and not _NAMES.fullmatch(text):
        fields.fail_validation("must be names of columns with commas between them")
    return text


class RollupQuery(fields.RequestModel):
    """Which rows of a rollup, and as what; `from` is inclusive, `to` exclusive."""

    name: str
    since: fields.Instant | None = Field(
        None, alias="from", description="buckets that begin at this time or later"
    )
    until: fields.Instant | None = Field(
        None, alias="to", description="buckets that begin before this time"
    )
    format: Literal["json", "csv", "ndjson", "parquet"] = Field(
        "json", description="json is a page of rows; the others are files of all of them"
    )
    columns: Annotated[str | None, AfterValidator(_column_names), fields.EmptyAsNone] = Field(
        None, description="names with commas between them; all columns by default"
    )
    dirty: Literal["exclude", "include"] = Field(
        "exclude",
        description="buckets that changed since the last refresh: without them a file can be made "
        "again bit by bit; with them it has what is known now",
    )
    limit: Annotated[int, fields.clamped_int(100, MAX_LIMIT)] = Field(
        100, description=f"rows of a page of json, at most {MAX_LIMIT}"
    )
    cursor: fields.Cursor = Field(
        None, description="of json: next_cursor of the page before, under the same parameters"
    )
    link: bool = Field(
        False, description="of files: answer 201 with the file's address, however small it is"
    )

    @model_validator(mode="after")
    def _is_a_range(self) -> RollupQuery:
        if self.since is not None and self.until is not None and self.since >= self.until:
            fields.fail_validation("must be before to", field="from")
        return self

    def select(self) -> Selection:
        """The rows that are asked for; raises NotFound, Invalid. One round trip."""
        rollup = get_rollup(self.name)
        names = self.columns.split(",") if self.columns else []
        is_with_dirty = self.dirty == "include"
        columns = choose_columns(rollup, names)
        return Selection(rollup, columns, self.since, self.until, is_with_dirty)

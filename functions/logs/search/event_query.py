"""What is wanted of log events: conditions, words and how many, put into statements."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

from psycopg import sql

from functions.shared import db

_LATELY = timedelta(days=7)  # where rows are as they were written, not packed into columns
_AFTER_SECOND = timedelta(minutes=10)  # an event's `at` is never later than that after `second`

_EVENTS = sql.SQL("logs.events")
_AT = sql.SQL("occurred_at")
# The same order, which only the index of maps has: a map is played for some hours and then not for
# days, and of the index of time alone the planner believes that every map is met everywhere.
_AT_OF_MAP = sql.SQL("(occurred_at at time zone 'UTC')")


@dataclass(frozen=True)
class EventQuery:
    """What an event must be: conditions, the words it must say, how many are wanted at the most.

    Only what was asked for is a condition, and a statement is planned for its very values: one plan
    for all that may be asked could use no index, and one for all players would suit only few.
    """

    conditions: tuple[sql.Composable, ...]
    words: str
    limit: int
    newest: datetime  # nothing is wanted after that
    oldest: datetime | None = None  # nor before that
    places: tuple[sql.Composable, ...] = ()  # those of the conditions on server and type
    person: str | None = None  # whose events alone are wanted
    map: str | None = None  # on which alone
    events: sql.Composable = field(default_factory=lambda: _EVENTS)  # where they are looked for

    def where(self, *conditions: sql.Composable) -> EventQuery:
        """The same with more conditions."""
        return replace(self, conditions=(*self.conditions, *conditions))

    @property
    def at(self) -> sql.Composable:
        """The time of an event, to sort by."""
        return _AT_OF_MAP if self.map else _AT

    def until(self, moment: datetime) -> EventQuery:
        """The same up to a moment."""
        return self.where(self._compared("<=", moment))

    def earlier(self, moment: datetime) -> EventQuery:
        """The same up to a moment, and without it."""
        return self.where(self._compared("<", moment))

    def _compared(self, sign: LiteralString, moment: datetime) -> sql.Composable:
        value = sql.SQL("({} at time zone 'UTC')" if self.map else "{}").format(moment)
        return sql.SQL("{} {} {}").format(self.at, sql.SQL(sign), value)

    def since(self, moment: datetime) -> EventQuery:
        """The same from a moment on; spares the chunks that are older."""
        later = self.where(
            self._compared(">=", moment),
            sql.SQL("sent_at >= {}").format(_earlier(moment, _AFTER_SECOND)),
        )
        return replace(later, oldest=moment)

    def before(self, at: datetime, arrival: int, event_id: Any) -> EventQuery:
        """The same after an event in the order of the answer."""
        earlier = sql.SQL("(occurred_at, arrival, id) < ({}, {}, {})").format(at, arrival, event_id)
        return replace(self.until(at).where(earlier), newest=at)

    @property
    def recent(self) -> EventQuery:
        """The same of the newest days: old chunks of the columnstore would be sorted whole."""
        return self.since(_earlier(self.newest, _LATELY))

    def compose(self, statement: sql.SQL, **parts: Any) -> sql.Composed:
        """A statement with what is wanted, and with other parts of it."""
        return statement.format(
            at=self.at,
            events=self.events,
            where=sql.SQL(" and ").join(self.conditions),
            words=f"%{_literal(self.words)}%",
            limit=self.limit,
            **parts,
        )

    def fetch(self, statement: sql.SQL, **parts: Any) -> list[db.Row]:
        """The rows of a statement with what is wanted put in."""
        return db.run_composed(self.compose(statement, **parts))


def _earlier(moment: datetime, span: timedelta) -> datetime:
    """The moment less a span, or the first moment there is: queries may name the year 1."""
    try:
        return moment - span
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

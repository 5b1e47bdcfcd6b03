"""Reports: what a GMod server tells of a TTT round that has ended, as it is read and normalised."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, TypeAdapter

from functions.shared import fields, ids, json_codec
from functions.shared.errors import BadRequest, Invalid

MAX_BYTES = 1_048_576
_FIRST = datetime(2004, 1, 1, tzinfo=UTC)  # before the game there was no round
_AHEAD = timedelta(minutes=5)
_LONGEST = 86_400  # seconds of a round
_MOST_STANDINGS = 256
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_WINNERS = {
    **dict.fromkeys(("1", "none", "nones"), "none"),
    **dict.fromkeys(("2", "traitors", "traitor"), "traitors"),
    **dict.fromkeys(("3", "innocents", "innocent"), "innocents"),
    **dict.fromkeys(("4", "timelimit"), "timelimit"),
    **dict.fromkeys(("", "nil"), "unknown"),
}

Text32 = Annotated[str, Field(strict=True, max_length=32)]
Text64 = Annotated[str, Field(strict=True, max_length=64)]
Person = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64)]
Tally = Annotated[fields.Number, Field(ge=-1e9, le=1e9)]


def _flag(value: Any) -> bool:
    if value is not None and value not in (0, 1):
        fields.fail_validation("must be true or false")
    return bool(value)


def _as_text(value: Any) -> Any:
    """A number as text, as whoever names things by number means it."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_number = is_number and json_codec.is_finite(value)
    return ids.canonical_json(value) if is_number else value


def _duration(value: Any) -> Any:
    """Never negative: the server's clock may have stepped back. None for more than a day: an empty
    server slept through the round's end."""
    is_whole = isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0
    if not is_whole:
        return value
    return None if value > _LONGEST else max(value, 0)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = fields.parse_time(value)
    except ValueError:
        fields.fail_validation("must be an ISO 8601 time")
    if not _FIRST <= moment <= datetime.now(UTC) + _AHEAD:
        fields.fail_validation("must be from 2004-01-01 to 5 minutes from now")
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _of_people(value: Any) -> Any:
    """A list without the entries of nobody, whatever else they say."""
    listed = fields.to_list(value)
    if not isinstance(listed, list) or len(listed) > _MOST_STANDINGS:
        return listed
    return [
        one
        for one in listed
        if not isinstance(one, dict) or one.get("player_steamid") not in (None, "")
    ]


class Standing(fields.BracketPathModel):
    """A player at the start or the end of a round; skipped without a SteamID."""

    player_steamid: Text64 | None = None
    role: Text32 | None = None
    karma: Tally | None = None
    points: Tally | None = None


class Kill(fields.BracketPathModel):
    """A death; without an attacker the world caused it."""

    attacker_steamid: Annotated[Text64 | None, fields.EmptyAsNone] = None
    attacker_role: Annotated[Text32 | None, fields.EmptyAsNone] = None
    victim_steamid: Person
    victim_role: Text32 | None = None
    weapon: Text64 | None = None
    headshot: Annotated[bool, BeforeValidator(_flag)] = False


class Buy(fields.BracketPathModel):
    """A purchase of equipment."""

    steam_id: Person
    role: Text32 | None = None
    item: Annotated[Text64, BeforeValidator(_as_text, json_schema_input_type=str | float)]


Standings = Annotated[list[Standing], BeforeValidator(_of_people)]


class RoundReport(fields.BracketPathModel):
    """A round as a server sends it when it has ended."""

    round_id: str = Field(min_length=1, max_length=36)
    map_name: Annotated[str, Field(strict=True, max_length=128)] | None = None
    winner: Annotated[
        Text64 | None, BeforeValidator(_as_text, json_schema_input_type=str | float | None)
    ] = None
    duration: Annotated[fields.Integer | None, BeforeValidator(_duration)] = Field(
        None, description="seconds; negative counts as 0, more than a day as null"
    )
    ended_at: Annotated[
        datetime | None, BeforeValidator(_moment, json_schema_input_type=str | None)
    ] = Field(None, description="ISO 8601; the round's time, which else is that of its receipt")
    start_roles: Standings = Field([], max_length=_MOST_STANDINGS)
    end_roles: Standings = Field([], max_length=_MOST_STANDINGS)
    kills: Annotated[list[Kill], BeforeValidator(fields.to_list)] = Field([], max_length=2000)
    buys: Annotated[list[Buy], BeforeValidator(fields.to_list)] = Field([], max_length=2000)

    @property
    def normalised_winner(self) -> str:
        """The winner's word, one for all spellings."""
        winner = (self.winner or "").strip().lower()
        return _WINNERS.get(winner, winner)

    @property
    def people(self) -> set[str]:
        """The SteamIDs of everybody in it."""
        standings = {one.player_steamid for one in (*self.start_roles, *self.end_roles)}
        killers = {kill.attacker_steamid for kill in self.kills}
        others = {kill.victim_steamid for kill in self.kills} | {buy.steam_id for buy in self.buys}
        return {person for person in standings | killers | others if person}

    @property
    def content(self) -> dict[str, Any]:
        """What makes the round this one, normalised: two reports of it are equal in this. Lists are
        JSON texts, as they are answered."""
        return {
            "map_name": self.map_name,
            "winner": self.normalised_winner,
            "duration": self.duration,
            "players": _players(self),
            "kills": _KILLS.dump_json(self.kills).decode(),
            "buys": _BUYS.dump_json(self.buys).decode(),
        }


_KILLS, _BUYS = TypeAdapter(list[Kill]), TypeAdapter(list[Buy])


def parse_body(body: str) -> RoundReport:
    """The report of a request body; raises BadRequest or Invalid in the words of the contract."""
    try:
        payload = json_codec.loads_of_game_server(body)
    except Invalid as problem:  # a NUL has a field
        details = [
            {**one, "field": fields.to_bracket_path(one["field"])} for one in problem.details or []
        ]
        field = details[0]["field"]
        # A field of the caller's own making is not repeated: this sentence is kept and shown.
        is_ours = re.fullmatch(r"[a-z_]+(\[\d+\]\.[a-z_]+)?", field)
        raise Invalid(f"Invalid {field}" if is_ours else "Invalid JSON", details) from None
    if not payload:
        raise BadRequest("No data provided")
    if not isinstance(payload, dict):
        raise BadRequest("Body must be a JSON object")
    round_id = payload.get("round_id")
    if round_id in (None, ""):
        raise Invalid("Missing round_id")
    if not isinstance(round_id, str) or len(round_id) > 36 or _CONTROL.search(round_id):
        raise Invalid("Invalid round_id")
    try:
        return fields.parse(RoundReport, payload)
    except Invalid:  # maybe for a number that overflowed
        return fields.parse(RoundReport, json_codec.without_infinite(payload))


def _players(report: RoundReport) -> str:
    """The rows of everybody in one of the two lists, as JSON; the last entry of a list wins."""
    starts = {one.player_steamid: one for one in report.start_roles if one.player_steamid}
    ends = {one.player_steamid: one for one in report.end_roles if one.player_steamid}
    absent = Standing()
    rows = []
    for person in starts | ends:
        start, end = starts.get(person, absent), ends.get(person, absent)
        rows.append(
            {
                "steam_id": person,
                "role_start": start.role,
                "role_end": end.role,
                "karma_diff": _gain(start.karma, end.karma),
                "points_diff": _gain(start.points, end.points),
            }
        )
    return json_codec.dumps(rows)


def _gain(start: float | None, end: float | None) -> int | None:
    """The difference as a whole number, half up, exact on the decimals as they were sent."""
    if start is None or end is None:
        return None
    if start.is_integer() and end.is_integer():
        return int(end - start)
    return math.floor(Fraction(repr(end)) - Fraction(repr(start)) + Fraction(1, 2))

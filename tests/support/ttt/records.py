"""Posted rounds as the recount reads them: players, kills, buys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from tests.support.ttt.numbers import r

BOT = "BOT"
WINNERS = {
    "": "unknown",
    "nil": "unknown",
    "1": "none",
    "nones": "none",
    "2": "traitors",
    "traitor": "traitors",
    "3": "innocents",
    "innocent": "innocents",
    "4": "timelimit",
}
# SteamIDs that several people share, as all bots share BOT.
PSEUDO = {BOT, "STEAM_0:0:0", "STEAM_ID_LAN", "STEAM_ID_PENDING", "UNKNOWN", "NULL"}
TEAMS = {
    "innocent": "innocent detective deputy mercenary glitch phantom",
    "traitor": "traitor hypnotist impersonator assassin vampire zombie detraitor",
    "jester": "jester swapper clown beggar",
    "independent": "killer oldman drunk revenger",
    "jackal": "jackal sidekick",
}
WINNING = {"innocent": "innocents", "traitor": "traitors"}


@dataclass(frozen=True)
class Posted:
    """One accepted POST of a round."""

    body: dict[str, Any]
    received_at: datetime
    server: str | None = None


@dataclass(frozen=True)
class Player:
    """Somebody of a round's role lists."""

    steam_id: str
    role_start: str | None
    role_end: str | None
    karma_diff: int | None
    points_diff: int | None


@dataclass(frozen=True)
class Kill:
    """A death of a round, whoever or whatever caused it."""

    attacker_steamid: str | None
    attacker_role: str | None
    victim_steamid: str
    victim_role: str | None
    weapon: str | None
    headshot: bool

    @property
    def is_world(self) -> bool:
        return self.attacker_steamid is None

    @property
    def is_suicide(self) -> bool:
        """All bots share one SteamID, so a bot that kills a bot is no suicide."""
        is_one = self.attacker_steamid == self.victim_steamid
        return is_one and self.victim_steamid not in PSEUDO

    @property
    def is_player_kill(self) -> bool:
        return not self.is_world and not self.is_suicide

    @property
    def is_team_kill(self) -> bool:
        """Teams are those of the roles at the time of death."""
        killer, victim = team(role(self.attacker_role)), team(role(self.victim_role))
        among_bots = {self.attacker_steamid, self.victim_steamid} <= PSEUDO
        return self.is_player_kill and killer == victim in WINNING and not among_bots


@dataclass(frozen=True)
class Buy:
    """Something bought in a round."""

    steam_id: str
    role: str | None
    item: str


@dataclass(frozen=True)
class Round:
    """A round as it is stored."""

    id: str
    map_name: str | None
    winner: str
    winner_raw: str | None
    duration: int | None
    at: datetime
    server: str | None
    players: tuple[Player, ...]
    kills: tuple[Kill, ...]
    buys: tuple[Buy, ...]

    @property
    def map(self) -> str:
        return self.map_name or "unknown"


def to_milliseconds(at: datetime) -> datetime:
    # Decided: times are cut to milliseconds, and a time without a zone is UTC.
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


def _array(sent: Any) -> list[Any]:
    """A list, or Lua's table with the keys "1" to "n"."""
    if isinstance(sent, dict):
        return [sent[str(index)] for index in range(1, len(sent) + 1)]
    return sent or []


def _text(sent: Any) -> str | None:
    """Text as it is, a number as its shortest text: 2.0 is "2"."""
    if sent is None or isinstance(sent, str):
        return sent
    exact = Fraction(str(sent))
    return str(int(exact)) if exact.denominator == 1 else str(sent)


def _winner(sent: Any) -> str:
    # Decided: trimmed and lower-cased first, then looked up, so " Traitor" and " 2 " are traitors.
    word = (_text(sent) or "").strip().lower()
    return WINNERS.get(word, word)


def _difference(start: Any, end: Any) -> int | None:
    """Exact on the decimals as written, not on their nearest floats."""
    if start is None or end is None:
        return None
    return int(r(Fraction(str(end)) - Fraction(str(start)), 0))


def _players(body: dict[str, Any]) -> tuple[Player, ...]:
    """One for each SteamID, by first appearance; its last entry in each list wins."""
    start, end = (
        # Decided: an empty player_steamid is skipped like a missing one.
        {one["player_steamid"]: one for one in _array(body.get(name)) if one.get("player_steamid")}
        for name in ("start_roles", "end_roles")
    )
    rows = []
    for steam_id in {**start, **end}:
        first, last = start.get(steam_id, {}), end.get(steam_id, {})
        karma = _difference(first.get("karma"), last.get("karma"))
        points = _difference(first.get("points"), last.get("points"))
        rows.append(Player(steam_id, first.get("role"), last.get("role"), karma, points))
    return tuple(rows)


def _kill(sent: dict[str, Any]) -> Kill:
    return Kill(
        # Decided: each attacker key becomes null by itself, whatever the other one says.
        attacker_steamid=sent.get("attacker_steamid") or None,
        attacker_role=sent.get("attacker_role") or None,
        victim_steamid=sent["victim_steamid"],
        victim_role=sent.get("victim_role"),
        weapon=sent.get("weapon"),
        headshot=bool(sent.get("headshot")),
    )


def _buy(sent: dict[str, Any]) -> Buy:
    return Buy(sent["steam_id"], sent.get("role"), _text(sent["item"]) or "")


def parse_round(posted: Posted) -> Round:
    """Its time is when it ended, if the body says so, else when it was received."""
    body = posted.body
    ended_at, duration = body.get("ended_at"), body.get("duration")
    return Round(
        id=body["round_id"],
        map_name=body.get("map_name"),
        winner=_winner(body.get("winner")),
        winner_raw=_text(body.get("winner")),
        duration=None if duration is None else max(0, int(duration)),
        at=to_milliseconds(datetime.fromisoformat(ended_at) if ended_at else posted.received_at),
        server=posted.server,
        players=_players(body),
        kills=tuple(_kill(one) for one in _array(body.get("kills"))),
        buys=tuple(_buy(one) for one in _array(body.get("buys"))),
    )


def role(sent: str | None) -> str:
    """The role's name as statistics use it."""
    # Decided: a role of nothing but blanks is unknown; blanks are all that Unicode calls so.
    return (sent or "").strip().lower() or "unknown"


def team(name: str) -> str:
    """The team of a role."""
    return next((one for one, roles in TEAMS.items() if name in roles.split()), "unknown")

"""What counts of some rounds, for the recount."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.support.ttt.records import (
    WINNING,
    Buy,
    Kill,
    Player,
    Round,
    role,
    team,
)


@dataclass(frozen=True)
class Counted:
    """What counts of some rounds: each row beside its round.

    A kill row may count as its attacker's kill, as its victim's death, as both or as neither.
    """

    rounds: list[Round]
    players: list[tuple[Round, Player]]
    kills: list[tuple[Round, Kill]]
    deaths: list[tuple[Round, Kill]]
    buys: list[tuple[Round, Buy]]
    timelimit: str

    def won(self, one: Round, row: Player) -> bool:
        """Only the role at the start counts."""
        return self.team_won(one, team(role(row.role_start)))

    def team_won(self, one: Round, side: str) -> bool:
        """Only innocents and traitors can win."""
        if one.winner == "timelimit" and self.timelimit == "innocents":
            return side == "innocent"
        return WINNING.get(side) == one.winner

    def wins(self, side: str | None = None) -> int:
        """Won player rows, of one team or of all."""
        sides = (side,) if side else tuple(WINNING)
        rows = [row for row in self.players if team(role(row[1].role_start)) in sides]
        return sum(self.won(*row) for row in rows)

    @property
    def headshots(self) -> int:
        return sum(kill.headshot for _, kill in self.kills)

    @property
    def team_kills(self) -> int:
        return sum(kill.is_team_kill for _, kill in self.kills)

    @property
    def suicides(self) -> int:
        return sum(kill.is_suicide for _, kill in self.deaths)

    @property
    def world_deaths(self) -> int:
        return sum(kill.is_world for _, kill in self.deaths)

    @property
    def seen(self) -> set[str]:
        """All SteamIDs."""
        return (
            {row.steam_id for _, row in self.players}
            | {kill.attacker_steamid for _, kill in self.kills if kill.attacker_steamid}
            | {kill.victim_steamid for _, kill in self.deaths}
            | {buy.steam_id for _, buy in self.buys}
        )

    @property
    def roles(self) -> set[str]:
        """All roles held at the start, killed with or died with."""
        return (
            {role(row.role_start) for _, row in self.players}
            | {role(kill.attacker_role) for _, kill in self.kills}
            | {role(kill.victim_role) for _, kill in self.deaths}
        )

    def of_player(self, steam_id: str) -> Counted:
        """What somebody did and suffered."""
        return replace(
            self,
            players=[(one, row) for one, row in self.players if row.steam_id == steam_id],
            kills=[(one, kill) for one, kill in self.kills if kill.attacker_steamid == steam_id],
            deaths=[(one, kill) for one, kill in self.deaths if kill.victim_steamid == steam_id],
            buys=[(one, buy) for one, buy in self.buys if buy.steam_id == steam_id],
        )

    def of_role(self, name: str) -> Counted:
        """Rounds by the role at the start, kills and deaths by the role at the time of death."""
        return replace(
            self,
            players=[(one, row) for one, row in self.players if role(row.role_start) == name],
            kills=[(one, kill) for one, kill in self.kills if role(kill.attacker_role) == name],
            deaths=[(one, kill) for one, kill in self.deaths if role(kill.victim_role) == name],
        )

    def of_weapon(self, name: str) -> Counted:
        """What was done with it."""
        return replace(
            self,
            kills=[(one, kill) for one, kill in self.kills if (kill.weapon or "unknown") == name],
            deaths=[(one, kill) for one, kill in self.deaths if (kill.weapon or "unknown") == name],
        )

    def of_map(self, name: str) -> Counted:
        """What happened there."""
        return replace(
            self,
            rounds=[one for one in self.rounds if one.map == name],
            players=[(one, row) for one, row in self.players if one.map == name],
            kills=[(one, kill) for one, kill in self.kills if one.map == name],
            deaths=[(one, kill) for one, kill in self.deaths if one.map == name],
            buys=[(one, buy) for one, buy in self.buys if one.map == name],
        )

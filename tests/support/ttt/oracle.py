"""A brute-force recount of every TTT statistic, from nothing but the posted bodies.

It shares no line with what it checks.
It takes accepted posts only: what the door refuses never gets here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from fractions import Fraction
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.ttt.counted import Counted
from tests.support.ttt.numbers import iso, kd, mean, percent, r, ratio, wilson
from tests.support.ttt.records import (
    PSEUDO,
    WINNING,
    Kill,
    Player,
    Posted,
    Round,
    parse_round,
    role,
    team,
    to_milliseconds,
)

LONGEST_NAME = 128


def _ranked(items: list[dict[str, Any]], *by: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Sorted by numbers, most first, then by names, ascending by code point."""
    return sorted(
        items, key=lambda item: (*(-item[key] for key in by), *(item[name] for name in names))
    )


class Oracle:
    """Answers of the statistics endpoints, recounted from all posted rounds.

    Each method takes the filters `since`, `until` (exclusive), `server`, `map_name`,
    `include_bots` and `timelimit`, whether or not its endpoint takes them.
    """

    def __init__(
        self, posted: Iterable[Posted], names: Iterable[tuple[datetime, str, str]] = ()
    ) -> None:
        # Decided: of several posts with one round id the first in the list is the stored one.
        stored: dict[str, Round] = {}
        for one in posted:
            stored.setdefault(one.body["round_id"], parse_round(one))
        self._rounds = sorted(stored.values(), key=lambda one: (one.at, one.id), reverse=True)
        self._names: dict[str, list[dict[str, Any]]] = {}
        # Decided: names received at the same time keep the order they were given in.
        for received, steam_id, name in sorted(names, key=lambda one: one[0]):
            if steam_id not in PSEUDO:
                self._name(steam_id, name[:LONGEST_NAME], to_milliseconds(received))

    def _name(self, steam_id: str, name: str, at: datetime) -> None:
        history = self._names.setdefault(steam_id, [])
        if history and history[-1]["name"] == name:
            history[-1]["last_seen"] = at
            return
        if history:
            history[-1]["valid_to"] = at
        history.append({"name": name, "valid_from": at, "valid_to": None, "last_seen": at})

    def names(self, steam_id: str) -> dict[str, Any]:
        """All names somebody had, newest first, and the current one."""
        items = [
            {
                key: iso(value) if isinstance(value, datetime) else value
                for key, value in one.items()
            }
            for one in reversed(self._names.get(steam_id, []))
        ]
        return {"steam_id": steam_id, "current": self._current(steam_id), "items": items}

    def _current(self, steam_id: str) -> str | None:
        history = self._names.get(steam_id)
        return history[-1]["name"] if history else None

    def _name_at(self, steam_id: str, at: datetime) -> str | None:
        """The last name that was valid by then; before all of them the first."""
        history = self._names.get(steam_id, [])
        begun = [one["name"] for one in history if one["valid_from"] <= at]
        return begun[-1] if begun else history[0]["name"] if history else None

    def _within(
        self,
        since: date | None = None,
        until: date | None = None,
        server: str | None = None,
        map_name: str | None = None,
    ) -> list[Round]:
        # Decided: the map filter compares with the shown name, so "unknown" finds rounds without.
        return [
            one
            for one in self._rounds
            if (since is None or one.at.date() >= since)
            and (until is None or one.at.date() < until)
            and (server is None or one.server == server)
            and (map_name is None or one.map == map_name)
        ]

    def _count(
        self, *, include_bots: bool = False, timelimit: str = "none", **filters: Any
    ) -> Counted:
        """Without bots a kill row loses its kill if a bot killed, its death if a bot died."""
        rounds = self._within(**filters)
        left_out = set() if include_bots else PSEUDO
        kills = [(one, kill) for one in rounds for kill in one.kills]
        return Counted(
            rounds=rounds,
            players=[
                (one, row) for one in rounds for row in one.players if row.steam_id not in left_out
            ],
            kills=[
                (one, kill)
                for one, kill in kills
                if kill.is_player_kill and kill.attacker_steamid not in left_out
            ],
            deaths=[(one, kill) for one, kill in kills if kill.victim_steamid not in left_out],
            buys=[(one, buy) for one in rounds for buy in one.buys if buy.steam_id not in left_out],
            timelimit=timelimit,
        )

    def stats(self, names: bool = False, **filters: Any) -> list[dict[str, Any]]:
        """Rounds, newest first; with `names`, each player's name at the round's time."""
        return [self._item(one, names) for one in self._within(**_without_modes(filters))]

    def _item(self, one: Round, names: bool) -> dict[str, Any]:
        players = [asdict(row) for row in one.players]
        if names:
            for row in players:
                row["display_name"] = self._name_at(row["steam_id"], one.at)
        return {
            "id": one.id,
            "map_name": one.map_name,
            "winner": one.winner,
            "duration": one.duration,
            "timestamp": iso(one.at),
            "kills": [asdict(kill) for kill in one.kills],
            "players": players,
            "buys": [asdict(buy) for buy in one.buys],
        }

    def round(self, round_id: str) -> dict[str, Any] | None:
        """One round, without the ids of its kills, buys and players; None if there is none."""
        # Decided: display names stand at the players alone, and are those of the round's time.
        for one in self._rounds:
            if one.id == round_id:
                more = {"winner_raw": one.winner_raw, "server": one.server}
                return self._item(one, names=True) | more
        return None

    def overview(self, **filters: Any) -> dict[str, Any]:
        """Totals; `kill_rows` and `headshot_rows` count every kill row, bots or not."""
        counted = self._count(**filters)
        rows = [kill for one in counted.rounds for kill in one.kills]
        winners = Counter(one.winner for one in counted.rounds)
        named = {name: winners[name] for name in ("innocents", "traitors", "timelimit")}
        return {
            "rounds": len(counted.rounds),
            "players": len({row.steam_id for _, row in counted.players}),
            "kills": len(counted.kills),
            "deaths": len(counted.deaths),
            "headshots": counted.headshots,
            "team_kills": counted.team_kills,
            "suicides": counted.suicides,
            "world_deaths": counted.world_deaths,
            "kill_rows": len(rows),
            "headshot_rows": sum(kill.headshot for kill in rows),
            "avg_duration": _average_duration(counted.rounds),
            # Decided: "other" is every round that none of the three won, so the four add up.
            "wins": {**named, "other": len(counted.rounds) - sum(named.values())},
        }

    def players(
        self,
        sort: str = "kills",
        order: str = "desc",
        min_rounds: int = 0,
        min_kills: int = 0,
        search: str | None = None,
        **filters: Any,
    ) -> list[dict[str, Any]]:
        """Everybody who is seen in a player, kill or buy row."""
        counted = self._count(**filters)
        items = [
            item
            for item in (self._player(counted, steam_id) for steam_id in sorted(counted.seen))
            if item["rounds"] >= min_rounds and item["kills"] >= min_kills
        ]
        # Decided: who has no value comes last in both orders; shown values are compared.
        known = [item for item in items if item[sort] is not None]
        known.sort(key=lambda item: item[sort], reverse=order == "desc")
        ranked = known + [item for item in items if item[sort] is None]
        # Decided: a rank is that of the list without the search.
        ranked = [{**item, "rank": place} for place, item in enumerate(ranked, 1)]
        return [item for item in ranked if self._is_found(item["steam_id"], search)]

    def _is_found(self, steam_id: str, search: str | None) -> bool:
        # Decided: letters' case does not matter in names, and an empty search is none.
        names = [one["name"].lower() for one in self._names.get(steam_id, [])]
        found = any((search or "").lower() in name for name in names)
        return not search or search == steam_id or found

    def _player(self, counted: Counted, steam_id: str) -> dict[str, Any]:
        own = counted.of_player(steam_id)
        rounds, kills, deaths = len(own.players), len(own.kills), len(own.deaths)
        karma = [row.karma_diff for _, row in own.players if row.karma_diff is not None]
        weapons = Counter(kill.weapon or "unknown" for _, kill in own.kills)
        # Decided: somebody is seen in a round by any row; time is spent only by a player row.
        seen = [one.at for one, _ in [*own.players, *own.kills, *own.deaths, *own.buys]]
        return {
            "steam_id": steam_id,
            "display_name": self._current(steam_id),
            "rounds": rounds,
            "kills": kills,
            "deaths": deaths,
            "kd": kd(kills, deaths),
            "headshots": own.headshots,
            "headshot_rate": percent(own.headshots, kills),
            "team_kills": own.team_kills,
            "suicides": own.suicides,
            "world_deaths": own.world_deaths,
            "kills_on_bots": sum(kill.victim_steamid in PSEUDO for _, kill in own.kills),
            "wins": own.wins(),
            "wins_innocent": own.wins("innocent"),
            "wins_traitor": own.wins("traitor"),
            "win_rate": percent(own.wins(), rounds),
            "kills_per_round": ratio(kills, rounds, 2),
            "items_bought": len(own.buys),
            "karma_total": sum(karma),
            "karma_rounds": len(karma),
            "avg_karma": mean(karma, 2),
            "points_total": sum(row.points_diff or 0 for _, row in own.players),
            "favorite_weapon": min(weapons, key=lambda name: (-weapons[name], name), default=None),
            "roles": dict(Counter(role(row.role_start) for _, row in own.players)),
            "seconds": sum(one.duration or 0 for one, _ in own.players),
            "first_seen": iso(min(seen)) if seen else None,
            "last_seen": iso(max(seen)) if seen else None,
        }

    def player(self, steam_id: str, tz: str = "UTC", **filters: Any) -> dict[str, Any] | None:
        """Somebody's profile; None if neither a stored round nor a name knows the SteamID."""
        # Decided: known is known whatever the window; without rows in it all numbers are 0.
        ever = self._count(include_bots=filters.get("include_bots", False))
        if steam_id not in ever.seen and steam_id not in self._names:
            return None
        counted = self._count(**filters)
        own = counted.of_player(steam_id)
        return {
            **self._player(counted, steam_id),
            # Decided: the list of names alone; the rest of its own endpoint is said above.
            "names": self.names(steam_id)["items"],
            "by_role": _by_role(own),
            "by_map": _by_map(own),
            "weapons": _by_weapon(own),
            # Decided: these are pairs, so a bot is in neither, even if bots are included.
            "killed_by": self._opponents(own.deaths, "attacker_steamid", steam_id),
            "victims": self._opponents(own.kills, "victim_steamid", steam_id),
            # Decided: rounds in which there is a player row, here and in `recent`.
            "activity": _activity([one for one, _ in own.players], tz),
            "recent": _recent(own),
        }

    def _opponents(
        self, rows: list[tuple[Round, Kill]], other: str, steam_id: str
    ) -> list[dict[str, Any]]:
        kills, headshots = Counter[str](), Counter[str]()
        for _, kill in rows:
            if kill.is_player_kill and PSEUDO.isdisjoint((steam_id, getattr(kill, other))):
                kills[getattr(kill, other)] += 1
                headshots[getattr(kill, other)] += kill.headshot
        items = [
            {
                "steam_id": one,
                "display_name": self._current(one),
                "kills": kills[one],
                "headshots": headshots[one],
            }
            for one in kills
        ]
        return _ranked(items, "kills", "headshots", names=("steam_id",))[:10]

    def weapons(self, **filters: Any) -> list[dict[str, Any]]:
        """A row for each weapon that did something that counts."""
        # Decided: a weapon only bots killed with, or only bots died by, has no row without bots.
        counted = self._count(**filters)
        rows = [*counted.kills, *counted.deaths]
        items = []
        for name in {kill.weapon or "unknown" for _, kill in rows}:
            own = counted.of_weapon(name)
            item = {
                "weapon": name,
                "kills": len(own.kills),
                "headshots": own.headshots,
                "headshot_rate": percent(own.headshots, len(own.kills)),
                "team_kills": own.team_kills,
                "suicides": own.suicides,
                "world_deaths": own.world_deaths,
                "events": len(own.kills) + own.suicides + own.world_deaths,
            }
            if item["events"]:
                items.append(item)
        return _ranked(items, "kills", names=("weapon",))

    def maps(self, **filters: Any) -> list[dict[str, Any]]:
        """Rates are over all rounds of a map, however they ended."""
        counted = self._count(**filters)
        items = []
        for name in {one.map for one in counted.rounds}:
            own = counted.of_map(name)
            rounds, winners = own.rounds, Counter(one.winner for one in own.rounds)
            # Decided: wins follow `timelimit` as their rate does; the two counts beside never do.
            innocent = sum(own.team_won(one, "innocent") for one in rounds)
            traitor = sum(own.team_won(one, "traitor") for one in rounds)
            named = winners["innocents"] + winners["traitors"] + winners["timelimit"]
            items.append(
                {
                    "map_name": name,
                    "rounds": len(rounds),
                    "innocent_wins": innocent,
                    "traitor_wins": traitor,
                    "timelimit": winners["timelimit"],
                    "other": len(rounds) - named,
                    "innocent_win_rate": percent(innocent, len(rounds)),
                    "traitor_win_rate": percent(traitor, len(rounds)),
                    "avg_duration": _average_duration(rounds),
                    "kills": len(own.kills),
                }
            )
        return _ranked(items, "rounds", names=("map_name",))

    def roles(self, **filters: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """A row for each role, and how often one became another until the end."""
        counted = self._count(**filters)
        # Decided: a blank role is not given; roles are compared as statistics name them.
        changed = Counter(
            (role(row.role_start), role(row.role_end))
            for _, row in counted.players
            if (row.role_start or "").strip()
            and (row.role_end or "").strip()
            and role(row.role_start) != role(row.role_end)
        )
        changes = [{"from": old, "to": new, "count": n} for (old, new), n in changed.items()]
        # Decided: changes come most frequent first, then by name.
        return _by_role(counted), _ranked(changes, "count", names=("from", "to"))

    def duos(
        self, kind: str, min_rounds: int | None = None, **filters: Any
    ) -> list[dict[str, Any]]:
        """Pairs of team-mates by their win rate, or of any two players by rounds together."""
        counted = self._count(**filters)
        together, won = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for one in counted.rounds:
            rows = sorted(
                (row for row in one.players if row.steam_id not in PSEUDO),
                key=lambda row: row.steam_id,
            )
            for first, second in combinations(rows, 2):
                sides = team(role(first.role_start)), team(role(second.role_start))
                if kind == "frequent" or sides[0] == sides[1] in WINNING:
                    together[first.steam_id, second.steam_id] += 1
                    won[first.steam_id, second.steam_id] += counted.won(one, first)
        least = min_rounds if min_rounds is not None else 1 if kind == "frequent" else 3
        items = [
            self._named("player1", pair[0])
            | self._named("player2", pair[1])
            | {
                "rounds_together": rounds,
                "wins_together": None if kind == "frequent" else won[pair],
                "win_rate": None if kind == "frequent" else percent(won[pair], rounds),
            }
            for pair, rounds in together.items()
            if rounds >= least
        ]
        items = _ranked(items, "rounds_together", names=("player1", "player2"))
        if kind != "frequent":
            items.sort(key=lambda item: item["win_rate"], reverse=kind == "best")
        return items

    def _named(self, key: str, steam_id: str) -> dict[str, Any]:
        return {key: steam_id, f"{key}_name": self._current(steam_id)}

    def _duels(self, **filters: Any) -> list[tuple[str, str, int, int]]:
        """As (killer, victim, kills, headshots), without bots on either side."""
        kills, headshots = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
        for _, kill in self._count(**filters).kills:
            pair = str(kill.attacker_steamid), kill.victim_steamid
            if PSEUDO.isdisjoint(pair):
                kills[pair] += 1
                headshots[pair] += kill.headshot
        return [(*pair, kills[pair], headshots[pair]) for pair in kills]

    def nemesis(self, **filters: Any) -> list[dict[str, Any]]:
        """Who killed whom how often."""
        items = [
            self._named("killer", killer)
            | self._named("victim", victim)
            | {"kills": kills, "headshots": headshots}
            for killer, victim, kills, headshots in self._duels(**filters)
        ]
        return _ranked(items, "kills", "headshots", names=("killer", "victim"))

    def rivalries(self, **filters: Any) -> list[dict[str, Any]]:
        """Pairs who killed each other, both at least once."""
        kills = {(killer, victim): n for killer, victim, n, _ in self._duels(**filters)}
        items = [
            self._named("player1", one)
            | self._named("player2", other)
            | {
                "player1_kills": n,
                "player2_kills": kills[other, one],
                "total_kills": n + kills[other, one],
            }
            for (one, other), n in kills.items()
            if one < other and (other, one) in kills
        ]
        return _ranked(items, "total_kills", names=("player1", "player2"))

    def karma(
        self, order: str = "best", min_rounds: int = 5, **filters: Any
    ) -> list[dict[str, Any]]:
        """By average karma; rounds whose karma is unknown count nowhere."""
        rows: dict[str, list[int]] = {}
        for _, row in self._count(**filters).players:
            if row.karma_diff is not None:
                rows.setdefault(row.steam_id, []).append(row.karma_diff)
        items = [
            {
                "steam_id": steam_id,
                "display_name": self._current(steam_id),
                "karma_total": sum(karma),
                "karma_rounds": len(karma),
                "avg_karma": mean(karma, 2),
                # Decided: the smallest karma_diff, not the id of its round.
                "worst_round": min(karma),
            }
            for steam_id, karma in sorted(rows.items())
            if len(karma) >= min_rounds
        ]
        # Decided: by the shown average, so that equal-looking rows are in order of SteamID.
        return sorted(items, key=lambda item: item["avg_karma"], reverse=order == "best")

    def activity(self, tz: str = "UTC", **filters: Any) -> dict[str, Any]:
        """Rounds by local weekday and hour."""
        return _activity(self._within(**_without_modes(filters)), tz)

    def buys(self, **filters: Any) -> list[dict[str, Any]]:
        """Items, and whether who bought them won more often than their start roles do anyway."""
        counted = self._count(**filters)
        rows = {(one.id, row.steam_id): (one, row) for one, row in counted.players}
        items = []
        for name in {buy.item for _, buy in counted.buys}:
            bought = [(one.id, buy.steam_id) for one, buy in counted.buys if buy.item == name]
            buyers = [rows[key] for key in set(bought) if key in rows]
            buyers = [(one, row) for one, row in buyers if team(role(row.role_start)) in WINNING]
            items.append(
                {
                    "item": name,
                    "buys": len(bought),
                    "buyer_rounds": len(buyers),
                    "wins": sum(counted.won(one, row) for one, row in buyers),
                    **_compared(counted, buyers),
                    "unattributed": len(set(bought)) - len(buyers),
                }
            )
        return _ranked(items, "buys", names=("item",))


def _without_modes(filters: dict[str, Any]) -> dict[str, Any]:
    """The filters that choose rounds; bots and time limits change nothing about those."""
    return {key: filters[key] for key in filters if key not in ("include_bots", "timelimit")}


def _average_duration(rounds: list[Round]) -> int | float | None:
    return mean([one.duration for one in rounds if one.duration is not None], 0)


def _by_role(own: Counted) -> list[dict[str, Any]]:
    items = []
    for name in own.roles:
        of = own.of_role(name)
        items.append(
            {
                "role": name,
                "team": team(name),
                "rounds": len(of.players),
                "wins": of.wins(),
                "win_rate": percent(of.wins(), len(of.players)),
                "kills": len(of.kills),
                "deaths": len(of.deaths),
                "kd": kd(len(of.kills), len(of.deaths)),
                "team_kills": of.team_kills,
            }
        )
    return _ranked(items, "rounds", names=("role",))


def _by_map(own: Counted) -> list[dict[str, Any]]:
    # Decided: a map on which there is only a purchase has no row; most rounds come first.
    items = []
    for name in {one.map for one, _ in [*own.players, *own.kills, *own.deaths]}:
        of = own.of_map(name)
        items.append(
            {
                "map_name": name,
                "rounds": len(of.players),
                "wins": of.wins(),
                "win_rate": percent(of.wins(), len(of.players)),
                "kills": len(of.kills),
                "deaths": len(of.deaths),
            }
        )
    return _ranked(items, "rounds", names=("map_name",))


def _by_weapon(own: Counted) -> list[dict[str, Any]]:
    items = []
    for name in {kill.weapon or "unknown" for _, kill in own.kills}:
        of = own.of_weapon(name)
        items.append(
            {
                "weapon": name,
                "kills": len(of.kills),
                "headshots": of.headshots,
                "headshot_rate": percent(of.headshots, len(of.kills)),
            }
        )
    return _ranked(items, "kills", names=("weapon",))


def _recent(own: Counted) -> list[dict[str, Any]]:
    """Names and roles are as sent here, like those of a round."""
    return [
        {
            "id": one.id,
            "map_name": one.map_name,
            "winner": one.winner,
            "timestamp": iso(one.at),
            "role_start": row.role_start,
            "role_end": row.role_end,
            "won": own.won(one, row),
            "kills": sum(other.id == one.id for other, _ in own.kills),
            "deaths": sum(other.id == one.id for other, _ in own.deaths),
            "karma_diff": row.karma_diff,
            "points_diff": row.points_diff,
        }
        for one, row in own.players[:20]
    ]


def _activity(rounds: list[Round], tz: str) -> dict[str, Any]:
    matrix = [[0] * 24 for _ in range(7)]
    for one in rounds:
        local = one.at.astimezone(ZoneInfo(tz))
        matrix[local.isoweekday() % 7][local.hour] += 1
    return {
        "tz": tz,
        "weekday": [sum(day) for day in matrix],
        "hour": [sum(hour) for hour in zip(*matrix, strict=True)],
        "matrix": matrix,
    }


def _compared(counted: Counted, buyers: list[tuple[Round, Player]]) -> dict[str, Any]:
    """The buyers' win rate beside the mean of what their start roles win in all those rounds."""
    if not buyers:
        return dict.fromkeys(("win_rate", "baseline_win_rate", "lift", "ci95"))
    n, wins = len(buyers), sum(counted.won(one, row) for one, row in buyers)
    usual = Fraction(0)
    for _, buyer in buyers:
        of = counted.of_role(role(buyer.role_start))
        usual += Fraction(100 * of.wins(), len(of.players))
    return {
        "win_rate": percent(wins, n),
        "baseline_win_rate": r(usual / n, 1),
        "lift": r(Fraction(100 * wins, n) - usual / n, 1),
        "ci95": wilson(wins, n),
    }

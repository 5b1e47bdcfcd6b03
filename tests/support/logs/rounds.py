"""What a player did in rounds, counted one by one from everything that was ever stored."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from tests.support.logs.oracle import Event, Oracle

RANKS = [
    (10000, "Global Elite"),
    (7000, "Lenda"),
    (5000, "Mestre"),
    (3000, "Diamante"),
    (1500, "Platina"),
    (800, "Ouro"),
    (300, "Prata"),
    (-1, "Bronze"),
]


def victim(one: Event) -> str | None:
    return one.metadata.get("victimSteamId") or (one.steam_id if one.type == "KILL" else None)


def rounds(oracle: Oracle, who: str, mode: str) -> dict[tuple[str, str], list[Event]]:
    found = defaultdict(list)
    for one in oracle.events:
        parts = (one.steam_id, one.metadata.get("attackerSteamId"), victim(one))
        if one.mode == mode and who in parts and one.metadata.get("roundId"):
            found[one.server, one.metadata["roundId"]].append(one)
    return found


def roles(own: list[Event], who: str) -> set[str]:
    said = [one.metadata.get("role") for one in own if one.steam_id == who]
    said += [
        one.metadata.get("attackerRole")
        for one in own
        if one.metadata.get("attackerSteamId") == who
    ]
    said += [one.metadata.get("victimRole") for one in own if victim(one) == who]
    return {role.lower() for role in said if role}


def winner(oracle: Oracle, round_: tuple[str, str]) -> str | None:
    ends = [
        one
        for one in oracle.events
        if one.type == "ROUND_END" and (one.server, one.metadata.get("roundId")) == round_
    ]
    for one in sorted(ends, key=lambda end: (end.at, end.id), reverse=True):
        said = str(one.metadata.get("winner") or one.metadata.get("result") or "").lower()
        for word, side in (
            *(("2", "traitor"), ("3", "innocent"), ("4", "timeout")),
            *(("traitor", "traitor"), ("innocent", "innocent"), ("time", "timeout")),
        ):
            if said == word or (len(word) > 1 and word in said):
                return side
        if said:
            return said
    return None


def terror(oracle: Oracle, who: str) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    mine = rounds(oracle, who, "TTT")
    for round_, own in mine.items():
        had = roles(own, who)
        role = next((r for r in ("traitor", "detective", "innocent") if r in had), None)
        if role:
            side = {"traitor"} if role == "traitor" else {"innocent", "timeout"}
            counts[f"{role}Rounds"] += 1
            counts[f"{role}Wins"] += winner(oracle, round_) in side
    killed = [one for one in oracle.events if one.mode == "TTT" and one.type == "KILL"]
    deaths = sum(victim(one) == who for one in killed)
    kills = sum(one.metadata.get("attackerSteamId") == who != victim(one) for one in killed)
    points = 100 * kills + 20 * max(0, kills - deaths) + 10 * len(mine)
    parts = [
        f"{role}{what}"
        for role in ("traitor", "detective", "innocent")
        for what in ("Rounds", "Wins")
    ]
    return {
        "roundsPlayed": len(mine),
        "roundsWon": sum(counts[part] for part in parts if part.endswith("Wins")),
        **{part: counts[part] for part in parts},
        "kills": kills,
        "deaths": deaths,
        "points": points,
        "rank": next(rank for above, rank in RANKS if points > above),
    }


def murder(oracle: Oracle, who: str) -> dict[str, Any]:
    mine = rounds(oracle, who, "Murder")
    murders = [
        round_
        for round_, own in mine.items()
        if "murderer" in roles(own, who)
        or any(o.type == "KILL" and o.metadata.get("attackerSteamId") == who for o in own)
    ]
    others = [round_ for round_ in mine if round_ not in murders]
    return {
        "roundsPlayed": len(mine),
        "murdererRounds": len(murders),
        "murdererWins": sum(winner(oracle, round_) == "murderer" for round_ in murders),
        "bystanderWins": sum(winner(oracle, round_) == "bystander" for round_ in others),
    }

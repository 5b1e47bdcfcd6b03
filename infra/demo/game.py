"""The game itself: who plays which role in a round, who kills whom, and who wins."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from infra.demo import words
from infra.demo.people import FULL_KARMA, Player

Row = dict[str, Any]
# What servers call the winners: numbers in the plain game, words with an addon of roles.
WINNERS = {
    "none": ("1", "nones"),
    "traitors": ("2", "traitors"),
    "innocents": ("3", "innocents"),
    "timelimit": ("4", "timelimit"),
    "jesters": ("jesters", "jesters"),
}
_LOWEST_KARMA = 450.0


class Sides(NamedTuple):
    """Who plays a round: the traitors, those who fight them, and the jester, if there is one."""

    traitors: list[Player]
    others: list[Player]
    jester: Player | None


class Game:
    """Plays rounds; `kills` and `buys` are means per player and round.

    Without `kills` everybody dies once at most, and a round ends with one side; with it the dead
    are revived, as some servers do.
    """

    def __init__(self, rng: Random, kills: float | None, buys: float):
        self._random = rng.random
        self._kills = kills
        self._buys = buys

    def assign_roles(self, players: list[Player]) -> Sides:
        """Gives everybody a role."""
        random = self._random
        count = len(players)
        order = players[:]
        roles = ["traitor"] * max(1, count // 4) + ["detective"] * (count // 8)
        traitors, jester = count // 4 or 1, len(roles) if random() < 0.25 else 0
        roles += ["jester"] if jester else []
        roles += ["role_7"] if random() < 0.1 else []  # one that the addon has no name for
        for one in players:
            one.role = "innocent"
        for place, role in enumerate(roles):
            other = place + int(random() * (count - place))
            one = order[other]
            order[other] = order[place]
            order[place] = one
            one.role = role
        fool = order.pop(jester) if jester else None
        return Sides(order[:traitors], order[traitors:], fool)

    def fight(self, sides: Sides) -> tuple[str, list[Row]]:
        """The winner and the kills in order; karma, points and roles follow them."""
        random = self._random
        traitors, others, jester = sides
        count = len(traitors) + len(others)
        most, falls = self._limits(count + 1 if jester else count)
        # As many die on a side as it has members, but for what the better players make of it.
        lead = len(others) / count + 0.35 * (_skill(traitors) - _skill(others))
        kills: list[Row] = []
        winner = self._fooled(sides, kills)
        alive, hidden = others[:], traitors[:]
        while len(kills) < most:
            own, foes = (hidden, alive) if random() < lead else (alive, hidden)
            if random() < 0.05:
                victim, side = self._accident(foes, kills), foes
            else:
                victim, side = self._strike(own, foes, kills)
            if random() < falls:
                side.remove(victim)
                if victim.role == "detective":
                    self._promote(alive)
            if not side:
                winner = winner or ("innocents" if side is hidden else "traitors")
                if self._kills is None:
                    break
                side += traitors if side is hidden else others
        return winner or "timelimit", kills

    def _fooled(self, sides: Sides, kills: list[Row]) -> str:
        """A jester wants to be killed, and may win by it."""
        traitors, others, jester = sides
        random = self._random
        if not jester or random() < 0.5:
            return ""
        hunters = others if random() < 0.6 else traitors
        self._shoot(hunters[int(random() * len(hunters))], jester, False, kills)
        return "jesters" if hunters is others and random() < 0.3 else ""

    def _limits(self, count: int) -> tuple[int, float]:
        """How many kills a round may see, and how likely a death is permanent."""
        random = self._random
        is_slow = random() < 0.07  # nobody dares, until the time is up
        if self._kills is None:
            return (int(count * (0.2 + 0.4 * random())) if is_slow else 2 * count), 1.0
        most = int(self._kills * count * (0.75 + random() / 2) + random())
        return most, min(1.0, (0.5 if is_slow else 1.4) * count / max(1, most))

    def _strike(
        self, own: list[Player], foes: list[Player], kills: list[Row]
    ) -> tuple[Player, list[Player]]:
        """Somebody kills somebody, the better the likelier; the victim and their side."""
        random = self._random
        killer, rival = own[int(random() * len(own))], own[int(random() * len(own))]
        if rival.skill > killer.skill:
            killer = rival
        side = own if random() < killer.careless and len(own) > 1 else foes
        victim, rival = side[int(random() * len(side))], side[int(random() * len(side))]
        if victim is killer or (rival.skill < victim.skill and rival is not killer):
            victim = rival
        if victim is killer:
            side = foes
            victim = foes[int(random() * len(foes))]
        self._shoot(killer, victim, side is own, kills)
        return victim, side

    def _shoot(self, killer: Player, victim: Player, is_friend: bool, kills: list[Row]) -> None:
        random = self._random
        role = killer.role
        arsenal = killer.traitor_arsenal if role == "traitor" else killer.arsenal
        weapon = arsenal[int(random() * len(arsenal))]
        kills.append(
            {
                "attacker_steamid": killer.steam_id,
                "attacker_role": role,
                "victim_steamid": victim.steam_id,
                "victim_role": victim.role,
                "weapon": weapon,
                "headshot": random() < killer.aim and weapon not in words.BLADES,
            }
        )
        if is_friend:
            killer.points -= 8.0
            lost = 30 + int(random() * 280) / 4  # the game counts karma in fractions
            killer.karma = max(_LOWEST_KARMA, killer.karma - lost)
        else:
            killer.points += 1.0

    def _accident(self, side: list[Player], kills: list[Row]) -> Player:
        """Somebody dies by their own weapon or by the world, which has no SteamID."""
        random = self._random
        victim = side[int(random() * len(side))]
        row: Row = {
            "victim_steamid": victim.steam_id,
            "victim_role": victim.role,
            "weapon": words.WORLD[int(random() * len(words.WORLD))],
            "headshot": random() < 0.1,  # the game leaves the flag of an earlier hit
        }
        if random() < 0.5:
            row["attacker_steamid"], row["attacker_role"] = victim.steam_id, victim.role
            row["weapon"] = victim.arsenal[int(random() * len(victim.arsenal))]
        kills.append(row)
        return victim

    def _promote(self, alive: list[Player]) -> None:
        """A dead detective may have named a deputy."""
        if alive and self._random() < 0.3:
            heir = alive[int(self._random() * len(alive))]
            if heir.role == "innocent":
                heir.role = "deputy"

    def shop(self, players: list[Player]) -> list[Row]:
        """What traitors and detectives buy, in order; to be asked before anybody fights."""
        random = self._random
        buyers = [one for one in players if one.role in ("traitor", "detective")]
        count = int(self._buys * len(players) * (0.6 + random() * 0.8) + random())
        buys: list[Row] = []
        for _ in range(count):
            buyer = buyers[int(random() * len(buyers))]
            role = buyer.role
            wishes = buyer.traitor_wishes if role == "traitor" else buyer.detective_wishes
            item = wishes[int(random() * len(wishes))]
            buys.append({"steam_id": buyer.steam_id, "role": role, "item": item})
        return buys

    def heal(self, players: list[Player]) -> None:
        """The karma that a round gives back to everybody."""
        for one in players:
            one.karma = min(FULL_KARMA, one.karma + 10.0)


def to_role_list(players: list[Player]) -> list[Row]:
    """A role list, as the addon sends it at the start and the end of a round."""
    return [
        {"player_steamid": one.steam_id, "role": one.role, "karma": one.karma, "points": one.points}
        for one in players
    ]


def _skill(players: list[Player]) -> float:
    return sum([one.skill for one in players]) / len(players)

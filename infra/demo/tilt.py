"""A Discord bot that watches some hot-headed players and posts when they are on tilt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_LOUD = 2.0  # the score from which the bot posts
_SIDES = {"traitor": "traitors", "innocent": "innocents", "detective": "innocents"}
_WORDS = {"2": "traitors", "3": "innocents"}


@dataclass
class Bot:
    """Remembers how upset each of the watched is; deaths and defeats add up, a calm round soothes.

    `watched` maps SteamIDs to the users of the bot.
    """

    watched: dict[str, str]
    _scores: dict[str, float] = field(default_factory=dict)

    def list_events(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """The events to post after that round."""
        moment = datetime.fromisoformat(body["ended_at"])
        events = []
        for entry in body["start_roles"]:
            who = entry["player_steamid"]
            if who not in self.watched:
                continue
            signals = _signals(who, entry["role"], body)
            upset = 0.35 * sum(one["severity"] for one in signals)
            score = min(5.0, round(0.6 * self._scores.get(who, 0.0) + upset, 2))
            self._scores[who] = score
            if signals and score >= _LOUD:
                events.append(
                    {
                        "userId": self.watched[who],
                        "timestamp": round(moment.timestamp() * 1000),
                        "signals": signals,
                        "tiltScore": score,
                        "context": "discord-guild",
                    }
                )
        return events


def _signals(who: str, role: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for kill in body["kills"]:
        if kill["victim_steamid"] != who:
            continue
        killer = _SIDES.get(kill.get("attacker_role", ""))
        if killer and killer == _SIDES.get(kill["victim_role"]):
            found.append({"type": "rage-keywords", "severity": 4, "confidence": 0.9})
        elif kill["headshot"]:
            found.append({"type": "bad-beat", "severity": 3, "confidence": 0.7})
        else:
            found.append({"type": "rapid-messages", "severity": 2, "confidence": 0.6})
    winner = _WORDS.get(body["winner"], body["winner"])
    if found and role in _SIDES and _SIDES[role] != winner:
        found.append({"type": "losing-streak", "severity": 1, "confidence": 0.8})
    return found[:50]

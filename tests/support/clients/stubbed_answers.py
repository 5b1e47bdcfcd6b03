"""What the API answers the console's first pages, small and with hostile names."""

from __future__ import annotations

from typing import Any

HOSTILE = [
    "<img src=x onerror=faults.push('run')>",
    "\u202egnp.exe\u202c",
    "W" * 128,
    "\u754c" * 128,
    "</script><script>faults.push('run')</script>",
    "${faults.push('run')}",
    "\u0645\u0631\u062d\u0628\u0627",
    "Z\u0351\u036b\u0343" * 32,
    "javascript:faults.push('run')",
    "",
]
OVERVIEW = {
    "rounds": 1234, "players": 56, "kills": 7890, "headshots": 1973, "team_kills": 12,
    "suicides": 3, "avg_duration": 245,
    "wins": {"innocents": 617, "traitors": 600, "timelimit": 7, "other": 10},
    "from": "2026-01-01", "to": "2026-01-31",
}  # fmt: skip


def make_player(number: int, name: str | None) -> dict[str, Any]:
    """A player of the ranking; their numbers are told from each other's."""
    return {
        "steam_id": f"STEAM_0:1:{number}", "display_name": name, "rounds": 1000 + number,
        "rank": 30_000 + number,
        "kills": 20_000 - number, "deaths": 300 + number, "kd": 1.25, "headshot_rate": 33.3,
        "wins": 44, "win_rate": 48.5, "team_kills": 2, "seconds": 3725,
        "favorite_weapon": "weapon_ttt_<b>knife", "last_seen": "2026-01-30T20:00:00Z",
    }  # fmt: skip


def make_profile(steam_id: str, name: str) -> dict[str, Any]:
    """A player's profile."""
    opponent = {"steam_id": "STEAM_0:1:7", "display_name": name, "kills": 77, "headshots": 8}
    return make_player(1, name) | {
        "steam_id": steam_id, "kills_per_round": 1.79, "avg_karma": -1.52, "points_total": 19,
        "items_bought": 103, "first_seen": "2026-01-01T20:00:00Z",
        "activity": {"matrix": [[0] * 24 for _ in range(6)] + [[9] * 24], "tz": "UTC"},
        "by_role": [{"role": name, "rounds": 5, "win_rate": 40, "kills": 6, "deaths": 7, "kd": 0.86,
                     "team_kills": 1}],
        "by_map": [{"map_name": name, "rounds": 9, "win_rate": 55.5, "kills": 8, "deaths": 6}],
        "weapons": [{"weapon": name, "kills": 66, "headshots": 5, "headshot_rate": 7.6}],
        "killed_by": [opponent], "victims": [opponent],
    }  # fmt: skip


def make_answers() -> dict[str, Any]:
    """By path, for the pages that need no login."""
    players = [make_player(number, name) for number, name in enumerate(HOSTILE, 1)]
    name = HOSTILE[0]
    score = {
        "rank": 1, "username": name, "level": 32, "exp": 55_000, "item_score": 26_680,
        "gold": 31_250, "total_attack": 487, "total_defense": 400, "total_hp": 2780,
    }  # fmt: skip
    weapon = {
        "weapon": name, "kills": 4321, "headshots": 99, "headshot_rate": 2.3, "team_kills": 4,
        "suicides": 5,
    }  # fmt: skip
    played = {
        "map_name": name, "rounds": 321, "kills": 654, "innocent_win_rate": 51.5,
        "traitor_win_rate": 40.5, "timelimit": 6, "avg_duration": 125,
    }  # fmt: skip
    server = {
        "id": "srv_1", "name": name, "mode": "TTT", "map": name, "players": 13, "maxPlayers": 32,
        "lastSeen": "2026-01-30T20:00:00Z",
    }  # fmt: skip
    day = {"players": 24, "new_players": 9, "returning_players": 15}
    session = {
        "started_at": "2026-01-30T20:00:00Z", "ended_at": "2026-01-30T22:00:00Z", "server": name,
        "rounds": 17, "wins": 11, "kills": 29, "deaths": 14, "karma_diff": -41,
    }  # fmt: skip
    return {
        "/api/ttt/overview": OVERVIEW,
        "/api/ttt/players": {"items": players, "next_cursor": None},
        "/api/ttt/players/STEAM_0%3A1%3A1": make_profile("STEAM_0:1:1", HOSTILE[2]),
        "/api/ttt/players/STEAM_0%3A1%3A1/form": {
            "items": [{"start": f"2026-01-{one:02}", "rounds": 13, "kd": 1.44} for one in (5, 6)]
        },
        "/api/ttt/players/STEAM_0%3A1%3A1/sessions": {"items": [session], "next_cursor": None},
        "/api/ttt/players/STEAM_0%3A1%3A1/names": {
            "items": [{"name": one, "valid_from": "2026-01-01T20:00:00Z", "valid_to": None}
                      for one in HOSTILE]
        },
        "/api/ttt/weapons": {"items": [weapon], "next_cursor": None},
        "/api/ttt/maps": {"items": [played], "next_cursor": None},
        "/api/ttt/activity": {"matrix": [[*range(24)] for _ in range(7)], "tz": "UTC"},
        "/api/ttt/newcomers": {"items": [{"day": f"2026-01-{one:02}", **day} for one in (1, 2, 3)]},
        "/api/servers/live": [server],
        "/api/highscores": {"by_level": [score], "by_item_score": [score]},
    }  # fmt: skip

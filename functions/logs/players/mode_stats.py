"""Modes: what a player did in each game mode."""

from __future__ import annotations

from typing import Any

from functions.logs.players import playtime
from functions.shared import db, fields

# From how many points a rank begins.
_RANKS = (
    (10_000, "Global Elite"),
    (7000, "Lenda"),
    (5000, "Mestre"),
    (3000, "Diamante"),
    (1500, "Platina"),
    (800, "Ouro"),
    (300, "Prata"),
)


class Sandbox(fields.CamelResponse):
    """Sessions on Sandbox servers, and everything spawned."""

    total_play_time_hours: float
    total_sessions: int
    props_spawned: int


class Terror(fields.CamelResponse):
    """Rounds of TTT by the role in them; a round of unknown role is played, not won."""

    rounds_played: int
    rounds_won: int
    traitor_rounds: int
    traitor_wins: int
    detective_rounds: int
    detective_wins: int
    innocent_rounds: int
    innocent_wins: int
    kills: int
    deaths: int
    points: int
    rank: str


class Murder(fields.CamelResponse):
    """Rounds of Murder."""

    rounds_played: int
    murderer_rounds: int
    murderer_wins: int
    bystander_wins: int


class ModeStats(fields.ResponseModel):
    """A part for each mode in which the player has events."""

    sandbox: Sandbox | None = None
    ttt: Terror | None = None
    murder: Murder | None = None


def get_mode_stats(steam_id: str) -> dict[str, Any]:
    """A player's Modes. One round trip."""
    [row] = db.query(_MODES, {"who": steam_id})
    stats = {}
    if "Sandbox" in row["modes"]:
        stats["sandbox"] = {
            "totalPlayTimeHours": playtime.to_hours(row["seconds"]),
            "totalSessions": row["sessions"],
            "propsSpawned": row["props"],
        }
    if "TTT" in row["modes"]:
        stats["ttt"] = _terror(row["rounds"], row["kills"], row["deaths"])
    if "Murder" in row["modes"]:
        stats["murder"] = _murder(row["rounds"])
    return stats


def _terror(rounds: list[dict[str, Any]], kills: int, deaths: int) -> dict[str, Any]:
    counts = {}
    for role in ("traitor", "detective", "innocent"):
        mine = [one for one in rounds if one["mode"] == "TTT" and one["role"] == role]
        winners = ("traitor",) if role == "traitor" else ("innocent", "timeout")
        counts[f"{role}Rounds"] = sum(one["rounds"] for one in mine)
        counts[f"{role}Wins"] = sum(one["rounds"] for one in mine if one["winner"] in winners)
    played = sum(one["rounds"] for one in rounds if one["mode"] == "TTT")
    points = 100 * kills + 20 * max(0, kills - deaths) + 10 * played
    return {
        "roundsPlayed": played,
        "roundsWon": sum(number for name, number in counts.items() if name.endswith("Wins")),
        **counts,
        "kills": kills,
        "deaths": deaths,
        "points": points,
        "rank": next((rank for above, rank in _RANKS if points > above), "Bronze"),
    }


def _murder(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    mine = [one for one in rounds if one["mode"] == "Murder"]
    murders = [one for one in mine if one["is_murderer"]]
    others = [one for one in mine if not one["is_murderer"]]
    return {
        "roundsPlayed": sum(one["rounds"] for one in mine),
        "murdererRounds": sum(one["rounds"] for one in murders),
        "murdererWins": sum(one["rounds"] for one in murders if one["winner"] == "murderer"),
        "bystanderWins": sum(one["rounds"] for one in others if one["winner"] == "bystander"),
    }


# Several events of a round may name a winner: the newest counts.
_MODES = """
    with mine as (
      select mode, server_id, round_id, bool_or(is_traitor) as is_traitor,
        bool_or(is_detective) as is_detective, bool_or(is_innocent) as is_innocent,
        bool_or(is_murderer) as is_murderer, sum(kills)::bigint as kills,
        sum(deaths)::bigint as deaths
      from logs.player_round_sums
      where steam_id = %(who)s
      group by mode, server_id, round_id
    ), ended as (
      select distinct on (server_id, round_id) server_id, round_id, winner
      from logs.round_winner_sums
      where (server_id, round_id) in (select server_id, round_id from mine)
      order by server_id, round_id, ended_at desc, ended_by desc
    ), round as (
      select m.mode,
        case
          when m.is_traitor then 'traitor'
          when m.is_detective then 'detective'
          when m.is_innocent then 'innocent'
        end as role,
        m.is_murderer, e.winner, count(*) as rounds
      from mine m
      left join ended e on e.server_id = m.server_id and e.round_id = m.round_id
      where m.round_id is not null
      group by m.mode, role, m.is_murderer, e.winner
    )
    select coalesce((
        select json_agg(distinct mode)
        from logs.player_sums
        where steam_id = %(who)s
          and events > 0
      ), '[]') as modes,
      (
        select coalesce(sum(props), 0)::bigint
        from logs.player_sums
        where steam_id = %(who)s
          and mode = 'Sandbox'
      ) as props,
      p.seconds, p.sessions, k.kills, k.deaths,
      coalesce((select json_agg(r) from round r), '[]') as rounds
    from (
      select coalesce(sum(m.seconds), 0)::bigint as seconds,
        coalesce(sum(m.sessions), 0)::bigint as sessions
      from (
        select server_id, seconds, sessions
        from logs.play_totals
        where steam_id = %(who)s
        union all
        select p.server_id,
          p.sign * logs.overlap_seconds(p.started_at, p.ended_at, h.at, 'infinity'),
          case when p.started_at >= h.at then p.sign else 0 end
        from logs.diff_queued_sessions(%(who)s, null) as p
        cross join (select rollups.retained_from('logs.session_hours') as at) as h
        where p.kind = 'session'
      ) as m
      join logs.servers s on s.id = m.server_id
      where s.mode = 'Sandbox'
    ) as p
    cross join (
      select coalesce(sum(kills), 0)::bigint as kills, coalesce(sum(deaths), 0)::bigint as deaths
      from mine
      where mode = 'TTT'
    ) as k
"""

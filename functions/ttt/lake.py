"""What the lake has of TTT: rounds and what happened in them, by SteamID and without names."""

from __future__ import annotations

from functions.shared.lake_tables import RawTable

_ROUND = "ttt.rounds"  # whatever changes, changes together with its round

tables = (
    RawTable(
        "ttt.rounds",
        source=_ROUND,
        time="occurred_at",
        columns=(
            "occurred_at",
            "id",
            "ended_at",
            "server",
            "map_name",
            "winner",
            "duration",
            "received_at",
        ),
        left_out={
            "winner_raw": "free text; winner has what it counts as",
            "players": "as sent, names too; ttt.players has what counts",
            "kills": "as sent; ttt.kills has what counts",
            "buys": "as sent; ttt.buys has what counts",
        },
    ),
    RawTable(
        "ttt.players",
        source=_ROUND,
        time="occurred_at",
        columns=(
            "occurred_at",
            "round_id",
            "steam_id",
            "role_start",
            "role_end",
            "karma_diff",
            "points_diff",
            "map_name",
            "server",
            "winner",
            "duration",
        ),
    ),
    RawTable(
        "ttt.kills",
        source=_ROUND,
        time="occurred_at",
        columns=(
            "occurred_at",
            "round_id",
            "ordinal",
            "attacker_steamid",
            "attacker_role",
            "victim_steamid",
            "victim_role",
            "weapon",
            "headshot",
            "map_name",
            "server",
        ),
    ),
    RawTable(
        "ttt.buys",
        source=_ROUND,
        time="occurred_at",
        columns=(
            "occurred_at",
            "round_id",
            "ordinal",
            "steam_id",
            "role",
            "item",
            "map_name",
            "server",
        ),
    ),
)

"""What the lake has of the tracker: each player's part of a completed battle."""

from __future__ import annotations

from functions.shared.lake_tables import RawTable

tables = (
    RawTable(
        "tracker.battle_results",
        source="tracker.battle_results",
        time="completed_at",
        columns=(
            "completed_at",
            "battle_id",
            "user_id",
            "faction_id",
            "detachment",
            "mission",
            "is_mirror",
            "outcome",
            "victory_points",
            "opponent_victory_points",
            "is_first",
            "turns",
            "turn_ms",
        ),
    ),
)

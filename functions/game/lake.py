"""What the lake has of the game: movements of gold, results, claims and visits, by player id."""

from __future__ import annotations

from functions.shared.lake_tables import RawTable

tables = (
    RawTable(
        "game.ledger",
        source="game.ledger",
        time="occurred_at",
        columns=(
            "occurred_at",
            "id",
            "player_id",
            "kind",
            "amount",
            "balance_after",
            "cause",
            "reference",
        ),
        left_out={"actor": "name of an operator", "reason": "free text"},
    ),
    RawTable(
        "game.visits",
        source="game.visits",
        time="visited_at",
        columns=("visited_at", "player_id", "joined_at"),
    ),
    RawTable(
        "game.battle_results",
        source="game.battle_results",
        time="ended_at",
        columns=(
            "ended_at",
            "battle_id",
            "player_id",
            "battle_type",
            "difficulty",
            "outcome",
            "attacks",
            "damage",
        ),
    ),
    RawTable(
        "game.claims",
        source="game.claims",
        time="claimed_at",
        columns=(
            "claimed_at",
            "battle_id",
            "player_id",
            "battle_type",
            "difficulty",
            "gold",
            "xp",
            "drop_percent",
            "rarity",
        ),
    ),
)

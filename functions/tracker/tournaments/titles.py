"""Titles: who has won a tournament, and how many each user has won."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.shared import db

if TYPE_CHECKING:  # a battle is read without the engine
    from functions.tracker.tournaments.state import StoredTournament


def find_champion(stored: StoredTournament) -> str | None:
    """Who has won; None after a final that both lost, and in a bracket that is still open."""
    from functions.tracker.engine.standings import rank_players

    return rank_players(stored.tournament).champion_id


def move_title(before: str | None, after: str | None) -> None:
    """Counts a tournament that somebody won, and not for who had won it before. One round trip."""
    db.query(
        """
        insert into tracker.players as p (user_id, tournament_wins)
        select m.user_id, greatest(m.wins, 0)
        from (values (%s::text, -1), (%s::text, 1)) as m (user_id, wins)
        where m.user_id is not null
          and %s::text is distinct from %s::text
        on conflict (user_id) do update
        set tournament_wins = greatest(
          p.tournament_wins + case when p.user_id = %s then -1 else 1 end, 0
        )
        """,
        (before, after, before, after, before),
    )

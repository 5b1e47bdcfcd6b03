"""Random histories of tournaments: draws, drops, byes, forfeits, clubs, late entries."""

from __future__ import annotations

from random import Random
from typing import Any

from functions.tracker.engine.pairing import pair_round
from functions.tracker.engine.tournament import (
    Bye,
    Pairing,
    Player,
    Result,
    Round,
    Rules,
    Tournament,
)
from tests.support.tournaments import make_result


def draw_result(random: Random, pairing: Pairing) -> Result:
    """A result as events have them: mostly played, now and then not, or lost by both."""
    own, theirs = random.randrange(101), random.randrange(101)
    kind = random.choices(("played", "drawn", "forfeit", "double_loss"), (80, 10, 6, 4))[0]
    if kind == "drawn":
        theirs = own
    if kind == "double_loss":
        return Result((own, theirs), None, "double_loss")
    if kind == "forfeit":
        return Result((70, 0), random.choice(pairing.player_ids), "forfeit")
    return make_result(*pairing.player_ids, own, theirs)


def make_history(seed: int, most: int = 10) -> Tournament:
    """An event in which people met as it happened, and not as anybody would have paired them."""
    random = Random(seed)
    count, rounds = random.randint(2, most), random.randint(0, 5)
    players = tuple(_draw_player(random, number, rounds) for number in range(1, count + 1))
    played: list[Round] = []
    for number in range(1, rounds + 1):
        there = [
            one.user_id
            for one in players
            if number not in one.credits
            and (one.dropped_after_round is None or one.dropped_after_round >= number)
        ]
        random.shuffle(there)
        byes = tuple(Bye(there.pop()) for _ in range(len(there) % 2))
        pairings = [Pairing(one, other) for one, other in zip(there[::2], there[1::2], strict=True)]
        results = (one._replace(result=draw_result(random, one)) for one in pairings)
        played.append(Round(number, tuple(results), byes))
    rules = Rules(
        swiss_rounds=12,
        first_round=random.choice(("random", "seeded")),
        pairing_score=random.choices(("match_points", "battle_points"), (4, 1))[0],
        pairing_by=random.choice(("win_path", "victory_points", "random")),
        avoid_same_club=random.choice(("off", "first_round", "always")),
    )
    return Tournament("swiss", str(seed), players, tuple(played), tuple(range(1, 9)), rules)


def play_rounds(
    names: list[str], rounds: int, random: Random, *, upset: float = 0.5, **rules: Any
) -> Tournament:
    """An event that the engine pairs, whose better seed loses so often."""
    players = tuple(Player(name, seed) for seed, name in enumerate(names, 1))
    seeds = {player.user_id: player.seed for player in players}
    chosen = Rules(**({"swiss_rounds": rounds} | rules))
    event = Tournament("swiss", "42", players, (), tuple(range(1, len(names) // 2 + 1)), chosen)
    for number in range(1, rounds + 1):
        paired = pair_round(event, number).round
        finished = []
        for pairing in paired.pairings:
            winner, loser = sorted(pairing.player_ids, key=seeds.__getitem__)
            if random.random() < upset:
                winner, loser = loser, winner
            low = random.randrange(60)
            high = low if random.random() < 0.1 else random.randint(low, 100)
            own, theirs = (high, low) if pairing.player1_id == winner else (low, high)
            result = make_result(*pairing.player_ids, own, theirs)
            finished.append(pairing._replace(result=result, has_started=True))
        event = event._replace(rounds=(*event.rounds, paired._replace(pairings=tuple(finished))))
    return event


def _draw_player(random: Random, number: int, rounds: int) -> Player:
    """Most are there all the time; some come late, some leave, one in ten skips the next round."""
    player = Player(f"usr_{number}", number, club=random.choice((None, "North", "South", "East")))
    fate = random.choices(("stays", "late", "drops", "absent"), (70, 15, 10, 5))[0]
    if fate == "late" and rounds:
        credit = random.choice(("loss", "draw", "bye"))
        missed = random.randint(1, rounds)
        return player._replace(credits=dict.fromkeys(range(1, missed + 1), credit))
    if fate == "drops" and rounds and number > 2:
        left = random.randint(1, rounds)
        return player._replace(status="dropped", dropped_after_round=left)
    if fate == "absent" and number > 2:
        return player._replace(absent=frozenset({rounds + 1}))
    return player

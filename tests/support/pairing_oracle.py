"""Swiss pairing by trying everything: slow, naive, and written from the rules alone."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from functions.tracker.engine.tournament import Pairing, Round, Tournament

Vector = tuple[int, ...]


class Oracle:
    """Knows what each pairing of a round costs."""

    def __init__(self, tournament: Tournament, number: int) -> None:
        self.tournament, self.number = tournament, number
        self.past = tournament.rounds[: number - 1]
        self.clubs = {one.user_id: one.club for one in tournament.players}
        active = [
            one.user_id
            for one in tournament.players
            if one.status == "confirmed" and number not in one.absent
        ]
        self.order = sorted(active, key=self.sort_key)

    def sort_key(self, user_id: str) -> tuple[object, ...]:
        rules = self.tournament.rules
        path = [self.letter(user_id, played) for played in self.past]
        second: object = ["WDL".index(letter) for letter in path]
        if rules.pairing_by == "victory_points":
            second = -sum(self.points(user_id, played)[0] for played in self.past)
        elif rules.pairing_by == "random":
            second = 0
        seeds = {one.user_id: one.seed for one in self.tournament.players}
        text = f"{self.tournament.pairing_seed}:{self.number}:{user_id}".encode()
        last = seeds[user_id] if rules.first_round == "seeded" else sha256(text).hexdigest()
        return -self.score(user_id, len(self.past)), second, last

    def find_game(self, user_id: str, played: Round) -> Pairing | None:
        return next((one for one in played.pairings if user_id in one.player_ids), None)

    def letter(self, user_id: str, played: Round) -> str:
        game = self.find_game(user_id, played)
        if game is None:
            if any(bye.player_id == user_id for bye in played.byes):
                return "W"
            [player] = [one for one in self.tournament.players if one.user_id == user_id]
            return {"loss": "L", "draw": "D", "bye": "W"}[player.credits.get(played.number, "loss")]
        assert game.result
        if game.result.winner_id:
            return "W" if game.result.winner_id == user_id else "L"
        return "L" if game.result.result_type in ("double_loss", "forfeit") else "D"

    def points(self, user_id: str, played: Round) -> tuple[int, int]:
        """Victory points and battle points of a round."""
        rules, letter = self.tournament.rules, self.letter(user_id, played)
        game = self.find_game(user_id, played)
        if game is None or (game.result and game.result.result_type == "forfeit"):
            if letter == "D":
                return 0, 10
            return (rules.bye_victory_points, rules.bye_battle_points) if letter == "W" else (0, 0)
        assert game.result
        own, theirs = game.result.victory_points
        if user_id == game.player2_id:
            own, theirs = theirs, own
        if game.result.result_type == "double_loss":
            return own, 0
        steps, gap = 0, abs(own - theirs)
        while steps < 10 and gap > rules.draw_band + 5 * steps:
            steps += 1
        return own, 10 + steps if own > theirs else 10 - steps

    def score(self, user_id: str, rounds: int) -> int:
        past = self.past[:rounds]
        if self.tournament.rules.pairing_score == "battle_points":
            return sum(self.points(user_id, played)[1] for played in past)
        return sum({"W": 2, "D": 1, "L": 0}[self.letter(user_id, played)] for played in past)

    def free_wins(self, user_id: str) -> int:
        total = 0
        for played in self.past:
            game = self.find_game(user_id, played)
            is_unplayed = game is None or (game.result and game.result.result_type == "forfeit")
            total += bool(is_unplayed) and self.letter(user_id, played) == "W"
        return total

    def floats(self, user_id: str, down: bool) -> int:
        if self.tournament.rules.pairing_score == "battle_points":
            return 0
        total = 0
        for index, played in enumerate(self.past):
            if game := self.find_game(user_id, played):
                [other] = [one for one in game.player_ids if one != user_id]
                gap = self.score(user_id, index) - self.score(other, index)
                total += gap > 0 if down else gap < 0
        return total

    def cost(self, pairs: list[tuple[str, str]], bye: str | None) -> Vector:
        """R, B, C, P, S, F, I."""
        rules, past = self.tournament.rules, len(self.past)
        rest = [one for one in self.order if one != bye]
        half = len(rest) // 2 if past == 0 and rules.first_round == "seeded" else 0
        by_club = rules.avoid_same_club == "always" or (
            rules.avoid_same_club == "first_round" and past == 0
        )
        r = c = s = f = i = 0
        for one, other in pairs:
            better, worse = sorted((one, other), key=self.order.index)
            r += sum({one, other} == {*game.player_ids} for x in self.past for game in x.pairings)
            c += by_club and bool(self.clubs[one]) and self.clubs[one] == self.clubs[other]
            gap = self.score(better, past) - self.score(worse, past)
            s += gap**2
            if gap:
                f += self.floats(better, down=True) + self.floats(worse, down=False)
            i += (abs(rest.index(one) - rest.index(other)) - half) ** 2
        b = self.free_wins(bye) if bye else 0
        p = len(self.order) - 1 - self.order.index(bye) if bye else 0
        return r, b, c, p, s, f, i

    def find_least(self) -> Vector:
        """The least cost of all pairings."""
        byes: list[str | None] = [*self.order] if len(self.order) % 2 else [None]
        return min(
            self.cost(pairs, bye)
            for bye in byes
            for pairs in list_matchings([one for one in self.order if one != bye])
        )


def list_matchings(names: list[str]) -> Iterator[list[tuple[str, str]]]:
    """Every way to pair all names."""
    if not names:
        yield []
        return
    first, *rest = names
    for other in rest:
        for pairs in list_matchings([one for one in rest if one != other]):
            yield [(first, other), *pairs]

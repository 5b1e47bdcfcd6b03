"""An event of the 40K tracker: twelve players, three Swiss rounds, and why each place is whose."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from random import Random
from typing import Any

from infra.demo import knockout
from infra.demo.entrant import PARTS, Entrant
from infra.demo.phone import Phone
from infra.demo.raider import make_password
from infra.demo.roles import lend_role
from infra.demo.service import DemoError, Service
from infra.demo.tables import format_table

ORGANISER = "Organiser"
ROUNDS = 3
TURNS = 5  # rounds of a battle
# Who plays what, and how well.
PEOPLE = (
    ("Mira", "necrons", "Canoptek Court", 9),
    ("Otto", "orks", "War Horde", 4),
    ("Rita", "aeldari", "Warhost", 8),
    ("Ada", "adeptus_mechanicus", "Rad-Zone Corps", 7),
    ("Piet", "tyranids", "Invasion Fleet", 5),
    ("Noor", "tau_empire", "Kauyon", 6),
    ("Lena", "drukhari", "Skysplinter Assault", 7),
    ("Juri", "death_guard", "Plague Company", 3),
    ("Sol", "world_eaters", "Berzerker Warband", 5),
    ("Tom", "astra_militarum", "Combined Arms", 4),
    ("Uma", "genestealer_cults", "Host of Ascension", 6),
    ("Vito", "imperial_knights", "Noble Lance", 2),
)
_CUT_AFTER, _BACK_BEFORE = 2, 4  # rounds of a battle in which a phone is cut and comes back
_REASON = "The score sheet was read the wrong way round"
Row = dict[str, Any]


@dataclass
class Cup:
    """The event, who organises it, and who plays."""

    url: str
    secret: str  # of which passwords are made
    seed: int
    out: Callable[[str], object]
    organiser: Service
    people: dict[str, Entrant] = field(default_factory=dict)  # by id
    event: Row = field(default_factory=dict)
    cuts: int = 0

    def play(self) -> None:
        """The day: entries, three rounds on phones, a correction, the end."""
        with ExitStack() as closing:
            for name, faction, detachment, _ in PEOPLE:
                service = Service(self.url, "", "Authorization")
                closing.callback(service.close)
                one = Entrant(name, service, faction, detachment)
                one.enter(make_password(self.secret, name))
                one.write_list()
                self.people[one.id] = one
            self._open()
            for number in range(1, ROUNDS + 1):
                self._pair()
                if number == ROUNDS:
                    self._correct()
                self._play_round(number)
            self._ask("finish", {})

    def _open(self) -> None:
        """The organiser makes the event, and everybody enters."""
        rng = Random(f"names {self.seed}")  # noqa: S311 — play
        start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        event = {
            "name": f"Lantern Cup {rng.randrange(100, 1000)}",
            "format": "swiss",
            "max_participants": len(PEOPLE),
            "start_date": start.isoformat(),
            "pairing_seed": f"demo {self.seed}",
            "rules": {"points_limit": 1000, "time_limit": 1200, "swiss_rounds": ROUNDS},
        }
        answer = self.organiser.attempt("/v1/tournaments", event)
        if answer.status != HTTPStatus.CREATED:
            message = answer.body["error"]["message"]
            raise DemoError(f"The organiser cannot make a tournament: {message}")
        self.event = answer.body["tournament"]
        self.out(f"{self.event['name']}: {len(PEOPLE)} players, {ROUNDS} Swiss rounds")
        for one in self.people.values():
            one.post(f"{self._path}/register", {"army_id": one.army_id})

    @property
    def _path(self) -> str:
        return f"/v1/tournaments/{self.event['id']}"

    def _ask(self, what: str, body: Row) -> Row:
        """What the organiser's request is answered, which holds the event as it is now."""
        answer: Row = self.organiser.post(f"{self._path}/{what}", body).body
        self.event = answer["tournament"]
        return answer

    def _pair(self, **body: Any) -> None:
        """Pairs a round, and says why it is paired so."""
        report = self._ask("generate-pairings", body)["pairing_report"]
        number = self.event["current_round"]
        crossed = [
            f"{self._name(better)} ({points[0]} points) meets {self._name(worse)} ({points[1]})"
            for (better, worse), points in (
                (one["players"], one["match_points"]) for one in report["cross_record"]
            )
        ]
        rematches = f"{len(report['rematches']) or 'no'} rematches"
        how = "paired again" if body else "paired"
        why = "; ".join([rematches, *crossed, *(note.rstrip(".") for note in report["notes"])])
        self.out(f"\nRound {number} is {how}: {why}.")

    def _name(self, user_id: str) -> str:
        return self.people[user_id].name

    def _play_round(self, number: int) -> None:
        """Everybody plays; the first game of the first two rounds loses a phone's connection."""
        rng = Random(f"scores {self.seed} {number}")  # noqa: S311 — play
        for index, pairing in enumerate(self._pairings):
            pair = [self.people[pairing[key]] for key in ("player1_id", "player2_id")]
            self._play_battle(
                pairing["battle_id"], pair, rng, is_cut=index == 0 and number < ROUNDS
            )
        self.event = self.organiser.get(self._path)["tournament"]
        rows = [self._describe(one) for one in self._pairings]
        columns = ("table", "score", "other", "player", "opponent")
        self.out(format_table(f"Results of round {number}", columns, rows))

    @property
    def _pairings(self) -> list[Row]:
        pairings: list[Row] = self.event["rounds"][-1]["pairings"]
        return pairings

    def _describe(self, pairing: Row) -> Row:
        one, other = pairing["player1_id"], pairing["player2_id"]
        points = pairing["victory_points"]
        return {
            "table": pairing["table_number"],
            "score": points[one],
            "other": points[other],
            "player": self._name(one),
            "opponent": self._name(other),
        }

    def _play_battle(self, battle: str, pair: list[Entrant], rng: Random, *, is_cut: bool) -> None:
        """Both follow on their phones, and the scores of five rounds come from both."""
        phones = [Phone(one.service, battle) for one in pair]
        lost = phones[1]
        for one, phone in zip(pair, phones, strict=True):
            one.scores = {}
            phone.open()
        for turn in range(1, TURNS + 1):
            if is_cut and turn == _BACK_BEFORE:
                self._come_back(lost, pair[1])
            versions = [one.score(battle, _draw(rng, one)) for one in pair]
            if turn < TURNS:
                advanced = pair[0].post(f"/v1/battles/{battle}/advance-round", {"from_round": turn})
                versions.append(advanced["battle"]["version"])
            if is_cut and turn == _CUT_AFTER:
                lost.follow(versions[-1])
                lost.cut()
        ended = pair[0].post(f"/v1/battles/{battle}/complete", {})["battle"]
        for phone in phones:
            phone.follow(ended["version"])
            phone.close()

    def _come_back(self, phone: Phone, whose: Entrant) -> None:
        last = phone.last
        missed = phone.open()
        self.cuts += 1
        self.out(
            f"{whose.name}'s phone lost its connection after event {last}; it is back, and was "
            f"sent the {missed} that it had missed."
        )

    def _correct(self) -> None:
        """A result of the round before is corrected, and the next paired again if it is stale."""
        number = ROUNDS - 1
        played = self.event["rounds"][number - 1]["pairings"]
        decided = [one for one in played if one["winner_id"]]
        chosen = min(decided, key=lambda one: abs(_margin(one)))
        one, other = chosen["player1_id"], chosen["player2_id"]
        totals = chosen["victory_points"]
        body = {
            "scores": {
                one: {"victory_points": totals[other]},
                other: {"victory_points": totals[one]},
            },
            "reason": _REASON,
        }
        answer = self.organiser.put(f"{self._path}/results/{chosen['battle_id']}", body).body
        self.event, correction = answer["tournament"], answer["correction"]
        self.out(
            f"Corrected: {self._name(one)} {totals[other]}, {self._name(other)} {totals[one]} in "
            f"round {number}. {_REASON}."
        )
        moved = ", ".join(
            f"{self._name(row['user_id'])} {row['before']} to {row['after']}"
            for row in correction["standings_changes"]
        )
        self.out(f"Places: {moved or 'all as before'}.")
        if self.event["rounds"][-1]["stale"]:
            self._pair(regenerate=True)

    def list_places(self) -> list[Entrant]:
        """Everybody, the best first."""
        found = self.organiser.get(f"{self._path}/standings", limit=len(PEOPLE))
        return [self.people[row["user_id"]] for row in found["data"]]

    def build_tables(self) -> Iterator[str]:
        """The standings, and in sentences why everybody is where they are."""
        found = self.organiser.get(f"{self._path}/standings")
        columns = (
            *("rank", "match_points", "opp_win_pct", "opp_opp_win_pct", "victory_points"),
            *("win_path", "display_name", "reason"),
        )
        rows = [row | {"reason": row["explain"]["text"]} for row in found["data"]]
        yield format_table(f"Standings of {self.event['name']}", columns, rows)


def _margin(pairing: Row) -> int:
    points = pairing["victory_points"]
    return int(points[pairing["player1_id"]] - points[pairing["player2_id"]])


def _draw(rng: Random, one: Entrant) -> dict[str, int]:
    """What somebody scores in a round of a battle."""
    skill = next(skill for name, *_, skill in PEOPLE if name == one.name)
    return {part: min(rng.randint(0, 5 + skill), 10 if part == PARTS[0] else 8) for part in PARTS}


@contextmanager
def hire_organiser(url: str, secret: str) -> Iterator[Service]:
    """Who has ORGANIZER_TOKEN, else an account of the checkout's own stack, for the event."""
    token = os.environ.get("ORGANIZER_TOKEN")
    organiser = Entrant(ORGANISER, Service(url, token or "", "Authorization"))
    try:
        if token:
            yield organiser.service
            return
        organiser.enter(make_password(secret, ORGANISER))
        with lend_role(f"{ORGANISER.lower()}_cup", "organizer"):
            yield organiser.service
    finally:
        organiser.service.close()


def main(url: str, secret: str, seed: int) -> None:
    """Plays the event and prints it."""
    with hire_organiser(url, secret) as organiser:
        cup = Cup(url, secret, seed, lambda text: print(text, flush=True), organiser)
        cup.play()
        for text in cup.build_tables():
            print(f"\n{text}")
        name = f"{cup.event['name']} finals"
        best = cup.list_places()[: knockout.PLAYERS]
        finals = knockout.Knockout(name, seed, cup.out, organiser, best)
        finals.play()
    events = f"{url}/v1/tournaments"
    print(
        f"\nTo look at, with a tracker's token: {events}/{cup.event['id']}/standings with who met "
        f"whom, and /rounds with why; {events}/{finals.event['id']}/rounds is the bracket. Run it "
        "again for another event."
    )

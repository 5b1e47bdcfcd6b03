"""logs.search: what staff ask of ten million log events, each kind of question by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from urllib.parse import urlencode

from functions.logs.search import columnstore, search
from tests.benchmarks import logs_population, logs_requests, logs_store
from tests.benchmarks.caller import Callee, callee
from tests.benchmarks.figures import Figure, below, p95, rounds
from tests.benchmarks.logs_population import name, steam_id, word
from tests.benchmarks.store import Store, environ

_EVENTS = 10_000_000
_TODAY = 20  # batches that arrived after the last vacuum
_ROUNDS = 10
_READS = 20  # of a kind in a round
_LONGEST = 2.0  # seconds of a kind in a round
_MOST = 100  # ms
_AGO = timedelta(days=88)  # before raw rows are dropped
Asked = dict[str, str]


def _substring(random: Random) -> Asked:
    """A part of a word that is said now and then."""
    whole = word(int(5 * 100 ** random.random()))
    return {"search": whole[1:4] if len(whole) > 4 else whole[:3]}


def _word(random: Random) -> Asked:
    return {"search": word(int(10 * 300 ** random.random()))}


def _rare(random: Random) -> Asked:
    """A word that was said a few times in a quarter of a year, without its first letter."""
    words = (word(random.randrange(20_000, 30_000)) for _ in iter(int, 1))
    return {"search": next(one for one in words if len(one) > 5)[1:]}


def _absent(random: Random) -> Asked:
    return {"search": f"never said {random.randrange(1000)}"}


def _short(random: Random) -> Asked:
    """Two letters: too few for the index of words."""
    return {"search": word(random.randrange(40, 4000))[:2]}


def _name(random: Random) -> Asked:
    return {"search": name(random.randrange(50_000))}


def _person(random: Random) -> str:
    return steam_id(int(50_000 * random.random() ** 3))


def _steam_id(random: Random) -> Asked:
    return {"search": _person(random)}


def _player(random: Random) -> Asked:
    return {"steamId": _person(random)}


def _stranger(random: Random) -> Asked:
    return {"steamId": f"STEAM_0:1:{random.randrange(1, 9_999_999)}"}


def _type(random: Random) -> Asked:
    return {"type": random.choice(("CHAT", "CONNECT", "KILL", "TOOL_USE", "ULX", "ROUND_END"))}


def _server(random: Random) -> Asked:
    return {"serverId": random.choice(logs_store.SERVERS).id}


def _map(random: Random) -> Asked:
    return {"map": random.choice((*logs_population.MAPS, "gm_never_played"))}


def _range(random: Random) -> Asked:
    start = datetime.now(UTC) - timedelta(days=86) * random.random()
    length = random.choice((timedelta(hours=1), timedelta(days=1), timedelta(days=7)))
    return {"from": start.isoformat(), "to": (start + length).isoformat()}


def _before(random: Random) -> Asked:
    return {"to": _range(random)["to"]}


def _both(*kinds: Callable[[Random], Asked]) -> Callable[[Random], Asked]:
    """All of these asked at once."""
    return lambda random: {key: value for kind in kinds for key, value in kind(random).items()}


_KINDS: dict[str, Callable[[Random], Asked]] = {
    "newest": lambda _: {},
    "substring": _substring,
    "word": _word,
    "rare": _rare,
    "absent": _absent,
    "short": _short,
    "name": _name,
    "steam_id": _steam_id,
    "player": _player,
    "stranger": _stranger,
    "type": _type,
    "server": _server,
    "map": _map,
    "range": _range,
    "before": _before,
    "server_type": _both(_server, _type),
    "type_map": _both(_type, _map),
    "player_type": _both(_player, _type),
    "player_server_range": _both(_player, _server, _range),
    "word_server": _both(_word, _server),
    "word_type": _both(_word, lambda _: {"type": "CHAT"}),
    "word_player": _both(_word, _player),
    "word_range": _both(_word, _range),
    "rare_range": _both(_rare, _range),
    "all": _both(_word, _server, lambda _: {"type": "CHAT"}, _map, _range),
}
_PAGED = {
    "pages": _KINDS["newest"],
    "pages_word": _word,
    "pages_player": _player,
    "pages_server_type": _both(_server, _type),
}
NAMES = ("logs.search", *(f"logs.search.{kind}" for kind in (*_KINDS, *_PAGED)))


def measure(store: Store) -> list[Figure]:
    """Each kind's p95, and the slowest one's."""
    since = datetime.now(UTC).replace(microsecond=0) - _AGO
    began = time.perf_counter()
    logs_store.fill(store, _EVENTS, since)
    with store.connect() as admin, environ(store):
        assert columnstore.run(admin).left == 0  # packs nothing on Apache
    print(f"  loaded in {time.perf_counter() - began:.0f} s", flush=True)
    token = logs_requests.staff(store)
    sender = logs_requests.sender(store)
    with environ(store), callee("tests.benchmarks.ours", store.app_url, domains="logs") as ours:
        ours.answer([sender.post(number) for number in range(1, _TODAY + 1)])
        found = _read(ours, token)
    figures = [below(f"logs.search.{kind}", ms, _MOST) for kind, ms in found.items()]
    return [below("logs.search", max(found.values()), _MOST), *figures]


def _read(ours: Callee, token: str) -> dict[str, float]:
    def seconds(asks: Iterable[Asked]) -> list[float]:
        """Of reading them, or as many as a round has time for."""
        took: list[float] = []
        for asked in asks:
            took += ours.answer([logs_requests.read(_path(asked), token)])
            if sum(took) > _LONGEST:
                break
        return took

    def side(asks: Iterator[Asked]) -> Callable[[int], list[float]]:
        return lambda _: seconds(islice(asks, _READS))

    sides = {kind: side(_asks(kind, ask)) for kind, ask in _KINDS.items()}
    sides |= {kind: side(_pages(kind, ask)) for kind, ask in _PAGED.items()}
    return rounds(_ROUNDS, within=p95, **sides)


def _asks(kind: str, ask: Callable[[Random], Asked]) -> Iterator[Asked]:
    random = Random(kind)
    while True:
        yield ask(random)


def _pages(kind: str, ask: Callable[[Random], Asked]) -> Iterator[Asked]:
    """The second page and those after it of one question, then of the next."""
    random = Random(kind)
    while True:
        asked = ask(random)
        for _ in range(_READS):
            _, cursor = search.search_events(search.LogsQuery.model_validate(asked))
            if cursor is None:
                break
            asked = asked | {"cursor": cursor}
            yield asked


def _path(asked: Asked) -> str:
    return f"/api/logs?{urlencode(asked)}"

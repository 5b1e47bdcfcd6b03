"""`make bench`: measures, prints a table, writes .local/bench.json; ONLY=name,name selects.

A name also stands for all that begin with it and a dot.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

from infra.local.timescale import Server, TimescaleError
from tests.benchmarks import (
    auth_verify,
    capacity,
    cold,
    collect,
    console_first,
    game_calls,
    game_cold,
    game_highscores,
    game_raid,
    lake_write,
    large,
    live_append,
    live_fanout,
    live_idle,
    live_memory,
    live_resume,
    live_serial,
    logs_bytes,
    logs_ingest,
    logs_memory,
    logs_panel,
    logs_search,
    marks,
    pages,
    parallel,
    rebuild,
    record,
    tracker_cache,
    tracker_calls,
    tracker_cold,
    tracker_generation,
    tracker_lists,
    tracker_pair,
)
from tests.benchmarks.caller import ROOT
from tests.benchmarks.figures import Figure, save, table
from tests.benchmarks.store import Store, server, store

# What is measured together, and the figures that come of it.
MEASURES: dict[Callable[[Store], list[Figure]], tuple[str, ...]] = {
    record.measure: ("tilt.record", "tilt.record.peer"),
    capacity.measure: capacity.NAMES,
    cold.measure: ("cold.tilt", "cold.tilt.peer"),
    marks.measure: ("tilt.mark",),
    collect.measure: ("ttt.collect", "ttt.collect.peer"),
    large.measure: ("tilt.stats", "tilt.stats.growth", "rollup.refresh"),
    rebuild.measure: rebuild.NAMES,
    lake_write.measure: lake_write.NAMES,
    pages.measure: pages.NAMES,
    logs_ingest.measure: logs_ingest.NAMES,
    parallel.measure: parallel.NAMES,
    logs_memory.measure: logs_memory.NAMES,
    logs_bytes.measure: logs_bytes.NAMES,
    logs_panel.measure: logs_panel.NAMES,
    logs_search.measure: logs_search.NAMES,
    auth_verify.measure: auth_verify.NAMES,
    game_calls.measure: game_calls.NAMES,
    game_raid.measure: game_raid.NAMES,
    game_highscores.measure: game_highscores.NAMES,
    game_cold.measure: game_cold.NAMES,
    live_append.measure: live_append.NAMES,
    live_fanout.measure: live_fanout.NAMES,
    live_serial.measure: live_serial.NAMES,
    live_resume.measure: live_resume.NAMES,
    live_idle.measure: live_idle.NAMES,
    live_memory.measure: live_memory.NAMES,
    tracker_pair.measure: tracker_pair.NAMES,
    tracker_calls.measure: tracker_calls.NAMES,
    tracker_lists.measure: tracker_lists.NAMES,
    tracker_generation.measure: tracker_generation.NAMES,
    tracker_cold.measure: tracker_cold.NAMES,
    tracker_cache.measure: tracker_cache.NAMES,
    console_first.measure: console_first.NAMES,
}


def main() -> int:
    """0 when every figure is within its goal, 1 when one is not, 2 for an unknown name."""
    known = [name for names in MEASURES.values() for name in names]
    only = [name.strip() for name in os.environ.get("ONLY", "").split(",") if name.strip()]
    meant = {name: [one for one in known if f"{one}.".startswith(f"{name}.")] for name in only}
    if unknown := [name for name in only if not meant[name]]:
        print(f"No figure {unknown[0]}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    wanted = {one for names in meant.values() for one in names} or set(known)
    figures: list[Figure] = []
    try:
        with server() as where:
            for measure, names in MEASURES.items():
                if wanted & set(names):
                    figures += [one for one in _measured(measure, where) if one.name in wanted]
    except TimescaleError as error:
        print(error, file=sys.stderr)
        return 1
    print(table(figures))
    save(figures, ROOT / ".local/bench.json")
    return 0 if all(one.ok for one in figures) else 1


def _measured(measure: Callable[[Store], list[Figure]], where: Server) -> list[Figure]:
    """Each measure has a database of its own, so that none finds what another left behind."""
    began = time.monotonic()
    with store(where) as own:
        figures = measure(own)
        names = ", ".join(one.name for one in figures)
        took, load = time.monotonic() - began, os.getloadavg()[0]
        print(f"{names}: {took:.0f} s on {own.edition}, load {load:.1f}", flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())

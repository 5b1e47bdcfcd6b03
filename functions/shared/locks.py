"""Advisory locks: every number of this project, so that no two owners ever share one.

A plain number is a lock by itself. A seed makes one lock a person or server of it, by
`hashtextextended(name, seed)`; two names may share a lock by chance, which costs a wait and
nothing else.
"""

from __future__ import annotations

from typing import Final

MIGRATION: Final = 7_417_201  # one migration of a database at a time
ROLLUPS: Final = 7_417_202  # one refresh, audit or retention at a time
TTT_ROUNDS: Final = 7_417_203  # writers of rounds share it, an erasure has it alone
COLUMNSTORE: Final = 7_417_204  # one packing or indexing of packed logs at a time
LOGS_FOLD: Final = (
    7_417_205  # one fold of changes of logs at a time, in schema/functions/logs_fold.sql
)
LAKE: Final = 7_417_206  # one writer of the lake at a time

TTT_NAMES: Final = 20_260_302  # seed; of a player (ttt_names.sql)
LOGS_NOTES: Final = 20_260_304  # seed; of a player
LOGS_PUNISHMENTS: Final = 20_260_305  # seed; of a player
LIVE_USERS: Final = 20_260_306  # seed; of a user who opens a socket (live_sockets.sql)
TRACKER_REQUESTS: Final = 20_260_308  # seed; of a request with its key (tracker_calls.sql)
LIVE_REFS: Final = 20_260_307  # seed; of a user's command (live_sockets.sql)

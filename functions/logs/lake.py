"""What the lake has of logs: who did what kind of thing where, and no word of what they wrote."""

from __future__ import annotations

from functions.shared.lake_tables import RawTable

# An id of an event is a digest of its line. A line may hold an address, which is guessed from a
# digest in seconds, as there are only four billion.
_DIGEST = "digest of a line, which may hold an address"

tables = (
    RawTable(
        "logs.events",
        source="logs.event_hours",
        time="occurred_at",
        columns=(
            "occurred_at",
            "sent_at",
            "server_id",
            "mode",
            "type",
            "steam_id",
            "involved_steam_ids",
            "map",
            "player_count",
        ),
        left_out={
            "id": _DIGEST,
            "player_name": "name of a person",
            "raw_text": "the line itself: chat, names, addresses",
            "session_id": "as the server sent it, free text",
            "metadata": "as sent: free text, names, addresses",
            "inserted_xid": "bookkeeping",
            "arrival": "bookkeeping",
        },
    ),
    RawTable(
        "logs.event_hours",
        source="logs.event_hours",
        time="hour",
        columns=("hour", "server_id", "events"),
    ),
    RawTable(
        "logs.heartbeats",
        source="logs.heartbeats",
        time="occurred_at",
        columns=("occurred_at", "server_id", "players", "map"),
    ),
    RawTable(
        "logs.connects",
        source="logs.connects",
        time="occurred_at",
        columns=("occurred_at", "server_id", "steam_id", "mode", "is_counted"),
        left_out={"id": _DIGEST, "map_since": "bookkeeping"},
    ),
    RawTable(
        "logs.session_hours",
        source="logs.session_hours",
        time="hour",
        columns=(
            "hour",
            "server_id",
            "steam_id",
            "since",
            "until",
            "seconds",
            "is_start",
            "is_exact",
        ),
        left_out={"session": _DIGEST},
    ),
)

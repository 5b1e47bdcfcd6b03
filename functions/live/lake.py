"""What the lake has of sockets: that one was opened, and to which kind of room."""

from __future__ import annotations

from functions.shared.lake_tables import RawTable

tables = (
    RawTable(
        "live.openings",
        source="live.openings",
        time="opened_at",
        columns=("opened_at", "kind"),
    ),
)

"""What the lake has of tilt: measurements and their signals, without what clients wrote."""

from __future__ import annotations

from functions.shared.lake_tables import RawTable

tables = (
    RawTable(
        "tilt.events",
        source="tilt.events",
        time="occurred_at",
        columns=("occurred_at", "id", "user_id", "tilt_score", "created_at"),
        left_out={
            "signals": "as sent, free text too; tilt.signals has its types and numbers",
            "context": "free text",
        },
    ),
    RawTable(
        "tilt.signals",
        source="tilt.signals",
        time="occurred_at",
        columns=(
            "occurred_at",
            "event_id",
            "ordinal",
            "user_id",
            "type",
            "severity",
            "confidence",
        ),
    ),
)

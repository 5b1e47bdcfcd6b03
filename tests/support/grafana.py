"""Dashboards of infra/grafana, and their queries as Grafana's PostgreSQL data source sends them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "infra" / "grafana"
DASHBOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("dashboards/*.json"))
}
Values = Mapping[str, Sequence[str]]
_MACRO = re.compile(r"\$__(timeFilter|timeFrom|timeTo)\(([^)]*)\)")
VARIABLE = re.compile(r"\$\{(\w+):sqlstring\}")


def expand(query: str, since: datetime, until: datetime, interval: str, values: Values) -> str:
    """The statement that is sent: macros and variables written out, of which none is left."""
    low, high = (f"'{one:%Y-%m-%dT%H:%M:%S.%fZ}'" for one in (since, until))

    def macro(found: re.Match[str]) -> str:
        name, column = found.groups()
        if name == "timeFilter":
            return f"{column} BETWEEN {low} AND {high}"
        assert not column, found[0]
        return low if name == "timeFrom" else high

    def variable(found: re.Match[str]) -> str:
        return ",".join("'" + value.replace("'", "''") + "'" for value in values[found[1]])

    query = _MACRO.sub(macro, query).replace("$__interval", interval)
    query = VARIABLE.sub(variable, query)
    assert "$" not in query, query
    return query

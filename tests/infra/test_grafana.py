"""Grafana's dashboards: well formed, and each query executed as an analyst's login."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import yaml

from tests.support.analysts import EVENING, community, played
from tests.support.grafana import DASHBOARDS, FOLDER, VARIABLE, expand

__all__ = ["community", "played"]
Dashboard = dict[str, Any]
Panel = dict[str, Any]
_DATASOURCE = {"type": "grafana-postgresql-datasource", "uid": "tiltyard"}
_NUMBERS = {"int2", "int4", "int8", "float4", "float8", "numeric"}
_SINCE = EVENING - timedelta(hours=12)
PANELS = [
    pytest.param(dashboard, panel, id=f"{name}: {panel['id']} {panel['title']}")
    for name, dashboard in DASHBOARDS.items()
    for panel in dashboard["panels"]
]
VARIABLES = [
    pytest.param(variable, id=f"{name}: {variable['name']}")
    for name, dashboard in DASHBOARDS.items()
    for variable in dashboard["templating"]["list"]
]


@pytest.fixture(scope="module")
def analyst(community: str) -> Iterator[psycopg.Connection[Any]]:
    """A session of the login that Grafana has."""
    with psycopg.connect(community, autocommit=True) as connection:
        yield connection


def list_values(analyst: psycopg.Connection[Any], variable: dict[str, Any]) -> list[Any]:
    """What a variable offers."""
    return [row[0] for row in analyst.execute(variable["query"])]


def run(
    analyst: psycopg.Connection[Any],
    dashboard: Dashboard,
    panel: Panel,
    interval: str,
    is_empty: bool = False,
) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    """The types of a panel's columns, and its rows: all that variables offer is chosen."""
    since, until = _SINCE, datetime.now(UTC) + timedelta(hours=1)
    if is_empty:
        since, until = (one - timedelta(days=9000) for one in (since, until))
    variables = dashboard["templating"]["list"]
    values = {one["name"]: list_values(analyst, one) for one in variables}
    query = expand(panel["targets"][0]["rawSql"], since, until, interval, values)
    cursor = analyst.execute(query.encode())
    types = psycopg.adapters.types
    assert cursor.description
    names = {one.name: (types[one.type_code]).name for one in cursor.description}
    return names, cursor.fetchall()


def test_there_is_one_for_each_domain() -> None:
    assert set(DASHBOARDS) == {"ttt", "tilt", "logs", "game", "tracker", "operations"}
    assert len(PANELS) > 50
    assert len({one["uid"] for one in DASHBOARDS.values()}) == len(DASHBOARDS)
    assert len({one["title"] for one in DASHBOARDS.values()}) == len(DASHBOARDS)


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_a_dashboard_is_what_grafana_takes(dashboard: Dashboard) -> None:
    assert dashboard["schemaVersion"] == 41
    assert "id" not in dashboard  # Grafana's own, of one installation
    assert "folderUid" not in dashboard
    assert (dashboard["timezone"], dashboard["editable"]) == ("utc", True)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_panels_lie_beside_each_other(dashboard: Dashboard) -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                other = taken.setdefault((x, y), panel["title"])
                assert other == panel["title"], f"{other} and {panel['title']}"


@pytest.mark.parametrize(("dashboard", "panel"), PANELS)
def test_a_panel_has_one_query_of_the_data_source(dashboard: Dashboard, panel: Panel) -> None:
    [target] = panel["targets"]
    assert panel["datasource"] == target["datasource"] == _DATASOURCE
    assert target["rawQuery"] is True
    known = {one["name"] for one in dashboard["templating"]["list"]}
    assert set(VARIABLE.findall(target["rawSql"])) <= known
    assert target["format"] == ("time_series" if panel["type"] == "timeseries" else "table")
    assert ("$__interval" in target["rawSql"]) <= ("interval" in panel)  # the shortest there is


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_offers_something(
    variable: dict[str, Any], analyst: psycopg.Connection[Any]
) -> None:
    assert variable["datasource"] == _DATASOURCE
    assert variable["definition"] == variable["query"]
    assert (variable["includeAll"], variable["multi"]) == (True, True)
    names = [one.name for one in analyst.execute(variable["query"]).description or []]
    assert len(names) == 1 or names == ["__value", "__text"]
    values = list_values(analyst, variable)
    assert values
    assert None not in values


@pytest.mark.parametrize(("dashboard", "panel"), PANELS)
def test_a_panel_shows_numbers(
    dashboard: Dashboard, panel: Panel, analyst: psycopg.Connection[Any]
) -> None:
    types, rows = run(analyst, dashboard, panel, panel.get("interval", "1m"))
    assert rows, "no rows"
    shown = {"timestamptz", "text"} | _NUMBERS
    assert set(types.values()) <= shown, types
    numbers = [place for place, kind in enumerate(types.values()) if kind in _NUMBERS]
    assert numbers
    assert any(row[place] is not None for row in rows for place in numbers), "no number"
    if panel["type"] == "timeseries":
        others = {name: kind for name, kind in types.items() if name not in {"time", "metric"}}
        assert types["time"] == "timestamptz"
        assert set(others.values()) <= _NUMBERS, types
        assert types.get("metric", "text") == "text"
        keys = [tuple(row[: 1 + ("metric" in types)]) for row in rows]
        assert keys == sorted(set(keys))  # Grafana takes no time twice, and none before another
    if panel["type"] == "stat":
        assert (len(rows), len(types)) == (1, 1)
    if panel["type"] == "barchart":
        assert types[panel["options"]["xField"]] == "text"
    for one in panel["fieldConfig"]["overrides"]:
        assert one["matcher"]["options"] in types


@pytest.mark.parametrize(("dashboard", "panel"), PANELS)
def test_a_panel_of_a_time_without_data_is_no_error(
    dashboard: Dashboard, panel: Panel, analyst: psycopg.Connection[Any]
) -> None:
    run(analyst, dashboard, panel, "1d", is_empty=True)


@pytest.mark.parametrize("interval", ["30s", "1m", "12h", "1d", "7d"])
def test_any_interval_of_grafana_is_a_bucket(
    interval: str, analyst: psycopg.Connection[Any]
) -> None:
    logs = DASHBOARDS["logs"]
    [panel] = [one for one in logs["panels"] if one["title"] == "Players online"]
    assert run(analyst, logs, panel, interval)[1]


def test_provisioning_names_the_data_source_of_the_panels() -> None:
    folder = FOLDER / "provisioning"
    [source] = yaml.safe_load((folder / "datasources/tiltyard.yaml").read_text())["datasources"]
    assert {"type": source["type"], "uid": source["uid"]} == _DATASOURCE
    settings = [source["url"], source["user"], source["secureJsonData"]["password"]]
    settings += [source["jsonData"]["database"], source["jsonData"]["sslmode"]]
    [provider] = yaml.safe_load((folder / "dashboards/tiltyard.yaml").read_text())["providers"]
    assert "folderUid" not in provider
    settings.append(provider["options"]["path"])
    readme = (FOLDER / "README.md").read_text()
    for setting in settings:
        assert setting.startswith("$TILTYARD_")
        assert f"`{setting[1:]}`" in readme

"""`/api/dashboard`, analytics of a server and statistics of the ingest."""

from __future__ import annotations

from typing import Any

from functions.logs.guards import staff
from functions.logs.stats import analytics, dashboard, ingest_stats
from functions.shared.request import Request
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")


@routes.get("/api/ingest/stats", guard=staff, answers={200: ingest_stats.IngestStats})
def get_ingest_stats(request: Request) -> dict[str, Any]:
    """What became of the events of the last 30 days, and how the servers' clocks are."""
    return ingest_stats.get_stats()


@routes.get("/api/dashboard", guard=staff, answers={200: dashboard.Dashboard})
def get_dashboard(request: Request) -> dict[str, Any]:
    """All servers at a glance."""
    return dashboard.get_dashboard()


@routes.get(
    "/api/servers/{server_id}/analytics",
    guard=staff,
    query=analytics.AnalyticsQuery,
    answers={200: analytics.Analytics, 404: "Server not found"},
)
def get_analytics(request: Request, query: analytics.AnalyticsQuery) -> dict[str, Any]:
    """One server over a day, a week or a month."""
    return analytics.get_analytics(query)

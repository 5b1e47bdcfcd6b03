"""`/api/rollups`: the rollups as analysts read them, for the console's explorer and as files."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from functions.rollups.exports import delivery, page
from functions.rollups.exports.query import RollupQuery
from functions.shared import stores
from functions.shared.auth import RequireScope
from functions.shared.request import Request
from functions.shared.response import Response
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")
# A key that was revoked a moment ago takes nothing along; an admin's session of the panel counts.
analyst = RequireScope("analyst", at_once=True)


@routes.get("/api/rollups", guard=analyst, answers={HTTPStatus.OK: page.Rollups})
def list_rollups(request: Request) -> dict[str, Any]:
    """Every rollup that analysts may read, with its columns, their units, and how fresh it is."""
    return page.list_infos()


@routes.get(
    "/api/rollups/{name}",
    guard=analyst,
    query=RollupQuery,
    answers={
        HTTPStatus.OK: page.RollupPage,
        HTTPStatus.CREATED: delivery.FileLink,
        HTTPStatus.SEE_OTHER: delivery.LargeFile,
        HTTPStatus.NOT_FOUND: "There is no such rollup, or it names persons",
    },
    response_headers=delivery.HEADERS,
    also={
        "text/csv": "A header row and a row a row; text in quotes, nothing for null",
        "application/x-ndjson": "An object a line",
        "application/vnd.apache.parquet": "Parquet of timestamp, bigint, double and text",
    },
)
def get_rollup(request: Request, query: RollupQuery) -> dict[str, Any] | Response:
    """Returns rows of a rollup by bucket: a page of JSON, or a file of all of them.

    Rows are in the order of all columns, the bucket first, so that the same buckets make the same
    file bit by bit. Dirty buckets, which changed since the last refresh, are left out and counted
    in `X-Dirty-Buckets`; `dirty=include` counts them while they are read.
    """
    with stores.on(query.name.partition(".")[0]):
        return page.get_page(query) if query.format == "json" else delivery.export(query, request)

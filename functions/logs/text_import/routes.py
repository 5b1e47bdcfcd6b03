"""`/api/admin/legacy-logs/import`: text logs that staff upload."""

from __future__ import annotations

from typing import Any

from functions.logs.guards import staff
from functions.logs.text_import import imports
from functions.shared.request import Request
from functions.shared.routing import Routes

routes = Routes(__name__, family="plain")


@routes.post(
    "/api/admin/legacy-logs/import",
    guard=staff,
    body=imports.NewImport,
    raw_body=True,
    answers={200: imports.Imported, 400: imports.NotImported, 404: "Server not found"},
)
def import_log(request: Request) -> dict[str, Any]:
    """Stores the events of a text log; what its server sent live is not stored again.

    A body of more than 4 MB must come with a Content-Type and Content-Encoding: gzip.
    """
    return imports.import_log(imports.parse_body(request.text(imports.MAX_BODY)))

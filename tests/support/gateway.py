"""What API Gateway hands to a handler; apart from the tests' caller, which needs more libraries."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qsl


def gateway_event(
    method: str,
    url: str,
    body: str | bytes | None = None,
    headers: dict[str, str] | None = None,
    address: str = "198.51.100.7",
) -> dict[str, Any]:
    """What API Gateway hands to a Lambda proxy for a request (REST API, payload 1.0).

    A body of bytes is one with a Content-Type, which all are binary types here.
    """
    path, _, query = url.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    many: dict[str, list[str]] = {}
    for name, value in pairs:
        many.setdefault(name, []).append(value)
    return {
        "resource": "/api/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers or {},
        "multiValueHeaders": {name: [value] for name, value in (headers or {}).items()},
        "queryStringParameters": dict(pairs) or None,
        "multiValueQueryStringParameters": many or None,
        "pathParameters": {"proxy": path.strip("/")},
        "stageVariables": None,
        "requestContext": {
            "requestId": "the-request-id",
            "httpMethod": method,
            "identity": {"sourceIp": address},
        },
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": isinstance(body, bytes),
    }

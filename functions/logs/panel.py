"""`/api/players`, `/api/dashboard` and the rest of the panel: what staff read and write."""

from __future__ import annotations

from functions.shared.http import Routes

routes = Routes(__name__)

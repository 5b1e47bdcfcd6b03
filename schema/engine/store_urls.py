"""The databases that a migration brings up to date: one of each store."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.shared.secret_store import read_values


def list_own_urls() -> dict[str, str]:
    """Those of the Lambda: the environment's, else those that its secret names."""
    given = "MIGRATE_URL" in os.environ
    values = os.environ if given else read_values([os.environ["SECRET_ARN"]])
    return _choose_urls(values["MIGRATE_URL"], values)


def list_urls() -> dict[str, str]:
    """The URLs of all stores, each once, by the store's name: DATABASE_URL, DATABASE_URL_TTT, ….

    Where MIGRATE_URL_TTT and so on are given, they win: a migration cannot pass a pooler.
    """
    return _choose_urls(os.environ.get("DATABASE_URL", ""), os.environ)


def _choose_urls(main_url: str, values: Mapping[str, str]) -> dict[str, str]:
    urls = {"main": main_url}
    for domain in ("TTT", "TILT", "LOGS"):
        url = values.get(f"MIGRATE_URL_{domain}") or values.get(f"DATABASE_URL_{domain}")
        if url and url not in urls.values():
            urls[domain.lower()] = url
    return urls

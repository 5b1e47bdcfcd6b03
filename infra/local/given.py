"""The server of DATABASE_URL: somebody else's, of which only the address is known."""

from __future__ import annotations

import psycopg


class GivenError(RuntimeError):
    """One sentence that names the variable and says what is wrong with its server."""


def inspect(variable: str, url: str) -> tuple[str, str]:
    """The versions of PostgreSQL and TimescaleDB at an address; GivenError when it is of no use."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.parameter_status("server_version")
            known = "select default_version from pg_available_extensions where name = 'timescaledb'"
            timescale = connection.execute(known).fetchone()
    except psycopg.ProgrammingError:
        raise GivenError(f"{variable} is not a PostgreSQL address: correct or unset it.") from None
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise GivenError(
            f"{variable} is set, but its server does not answer ({reason}): correct or unset it."
        ) from None
    if not timescale:
        raise GivenError(f"{variable} is set, but its server has no TimescaleDB to offer.")
    return str(version), str(timescale[0])

"""The REST door: which domains this function serves, and the Lambda handler."""

from importlib import import_module

from functions.shared.gateway import Gateway
from functions.shared.settings import settings

# Each is a module below functions/ with `routes`; its domain is the first part of the name.
DOORS = ("site.routes", "tilt.routes", "ttt.routes", "logs.routes", "logs.panel")

# A function loads only the domains that DOMAINS in its environment names, so that a cold start
# pays only for its own.
handler = Gateway(
    [
        import_module(f"functions.{door}").routes
        for door in DOORS
        if door.partition(".")[0] in settings().domain_names
    ]
)

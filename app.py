"""The REST door: which domains this function serves, and the Lambda handler."""

from importlib import import_module

from functions.shared.gateway import Gateway
from functions.shared.settings import settings

DOMAINS = ("site", "tilt", "ttt")  # each is functions/<domain>/routes.py with `routes`

# A function loads only the domains that DOMAINS in its environment names, so that a cold start
# pays only for its own.
handler = Gateway(
    [import_module(f"functions.{name}.routes").routes for name in settings().domain_names]
)

"""The REST door: the Lambda handler."""

import gc

# Imports make many objects and no garbage: looking for it would take a sixth of a cold start.
gc.disable()

from functions import domains  # noqa: E402
from functions.shared import secrets  # noqa: E402
from functions.shared.gateway import Gateway  # noqa: E402
from functions.shared.settings import settings  # noqa: E402

# A function loads only the domains that DOMAINS in its environment names, so that a cold start
# pays only for its own.
_names = settings().domain_names
secrets.preload()
handler = Gateway(domains.load_first_routes(_names), domains.find_routes_below(_names))

gc.freeze()  # what is loaded stays, and is not looked at again
gc.enable()

"""The REST door: the Lambda handler."""

from functions import domains
from functions.shared.gateway import Gateway
from functions.shared.settings import settings

# A function loads only the domains that DOMAINS in its environment names, so that a cold start
# pays only for its own.
handler = Gateway(domains.load_routes(settings().domain_names))

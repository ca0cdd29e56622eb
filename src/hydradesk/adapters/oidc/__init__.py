"""OpenID Connect and OAuth 2.1 providers."""

from hydradesk.adapters.oidc.client import OidcIssuer, Provider
from hydradesk.adapters.oidc.whop import WhopIssuer

__all__ = ["OidcIssuer", "Provider", "WhopIssuer"]

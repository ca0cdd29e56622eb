"""Whop: OAuth 2.1 with PKCE at fixed addresses; who it was is asked of its userinfo."""

from hydradesk.accounts.contracts.credentials import Claims
from hydradesk.accounts.contracts.refusals import TokenRefused
from hydradesk.accounts.ports.id_tokens import claims
from hydradesk.adapters.oidc.client import Provider, exchanged, fetched, oauth


class WhopIssuer:
    """Answers accounts' Issuer; the issuer of `provider` is where Whop's API is."""

    def __init__(self, provider: Provider) -> None:
        self._at = provider

    async def authorize_url(self, state: str, nonce: str, verifier: str) -> str:
        """Return where to send the browser."""
        async with oauth(self._at) as client:
            url, _ = client.create_authorization_url(
                f"{self._at.issuer}/oauth/authorize",
                state=state,
                nonce=nonce,
                code_verifier=verifier,
            )
        return str(url)

    async def exchange(self, code: str, nonce: str, verifier: str) -> Claims:
        """Return whom a code stands for; raises TokenRefused or Unavailable."""
        token = await exchanged(oauth(self._at), f"{self._at.issuer}/oauth/token", code, verifier)
        access = token.get("access_token")
        if not isinstance(access, str):
            raise TokenRefused("Whop gave no access token")
        return claims(await fetched(f"{self._at.issuer}/oauth/userinfo", access))

    async def check(self, id_token: str, nonce: str) -> Claims:
        """Refuse: Whop's tokens come by its code flow alone."""
        raise TokenRefused("Whop signs in by its page", fix="GET /api/auth/whop/start")

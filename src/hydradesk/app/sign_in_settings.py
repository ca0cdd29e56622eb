"""The settings of signing in, part of every desk's Settings."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

Membership = Literal["pro", "premium"]


class OidcProvider(BaseModel):
    """One OpenID provider, found by discovery at `issuer`/.well-known/openid-configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    """What the routes call it: /api/auth/oidc/NAME/start."""
    label: str = Field(min_length=1, max_length=64)
    """What the page calls it."""
    issuer: str = Field(max_length=512)
    client_id: str = Field(min_length=1, max_length=512)
    client_secret: SecretStr | None = None
    """Empty for a public client: then PKCE alone protects the code."""
    scopes: str = "openid email profile"
    jwks_uri: str | None = None
    """For an issuer without discovery (Web3Auth): where its keys are; tokens only, no redirect."""
    nonces: bool = True
    """Whether its tokens repeat the desk's nonce; Web3Auth puts one of its own."""
    wallets: bool = False
    """Whether wallets that its tokens name (`wallets`) come with a new person."""

    @field_validator("issuer", "jwks_uri")
    @classmethod
    def _https(cls, url: str | None) -> str | None:
        here = ("http://localhost", "http://127.0.0.1")
        if url is not None and not url.startswith(("https://", *here)):
            raise ValueError("an issuer is reached over https")
        return url


class SignInSettings(BaseModel):
    """What people may sign in with. Empty: not offered."""

    evm_chains: str = "1"
    """EIP-155 ids that EIP-4361 messages may name, `1, 8453`; the first is offered."""
    evm_rpc: dict[str, str] = Field(default_factory=dict, repr=False)
    """JSON-RPC nodes by chain id, to ask contract wallets (EIP-1271): `{"1": "https://…"}`."""
    solana_chain: Literal["mainnet", "testnet", "devnet", "localnet"] = "mainnet"
    """The network that Sign-In With Solana messages must name."""
    argon2_memory_kib: int = Field(default=65_536, ge=8, le=4_194_304)
    """Memory of one password check, KiB."""
    argon2_passes: int = Field(default=3, ge=1, le=64)
    """Passes over it."""
    argon2_slots: int = Field(default=2, ge=1, le=64)
    """Passwords checked at once; others wait their turn."""
    oidc: list[OidcProvider] = Field(default_factory=list)
    """OpenID providers, a JSON list of {name, label, issuer, client_id, client_secret, scopes}."""
    whop_url: str = "https://api.whop.com"
    """Where Whop's OAuth is."""
    whop_client_id: str | None = None
    """The desk's app at Whop; empty: no sign-in with Whop."""
    whop_client_secret: SecretStr | None = None
    """Its secret, if it has one."""
    whop_webhook_secret: SecretStr | None = None
    """Key of Whop's membership webhooks, taken literally; empty: they are refused."""
    whop_products: dict[str, Membership] = Field(default_factory=dict)
    """Which membership a Whop product is: `{"prod_…": "pro"}`."""

    @field_validator("evm_chains")
    @classmethod
    def _numbers(cls, text: str) -> str:
        names = [one.strip() for one in text.split(",")]
        if not all(one.isascii() and one.isdigit() for one in names):
            raise ValueError("chains are EIP-155 numbers, `1, 8453`")
        return ",".join(names)

    @field_validator("evm_rpc")
    @classmethod
    def _nodes(cls, nodes: dict[str, str]) -> dict[str, str]:
        for chain, url in nodes.items():
            if not chain.isdigit() or not url.startswith(("https://", "http://")):
                raise ValueError('nodes are {"1": "https://…"}')
        return nodes

    @field_validator("oidc")
    @classmethod
    def _apart(cls, providers: list[OidcProvider]) -> list[OidcProvider]:
        names = [one.name for one in providers]
        if len(set(names)) != len(names):
            raise ValueError("two providers have one name")
        return providers

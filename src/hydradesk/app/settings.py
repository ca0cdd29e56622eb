"""Every setting of the house, read once in app.main and passed down as values."""

import ipaddress
import json
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hydradesk.app.roles import ROLES
from hydradesk.app.sign_in_settings import SignInSettings
from hydradesk.market.contracts import TIMEFRAMES

Feed = Literal["auto", "ccxt", "replay", "simulated"]


def default_data_dir() -> Path:
    """Where the desk keeps its data unless told otherwise."""
    if os.geteuid() == 0:
        return Path("/var/lib/hydradesk")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "hydradesk"
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local/share")) / "hydradesk"


class Settings(SignInSettings, BaseSettings):
    """Environment HYDRADESK_*. The defaults run everything in one process, on embedded parts."""

    model_config = SettingsConfigDict(env_prefix="HYDRADESK_", frozen=True, extra="ignore")

    data_dir: Path = Field(default_factory=default_data_dir)
    """Everything the desk keeps: database, secrets, logs, recordings."""
    db: str | None = None
    """postgresql+asyncpg://… of a served database; empty: embedded in the data folder."""
    redis: str | None = Field(default=None, repr=False)
    """redis://, rediss:// or unix:// of a Valkey or Redis for what several processes share."""
    roles: frozenset[str] = frozenset({"all"})
    """Which roles this process runs: all of them, until the desk can be split."""
    demo: bool = False
    """No sign-in: whoever reaches the desk is its one local person. On loopback only."""
    tls_cert: Path | None = None
    """Certificate chain to serve https with, PEM."""
    tls_key: Path | None = Field(default=None, validate_default=True)
    """Its private key, PEM."""
    trusted_proxies: str = ""
    """Networks of the reverse proxies in front, `10.0.0.0/8, ::1`."""
    host: str = "127.0.0.1"
    """Address to serve on; beyond loopback only with TLS, or behind a proxy that has it."""
    port: int = Field(default=8000, ge=1, le=65535)
    """Port to serve on."""
    kek_source: str = "file"
    """What wraps the keys that seal secrets: `file` (kek.json in the data folder), `env`, or
    `aws-kms:` and the id of a key there."""
    kek: SecretStr | None = None
    """With `env`: 32 random bytes in base64."""
    kek_old: SecretStr | None = None
    """The one before, until `hydradesk keys rotate` is done."""
    aws_region: str = "us-east-1"
    """Region of the key in AWS KMS."""
    aws_endpoint: str | None = None
    """Replaces AWS's address: for a proxy or a test server."""
    access_minutes: int = Field(default=5, ge=1, le=60)
    """Life of an access token."""
    signing_days: int = Field(default=30, ge=1, le=365)
    """How long one key signs access tokens."""
    refresh_days: int = Field(default=30, ge=1, le=365)
    """Life of a refresh token that is not used."""
    idle_days: int = Field(default=14, ge=1, le=365)
    """A session in which nothing happens ends after so long …"""
    session_days: int = Field(default=90, ge=1, le=365)
    """… and any session after so long."""
    step_up_minutes: int = Field(default=10, ge=1, le=60)
    """How long a second proof of identity counts."""
    signature_window_s: int = Field(default=5, ge=1, le=60)
    """How far the time of a signed request may be from ours."""
    public_url: str | None = None
    """The origin people use, `https://desk.example.org`; empty: http://localhost:PORT."""
    hosts: str = ""
    """Further names under which people reach the desk, `desk.example.org, desk.lan`."""
    cors_origins: str = ""
    """Origins of foreign pages that may use the API, `https://app.example.org`."""
    forwarded_header: Literal["x-forwarded", "forwarded"] = "x-forwarded"
    """Which headers the proxies set: X-Forwarded-For, -Proto and -Host, or Forwarded."""
    rate_limits: str = ""
    """Changes to the limits, JSON: `{"user": {"data": "2000/minute"}, "pro": "off"}`."""
    flood_per_s: float = Field(default=100, ge=0)
    """Requests a second from one source before it is known who asks; 0: any number."""
    connections_per_source: int = Field(default=256, ge=1)
    """Open connections of one source."""
    metrics_token: str | None = Field(default=None, min_length=16, repr=False)
    """What a collector elsewhere sends as bearer token for /metrics and /readyz."""
    access_log: Literal["notable", "all"] = "notable"
    """Log writes, refusals and slow reads, or every request."""
    graphql_introspection: bool = False
    """Whether strangers may read the GraphQL schema; who is signed in may."""
    captcha_difficulty: int = Field(default=14, ge=0, le=24)
    """Zero bits of the proof of work on public forms, 2^n tries; 0 asks for none."""
    feed: Feed = "auto"
    """Where prices come from: the exchange, recordings, a simulation, or the first that works."""
    exchange: str = "binance"
    """ccxt id of the exchange for the live feed."""
    exchange_url: str | None = None
    """Replaces the exchange's REST address: for a proxy or a test server."""
    recordings: Path | None = None
    """Folder of candle files to replay; empty: `recordings` in the data folder."""
    replay_start: str | None = None
    """Where a new replay begins, RFC 3339; empty: seven days before the recordings end."""
    speed: float = Field(default=60, ge=0.1, le=3600)
    """Replayed minutes per minute."""
    seed: int = 7
    """Seed of the simulated market."""
    venue: str | None = None
    """http://… of a paper venue in a process of its own; empty: in this process."""
    deposit: Decimal = Field(default=Decimal(100_000), gt=0, le=Decimal("1e12"))
    """Play money of a new paper account, USDT."""
    auto_trade: bool = True
    """Whether a new paper account trades signals by itself."""
    auto_timeframe: str = "5m"
    """Which signals it trades."""
    order_max: Decimal = Field(default=Decimal(25_000), gt=0)
    """Largest order, USDT."""
    gross_max: Decimal = Field(default=Decimal(200_000), gt=0)
    """Largest gross exposure, USDT."""
    daily_loss_max: Decimal = Field(default=Decimal(5_000), gt=0)
    """Loss since UTC midnight after which only reductions pass, USDT."""
    risk_per_trade: Decimal = Field(default=Decimal("0.01"), gt=0, le=1)
    """Part of equity an automatic trade may lose at its stop."""
    price_age_max_ms: int = Field(default=90_000, gt=0)
    """Oldest price to act on, desk milliseconds."""
    collar: Decimal = Field(default=Decimal("0.05"), gt=0, lt=1)
    """Largest distance of an order's price from the market, as a fraction."""
    address_delay_s: int = Field(default=86_400, ge=0)
    """Seconds until a new address may be withdrawn to."""
    withdrawal_delay_s: int = Field(default=3_600, ge=0)
    """Seconds a withdrawal may be cancelled before it leaves."""
    withdrawal_review: Decimal = Field(default=Decimal(10_000), gt=0)
    """An administrator decides on withdrawals worth this or more, USDT."""
    withdrawal_daily: tuple[Decimal, Decimal, Decimal] = (
        Decimal(1_000),
        Decimal(25_000),
        Decimal(250_000),
    )
    """Most a day for KYC level 0, 1 and 2, USDT; JSON: `["1000", "25000", "250000"]`."""
    webhook_ports: frozenset[int] = frozenset({443, 8443})
    """Ports at which outbound webhooks may be delivered."""
    webhook_local_hosts: frozenset[str] = frozenset()
    """`host:port` that webhooks may call in spite of every rule, over http too; for trials."""
    webhook_disable_days: int = Field(default=5, ge=1, le=365)
    """Days without one success after which a subscription is switched off."""
    sanctions_list: Path | None = None
    """File of names and addresses with whom nothing is done; empty: nobody is screened."""
    kyc_days: int = Field(default=365, ge=1, le=3650)
    """How long an approval lasts unless the decision says."""
    keep_audit_days: int = Field(default=365, ge=1, le=3650)
    """How long from where something was done is kept beside the audit trail."""
    keep_events_days: int = Field(default=90, ge=1, le=3650)
    """How long security events are kept."""
    keep_kyc_days: int = Field(default=30, ge=0, le=3650)
    """How long identity documents are kept after the decision."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    """What the terminal shows; the log file takes everything from INFO up."""

    @field_validator("tls_key")
    @classmethod
    def _both_or_none(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if (key is None) != (info.data.get("tls_cert") is None):
            raise ValueError("HYDRADESK_TLS_CERT and HYDRADESK_TLS_KEY come together")
        return key

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, text: str) -> str:
        for one in filter(None, (part.strip() for part in text.split(","))):
            try:
                ipaddress.ip_network(one)
            except ValueError as error:
                raise ValueError(f"{one} is not a network such as 10.0.0.0/8") from error
        return text

    @field_validator("rate_limits")
    @classmethod
    def _rates(cls, text: str) -> str:
        if text:
            from hydradesk.infra.rates import rules_of

            try:
                rules_of(json.loads(text))
            except (ValueError, AttributeError, TypeError) as error:
                raise ValueError(f"not JSON of tiers and limits: {error}") from error
        return text

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, text: str) -> str:
        for one in listed(text):
            parts = urlsplit(one)
            if f"{parts.scheme}://{parts.netloc}" != one or parts.scheme not in ("http", "https"):
                raise ValueError(f"{one} is no origin such as https://app.example.org")
        return text

    @field_validator("host")
    @classmethod
    def _guarded(cls, host: str, info: ValidationInfo) -> str:
        if host == "localhost" or _is_loopback(host):
            return host
        if info.data.get("demo"):
            raise ValueError(f"{host} would let others in, and --demo asks nobody who they are")
        if not info.data.get("tls_cert") and not info.data.get("trusted_proxies"):
            raise ValueError(
                f"{host} would carry sign-ins in the clear: set HYDRADESK_TLS_CERT and "
                "HYDRADESK_TLS_KEY, or HYDRADESK_TRUSTED_PROXIES when a proxy has them"
            )
        return host

    @field_validator("kek_source")
    @classmethod
    def _known_source(cls, source: str) -> str:
        if source not in ("file", "env") and not source.removeprefix("aws-kms:").strip():
            raise ValueError("name the key: aws-kms:KEY-ID")
        if source not in ("file", "env") and not source.startswith("aws-kms:"):
            raise ValueError("use file, env or aws-kms:KEY-ID")
        return source

    @field_validator("public_url")
    @classmethod
    def _origin(cls, url: str | None) -> str | None:
        if not url:
            return None
        parts = urlsplit(url)
        bare = f"{parts.scheme}://{parts.netloc}"
        known = parts.scheme in ("http", "https") and parts.hostname and "@" not in bare
        if not known or url.rstrip("/") != bare:
            raise ValueError("an origin is https://name or https://name:port, nothing after it")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("people sign in over https; plain http only on this machine")
        return bare

    @field_validator("db")
    @classmethod
    def _asyncpg(cls, url: str | None) -> str | None:
        if url and not url.startswith("postgresql+asyncpg://"):
            raise ValueError("a served database is named as postgresql+asyncpg://user:…@host/name")
        return url or None

    @field_validator("redis")
    @classmethod
    def _redis(cls, url: str | None) -> str | None:
        if url and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("a Valkey or Redis is named as redis://host:6379 (or rediss, unix)")
        return url or None

    @field_validator("auto_timeframe")
    @classmethod
    def _timeframe(cls, text: str) -> str:
        if text not in TIMEFRAMES:
            raise ValueError(f"use one of {', '.join(TIMEFRAMES)}")
        return text

    @field_validator("roles")
    @classmethod
    def _all_roles(cls, roles: frozenset[str]) -> frozenset[str]:
        unknown = sorted(roles - ROLES.keys() - {"all"})
        if unknown:
            raise ValueError(
                f"unknown roles {', '.join(unknown)}: the roles are {', '.join(ROLES)}"
            )
        if "all" not in roles and roles != ROLES.keys():
            raise ValueError("one process runs all roles for now: leave the roles out")
        return roles

    @property
    def origin(self) -> str:
        """Scheme, name and port under which people reach the desk."""
        scheme = "http" if self.tls_cert is None else "https"
        return self.public_url or f"{scheme}://localhost:{self.port}"

    @property
    def recordings_dir(self) -> Path:
        """Where to look for days to replay."""
        return self.recordings or self.data_dir / "recordings"


def listed(text: str) -> list[str]:
    """Return what stands between commas."""
    return [one for one in map(str.strip, text.split(",")) if one]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

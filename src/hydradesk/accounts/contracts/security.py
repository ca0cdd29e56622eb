"""What defends the desk at run time: noted events, feature switches."""

from typing import Literal, Protocol, get_args

from hydradesk.accounts.contracts.audit import Detail
from hydradesk.kernel.errors import Forbidden

Severity = Literal["info", "warning", "critical"]
SecurityKind = Literal[
    "sign_in_refused",
    "refresh_reused",
    "signature_refused",
    "key_refused",
    "key_leaked",
    "limit_storm",
    "csrf_refused",
    "captcha_refused",
    "audit_broken",
    "ledger_broken",
    "schema_drift",
    "sanctions_hit",
    "incident_opened",
    "events_dropped",
]
Feature = Literal["sign_up", "withdrawals", "webhooks", "graphql", "auto_trade"]
FEATURES: tuple[Feature, ...] = get_args(Feature)


class SecurityLog(Protocol):
    """Where a part of the desk says that somebody tried something."""

    def note(
        self,
        kind: SecurityKind,
        subject: str = "",
        detail: Detail | None = None,
        severity: Severity = "warning",
    ) -> None:
        """Note an event and return at once: one line in the log now, one row soon after.

        Args:
            kind: what happened.
            subject: the id of whom or what it is about: a person, a key, a session; not an
                e-mail address. From where comes from infra.origin.ORIGIN.
            detail: what else is known; nothing personal, nothing secret.
            severity: `critical` for what an administrator must look at.
        """
        ...


class FeatureOff(Forbidden):
    """An administrator has switched this off (HTTP 403)."""

    code = "feature_off"


class Features(Protocol):
    """The switches an administrator sets; answered from memory."""

    def enabled(self, name: Feature) -> bool:
        """Whether a feature is on."""
        ...

    def require(self, name: Feature) -> None:
        """Raise FeatureOff when it is not."""
        ...

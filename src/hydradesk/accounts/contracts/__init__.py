"""What the rest of the house may know about accounts."""

from hydradesk.accounts.contracts.access import (
    DEMO_SCOPES,
    ENTITLEMENTS,
    EVERY_SCOPE,
    KEY_SCOPES,
    MEMBERSHIPS,
    PUBLIC,
    ROLES,
    SCOPES_OF,
    Entitlements,
    KeyScope,
    Role,
    scopes_of,
)
from hydradesk.accounts.contracts.audit import DESK_CHAIN, Action, Audit, Detail
from hydradesk.accounts.contracts.paper import Account, AccountChanged, Accounts
from hydradesk.accounts.contracts.people import (
    KycStatus,
    People,
    Person,
    PersonChanged,
    Preferences,
    RiskLevel,
    Status,
)
from hydradesk.accounts.contracts.screening import Hit, Screening
from hydradesk.accounts.contracts.secrets import Secret, Vault
from hydradesk.accounts.contracts.security import (
    FEATURES,
    Feature,
    FeatureOff,
    Features,
    SecurityKind,
    SecurityLog,
    Severity,
)
from hydradesk.accounts.contracts.sessions import Issued, Method, Sessions

__all__ = [
    "DEMO_SCOPES",
    "DESK_CHAIN",
    "ENTITLEMENTS",
    "EVERY_SCOPE",
    "FEATURES",
    "KEY_SCOPES",
    "MEMBERSHIPS",
    "PUBLIC",
    "ROLES",
    "SCOPES_OF",
    "Account",
    "AccountChanged",
    "Accounts",
    "Action",
    "Audit",
    "Detail",
    "Entitlements",
    "Feature",
    "FeatureOff",
    "Features",
    "Hit",
    "Issued",
    "KeyScope",
    "KycStatus",
    "Method",
    "People",
    "Person",
    "PersonChanged",
    "Preferences",
    "RiskLevel",
    "Role",
    "Screening",
    "Secret",
    "SecurityKind",
    "SecurityLog",
    "Sessions",
    "Severity",
    "Status",
    "Vault",
    "scopes_of",
]

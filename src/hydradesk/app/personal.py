"""Every kind of data about people, by table: what is exported, what goes at erasure."""

from hydradesk.accounts.store.personal import OF_ACCOUNTS, OF_BOTH_ENDS, OWN, TablePersonal
from hydradesk.app import tables as every_table
from hydradesk.infra.db import metadata
from hydradesk.ledger import store as ledger

TABLES = every_table

GOES: dict[str, str] = {
    "accounts_sessions": "sessions",
    "accounts_api_keys": "api_keys",
    "accounts_venue_keys": "venue_keys",
    "accounts_credentials": "credentials",
    "accounts_authenticators": "authenticators",
    "accounts_journal": "journal",
    "accounts_addresses": "addresses",
    "risk_profiles": "risk_profile",
    "webhooks_deliveries": "webhook_deliveries",
    "webhooks_subscriptions": "webhook_subscriptions",
}
"""Shown, and gone at erasure."""
UNSHOWN = ("accounts_recovery_codes", "accounts_enrolments")
"""Digests only: nothing to show; gone at erasure."""
STAYS: dict[str, str] = {
    "accounts_people": "profile",
    "accounts_audit": "audit",
    "accounts_kyc_cases": "kyc",
    "accounts_kyc_documents": "kyc_documents",
    "accounts_accounts": "paper_accounts",
    "execution_orders": "orders",
    "execution_fills": "fills",
    ledger.transfers.name: "transfers",
    ledger.balances.name: "balances",
    "portfolio_positions": "positions",
    "portfolio_equity": "equity",
    "portfolio_withdrawals": "withdrawals",
    "portfolio_flows": "flows",
    "risk_judgements": "judgements",
}
"""Shown, and not deleted here: pseudonymous once the person is nobody, or erased by its owner."""
NEITHER = {
    "accounts_audit_heads": "where a chain stands",
    "execution_automatic": "which signal is being traded",
    "risk_reservations": "what live orders reserve",
}
"""Says nothing that is not said elsewhere, and has to stay."""
LINKED = (
    TablePersonal(
        metadata.tables["accounts_refresh_tokens"],
        "refresh_tokens",
        "session IN (SELECT id FROM accounts_sessions WHERE person = :person)",
        shown=False,
    ),
    TablePersonal(
        metadata.tables["accounts_memberships"],
        "memberships",
        "whop_id = (SELECT whop_id FROM accounts_people WHERE person = :person)",
    ),
)
"""Led to by another table: first."""


def kinds() -> list[TablePersonal]:
    """Return them in the order in which they are erased."""
    tables = metadata.tables
    found = list(LINKED)
    found += [TablePersonal(tables[one], name) for one, name in GOES.items() if one in tables]
    found += [TablePersonal(tables[table], table, shown=False) for table in UNSHOWN]
    for table, name in STAYS.items():
        if table not in tables:
            continue
        where = OWN if "person" in tables[table].columns else OF_ACCOUNTS
        if "counter_account" in tables[table].columns:
            where = OF_BOTH_ENDS
        found.append(TablePersonal(tables[table], name, where, erased=False))
    return found

"""Which rooms run together when the house is split; ledger and infra are linked into all."""

ROLES: dict[str, tuple[str, ...]] = {
    "feeds": ("market",),
    "brain": ("analysis", "signals"),
    "trader": ("risk", "execution", "portfolio"),
    "web": ("accounts", "gateway"),
}

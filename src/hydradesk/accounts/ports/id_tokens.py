"""What an identity provider's adapter applies to a token whose signature it has verified."""

from hydradesk.accounts.domain.id_token import ALGORITHMS, Wanted, check, claims

__all__ = ["ALGORITHMS", "Wanted", "check", "claims"]

"""Why somebody was not let in: one class for each code that the contract names."""

from hydradesk.kernel.errors import Conflict, Forbidden, Invalid, Unauthenticated


class MessageMalformed(Invalid):
    """What was signed is not a message of its standard."""

    code = "message_malformed"


class SignatureInvalid(Unauthenticated):
    """The signature is not the address's own over this message."""

    code = "signature_invalid"


class NonceInvalid(Unauthenticated):
    """We never gave this nonce, it was used already, or it is too old."""

    code = "nonce_invalid"


class DomainMismatch(Unauthenticated):
    """The message was meant for another site."""

    code = "domain_mismatch"


class ChainMismatch(Unauthenticated):
    """The message was meant for another network."""

    code = "chain_mismatch"


class MessageExpired(Unauthenticated):
    """The message is not valid now: too old, not yet, or from a clock that is wrong."""

    code = "message_expired"


class CredentialsInvalid(Unauthenticated):
    """Address or password is wrong; which one is not said."""

    code = "credentials_invalid"


class FactorInvalid(Unauthenticated):
    """The second proof is wrong, used already or of another time."""

    code = "factor_invalid"


class TicketInvalid(Unauthenticated):
    """The first step of this sign-in is forgotten: begin again."""

    code = "ticket_invalid"


class TokenRefused(Unauthenticated):
    """An identity token is not the issuer's own, not for this desk, or not for now."""

    code = "token_invalid"


class AccountSuspended(Forbidden):
    """The person may not sign in any more."""

    code = "account_suspended"


class ContractWalletRefused(Unauthenticated):
    """The address did not sign by itself, and this desk cannot ask its contract."""

    code = "contract_wallet_unsupported"


class CredentialTaken(Conflict):
    """The credential belongs to another person of this desk."""

    code = "credential_taken"


class LastCredential(Conflict):
    """Without this credential nobody could sign in as this person."""

    code = "last_credential"

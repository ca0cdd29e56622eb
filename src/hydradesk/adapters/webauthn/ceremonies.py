"""Passkeys: what browsers are asked, and whether their answers are right.

User verification is always required: a passkey stands for two proofs, having and knowing or being.
"""

import base64
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from hydradesk.accounts.contracts.refusals import SignatureInvalid
from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import PersonId

NAME = "Hydradesk"
ODD = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, EOFError)
"""What py_webauthn and cbor2 let through for bytes that are no WebAuthn at all."""


class WebAuthn:
    """Answers accounts' Passkeys; `origin` is scheme://host[:port] at which people sign in."""

    def __init__(self, origin: str) -> None:
        self._origin, self._party = origin, urlsplit(origin).hostname or "localhost"

    def warm(self) -> None:
        """Load the library, which takes a quarter of a second."""
        import webauthn  # noqa: F401

    def creation(self, person: PersonId, name: str, known: Sequence[str], challenge: bytes) -> str:
        """Return the options (JSON) for making a passkey; `known` ones are left out."""
        from webauthn import generate_registration_options, options_to_json
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        options = generate_registration_options(
            rp_id=self._party,
            rp_name=NAME,
            user_name=name,
            user_display_name=name,
            user_id=person.encode(),
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_described(known),
        )
        return options_to_json(options)

    def created(self, credential: str, challenge: bytes) -> tuple[str, str, int]:
        """Return id, public key (both base64url) and counter of a new one; raises Invalid."""
        from webauthn import verify_registration_response
        from webauthn.helpers.exceptions import WebAuthnException

        try:
            made = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._party,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except (WebAuthnException, *ODD) as error:
            raise Invalid(
                "the passkey was not made for this desk just now",
                field="credential",
                fix="ask for new options and try again",
            ) from error
        return _text(made.credential_id), _text(made.credential_public_key), made.sign_count

    def request(self, known: Sequence[str], challenge: bytes) -> str:
        """Return the options (JSON) for showing a passkey; none known: any of this site's."""
        from webauthn import generate_authentication_options, options_to_json
        from webauthn.helpers.structs import UserVerificationRequirement

        options = generate_authentication_options(
            rp_id=self._party,
            challenge=challenge,
            allow_credentials=_described(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def shown(self, credential: str, challenge: bytes, public_key: str, counter: int) -> int:
        """Return the new counter of a passkey that was shown; raises SignatureInvalid."""
        from webauthn import verify_authentication_response
        from webauthn.helpers.exceptions import WebAuthnException

        try:
            done = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._party,
                expected_origin=self._origin,
                credential_public_key=_bytes(public_key),
                credential_current_sign_count=counter,
                require_user_verification=True,
            )
        except (WebAuthnException, *ODD) as error:
            raise SignatureInvalid(
                "the passkey's answer is not right for this desk and this moment",
                fix="ask for new options and try again",
            ) from error
        return done.new_sign_count

    def named(self, credential: str) -> tuple[str, str | None]:
        """Return which passkey it says it is, and whose (user handle); raises Invalid."""
        try:
            parsed = json.loads(credential)
            raw = _bytes(parsed["rawId"])
            handle = parsed["response"].get("userHandle")
            return _text(raw), None if not handle else _bytes(handle).decode()
        except ODD as error:
            raise Invalid("this is not a passkey's answer", field="credential") from error


def _described(known: Sequence[str]) -> list[Any]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=_bytes(one)) for one in known]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

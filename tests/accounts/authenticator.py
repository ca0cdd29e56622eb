"""A passkey provider in software, after the WebAuthn specification: what a phone would answer."""

import base64
import hashlib
import json
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One passkey on one device; every field can be set wrong."""

    def __init__(self, origin: str = "https://desk.example", seed: int = 5) -> None:
        self.origin, self.party = origin, origin.partition("//")[2].split(":")[0]
        self.key = ec.derive_private_key(seed, ec.SECP256R1())
        self.id = hashlib.sha256(bytes([seed])).digest()
        self.counter, self.flags = 0, USER_PRESENT | USER_VERIFIED
        self.user: bytes = b""

    def make(self, options: dict[str, Any], **wrong: Any) -> dict[str, Any]:
        """Answer navigator.credentials.create."""
        self.user = unb64(options["user"]["id"])
        client = self._client("webauthn.create", options, **wrong)
        numbers = self.key.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        data = self._data(ATTESTED, **wrong) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(
            {"clientDataJSON": b64(client), "attestationObject": b64(attestation)}
        )

    def show(self, options: dict[str, Any], **wrong: Any) -> dict[str, Any]:
        """Answer navigator.credentials.get."""
        client = self._client("webauthn.get", options, **wrong)
        self.counter += 1
        data = self._data(0, **wrong)
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._credential(
            {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(data),
                "signature": b64(wrong.get("signature", signature)),
                "userHandle": b64(wrong.get("user", self.user)),
            }
        )

    def _client(self, kind: str, options: dict[str, Any], **wrong: Any) -> bytes:
        said = {
            "type": wrong.get("type", kind),
            "challenge": wrong.get("challenge", options["challenge"]),
            "origin": wrong.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(said).encode()

    def _data(self, more: int, **wrong: Any) -> bytes:
        party = hashlib.sha256(wrong.get("party", self.party).encode()).digest()
        flags = wrong.get("flags", self.flags) | more
        return party + bytes([flags]) + wrong.get("counter", self.counter).to_bytes(4, "big")

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        name = b64(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}

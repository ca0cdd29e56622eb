"""What attackers make of a token, and how."""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from hydradesk.accounts.domain import jwk
from hydradesk.accounts.domain.sealing import decode
from tests.accounts.sessions.ring import ORIGIN, Ring


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Forger:
    """An attacker with a real token, who for the sake of the test may even sign with our key."""

    def __init__(self, ring: Ring, token: str, private: Ed25519PrivateKey) -> None:
        self.ring, self.token, self.private = ring, token, private
        self.head, self.body, self.signature = token.split(".")
        self.header: dict[str, Any] = json.loads(decode(self.head))
        self.claims: dict[str, Any] = json.loads(decode(self.body))

    def raw(self, header: bytes | str, body: bytes | str) -> str:
        """Sign any bytes with the desk's own key."""
        head = b64(header if isinstance(header, bytes) else header.encode())
        text = b64(body if isinstance(body, bytes) else body.encode())
        return f"{head}.{text}.{b64(self.private.sign(f'{head}.{text}'.encode()))}"

    def signed(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Sign other claims, or under another header."""
        body = {k: v for k, v in (self.claims | claims).items() if v is not ...}
        head = {k: v for k, v in (self.header | (header or {})).items() if v is not ...}
        return self.raw(json.dumps(head), json.dumps(body))

    def unsigned(self, header: dict[str, Any], signature: str) -> str:
        head = b64(json.dumps(self.header | header).encode())
        return f"{head}.{self.body}.{signature}"


Attack = Callable[[Forger], str]


def mac(forger: Forger, key: bytes, header: dict[str, Any]) -> str:
    head = b64(json.dumps(forger.header | header).encode())
    tag = hmac.new(key, f"{head}.{forger.body}".encode(), hashlib.sha256).digest()
    return f"{head}.{forger.body}.{b64(tag)}"


def pem(forger: Forger) -> bytes:
    return forger.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def own_key(forger: Forger, **header: Any) -> str:
    """Signed by the attacker's key, which the header offers."""
    mine = Ed25519PrivateKey.generate()
    offered = jwk.of_ed25519(mine.public_key().public_bytes_raw(), "mine")
    head = {k: (offered if v == "JWK" else v) for k, v in header.items()}
    forged = Forger(forger.ring, forger.token, mine)
    return forged.signed(head)


def by_es256(forger: Forger, signature: bytes | None) -> str:
    head = b64(json.dumps(forger.header | {"alg": "ES256"}).encode())
    text = f"{head}.{forger.body}"
    made = generate_private_key(SECP256R1()).sign(text.encode(), ECDSA(SHA256()))
    return f"{text}.{b64(made if signature is None else signature)}"


def flipped(forger: Forger) -> str:
    """The last character's unused bits: other text, the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = forger.signature[-1]
    other = alphabet[alphabet.index(last) ^ 1]
    padding = "=" * (-len(forger.signature) % 4)
    loosely = base64.urlsafe_b64decode(forger.signature[:-1] + other + padding)
    assert loosely == decode(forger.signature)
    return f"{forger.head}.{forger.body}.{forger.signature[:-1]}{other}"


def bomb(forger: Forger) -> str:
    header = {"alg": "dir", "enc": "A256GCM", "zip": "DEF", "kid": forger.header["kid"]}
    packed = zlib.compress(b"0" * 10_000_000)
    return ".".join([b64(json.dumps(header).encode()), "", b64(b"n" * 12), b64(packed)[:1500], "t"])


def twice(forger: Forger, name: str, value: str, *, header: bool) -> str:
    """A name that comes twice; parsers differ in which of them they believe."""
    head, body = json.dumps(forger.header), json.dumps(forger.claims)
    more = f', "{name}": {json.dumps(value)}}}'
    return forger.raw(head[:-1] + more, body) if header else forger.raw(head, body[:-1] + more)


ATTACKS: dict[str, Attack] = {
    **{
        f"alg {name}, {what}": (
            lambda f, name=name, keep=keep: f.unsigned({"alg": name}, f.signature if keep else "")
        )
        for name in ("none", "None", "NONE", "nOnE", "")
        for what, keep in (("no signature", False), ("the old signature", True))
    },
    "alg none with a valid signature over it": lambda f: f.signed({"alg": "none"}),
    "HS256 with the public key, raw": lambda f: mac(
        f, f.private.public_key().public_bytes_raw(), {"alg": "HS256"}
    ),
    "HS256 with the public key, PEM": lambda f: mac(f, pem(f), {"alg": "HS256"}),
    "HS256 with the public key, alg EdDSA": lambda f: mac(f, pem(f), {}),
    "HS256 with an empty key": lambda f: mac(f, b"", {"alg": "HS256"}),
    "jwk in the header": lambda f: own_key(f, jwk="JWK", kid="mine"),
    "jwk in the header, our kid": lambda f: own_key(f, jwk="JWK"),
    "jwk in the header, signed by us": lambda f: f.signed({"jwk": {"kty": "OKP"}}),
    "jku": lambda f: own_key(f, jku="https://attacker.example/jwks.json"),
    "jku, signed by us": lambda f: f.signed({"jku": "https://attacker.example/jwks.json"}),
    "x5u": lambda f: own_key(f, x5u="https://attacker.example/cert.pem"),
    "x5u, signed by us": lambda f: f.signed({"x5u": "https://attacker.example/cert.pem"}),
    "x5c": lambda f: own_key(f, x5c=["MIIB"]),
    "x5c, signed by us": lambda f: f.signed({"x5c": ["MIIB"]}),
    "another key, our kid": own_key,
    "kid traversal": lambda f: mac(f, b"", {"kid": "../../dev/null"}),
    "kid traversal, signed by us": lambda f: f.signed({"kid": "../../dev/null"}),
    "kid SQL": lambda f: mac(f, b"k", {"kid": "x' UNION SELECT 'k"}),
    "kid SQL, signed by us": lambda f: f.signed({"kid": "x' UNION SELECT 'k"}),
    "kid unknown": lambda f: f.signed({"kid": "AAAAAAAAAAAAAAAA"}),
    "kid missing": lambda f: f.signed({"kid": ...}),
    "kid a number": lambda f: f.signed({"kid": 12345678}),
    "kid a list": lambda f: f.signed({"kid": [f.header["kid"]]}),
    "kid empty": lambda f: f.signed({"kid": ""}),
    "no exp": lambda f: f.signed(exp=...),
    "exp as text": lambda f: f.signed(exp=str(f.claims["exp"])),
    "exp 1e400": lambda f: f.raw(
        json.dumps(f.header), json.dumps(f.claims | {"exp": 0}).replace('"exp": 0', '"exp": 1e400')
    ),
    "exp Infinity": lambda f: f.signed(exp=float("inf")),
    "exp NaN": lambda f: f.signed(exp=float("nan")),
    "exp a fraction": lambda f: f.signed(exp=f.claims["exp"] + 0.5),
    "exp huge": lambda f: f.signed(exp=10**400),
    "exp beyond all time": lambda f: f.signed(exp=2**41),
    "exp null": lambda f: f.signed(exp=None),
    "exp true": lambda f: f.signed(exp=True),
    "exp negative": lambda f: f.signed(exp=-1),
    "exp a list": lambda f: f.signed(exp=[f.claims["exp"]]),
    "exp before iat": lambda f: f.signed(exp=f.claims["iat"] - 1),
    "nbf in the future": lambda f: f.signed(nbf=f.claims["nbf"] + 6),
    "iat in the future": lambda f: f.signed(iat=f.claims["iat"] + 6),
    "a clock 5 minutes ahead": lambda f: f.signed(
        iat=f.claims["iat"] + 300, nbf=f.claims["nbf"] + 300, exp=f.claims["exp"] + 300
    ),
    "iat as text": lambda f: f.signed(iat=str(f.claims["iat"])),
    "no iat": lambda f: f.signed(iat=...),
    "signature stripped": lambda f: f"{f.head}.{f.body}.",
    "signature and dot stripped": lambda f: f"{f.head}.{f.body}",
    "signature cut": lambda f: f.token[:-4],
    "signature of zeroes": lambda f: f"{f.head}.{f.body}.{b64(bytes(64))}",
    "signature too long": lambda f: f.token + "AAAA",
    "signature of another body": lambda f: (
        f"{f.head}.{b64(json.dumps(f.claims | {'role': 'x'}).encode())}.{f.signature}"
    ),
    "unused bits flipped": flipped,
    "padding on the signature": lambda f: f.token + "==",
    "padding on the header": lambda f: f"{f.head}=.{f.body}.{f.signature}",
    "padding on the body": lambda f: f"{f.head}.{f.body}=.{f.signature}",
    "blank in front": lambda f: f" {f.token}",
    "line break behind": lambda f: f"{f.token}\n",
    "blank inside": lambda f: f"{f.head}.{f.body}. {f.signature}",
    "line break inside the body": lambda f: f"{f.head}.{f.body[:10]}\n{f.body[10:]}.{f.signature}",
    "the other alphabet": lambda f: f.raw(json.dumps(f.header), json.dumps(f.claims)) + "+/",
    "four parts": lambda f: f"{f.token}.{f.signature}",
    "not ASCII": lambda f: f"{f.token}ä",
    "a lone surrogate": lambda f: f"{f.token}\udc80",
    "NUL": lambda f: f"{f.token}\0",
    "empty": lambda f: "",
    "dots": lambda f: "..",
    "very long": lambda f: f.token + "A" * 100_000,
    "another audience": lambda f: f.signed(aud="https://other.example"),
    "audience a list": lambda f: f.signed(aud=[ORIGIN, "https://other.example"]),
    "no audience": lambda f: f.signed(aud=...),
    "another issuer": lambda f: f.signed(iss="https://other.example"),
    "no issuer": lambda f: f.signed(iss=...),
    "a refresh token": lambda f: f.signed(use="refresh"),
    "an id token": lambda f: f.signed(use="id"),
    "typ JWT": lambda f: f.signed({"typ": "JWT"}),
    "no typ": lambda f: f.signed({"typ": ...}),
    "alg twice": lambda f: twice(f, "alg", "EdDSA", header=True),
    "alg twice, the second none": lambda f: twice(f, "alg", "none", header=True),
    "kid twice": lambda f: twice(f, "kid", f.header["kid"], header=True),
    "sub twice": lambda f: twice(f, "sub", "p-bob", header=False),
    "role twice": lambda f: twice(f, "role", "admin", header=False),
    "crit": lambda f: f.signed({"crit": ["http://example.com/UNDEFINED"]}),
    "crit empty": lambda f: f.signed({"crit": []}),
    "crit of what we know": lambda f: f.signed({"crit": ["exp"], "exp": 1}),
    "b64 false": lambda f: f.signed({"b64": False, "crit": ["b64"]}),
    "b64 false without crit": lambda f: f.signed({"b64": False}),
    "b64 false, the body as it is": lambda f: (
        f"{b64(json.dumps(f.header | {'b64': False, 'crit': ['b64']}).encode())}"
        f".{json.dumps(f.claims)}.{f.signature}"
    ),
    "zip": lambda f: f.signed({"zip": "DEF"}),
    "a JWE": lambda f: ".".join([f.head, b64(b"k" * 32), b64(b"n" * 12), f.body, b64(b"t" * 16)]),
    "a JWE that unpacks to gigabytes": bomb,
    "ES256": lambda f: by_es256(f, None),
    "ES256, r = s = 0": lambda f: by_es256(f, bytes(64)),
    "ES256, r = s = 0 in DER": lambda f: by_es256(f, bytes.fromhex("3006020100020100")),
    "one more claim": lambda f: f.signed(admin=True),
    "a header that is a list": lambda f: f.raw("[]", json.dumps(f.claims)),
    "claims that are a list": lambda f: f.raw(json.dumps(f.header), "[]"),
    "claims that are text": lambda f: f.raw(json.dumps(f.header), '"exp"'),
    "claims nested a thousand deep": lambda f: f.raw(json.dumps(f.header), "[" * 700),
    "claims not JSON": lambda f: f.raw(json.dumps(f.header), "{'exp': 1}"),
    "claims not UTF-8": lambda f: f.raw(json.dumps(f.header), b'{"exp": "\xff"}'),
    "claims with a byte order mark": lambda f: f.raw(
        json.dumps(f.header), b"\xef\xbb\xbf" + json.dumps(f.claims).encode()
    ),
    "sub a number": lambda f: f.signed(sub=1),
}
CHECKLIST = {
    "alg:none": "alg none, no signature",
    "HS256 token": "HS256 with the public key, PEM",
    "jwk header": "jwk in the header",
    "jku/x5u/x5c": "jku",
    "kid path traversal": "kid traversal",
    "exp in the past": "exp 1e400",
    "signature stripped": "unused bits flipped",
    "token of another": "another audience",
    "duplicate alg": "alg twice",
    "crit header": "crit",
    "weak secrets": "",  # test_vault
    "ECDSA r=s=0": "ES256, r = s = 0",
    "JWE token": "a JWE",
    "zip bomb": "a JWE that unpacks to gigabytes",
    "b64=false": "b64 false",
}

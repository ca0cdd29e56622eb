"""A real OpenID provider on loopback: discovery, authorize, token, JWKS, userinfo; and Whop's."""

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

CLIENT, SECRET = "desk-client", "desk-secret"


class Key:
    """One signing key."""

    def __init__(self, name: str, algorithm: str = "RS256") -> None:
        self.name, self.algorithm = name, algorithm
        makers: dict[str, Any] = {
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }
        self.private = makers[algorithm]()

    def public(self) -> dict[str, Any]:
        known = jwt.get_algorithm_by_name(self.algorithm)
        found = known.to_jwk(self.private.public_key(), as_dict=True)
        return found | {"kid": self.name, "use": "sig", "alg": self.algorithm}


class Provider:
    """Its keys, who is signed in there, and the codes it has given."""

    def __init__(self, url: str, now: Any) -> None:
        self.url, self.now = url, now
        self.keys = [Key("k1")]
        self.user: dict[str, Any] = {
            "sub": "u-1",
            "email": "carol@mail.example",
            "email_verified": True,
            "name": "Carol",
        }
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.wrong: dict[str, Any] = {}

    def id_token(self, asked: str, key: Key | None = None, **changes: Any) -> str:
        signing = key or self.keys[-1]
        now = self.now() // 10**9
        said = (
            self.user
            | {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked}
            | self.wrong
            | changes
        )
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, signing.private, signing.algorithm, {"kid": signing.name})

    def authorize(self, query: dict[str, str]) -> str:
        """What a browser is sent back to after the person agreed."""
        assert query["response_type"] == "code" and query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes) + 1}"
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        began = self.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        right = (
            began is not None
            and authorization == f"Basic {expected}"
            and challenge == began["code_challenge"]
            and form["redirect_uri"] == began["redirect_uri"]
        )
        if not right or began is None:
            return 400, {"error": "invalid_grant"}
        token = self.id_token(began.get("nonce", ""))
        return 200, {"access_token": "at-1", "token_type": "Bearer", "id_token": token}

    def get(self, path: str, authorization: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            places = ("authorize", "token", "jwks")
            found = {end: f"{self.url}/{at}" for end, at in zip(ends, places, strict=True)}
            return 200, found | {"issuer": self.wrong.get("discovered", self.url)}
        if path == "/jwks":
            return 200, {"keys": [one.public() for one in self.keys]}
        if path == "/oauth/userinfo" and authorization == "Bearer at-1":
            return 200, self.user
        return 404, {}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        self._answer(*self.provider.get(self.path, self.headers.get("Authorization", "")))

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(raw).items()}
        self._answer(*self.provider.token(form, self.headers.get("Authorization", "")))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(now: Any) -> Iterator[Provider]:
    """Serve a provider until the block ends."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    assert isinstance(server.socket, socket.socket)
    provider = Provider(f"http://127.0.0.1:{server.server_address[1]}", now)
    handler.provider = provider  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    server.server_close()
    thread.join()


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}

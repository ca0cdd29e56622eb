"""The server under the door, over real TCP: slow and endless heads, many lines, TLS."""

import datetime
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hydradesk.doors.gateway.wire import HEAD_BYTES, HEADERS
from hydradesk.infra.db import Database
from tests.doors.fronts import Front
from tests.doors.wires import Served, serving, trusting


@pytest.fixture
async def served(db: Database) -> AsyncIterator[Served]:
    async with serving(Front(db).app, head_s=0.2, per_source=8) as one:
        yield one


async def test_a_head_that_never_ends_is_cut_off(served: Served) -> None:
    for start in (b"", b"G", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"\r\n"):
        line = await served.line()
        line.send(start)
        assert (await line.rest()).startswith("HTTP/1.1 408"), start
        line.close()
    assert "200 OK" in await served.ask()


async def test_a_line_kept_alive_may_not_dribble_either(served: Served) -> None:
    line = await served.line()
    line.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await line.head()).startswith("HTTP/1.1 200")
    await line.reader.readexactly(len(b'{"ok":true}'))
    line.send(b"\r\n")
    assert (await line.rest()).startswith("HTTP/1.1 408")


async def test_a_head_has_a_size(served: Served) -> None:
    large = b"X-A: " + b"a" * (HEAD_BYTES + 1) + b"\r\n"
    many = b"".join(b"X-%d: a\r\n" % n for n in range(HEADERS + 1))
    endless = b"X-A: " + b"a" * 50_000
    long_url = b"GET /" + b"a" * 50_000
    for start in (
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + large + b"\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + endless,
        long_url,
    ):
        line = await served.line()
        line.send(start)
        assert (await line.rest()).startswith("HTTP/1.1 431"), start[:80]
        line.close()
    assert "200 OK" in await served.ask()


async def test_what_is_not_http_is_refused(served: Served) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 64, b"HELO x\r\n"):
        line = await served.line()
        line.send(garbage)
        assert (await line.rest()).startswith("HTTP/1.1 400")
        line.close()
    assert "200 OK" in await served.ask()


async def test_a_source_has_a_number_of_lines(served: Served) -> None:
    lines = [await served.line() for _ in range(8)]
    one_more = await served.line()
    assert (await one_more.rest()).startswith("HTTP/1.1 429")
    for line in lines:
        line.close()
    await served.well()


async def test_lines_that_became_sockets_are_given_back(db: Database) -> None:
    async with serving(Front(db).app, per_source=3) as served:
        for _ in range(4):
            lines = [await served.socket() for _ in range(3)]
            refused = await served.line()
            assert (await refused.rest()).startswith("HTTP/1.1 429")
            for line in lines:
                line.close()
            await served.well()


async def test_nobody_speaks_for_a_proxy_that_is_not_trusted(db: Database) -> None:
    front = Front(db, metrics_token="a token of ours")
    async with serving(front.app) as served:
        line = await served.line()
        line.send(
            b"GET /api/markets HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 6.6.6.6\r\n"
            b"X-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"
        )
        said = (await line.rest()).lower()
    assert said.startswith("http/1.1 200") and "strict-transport-security" not in said


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, secret


async def test_https_and_wss_by_configuration(db: Database, certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    trust = trusting(str(cert))
    async with serving(Front(db).app, cert=cert, key=key) as served:
        said = await served.ask(ssl=trust, server_hostname="localhost")
        assert said.startswith("HTTP/1.1 200") and "strict-transport-security" in said
        line = await served.line()
        line.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert "200" not in await line.rest()
        url = f"wss://localhost:{served.port}/api/stream"
        async with websockets.connect(url, ssl=trust) as client:
            await client.send('{"op": "subscribe", "topics": ["nothing"]}')
            assert json.loads(await client.recv())["type"] == "error"


@pytest.mark.parametrize(
    ("version", "accepted"),
    [
        (ssl.TLSVersion.TLSv1_3, True),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_1, False),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
async def test_old_tls_is_refused(
    db: Database, certificate: tuple[Path, Path], version: ssl.TLSVersion, accepted: bool
) -> None:
    cert, key = certificate
    trust = trusting(str(cert))
    trust.set_ciphers("ALL:@SECLEVEL=0")
    trust.minimum_version = trust.maximum_version = version
    async with serving(Front(db).app, cert=cert, key=key) as served:
        if accepted:
            assert "200 OK" in await served.ask(ssl=trust, server_hostname="localhost")
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await served.ask(ssl=trust, server_hostname="localhost")

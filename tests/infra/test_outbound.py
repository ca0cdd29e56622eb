"""Calls to other people's addresses: the open internet only, and only the address checked."""

# ruff: noqa: RUF001  (letters that look like others are what this is about)

import asyncio
import ipaddress
import ssl
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.infra.addresses import TargetRefused, is_public, read_target
from hydradesk.infra.outbound import Outbound, Resolve, Rules, SystemNames, Unreachable
from tests.doors.webhooks.targets import Request, Server, answer, certificates, serving

PORTS = frozenset({443, 8443})


def read(url: str, *local: str) -> str:
    return read_target(url, PORTS, frozenset(local)).url


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("https://example.com", "https://example.com/"),
        ("https://EXAMPLE.com.:443/a?b=c", "https://example.com/a?b=c"),
        ("https://example.com:8443/x%20y", "https://example.com:8443/x%20y"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://раypal.com/", "https://xn--ypal-43d9g.com/"),  # two of the letters are Cyrillic
        ("https://ｅｘａｍｐｌｅ.com/", "https://example.com/"),
        ("https://93.184.215.14/", "https://93.184.215.14/"),
        ("https://[2606:2800:21f:cb07::1]:8443/", "https://[2606:2800:21f:cb07::1]:8443/"),
    ],
)
def test_an_address_has_one_spelling(sent: str, kept: str) -> None:
    assert read(sent) == kept


@pytest.mark.parametrize(
    "url",
    [
        *("", "nonsense", "//example.com/", "https:", "https:///x", "https://", "https://./"),
        *("http://example.com/", "ftp://example.com/", "file:///etc/passwd", "javascript:alert(1)"),
        *("gopher://example.com/", "data:text/html,x", "HTTP://example.com"),
        *("https://me@example.com/", "https://me:pass@example.com/", "https://@example.com/"),
        *("https://example.com:22/", "https://example.com:6379/", "https://example.com:0/"),
        *("https://example.com:99999/", "https://example.com:x/", "https://example.com/#there"),
        *("https://exa mple.com/", "https://example.com/a b", "https://example.com/\r\nX: y"),
        *("https://example.com\\@127.0.0.1/", "https://example.com\x00/", "https://exa\tmple.com/"),
        *("https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://desk/"),
        *("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "https://localhost。/", "https://printer.local/"),
        *("https://metadata.google.internal/", "https://router.lan/", "https://x.home.arpa/"),
        *("https://127.0.0.1/", "https://127.0.0.1./", "https://127.1/", "https://127.0.1/"),
        *("https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0/"),
        *("https://0177.0.0.1/", "https://017700000001/", "https://127.0.0.0x1/", "https://0x/"),
        *("https://１２７.0.0.1/", "https://127。0。0。1/", "https://1.1.1.1.1/", "https://256.1.1.1/"),
        *("https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://0.0.0.0/"),
        *("https://169.254.169.254/", "https://100.64.0.1/", "https://100.100.100.200/"),
        *("https://168.63.129.16/", "https://224.0.0.1/", "https://255.255.255.255/"),
        *("https://192.0.2.1/", "https://198.18.0.1/", "https://203.0.113.7/", "https://240.0.0.1/"),
        *("https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::127.0.0.1]/"),
        *("https://[::ffff:7f00:1]/", "https://[0:0:0:0:0:ffff:169.254.169.254]/"),
        *("https://[64:ff9b::7f00:1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::1]/"),
        *("https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::1]/", "https://[2001::1]/"),
        *("https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fd00:ec2::254]/"),
        *("https://[fec0::1]/", "https://[ff02::1]/", "https://[2001:db8::1]/", "https://[1::x]/"),
        *("https://[::1/", "https://example.com]/", f"https://{'a' * 64}.com/", "https://-a.com/"),
        *("https://a..example/", "https://ex%61mple.com/", "https://é/\u2028"),
        *(f"https://{'a.' * 130}com/", "https://example.com/é", "https://exam\u202eple.com/"),
    ],
)  # fmt: skip
def test_what_is_not_the_open_internet_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        read(url)
    assert refused.value.field == "url" and refused.value.fix


def test_the_operator_may_name_addresses_that_are_called_all_the_same() -> None:
    assert read("http://localhost:9000/x", "localhost:9000") == "http://localhost:9000/x"
    for url in ("http://localhost:9001/", "http://127.0.0.1:9000/", "https://localhost/"):
        with pytest.raises(TargetRefused):
            read(url, "localhost:9000")


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_as_itself(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    mapped = ipaddress.IPv6Address(0xFFFF << 32 | number)
    nat64 = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | number)
    six_to_four = ipaddress.IPv6Address(0x2002 << 112 | number << 80 | 1)
    for outer in (mapped, nat64, six_to_four):
        assert is_public(outer) == is_public(inner)
    assert not is_public(ipaddress.IPv6Address(number))
    assert not is_public(inner) or inner.is_global


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}.com/", f"https://example.com{text}"):
        try:
            target = read_target(url, PORTS, frozenset())
        except TargetRefused:
            continue
        assert target.url.isascii() and target.url.isprintable()
        assert read(target.url) == target.url


def names(**known: Sequence[str] | list[Sequence[str]]) -> Resolve:
    """A name server: each name has its addresses, or a row of them, one for each question."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        found = known.get(host.replace(".", "_"))
        if found is None:
            raise OSError("no such name")
        return found.pop(0) if isinstance(found[0], list) else found  # type: ignore[union-attr,return-value]

    return resolve


@asynccontextmanager
async def calling(
    rules: Rules, resolve: Resolve | None = None, trust: ssl.SSLContext | None = None
) -> AsyncIterator[Outbound]:
    outbound = Outbound(rules, resolve or names(), trust)
    yield outbound
    await outbound.close()


def local(*servers: Server, timeout_s: float = 10) -> Rules:
    allowed = frozenset(f"127.0.0.1:{one.port}" for one in servers)
    return Rules(local=allowed, timeout_s=timeout_s)


def at(server: Server, path: str = "/") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


async def test_a_name_with_one_private_address_is_refused() -> None:
    resolve = names(
        inside_example=["10.0.0.1"],
        both_example=["93.184.215.14", "::1"],
        mapped_example=["::ffff:169.254.169.254"],
        good_example=["93.184.215.14"],
    )
    async with calling(Rules(), resolve) as outbound:
        for name in ("inside", "both", "mapped"):
            for job in (outbound.check, lambda url: outbound.post(url, {}, b"")):
                with pytest.raises(TargetRefused, match="not public"):
                    await job(f"https://{name}.example/")
        assert (await outbound.check("https://good.example")).url == "https://good.example/"
        with pytest.raises(TargetRefused, match="does not resolve"):
            await outbound.check("https://nowhere.example/")
        with pytest.raises(Unreachable, match="does not resolve"):
            await outbound.post("https://nowhere.example/", {}, b"")


async def test_a_name_that_changes_its_mind_is_caught_when_it_is_called() -> None:
    """DNS rebinding: public when the subscription is made, the desk's own machine later."""
    async with serving() as inside:
        resolve = names(rebinds_example=[["93.184.215.14"], ["127.0.0.1"]])
        async with calling(Rules(ports=frozenset({inside.port})), resolve) as outbound:
            url = f"https://rebinds.example:{inside.port}/"
            await outbound.check(url)
            with pytest.raises(TargetRefused, match="not public"):
                await outbound.post(url, {}, b"secret")
        assert inside.seen == []


async def test_the_connection_goes_to_the_address_that_was_checked(tmp_path: Path) -> None:
    """The name is asked for once a call; TLS and Host still say the name."""
    server, trust = certificates(tmp_path, "hooks.example")
    said = []
    server.sni_callback = lambda _, name, __: said.append(name)
    async with serving(server) as target:
        asked = [["127.0.0.1"], ["203.0.113.1"]]  # a second question would lead elsewhere
        rules = Rules(local=frozenset({f"hooks.example:{target.port}"}))
        async with calling(rules, names(hooks_example=asked), trust) as outbound:
            url = f"https://hooks.example:{target.port}/in?a=b"
            assert (await outbound.post(url, {"X-A": "1"}, b"{}")).status == 204
        assert said == ["hooks.example"] and len(asked) == 1
        (request,) = target.seen
        assert request.headers["host"] == f"hooks.example:{target.port}"
        assert request.line == "POST /in?a=b HTTP/1.1" and request.body == b"{}"


async def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    server, trust = certificates(tmp_path, "other.example", "127.0.0.1")
    async with serving(server) as target:
        rules = Rules(local=frozenset({f"hooks.example:{target.port}"}))
        async with calling(rules, names(hooks_example=["127.0.0.1"]), trust) as outbound:
            with pytest.raises(Unreachable):
                await outbound.post(f"https://hooks.example:{target.port}/", {}, b"")
        assert target.seen == []


async def test_redirects_are_followed_and_each_is_judged() -> None:
    async with serving() as target, serving() as inside, calling(local(target)) as outbound:

        def reply(request: Request) -> bytes:
            step = int(request.path.strip("/"))
            return answer(308, f"Location: /{step - 1}") if step else answer(200)

        target.reply = reply
        assert (await outbound.post(at(target, "/3"), {}, b"x")).status == 200
        assert [one.body for one in target.seen] == [b"x"] * 4
        with pytest.raises(Unreachable, match="redirects"):
            await outbound.post(at(target, "/4"), {}, b"x")
        for where in (
            at(inside),
            f"//127.0.0.1:{inside.port}/",
            f"http://localhost:{inside.port}/",
            "file:///etc/passwd",
            "https://169.254.169.254/latest/meta-data",
        ):
            target.reply = lambda _, where=where: answer(307, f"Location: {where}")  # type: ignore[misc]
            with pytest.raises(TargetRefused):
                await outbound.post(at(target), {}, b"x")
        assert inside.seen == []
        target.reply = lambda _: answer(303, "Location: /elsewhere")
        assert (await outbound.post(at(target), {}, b"x")).status == 303


async def test_an_endless_answer_is_cut_off() -> None:
    async with serving() as target, calling(local(target)) as outbound:
        head = b"HTTP/1.1 200 Said\r\nContent-Length: 1000000000000\r\n\r\n"
        target.reply = lambda _: head + b"x" * 1_000_000
        assert (await outbound.post(at(target), {}, b"")).status == 200


async def test_silence_nonsense_and_closed_doors_are_no_answers() -> None:
    async with serving() as target, calling(local(target, timeout_s=0.2)) as outbound:
        target.reply = lambda _: b"SSH-2.0-OpenSSH_9.6\r\n"
        with pytest.raises(Unreachable):
            await outbound.post(at(target), {}, b"")
        target.reply = lambda _: b""
        with pytest.raises(Unreachable):
            await outbound.post(at(target), {}, b"")
        target.hang.clear()
        with pytest.raises(Unreachable, match="within"):
            await outbound.post(at(target), {}, b"")
        closed = Rules(local=frozenset({"127.0.0.1:1"}))
        async with calling(closed) as other:
            with pytest.raises(Unreachable):
                await other.post("http://127.0.0.1:1/", {}, b"")


async def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as target, serving() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with calling(local(target)) as outbound:
            assert (await outbound.post(at(target), {}, b"")).status == 204
        assert proxy.seen == [] and len(target.seen) == 1


async def test_the_machines_own_resolver_gives_addresses() -> None:
    resolve = SystemNames()
    assert {ipaddress.ip_address(one).is_loopback for one in await resolve("localhost", 443)} == {
        True
    }
    async with calling(Rules(), resolve) as outbound:
        with pytest.raises(TargetRefused):
            await outbound.check("https://localhost./")
    await asyncio.sleep(0)


async def test_old_tls_is_not_spoken(tmp_path: Path) -> None:
    server, trust = certificates(tmp_path, "127.0.0.1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        server.minimum_version = ssl.TLSVersion.TLSv1_1
        server.maximum_version = ssl.TLSVersion.TLSv1_1
    server.set_ciphers("ALL:@SECLEVEL=0")
    trust.set_ciphers("ALL:@SECLEVEL=0")  # so that only our own rule says no
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        trust.minimum_version = ssl.TLSVersion.TLSv1_1
    async with serving(server) as target, calling(local(target), trust=trust) as outbound:
        with pytest.raises(Unreachable):
            await outbound.post(f"https://127.0.0.1:{target.port}/", {}, b"")
        assert target.seen == []

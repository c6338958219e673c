"""Cases 26 and 27: no request reaches an address that is not public, however the URL spells it."""

import socket

import pytest

from poller.errors import AddressRefused, TransientUpstreamError
from poller.upstream import connection as module
from poller.upstream.addresses import host_name, host_rule, may_be_polled, read_target
from poller.upstream.client import Upstream
from tests.support.chain import AGENT, get, local
from tests.support.network import Network
from tests.support.raw_servers import Canary, Server, answer, answering

PUBLIC = "93.184.216.34"
ESCAPES = {r"\t": "\t", r"\n": "\n", r"\0": "\0", r"\1": "\1", r"\s": " "}


def table(text: str) -> list[str]:
    return text.split()


# P is the canary's port. AWS refuses both groups, local settings the second.
LOOPBACK = table(r"""
https://127.0.0.1:P/               http://127.0.0.1:P/                HTTPS://127.0.0.1:P/
https://127.0.0.1.:P/              https://127.255.255.254:P/         https://localhost:P/
https://LOCALHOST.:P/              https://[::1]:P/                   https://[0:0:0:0:0:0:0:1]:P/
https://①②⑦.⓪.⓪.①:P/               https://127。0。0。1:P/             https://１２７.０.０.１:P/
https://loopback.test:P/           https://loopback6.test:P/          https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:P/
""")
NOWHERE = table(r"""
https://0.0.0.0:P/                 https://0:P/                       https://2130706433:P/
https://0x7f000001:P/              https://0X7F.0.0.1:P/              https://0x:P/
https://0177.0.0.1:P/              https://017700000001:P/            https://127.1:P/
https://127.0.1:P/                 https://127.0.0.1.1:P/             https://00000127.0.0.1:P/
https://%31%32%37.0.0.1:P/         https://127.0.0.1%00.test:P/       https://127%2e0%2e0%2e1:P/
https://[::]:P/                    https://[::ffff:127.0.0.1]:P/      https://[::ffff:7f00:1]:P/
https://[::127.0.0.1]:P/           https://[64:ff9b::7f00:1]:P/       https://[64:ff9b:1::7f00:1]:P/
https://[2002:7f00:1::]:P/         https://[2001:0:7f00:1::1]:P/      https://[::1%25lo]:P/
https://[::1]x:P/                  https://[v1.127.0.0.1]:P/          https://[127.0.0.1]:P/
https://[fec0::1]:P/               https://[fe80::1]:P/               https://[fe80::1%25eth0]:P/
https://[fc00::1]:P/               https://[fd00:ec2::254]/           https://[fd00:ec2::23]/
https://[ff02::1]:P/               https://[100::1]:P/                https://[2001:db8::1]:P/
https://[2001:20::1]:P/            https://[3fff::1]:P/               https://[5f00::1]:P/
https://[::ffff:169.254.169.254]/  https://[64:ff9b::a9fe:a9fe]/      https://[2002:a9fe:a9fe::]/
https://169.254.169.254/           http://169.254.169.254/latest/     https://169.254.170.2/v2/
https://2852039166/                https://0xa9fea9fe/                https://0251.0376.0251.0376/
https://169.254.43518/             https://10.0.0.1:9001/             https://10.255.255.255/
https://172.16.0.1:9200/           https://172.31.255.255/            https://192.168.0.1:22/
https://100.64.0.1/                https://100.127.255.255/           https://192.0.0.170/
https://192.0.2.1/                 https://192.88.99.1/               https://198.18.0.1/
https://198.19.255.255/            https://198.51.100.1/              https://203.0.113.1/
https://224.0.0.1/                 https://239.255.255.255/           https://240.0.0.1/
https://255.255.255.255/           https://0.1.2.3/                   https://private.test/
https://metadata.test/             https://ula.test/                  https://mapped.test/
https://compatible.test/           https://site-local.test/           https://nat64.test/
https://6to4.test/                 https://public-private.test/       https://private-public.test/
https://public-mapped.test/        https://public.test@127.0.0.1:P/   https://public.test:443@127.0.0.1:P/
https://a:b@127.0.0.1:P/           https://@127.0.0.1:P/              https://127.0.0.1:P@public.test/
https://public.test\@127.0.0.1:P/  https://127.0.0.1:P\@public.test/  https://127.0.0.1\.public.test:P/
https://public.test%40127.0.0.1/   https://127.0.0.1:P%2f@public.test https://127.0.0.1\t:P/
https://127.0.0.1\n:P/             https://127.0.0.1\0.public.test/   \1https://127.0.0.1:P/
\shttps://127.0.0.1:P/             https://127.0.0.1:\sP/             https://public.test/\s@127.0.0.1:P/
file:///etc/passwd                 gopher://127.0.0.1:P/_GET          ftp://127.0.0.1:P/
dict://127.0.0.1:P/info            data:,x                            ws://127.0.0.1:P/
//127.0.0.1:P/                     https:127.0.0.1:P/                 https:///127.0.0.1:P/
https://:P/                        https://.:P/                       https://public.test:0/
https://public.test:99999/         https://public.test:-1/            https://public.test:٤٤٣/
""")
NAMES = {
    "localhost": ["::1", "127.0.0.1"],
    "loopback.test": ["127.0.0.1"],
    "loopback6.test": ["::1"],
    "public.test": [PUBLIC],
    "private.test": ["10.0.0.1"],
    "metadata.test": ["169.254.169.254"],
    "ula.test": ["fd00:ec2::254"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "compatible.test": ["::127.0.0.1"],
    "site-local.test": ["fec0::1"],
    "nat64.test": ["64:ff9b::7f00:1"],
    "6to4.test": ["2002:7f00:1::"],
    "public-private.test": [PUBLIC, "10.0.0.1"],
    "private-public.test": ["10.0.0.1", PUBLIC],
    "public-mapped.test": [PUBLIC, "::ffff:127.0.0.1"],
}


def spelled(vector: str, port: int) -> str:
    url = vector.replace("P", str(port)) if "HTTPS" not in vector else vector.replace(":P", f":{port}")
    for written, meant in ESCAPES.items():
        url = url.replace(written, meant)
    return url


@pytest.fixture
def world(network: Network) -> Network:
    network.names = {name: [addresses] for name, addresses in NAMES.items()}
    return network


@pytest.mark.parametrize("vector", LOOPBACK + NOWHERE)
def test_in_aws_nothing_that_is_not_public_is_even_connected_to(vector: str, world: Network, bird: Canary) -> None:
    upstream = Upstream(AGENT)

    with pytest.raises(AddressRefused) as refused:
        upstream.send(get(spelled(vector, bird.port)))

    assert world.attempts == []
    assert bird.visits() == 0
    assert len(refused.value.message.splitlines()) == 1


@pytest.mark.parametrize("vector", NOWHERE)
def test_local_settings_open_nothing_but_loopback(vector: str, world: Network, bird: Canary) -> None:
    upstream = local()

    with pytest.raises(AddressRefused):
        upstream.send(get(spelled(vector, bird.port)))

    assert world.attempts == []
    assert bird.visits() == 0


@pytest.mark.parametrize("vector", LOOPBACK)
def test_local_settings_open_loopback(vector: str, world: Network, bird: Canary) -> None:
    bird.close()  # or it would be waited for: it never answers

    with pytest.raises(TransientUpstreamError):
        local().send(get(spelled(vector, bird.port)))

    assert world.attempts
    assert set(world.attempts) <= {"127.0.0.1", "127.255.255.254", "::1"}


def test_the_canary_would_notice(world: Network, bird: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(module, "may_be_polled", lambda *_: True)
    monkeypatch.setattr("ssl.SSLSocket.do_handshake", refuse)  # the canary never answers
    upstream = Upstream(AGENT)

    for vector in ("https://127.0.0.1:P/", "https://127.0.0.1.:P/", "https://①②⑦.⓪.⓪.①:P/", "https://loopback.test:P/"):
        with pytest.raises(TransientUpstreamError):
            upstream.send(get(spelled(vector, bird.port)))

    assert bird.visits() == 4


def test_plain_http_is_for_laptops_only(world: Network) -> None:
    upstream = Upstream(AGENT)

    with pytest.raises(AddressRefused, match=r"the URL of public\.test is not https"):
        upstream.send(get("http://public.test/"))

    assert world.resolved == []


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::1"])
def test_public_addresses_may_be_polled(address: str) -> None:
    for allow_loopback in (True, False):
        may = may_be_polled(address, allow_loopback)

        assert may


@pytest.mark.parametrize(
    ("just_inside", "just_outside"),
    [
        ("10.0.0.0", "9.255.255.255"),
        ("10.255.255.255", "11.0.0.0"),
        ("100.64.0.0", "100.63.255.255"),
        ("100.127.255.255", "100.128.0.0"),
        ("169.254.0.0", "169.253.255.255"),
        ("172.16.0.0", "172.15.255.255"),
        ("172.31.255.255", "172.32.0.0"),
        ("192.168.255.255", "192.169.0.0"),
        ("198.19.255.255", "198.20.0.0"),
        ("224.0.0.0", "223.255.255.255"),
        ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"),
        ("2002::", "2003::"),
        ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"),
        ("4000::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ],
)
def test_blocks_end_where_the_registries_say(just_inside: str, just_outside: str) -> None:
    refused, allowed = may_be_polled(just_inside, True), may_be_polled(just_outside, False)

    assert (refused, allowed) == (False, True)


def test_every_address_of_a_public_name_is_tried(network: Network) -> None:
    network.names["api.test"] = [["8.8.8.8", PUBLIC]]
    upstream = Upstream(AGENT)

    with pytest.raises(TransientUpstreamError, match=r"no connection to api\.test"):  # the test's network refuses it
        upstream.send(get("https://api.test/orders"))

    assert network.attempts == ["8.8.8.8", PUBLIC]


def test_a_machine_without_ipv6_uses_the_other_addresses(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    network.names["api.test"] = [["2606:4700::1111", PUBLIC]]
    create = socket.socket

    def without_ipv6(family: int, *rest: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return create(family, *rest)

    monkeypatch.setattr(socket, "socket", without_ipv6)

    with pytest.raises(TransientUpstreamError):
        Upstream(AGENT).send(get("https://api.test/orders"))

    assert network.attempts == [PUBLIC]


def test_a_name_that_changes_its_answer_is_asked_once_and_taken_at_its_word(network: Network, bird: Canary) -> None:
    network.names["rebinding.test"] = [[PUBLIC], ["127.0.0.1"]]
    upstream = Upstream(AGENT)

    with pytest.raises(TransientUpstreamError):
        upstream.send(get(f"https://rebinding.test:{bird.port}/"))

    assert network.resolved == ["rebinding.test"]
    assert network.attempts == [PUBLIC]
    assert bird.visits() == 0


def test_every_new_connection_is_checked_anew(network: Network, bird: Canary) -> None:
    network.names["rebinding.test"] = [[PUBLIC], ["127.0.0.1"]]
    upstream = Upstream(AGENT)
    with pytest.raises(TransientUpstreamError):
        upstream.send(get(f"https://rebinding.test:{bird.port}/"))

    with pytest.raises(AddressRefused):
        upstream.send(get(f"https://rebinding.test:{bird.port}/"))

    assert network.attempts == [PUBLIC]
    assert bird.visits() == 0


def test_an_open_connection_needs_no_second_answer(network: Network) -> None:
    network.names["rebinding.test"] = [["127.0.0.1"], ["10.0.0.1"]]
    with Server(answering(answer(b"[]"))) as server:
        upstream = local()

        bodies = [upstream.send(get(f"http://rebinding.test:{server.port}/")).body for _ in range(3)]

    assert bodies == [b"[]"] * 3
    assert network.resolved == ["rebinding.test"]
    assert server.connections == 1


@pytest.mark.parametrize(
    ("rules", "host", "allowed"),
    [
        ((), "anything.test", True),
        (("api.test",), "api.test", True),
        (("API.Test.",), "api.test", True),
        (("api.test",), "API.TEST.", True),
        (("api.test",), "evil-api.test", False),
        (("api.test",), "api.test.evil.test", False),
        (("api.test",), "v2.api.test", False),
        ((".api.test",), "v2.api.test", True),
        ((".api.test",), "a.b.api.test", True),
        ((".api.test",), "api.test", False),
        ((".api.test",), "evilapi.test", False),
        ((".api.test", "api.test"), "api.test", True),
        (("bücher.test",), "xn--bcher-kva.test", True),
        (("xn--bcher-kva.test",), "BÜCHER。test", True),
        ((".bücher.test",), "www.bücher.test", True),
        (("straße.test",), "strasse.test", False),
        ((PUBLIC,), PUBLIC, True),
        ((PUBLIC,), "93.184.216.35", False),
        (("2606:4700:0::1111",), "[2606:4700::1111]", True),
        (("[2606:4700::1111]",), "[2606:4700::1111]", True),
    ],
)
def test_where_hosts_are_named_only_they_are_polled(
    rules: tuple[str, ...], host: str, allowed: bool, network: Network
) -> None:
    upstream = Upstream(AGENT, allowed_hosts=rules)
    network.names = {name: [[PUBLIC]] for name in ("anything.test", "xn--bcher-kva.test", "www.xn--bcher-kva.test")}
    network.names |= {name: [[PUBLIC]] for name in ("api.test", "v2.api.test", "a.b.api.test")}

    with pytest.raises(TransientUpstreamError if allowed else AddressRefused):
        upstream.send(get(f"https://{host}/"))

    assert bool(network.attempts) is allowed
    assert bool(network.resolved) is allowed


@pytest.mark.parametrize(
    "host", ["a1b2c3.execute-api.eu-central-1.amazonaws.com", "a1b2c3.execute-api.cn-north-1.amazonaws.com.cn"]
)
def test_a_private_address_of_api_gateway_is_explained(network: Network, host: str) -> None:
    # A network with an endpoint for execute-api and private DNS answers so for public APIs too.
    network.names = {host: [["10.0.0.1"]]}

    with pytest.raises(AddressRefused, match="turn the endpoint's private DNS off") as refused:
        Upstream(AGENT).send(get(f"https://{host}/payload"))

    assert host in str(refused.value)
    assert network.attempts == []


def test_another_private_address_needs_no_such_advice(world: Network) -> None:
    with pytest.raises(AddressRefused, match=r"it is not public$"):
        Upstream(AGENT).send(get("https://private.test/"))


def test_an_allowed_host_with_a_private_address_is_refused_all_the_same(world: Network) -> None:
    upstream = Upstream(AGENT, allowed_hosts=("private.test", "169.254.169.254"))

    for host in ("private.test", "169.254.169.254"):
        with pytest.raises(AddressRefused):
            upstream.send(get(f"https://{host}/"))

    assert world.attempts == []


@pytest.mark.parametrize(
    "text", ["", ".", "https://api.test", "api.test:443", "*.api.test", "api test", "127.1", "a/b"]
)
def test_an_allowed_host_that_could_never_match_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="is not a host name"):
        host_rule(text)


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://API.test", "api.test", "/"),
        ("https://api.test:443/a?b=c#d", "api.test", "/a?b=c"),
        ("https://api.test.:8443/a", "api.test:8443", "/a"),
        ("https://api.test?x=1", "api.test", "/?x=1"),
        ("https://[2606:4700:0::1]:8443/", "[2606:4700::1]:8443", "/"),
        ("https://bücher.test/ü?ö=ä", "xn--bcher-kva.test", "/%C3%BC?%C3%B6=%C3%A4"),
        ("https://api.test/a%2Fb%20c/~d;e=f?g=%7E&h[]=1|2", "api.test", "/a%2Fb%20c/~d;e=f?g=%7E&h[]=1%7C2"),
        ("https://api.test//a/../b\\c", "api.test", "//a/../b%5Cc"),
    ],
)
def test_a_url_is_sent_as_it_was_written(url: str, authority: str, path: str) -> None:
    target = read_target(url, False, ())

    assert (target.authority, target.path) == (authority, path)


def test_a_name_too_long_for_dns_is_none() -> None:
    for text in ("a" * 64 + ".test", ".".join(["abcdefgh"] * 29), "a..test", "-a.test", "a-.test", ""):
        with pytest.raises(AddressRefused):
            host_name(text)

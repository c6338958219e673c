"""TLS is with the host that the URL names, although the connection is made to an address that was checked."""

import ssl
from pathlib import Path

import certifi
import pytest

from poller.errors import TransientUpstreamError
from poller.upstream.client import Upstream
from poller.upstream.tls import tls_context
from tests.support.certificates import Authority
from tests.support.chain import AGENT, get, local
from tests.support.network import Network
from tests.support.raw_servers import Server, answer, answering

PUBLIC = "93.184.216.34"


def test_in_aws_settings_a_public_host_is_polled(network: Network, partner_tls: ssl.SSLContext, ca_file: str) -> None:
    greeted: list[str | None] = []
    partner_tls.sni_callback = lambda _sock, name, _context: greeted.append(name)
    with Server(answering(answer(b"[1]")), tls=partner_tls) as server:
        network.names["api.test"], network.routes[PUBLIC] = [[PUBLIC]], server.port
        upstream = Upstream(AGENT, allowed_hosts=("api.test",), ca_file=ca_file)

        responses = [upstream.send(get("https://API.test./orders")) for _ in range(2)]

    assert [response.body for response in responses] == [b"[1]"] * 2
    assert network.attempts == [PUBLIC]
    assert greeted == ["api.test"]
    assert "\r\nHost: api.test\r\n" in server.requests[0]


def test_an_address_is_verified_as_an_address(partner_tls: ssl.SSLContext, ca_file: str) -> None:
    with Server(answering(answer(b"[1]")), tls=partner_tls) as server:
        response = local(ca_file=ca_file).send(get(server.url(scheme="https")))

    assert response.body == b"[1]"


@pytest.mark.parametrize("flaw", ["another name", "the address's name", "expired", "self-signed", "unknown authority"])
def test_a_certificate_that_proves_nothing_is_refused(
    flaw: str, network: Network, authority: Authority, tmp_path: Path, ca_file: str
) -> None:
    names = {"another name": "other.test", "the address's name": "127.0.0.1"}
    signer = Authority() if flaw == "unknown authority" else authority
    context = signer.server_context(
        tmp_path, names.get(flaw, "api.test"), expired=flaw == "expired", signed=flaw != "self-signed"
    )
    network.names["api.test"] = [["127.0.0.1"]]
    failure = pytest.raises(TransientUpstreamError, match=r"the TLS connection to api\.test failed")
    with Server(answering(answer(b"[1]")), tls=context) as server, failure as failed:
        local(ca_file=ca_file).send(get(f"https://api.test:{server.port}/?token=s3cret"))

    assert server.requests == []
    assert "s3cret" not in failed.value.message


def test_a_server_without_tls_hears_no_request(ca_file: str) -> None:
    with Server(answering(answer(b"[1]"))) as server:
        server_speaks_http = server.url(scheme="https")

        with pytest.raises(TransientUpstreamError):
            local(0.5, ca_file).send(get(server_speaks_http))

    assert server.requests == []


def test_old_tls_is_not_spoken() -> None:
    context = tls_context(None)

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_certifis_authorities_are_the_ones_trusted() -> None:
    expected = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    expected.load_verify_locations(certifi.where())

    trusted = tls_context(None).get_ca_certs()

    assert {c["serialNumber"] for c in trusted} == {c["serialNumber"] for c in expected.get_ca_certs()}

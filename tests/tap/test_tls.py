"""TLS handshakes as events."""

import datetime
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from mitmproxy import certs
from mitmproxy.test import tflow
from mitmproxy.tls import ClientHello

from honeyweir.tap.connections import read_connection
from honeyweir.tap.inventory import Inventory
from honeyweir.tap.tls import read_certificate, read_client_handshake, read_server_handshake

RECORD_AND_HANDSHAKE_HEADERS = 9


@pytest.fixture(scope="session")
def hello() -> ClientHello:
    """What OpenSSL offers."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="www.example.com")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return ClientHello(outgoing.read()[RECORD_AND_HANDSHAKE_HEADERS:])


def self_signed(key: object) -> certs.Cert:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "c2.example")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(0x8BB00EE)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("c2.example")]), critical=False)
    )
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return certs.Cert(builder.sign(key, algorithm))


def test_what_the_client_offered_is_kept(hello: ClientHello) -> None:
    flow = tflow.tflow()
    flow.client_conn.error = "tlsv1 alert unknown ca"
    handshake = read_client_handshake(
        read_connection(flow.client_conn, Inventory()), flow.client_conn, flow.server_conn, hello
    )
    assert handshake.offered_versions == ["TLSv1.3", "TLSv1.2"]
    assert handshake.offered_alpn == ["h2", "http/1.1"]
    assert 0x1301 in handshake.offered_ciphers
    assert handshake.client_hello == hello.raw_bytes()
    assert (handshake.side, handshake.error) == ("client", "tlsv1 alert unknown ca")


@pytest.mark.parametrize(
    ("verifies", "error", "verified"),
    [
        (True, None, True),
        (True, "Certificate verify failed: self-signed", False),
        (True, "connection reset", None),
        (False, None, None),
    ],
)
def test_the_verification_of_an_origin_is_told(
    verifies: bool, error: str | None, verified: bool | None
) -> None:
    flow = tflow.tflow()
    flow.server_conn.error = error
    event = read_connection(flow.client_conn, Inventory())
    handshake = read_server_handshake(event, flow.server_conn, verifies=verifies)
    assert handshake.verified is verified


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (rsa.generate_private_key(65537, 1024), "RSA 1024"),
        (ec.generate_private_key(ec.SECP256R1()), "EC secp256r1"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519"),
    ],
)
def test_the_facts_of_a_certificate_are_read(key: object, shown: str) -> None:
    certificate = read_certificate(self_signed(key))
    assert certificate.subject == certificate.issuer == "CN=c2.example"
    assert certificate.serial == "8BB00EE"
    assert certificate.names == ["c2.example"]
    assert (certificate.key, certificate.self_signed) == (shown, True)
    assert certificate.not_before == 1767225600_000000

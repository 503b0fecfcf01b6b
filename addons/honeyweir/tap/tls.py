"""TLS handshakes on both sides: what was offered, what was agreed, who was certified."""

from __future__ import annotations

import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from mitmproxy import certs, connection
from mitmproxy.tls import ClientHello

from honeyweir.model import Certificate, Connection, Handshake, text
from honeyweir.tap.clock import now
from honeyweir.tap.connections import common

_SUPPORTED_VERSIONS = 43  # the extension's number, RFC 8446
_VERSION_NAMES = {
    0x0300: "SSLv3",
    0x0301: "TLSv1",
    0x0302: "TLSv1.1",
    0x0303: "TLSv1.2",
    0x0304: "TLSv1.3",
}


def read_client_handshake(
    event: Connection,
    client: connection.Client,
    server: connection.Server,
    hello: ClientHello | None,
) -> Handshake:
    """The decoy's handshake with us, as it ended; ``client.error`` says why it failed."""
    return Handshake(
        **common(event, server, "tls", now()),
        side="client",
        sni=client.sni,
        version=client.tls_version,
        cipher=client.cipher,
        alpn=None if client.alpn is None else text(client.alpn),
        offered_versions=offered_versions(hello) if hello else (),
        offered_alpn=[text(name) for name in hello.alpn_protocols] if hello else (),
        offered_ciphers=hello.cipher_suites if hello else (),
        client_hello=raw_hello(hello) if hello else None,
        error=client.error,
    )


def read_server_handshake(
    event: Connection, server: connection.Server, *, verifies: bool
) -> Handshake:
    """Our handshake with the origin. ``verifies``: mitmproxy refuses a chain that does not hold."""
    leaf = server.certificate_list[0] if server.certificate_list else None
    return Handshake(
        **common(event, server, "tls", now()),
        side="server",
        sni=server.sni,
        version=server.tls_version,
        cipher=server.cipher,
        alpn=None if server.alpn is None else text(server.alpn),
        offered_alpn=[text(name) for name in server.alpn_offers],
        certificate=None if leaf is None else read_certificate(leaf),
        verified=_verified(server) if verifies else None,
        error=server.error,
    )


def _verified(server: connection.Server) -> bool | None:
    if not server.error:
        return True
    return False if "verify" in server.error.lower() else None


def raw_hello(hello: ClientHello) -> bytes | None:
    """The ClientHello in a TLS record, as fingerprinting tools want it; None for DTLS."""
    try:
        return hello.raw_bytes(wrap_in_record=True)
    except NotImplementedError:
        return None


def offered_versions(hello: ClientHello) -> list[str]:
    """The TLS versions of the supported_versions extension, in the client's order."""
    for number, body in hello.extensions:
        if number == _SUPPORTED_VERSIONS and isinstance(body, bytes) and body:
            count = min(body[0], len(body) - 1) // 2
            versions = struct.unpack_from(f"!{count}H", body, 1)
            return [_VERSION_NAMES.get(version, f"0x{version:04x}") for version in versions]
    return []


def read_certificate(cert: certs.Cert) -> Certificate:
    """What an analyst asks of a certificate. A malformed one gives what can be read of it."""
    parsed = cert.to_cryptography()
    return Certificate(
        sha256=parsed.fingerprint(hashes.SHA256()).hex(),
        subject=_name(parsed, "subject"),
        issuer=_name(parsed, "issuer"),
        serial=f"{parsed.serial_number:X}",
        not_before=round(parsed.not_valid_before_utc.timestamp()) * 1_000_000,
        not_after=round(parsed.not_valid_after_utc.timestamp()) * 1_000_000,
        names=_names(parsed),
        key=_key(parsed),
        self_signed=_name(parsed, "subject") == _name(parsed, "issuer"),
    )


def _name(cert: x509.Certificate, which: str) -> str:
    try:
        name: x509.Name = getattr(cert, which)
        return name.rfc4514_string()
    except ValueError:
        return "(malformed)"


def _names(cert: x509.Certificate) -> list[str]:
    try:
        extension = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(getattr(name, "value", name)) for name in extension.value]


def _key(cert: x509.Certificate) -> str:
    try:
        key = cert.public_key()
    except Exception:  # an unsupported or broken key raises errors of many kinds
        return "(malformed)"
    match key:
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size}"
        case ec.EllipticCurvePublicKey():
            return f"EC {key.curve.name}"
        case dsa.DSAPublicKey():
            return f"DSA {key.key_size}"
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")

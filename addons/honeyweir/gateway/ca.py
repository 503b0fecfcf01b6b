"""The gateway's own certificate authority, in the files that mitmproxy reads.

mitmproxy makes one by itself where there is none, and that one names mitmproxy. So ours is made
first. Decoys trust its certificate; its key stays on the gateway.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

_BASENAME = "mitmproxy-ca"  # mitmproxy.options.CONF_BASENAME, with what certs.py appends
_KEY_BITS = 2048
_LIFE = datetime.timedelta(days=3 * 365)
_NAME_LIMIT = 64  # characters, RFC 5280 appendix A.1: ub-common-name, ub-organization-name

_UNITS = ("Corporate", "Enterprise", "Infrastructure", "Internal", "Network", "Platform")
_ROLES = ("Issuing CA", "Root CA", "Services CA", "TLS CA")
_OWNERS = ("Corporate IT", "Information Technology", "IT Operations", "IT Services")

_GIVEAWAYS = ("honeyweir", "mitmproxy", "honeypot", "decoy")
"""Words that tell a client what it is talking to."""


class CaError(Exception):
    """The authority can be neither read nor made; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the certificate names. Every certificate that a client sees names it as its issuer."""

    common_name: str
    organization: str

    def __post_init__(self) -> None:
        for what, value in (("name", self.common_name), ("organization", self.organization)):
            if not 1 <= len(value) <= _NAME_LIMIT or not value.isprintable():
                raise CaError(f"the CA's {what} must be 1 to {_NAME_LIMIT} printable characters")


def ordinary_subject() -> Subject:
    """A subject as a company's own CA has it. Drawn, since a fixed one would be our mark."""
    number = secrets.choice(("", " 1", " 2", " G2", " G3"))
    name = f"{secrets.choice(_UNITS)} {secrets.choice(_ROLES)}{number}"
    return Subject(name, secrets.choice(_OWNERS))


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA on disk: ``key`` holds key and certificate, ``certificate`` the certificate alone."""

    key: Path
    certificate: Path
    subject: str
    not_after: datetime.datetime
    created: bool

    def concerns(self) -> Iterator[str]:
        """What an operator should know of: a sentence each."""
        for word in _GIVEAWAYS:
            if word in self.subject.lower():
                yield (
                    f"its subject, {self.subject}, contains {word!r}: every client can see it. "
                    f"Move {self.key} away to have another made."
                )
        if self.not_after < datetime.datetime.now(datetime.UTC):
            yield f"it expired on {self.not_after:%Y-%m-%d}: clients will refuse it"
        if self.key.stat().st_mode & 0o077:
            yield f"others can read its key: chmod 600 {self.key}"


def ensure_ca(confdir: Path, subject: Subject | None = None) -> Authority:
    """The authority in mitmproxy's ``confdir``; made where there is none, never replaced.

    Raises CaError where the folder cannot be written, or what is there cannot be read.
    """
    path = confdir / f"{_BASENAME}.pem"
    try:
        confdir.mkdir(mode=0o700, parents=True, exist_ok=True)
        created = not path.exists() and _create(path, subject or ordinary_subject())
        return _published(path, created=created)
    except OSError as error:
        raise CaError(f"cannot make a CA in {confdir}: {error.strerror}") from error


def _create(path: Path, subject: Subject) -> bool:
    """Whether we made it: of two that begin at once, one does."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = _certificate(key, subject).public_bytes(serialization.Encoding.PEM)
    return _write_new(path, private + public, mode=0o600)


def _certificate(key: rsa.RSAPrivateKey, subject: Subject) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, subject.common_name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject.organization),
        ]
    )
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    age = datetime.timedelta(days=90 + secrets.randbelow(275), seconds=secrets.randbelow(86400))
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(name)
        .issuer_name(name)
        .not_valid_before(now - age)  # a company's CA is older than the engagement
        .not_valid_after(now - age + _LIFE)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_signs_certificates(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _published(path: Path, *, created: bool) -> Authority:
    """What is on disk, with the files that clients take where they are missing."""
    try:
        pem = path.read_bytes()
        with contextlib.suppress(TypeError):  # encrypted: mitmproxy asks for cert_passphrase
            serialization.load_pem_private_key(pem, None)
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CaError(
            f"{path} is not a private key and a certificate in PEM form: {error}. "
            "Put it right, or move it away to have another made."
        ) from error
    public = certificate.public_bytes(serialization.Encoding.PEM)
    _write_new(path.with_name(f"{_BASENAME}-cert.pem"), public)
    _write_new(path.with_name(f"{_BASENAME}-cert.cer"), public)  # the suffix that Android wants
    _write_new(path.with_name(f"{_BASENAME}-cert.p12"), _pkcs12(certificate))  # for Windows
    return Authority(
        key=path,
        certificate=path.with_name(f"{_BASENAME}-cert.pem"),
        subject=certificate.subject.rfc4514_string(),
        not_after=certificate.not_valid_after_utc,
        created=created,
    )


def _pkcs12(certificate: x509.Certificate) -> bytes:
    name = certificate.subject.rfc4514_string().encode()
    return pkcs12.serialize_key_and_certificates(
        name, None, certificate, None, serialization.NoEncryption()
    )


def _write_new(path: Path, data: bytes, mode: int = 0o644) -> bool:
    """Write a whole file or none, and never over one that is there."""
    if path.exists():
        return False
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    else:
        return True
    finally:
        Path(temporary).unlink()

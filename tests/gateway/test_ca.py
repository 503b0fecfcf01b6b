"""The gateway's certificate authority: its files, its content, and what is never done to them."""

import concurrent.futures
import datetime
import stat
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from mitmproxy.certs import CertStore
from mitmproxy.options import CONF_BASENAME

from honeyweir.gateway.ca import CaError, Subject, ensure_ca, ordinary_subject

SUBJECT = Subject("Internal Services Root CA 2", "Corporate IT")


@pytest.fixture
def confdir(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def authority(confdir):
    return ensure_ca(confdir, SUBJECT)


@pytest.fixture
def certificate(authority):
    return x509.load_pem_x509_certificate(authority.certificate.read_bytes())


def test_mitmproxy_signs_with_the_authority_that_was_made(authority, confdir):
    store = CertStore.from_store(confdir, CONF_BASENAME, 2048)
    leaf = store.get_cert("update.example.com", [x509.DNSName("update.example.com")]).cert
    assert leaf.issuer == [("CN", "Internal Services Root CA 2"), ("O", "Corporate IT")]


def test_openssl_accepts_it_strictly_as_a_certificate_authority(authority):
    path = str(authority.certificate)
    verify = ["openssl", "verify", "-x509_strict", "-CAfile", path, path]
    result = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_its_extensions_are_those_of_a_root(certificate):
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    key_id = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert constraints.critical
    assert constraints.value.ca
    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    public = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    assert key_id.value == public


def test_it_is_older_than_the_engagement_and_lasts_two_years_more(certificate):
    now = datetime.datetime.now(datetime.UTC)
    assert now - certificate.not_valid_before_utc > datetime.timedelta(days=89)
    assert certificate.not_valid_after_utc - now > datetime.timedelta(days=729)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == (
        datetime.timedelta(days=3 * 365)
    )


def test_only_its_owner_can_read_the_key_and_the_folder(authority, confdir):
    assert stat.S_IMODE(authority.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(confdir.stat().st_mode) == 0o700


def test_the_files_for_clients_hold_the_certificate_and_no_key(authority, certificate):
    folder = authority.key.parent
    pem, cer, p12 = (folder / f"mitmproxy-ca-cert.{end}" for end in ("pem", "cer", "p12"))
    assert pem.read_bytes() == cer.read_bytes()
    assert b"PRIVATE KEY" not in pem.read_bytes()
    container = pkcs12.load_pkcs12(p12.read_bytes(), None)
    assert container.key is None
    assert container.additional_certs[0].certificate == certificate


def test_nothing_in_the_certificate_names_the_tools(confdir):
    authority = ensure_ca(confdir)
    public = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    content = public.public_bytes(serialization.Encoding.DER).lower()
    assert b"mitmproxy" not in content
    assert b"honeyweir" not in content
    assert not list(authority.concerns())


def test_two_gateways_do_not_share_a_subject_or_serial(tmp_path):
    subjects = {ordinary_subject() for _ in range(50)}
    first, second = (ensure_ca(tmp_path / name, SUBJECT) for name in ("one", "two"))
    serials = {
        x509.load_pem_x509_certificate(made.certificate.read_bytes()).serial_number
        for made in (first, second)
    }
    assert len(subjects) > 10
    assert len(serials) == 2


def test_an_authority_that_is_there_is_kept(authority, confdir):
    before = authority.key.read_bytes()
    again = ensure_ca(confdir, Subject("Another CA", "Another"))
    assert authority.created
    assert not again.created
    assert authority.key.read_bytes() == before
    assert again.subject == authority.subject


def test_one_that_the_operator_brought_gets_its_files_for_clients(authority, confdir, tmp_path):
    brought = tmp_path / "brought"
    brought.mkdir()
    (brought / "mitmproxy-ca.pem").write_bytes(authority.key.read_bytes())
    again = ensure_ca(brought)
    assert again.certificate.read_bytes() == authority.certificate.read_bytes()


def test_of_two_that_begin_at_once_one_makes_it_and_both_have_the_same(confdir):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: ensure_ca(confdir), range(2)))
    assert [made.created for made in both].count(True) == 1
    assert both[0].subject == both[1].subject
    assert sorted(path.name for path in confdir.iterdir()) == [
        "mitmproxy-ca-cert.cer",
        "mitmproxy-ca-cert.p12",
        "mitmproxy-ca-cert.pem",
        "mitmproxy-ca.pem",
    ]


def test_one_that_names_mitmproxy_is_a_concern(confdir):
    CertStore.from_store(confdir, CONF_BASENAME, 2048)
    (concern,) = ensure_ca(confdir).concerns()
    assert "O=mitmproxy,CN=mitmproxy, contains 'mitmproxy'" in concern
    assert f"Move {confdir}/mitmproxy-ca.pem away" in concern


def test_a_key_that_others_can_read_is_a_concern(authority):
    authority.key.chmod(0o640)
    (concern,) = authority.concerns()
    assert concern == f"others can read its key: chmod 600 {authority.key}"


@pytest.mark.parametrize("content", [b"", b"not PEM", b"-----BEGIN CERTIFICATE-----\n\x00"])
def test_a_broken_file_is_named_and_left_alone(confdir, content):
    confdir.mkdir()
    path = confdir / "mitmproxy-ca.pem"
    path.write_bytes(content)
    with pytest.raises(CaError, match=r"mitmproxy-ca\.pem is not .* move it away"):
        ensure_ca(confdir)
    assert path.read_bytes() == content


def test_a_certificate_without_its_key_is_refused(authority, tmp_path):
    path = tmp_path / "mitmproxy-ca.pem"
    path.write_bytes(authority.certificate.read_bytes())
    with pytest.raises(CaError, match="not a private key"):
        ensure_ca(tmp_path)


def test_an_encrypted_key_is_left_to_mitmproxy(authority, tmp_path):
    key = serialization.load_pem_private_key(authority.key.read_bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.BestAvailableEncryption(b"secret"),
    )
    (tmp_path / "mitmproxy-ca.pem").write_bytes(encrypted + authority.certificate.read_bytes())
    assert ensure_ca(tmp_path).subject == authority.subject


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CaError, match=r"cannot make a CA in .*file/state: Not a directory"):
        ensure_ca(tmp_path / "file" / "state")


@pytest.mark.parametrize("name", ["", "x" * 65, "line\nbreak", "escape\x1b[31m"])
def test_a_subject_that_no_certificate_can_hold_is_refused(name):
    with pytest.raises(CaError, match="1 to 64 printable characters"):
        Subject(name, "Corporate IT")

"""The key that signs the evidence."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from honeyweir.record.errors import RecordError
from honeyweir.record.keys import KEY_NAME, fingerprint, public_key, public_text, signing_key


def pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_a_key_is_made_once_and_read_again(tmp_path: Path) -> None:
    first, second = signing_key(tmp_path), signing_key(tmp_path)
    assert first.private_bytes_raw() == second.private_bytes_raw()
    assert [file.name for file in tmp_path.iterdir()] == [KEY_NAME]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    signing_key(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_NAME).stat().st_mode) == 0o600


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    signing_key(tmp_path)
    (tmp_path / KEY_NAME).chmod(0o644)
    with pytest.raises(RecordError, match="chmod 600"):
        signing_key(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no key", b"\xff\x00"])
def test_a_file_that_holds_no_key_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / KEY_NAME
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(RecordError, match="no key that can be read"):
        signing_key(tmp_path)
    assert path.read_bytes() == content


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / KEY_NAME
    path.write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    path.chmod(0o600)
    with pytest.raises(RecordError, match="no Ed25519 key"):
        signing_key(tmp_path)


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="missing"):
        signing_key(tmp_path / "missing")


def test_processes_that_begin_at_once_use_one_key(
    tmp_path: Path, python: Callable[..., Popen[str]]
) -> None:
    code = (
        "import sys, pathlib; from honeyweir.record.keys import *;"
        "print(fingerprint(signing_key(pathlib.Path(sys.argv[1])).public_key()))"
    )
    outputs = {
        process.communicate()[0] for process in [python("-c", code, tmp_path) for _ in "1234"]
    }
    assert outputs == {fingerprint(signing_key(tmp_path).public_key()) + "\n"}


def test_a_public_key_is_read_from_its_text_and_from_the_private_key() -> None:
    key = Ed25519PrivateKey.generate()
    text = public_text(key.public_key())
    assert text.startswith("-----BEGIN PUBLIC KEY-----")
    assert public_key(text) == public_key(pem(key)) == key.public_key()


@pytest.mark.parametrize("text", ["", "ssh-ed25519 AAAA", "-----BEGIN PRIVATE KEY-----\nAA\n"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match="public key"):
        public_key(text)


def test_a_public_key_of_another_kind_is_refused() -> None:
    with pytest.raises(RecordError, match="Ed25519"):
        public_key(pem(ec.generate_private_key(ec.SECP256R1())))

"""The key that signs the evidence: made once, kept beside the CA, readable for its owner alone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from honeyweir.record.errors import RecordError

KEY_NAME = "honeyweir-evidence.pem"


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """The signing key in ``folder``, made at first use. Raises RecordError."""
    path = folder / KEY_NAME
    try:
        if not path.exists():
            _create(path)
        if path.stat().st_mode & 0o077:
            raise RecordError(f"others may read {path}, so its signatures prove nothing: chmod 600")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise RecordError(f"{path}: {error.strerror}: check the folder's owner and mode") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise RecordError(f"{path} holds no key that can be read: move it away") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise RecordError(f"{path} holds no Ed25519 key: move it away")
    return key


def public_key(text: str | bytes) -> Ed25519PublicKey:
    """A public key from PEM: its own, or that of the private key it belongs to.

    Raises RecordError.
    """
    data = text.encode() if isinstance(text, str) else text
    try:
        key = (
            serialization.load_pem_private_key(data, password=None).public_key()
            if b"PRIVATE KEY" in data
            else serialization.load_pem_public_key(data)
        )
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise RecordError(
            "this is no public key in PEM: use the one that `verify` prints"
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise RecordError("this is no Ed25519 key: use the one that `verify` prints")
    return key


def public_text(key: Ed25519PublicKey) -> str:
    """A public key in PEM, to be handed over with the records."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def fingerprint(key: Ed25519PublicKey) -> str:
    """The SHA-256 of the raw key in hexadecimal: short enough to be read out over a telephone."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def _create(path: Path) -> None:
    """Write a new key whole or not at all; of two that begin at once, one wins."""
    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{KEY_NAME}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()

"""The verify command: proves that records are unchanged, or names what is not."""

import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from honeyweir.record.keys import KEY_NAME, fingerprint, public_text
from honeyweir.review.commands.verify import KEYS


@pytest.fixture
def key_file(archive, tmp_path):
    """The public key of the archive in a file, away from the records."""
    file = tmp_path / "public.pem"
    file.write_text(public_text(archive.key.public_key()))
    return file


def test_unchanged_records_are_proved(archive, honeyweir, key_file):
    archive.exchange()
    told = honeyweir("verify", "--key", key_file)
    assert told.code == 0
    assert told.lines[0] == "The records are as they were written."
    assert f"{fingerprint(archive.key.public_key())}, the key in {key_file}" in told.out
    assert told.err == ""


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE events SET decoy = 'x' WHERE kind = 'exchange'", "of events"),
        ("DELETE FROM requests", "row 1 of requests was removed"),
        ("INSERT INTO rejects VALUES (9, 1, 'a', 'b', 'c')", "row 9 of rejects was inserted"),
        ("UPDATE events SET time = time + 1 WHERE kind = 'exchange'", "of events"),
        ("DELETE FROM checkpoints; DELETE FROM batches", "inserted"),
    ],
)
def test_what_was_changed_is_named(archive, honeyweir, change, statement, named):
    archive.exchange()
    for part in statement.split(";"):
        change(part)
    told = honeyweir("verify")
    assert told.code == 1
    assert told.lines[0].startswith("The records were changed; problems: ")
    assert named in told.lines[1]


def test_another_key_is_named(archive, honeyweir, tmp_path):
    archive.exchange()
    other = tmp_path / "other.pem"
    other.write_text(public_text(Ed25519PrivateKey.generate().public_key()))
    told = honeyweir("verify", "--key", other)
    assert told.code == 1
    assert fingerprint(archive.key.public_key()) in told.out


def test_the_key_beside_the_records_is_used_by_itself(archive, honeyweir):
    archive.exchange()
    pem = archive.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (archive.path.parent / KEY_NAME).write_bytes(pem)
    told = honeyweir("verify")
    assert (told.code, KEY_NAME in told.out) == (0, True)


def test_without_a_key_it_says_what_to_compare(archive, honeyweir):
    archive.exchange()
    assert "compare it with the one you were given" in honeyweir("verify").out


def test_the_public_key_that_it_prints_can_be_checked_against(archive, honeyweir, tmp_path):
    archive.exchange()
    (told,) = honeyweir("verify", "--json").json
    file = tmp_path / "handed-over.pem"
    file.write_text(told["public_key"])
    assert told["public_key"].splitlines()[1] in honeyweir("verify").out
    assert honeyweir("verify", "--key", file).code == 0


def test_a_public_key_that_is_none_does_not_break_it(archive, honeyweir, change):
    archive.exchange()
    change("UPDATE checkpoints SET public_key = x'00'")
    told = honeyweir("verify", "--json")
    assert (told.code, told.json[0]["public_key"]) == (1, None)


def test_a_table_that_is_gone_is_named(archive, honeyweir, change):
    archive.exchange()
    change("DROP TABLE checkpoints")
    told = honeyweir("verify")
    assert told.code == 1
    assert "checkpoints" in told.out


def test_a_file_without_a_key_is_a_failure(archive, honeyweir, tmp_path):
    file = tmp_path / "key.pem"
    file.write_text("no key")
    told = honeyweir("verify", "--key", file)
    assert told.code == 1
    assert "no public key in PEM" in told.err
    assert honeyweir("verify", "--key", tmp_path / "none").code == 2


def test_no_records_are_a_failure_that_says_what_to_do(archive, honeyweir):
    archive.close()
    archive.path.unlink()
    told = honeyweir("verify")
    assert told.code == 1
    assert "Start the proxy" in told.err


def test_the_outcome_in_json_has_documented_keys(archive, honeyweir, change, key_file):
    archive.exchange()
    (told,) = honeyweir("verify", "--json", "--key", key_file).json
    assert set(told) == set(KEYS)
    assert (told["ok"], told["key_given"], told["problems"]) == (True, True, [])
    assert told["last_time"].endswith("Z")
    change("DELETE FROM requests")
    outcome = honeyweir("verify", "--json")
    assert outcome.code == 1
    (problem,) = outcome.json[0]["problems"]
    assert (problem["kind"], problem["table"], problem["seq"]) == ("removed", "requests", 1)
    assert problem["time"].endswith("Z")


def test_of_very_many_problems_the_first_are_listed(archive, honeyweir, change):
    for _ in range(150):
        archive.exchange()
    change("UPDATE requests SET port = 1")
    told = honeyweir("verify")
    assert "problems: 150" in told.lines[0]
    assert "[50 more]" in told.out


def test_a_terminal_sees_how_far_it_is(archive, honeyweir):
    for number in range(3500):
        archive.message(str(number).encode())
    told = honeyweir.on_terminal("verify", errors_too=True)
    assert re.search(r"^\rbatch \d+ of \d+\r\n\x1b\[1;32mThe records are as", told.out)

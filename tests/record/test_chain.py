"""The chain, checked as its documentation says: without the code that made it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from honeyweir.record import chain
from honeyweir.record.row import Value

Sql = Callable[..., list[tuple[Any, ...]]]

values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
)
columns = st.lists(st.from_regex(r"[a-z][a-z_0-9]{0,9}", fullmatch=True), unique=True, max_size=8)


def plainly(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def digest(table: str, row: dict[str, Value]) -> str:
    content = {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in row.items()
        if value is not None and name != "seq"
    }
    return hashlib.sha256(plainly([table, row["seq"], content])).hexdigest()


@given(st.data(), columns)
def test_the_digest_of_a_row_is_what_is_documented(data: st.DataObject, names: list[str]) -> None:
    row = [data.draw(values) for _ in names]
    ours = chain.row_digest("events", 5, names, row)
    assert ours == digest("events", {"seq": 5, **dict(zip(names, row, strict=True))})


@given(columns, st.data())
def test_a_column_that_is_added_later_changes_no_digest(
    names: list[str], data: st.DataObject
) -> None:
    row = [data.draw(values) for _ in names]
    before = chain.row_digest("events", 5, names, row)
    assert chain.row_digest("events", 5, [*names, "added_later"], [*row, None]) == before


@pytest.mark.parametrize("value", ["\udcff", 2**64, object()])
def test_what_has_no_canonical_form_is_an_error(value: Any) -> None:
    with pytest.raises(TypeError):
        chain.row_digest("events", 1, ["a"], [value])


def test_anybody_can_check_the_chain_from_its_documentation(recorded: Path) -> None:
    db = sqlite3.connect(recorded)
    db.row_factory = sqlite3.Row
    previous, rows = bytes(32), 0
    for batch in db.execute("SELECT * FROM batches ORDER BY id"):
        assert batch["previous"] == previous
        manifest = json.loads(zstandard.decompress(batch["manifest"]))
        for table, seq, expected in manifest:
            row = dict(db.execute(f"SELECT * FROM {table} WHERE seq = ?", [seq]).fetchone())
            if table == "payloads":
                content = zstandard.decompress(row.pop("data"))
                assert hashlib.sha256(content).digest() == row["sha256"]
            assert digest(table, row) == expected
            rows += 1
        head = [batch["id"], batch["time"], batch["policy"], previous.hex(), manifest]
        previous = hashlib.sha256(plainly(head)).digest()
        assert previous == batch["hash"]
    (signed,) = db.execute("SELECT * FROM checkpoints").fetchall()
    statement = plainly(["honeyweir checkpoint", signed["batch"], previous.hex(), signed["time"]])
    Ed25519PublicKey.from_public_bytes(signed["public_key"]).verify(signed["signature"], statement)
    assert rows > 20


def test_every_row_of_evidence_is_in_a_manifest(recorded: Path, sql: Sql) -> None:
    manifests = sql("SELECT manifest FROM batches")
    named = [row for (packed,) in manifests for row in json.loads(zstandard.decompress(packed))]
    counts = [sql(f"SELECT count(*) FROM {table}")[0][0] for table in {row[0] for row in named}]
    assert len(named) == sum(counts)


def test_a_batch_carries_the_policy_in_force(recorded: Path, sql: Sql) -> None:
    ((policy,),) = sql("SELECT DISTINCT policy FROM batches")
    assert sql("SELECT content FROM policies WHERE hash = ?", policy) == [
        ('[["default.yml", "title: T"]]',)
    ]

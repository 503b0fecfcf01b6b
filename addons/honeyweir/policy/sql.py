"""Rules as SQL over the records, with the meaning that they have on live events."""

from __future__ import annotations

import functools
import json
import re
import sqlite3
from typing import Any

import zstandard
from sigma.backends.sqlite.sqlite import sqliteBackend

from honeyweir.content import decode
from honeyweir.model import text
from honeyweir.policy.atoms import encoded
from honeyweir.policy.fields import FULLTEXT, SOURCES, Field, Source
from honeyweir.policy.patterns import regex
from honeyweir.policy.rule import Rule
from honeyweir.policy.scan import Hits, Scanner

_PAYLOAD_LIMIT = 64 << 20
"""Bytes of a stored payload that are looked at."""

_COLUMN = re.compile(r"[a-z]+\.[a-z_0-9]+")

_BODY = "weir_body("


def to_sql(rule: Rule) -> str:
    """The SELECT that finds the recorded events that a rule matches; see ``prepare``."""
    view = SOURCES[rule.source].view
    make: Any = sqliteBackend  # it has no types
    backend = make(table=view, collate_nocase=True, fulltext_field=FULLTEXT)
    (query,) = backend.convert_rule(rule.sigma)
    return str(query)


def prepare(db: sqlite3.Connection) -> None:
    """Give a connection to the records what the SQL of rules needs."""
    register(db)
    create_views(db)


def register(db: sqlite3.Connection) -> None:
    """Define REGEXP and ``weir_body(payload, headers)``, a body as rules see it."""
    scanner = functools.lru_cache(maxsize=256)(_scanner)

    def regexp(pattern: str, value: str | int | None) -> bool | None:
        if value is None:
            return None
        hits: Hits = {}
        scanner(pattern).scan(encoded(value), hits)
        return bool(hits)

    db.create_function("regexp", 2, regexp, deterministic=True)
    body = functools.lru_cache(maxsize=4)(_body)  # a rule asks for the same one again and again
    db.create_function("weir_body", 2, body, deterministic=True)


def create_views(db: sqlite3.Connection) -> None:
    """Create a temporary view for every source, with the names of its fields as columns."""
    for source in SOURCES.values():
        db.execute(f"DROP VIEW IF EXISTS temp.{source.view}")
        db.execute(view_sql(source, temp=True, bodies=True))


def view_sql(source: Source, *, temp: bool, bodies: bool) -> str:
    """The definition of the view of a source: ``id``, then a column for every name of a field.

    Without ``bodies`` it needs no function of ours, so that any SQLite can read it.
    """
    columns = [
        f'{_expression(field)} AS "{name}"'
        for name, field in source.fields.items()
        if bodies or _BODY not in field.sql
    ]
    create = "CREATE TEMP VIEW" if temp else "CREATE VIEW"
    select = f"SELECT e.id AS id, {', '.join(columns)} FROM {source.tables}"  # noqa: S608 (the fields table)
    return f"{create} {source.view} AS {select}"


def _expression(field: Field) -> str:
    """SQLite compares by the type of a column; what is computed has none unless it is cast."""
    if _COLUMN.fullmatch(field.sql):
        return field.sql
    return f"CAST({field.sql} AS {'TEXT' if field.text else 'INTEGER'})"


def _scanner(pattern: str) -> Scanner:
    return Scanner([(0, regex(pattern))])


def _body(payload: bytes | None, headers: str | None) -> str | None:
    if payload is None:
        return None
    with zstandard.ZstdDecompressor().stream_reader(payload) as reader:
        data = reader.read(_PAYLOAD_LIMIT)
    pairs = [(_bytes(name), _bytes(value)) for name, value in json.loads(headers or "[]")]
    return text(decode(data, pairs))


def _bytes(value: str) -> bytes:
    """What is not UTF-8 is kept as lone surrogates, PEP 383."""
    return value.encode("utf-8", "surrogateescape")

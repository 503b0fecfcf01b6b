"""The sql command: any question, and nothing but questions."""

import base64
import hashlib

import pytest

from honeyweir.review import spool
from honeyweir.review.statement import run


def test_an_answer_as_a_table(archive, honeyweir):
    archive.exchange("http://a/")
    archive.exchange("http://b/")
    told = honeyweir("sql", "SELECT url, 1.5 AS half, NULL AS none FROM http ORDER BY url")
    assert told.lines == [
        "url        half  none",
        "http://a/  1.5   NULL",
        "http://b/  1.5   NULL",
    ]


def test_an_answer_as_json(archive, honeyweir):
    archive.exchange("http://a/", response=b"\xff")
    query = "SELECT url, sha256 AS hash, 9e999 AS much FROM http, payloads"
    assert honeyweir("sql", query, "--json").json == [
        {
            "url": "http://a/",
            "hash": {
                "$base64": True,
                "encoded": base64.b64encode(hashlib.sha256(b"\xff").digest()).decode(),
            },
            "much": "inf",
        }
    ]


def test_bytes_in_a_table_are_hexadecimal(honeyweir):
    assert honeyweir("sql", "SELECT x'00ff' AS b").lines == ["b", "00ff"]


def test_columns_of_one_name_are_told_apart(honeyweir):
    assert honeyweir("sql", "SELECT 1 AS a, 2 AS a, 3 AS a", "--json").json == [
        {"a": 1, "a_2": 2, "a_3": 3}
    ]


def test_no_rows_are_said_on_standard_error(honeyweir):
    told = honeyweir("sql", "SELECT * FROM events WHERE 0")
    assert (told.code, told.out, told.err) == (0, "", "no rows\n")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM events",
        "INSERT INTO rejects VALUES (1, 1, '', '', '')",
        "UPDATE events SET decoy = 'x'",
        "DROP TABLE events",
        "CREATE TABLE x (y)",
        "CREATE TEMP TABLE x AS SELECT 1",
        "ATTACH ':memory:' AS other",
        "ATTACH 'file:/etc/passwd?mode=ro' AS other",
        "UPDATE sqlite_master SET sql = ''",
        "PRAGMA query_only = OFF",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = 1",
        "VACUUM INTO '/tmp/copy.db'",
        "BEGIN IMMEDIATE",
        "REINDEX",
        "INSERT INTO search (search) VALUES ('rebuild')",
        "SELECT load_extension('x')",
    ],
)
def test_nothing_else_than_reading_is_allowed(archive, honeyweir, statement):
    archive.exchange()
    archive.close()
    before = archive.path.read_bytes()
    told = honeyweir("sql", statement)
    assert told.code == 1
    assert told.err.startswith("Error: ")
    assert archive.path.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("SELEKT 1", 'near "SELEKT": syntax error'),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("SELECT 1; SELECT 2", "one statement at a time"),
        ("", "only a SELECT has something to show"),
        ("/* nothing */", "only a SELECT has something to show"),
        ("SELECT abs(-9223372036854775808)", "integer overflow"),
    ],
)
def test_what_is_wrong_with_a_statement_is_said(honeyweir, statement, problem):
    told = honeyweir("sql", statement)
    assert told.code == 1
    assert problem in told.err


def test_a_query_that_takes_too_long_is_stopped(honeyweir):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
    told = honeyweir("sql", endless, "--timeout", 0.05)
    assert told.code == 1
    assert "it took longer than 0.05 s: ask for less, or allow more with --timeout" in told.err


def test_the_timeout_is_a_positive_number(honeyweir):
    assert honeyweir("sql", "SELECT 1", "--timeout", 0).code == 2


def test_tables_may_be_described_and_text_searched(archive, honeyweir):
    archive.exchange("http://a/needle")
    assert honeyweir("sql", "PRAGMA table_info(events)").lines[1].split()[1] == "seq"
    query = "SELECT count(*) AS n FROM search WHERE search MATCH 'needle'"
    assert honeyweir("sql", query, "--json").json == [{"n": 1}]


def test_the_functions_and_views_of_rules_are_there(archive, honeyweir):
    archive.exchange("http://a/x1", request=b"the body")
    query = (
        "SELECT request_body FROM sigma_http WHERE \"cs-method\" = 'GET' AND url REGEXP 'x[0-9]$'"
    )
    assert honeyweir("sql", query, "--json").json == [{"request_body": "the body"}]


def test_all_rows_are_read_before_the_first_is_given(archive, records):
    connection = records()
    answer = run(connection, "SELECT value FROM json_each('[1, 2, 3]')", 10)
    connection.close()
    assert list(answer.rows) == [(1,), (2,), (3,)]


def test_rows_that_do_not_fit_in_memory_go_to_a_file(monkeypatch):
    monkeypatch.setattr(spool, "_IN_MEMORY", 10)
    rows = [(number, "text", b"bytes", None, 0.5) for number in range(100)]
    assert list(spool.spooled(iter(rows))) == rows

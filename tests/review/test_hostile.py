"""Hostile content in every field, through every command: nothing acts, nothing breaks."""

import json
import re

import pytest

from honeyweir.model import Certificate, Level

ESCAPE = "\x1b[2J\x1b]0;owned\x07\x9b31m\x7f"
BIDI = "\u202etxt.exe\u2066\u200b\ufeff\u2028"
MARKUP = "[red]bold[/red] [link=http://evil.example]x[/link] :smile: <script>alert(1)</script>"
LONG = "long" * 250_000
HOSTILE = f"\x08\r\n\t{ESCAPE}{BIDI}{MARKUP}"
BYTES = HOSTILE.encode() + b"\x00\xff\xfe\xc3("

BLANK_LINES = re.compile("[\n\r]")


@pytest.fixture
def hostile(archive):
    """An archive in which an adversary chose whatever they can choose."""
    name = (BYTES.replace(b"\r", b"").replace(b"\n", b""), BYTES)
    event = archive.exchange(
        f"http://{HOSTILE}/{HOSTILE}?{LONG}",
        HOSTILE,
        headers=(name, (b"Content-Type", b"application/json"), (b"Content-Encoding", BYTES)),
        request=BYTES,
        reply_headers=(name, (b"Content-Type", b"application/x-www-form-urlencoded")),
        response=BYTES.replace(b"\x00", b"&") + LONG.encode(),
        decoy=HOSTILE,
        error=HOSTILE,
    )
    archive.connection_end(archive.connections[HOSTILE], HOSTILE)
    about = {"decoy": HOSTILE}
    certificate = Certificate(
        sha256="00" * 32,
        subject=HOSTILE,
        issuer=HOSTILE,
        serial=HOSTILE,
        not_before=1 << 60,
        not_after=-1,
        names=[HOSTILE],
        key=HOSTILE,
        self_signed=False,
    )
    archive.handshake(certificate, HOSTILE, HOSTILE, **about)
    archive.server_connection(HOSTILE, **about)
    archive.query(HOSTILE, HOSTILE, [HOSTILE, LONG], HOSTILE, **about)
    archive.message(BYTES, "websocket", exchange=event, **about)
    archive.finding(
        event, title=HOSTILE, level=Level.HIGH, rule_id=HOSTILE, evidence=[(HOSTILE, HOSTILE)]
    )
    archive.response(event, "alter", BYTES, BYTES[::-1], part=HOSTILE, **{HOSTILE: HOSTILE})
    archive.response(event, "alter", HOSTILE.encode(), MARKUP.encode(), part="request_body")
    return event


def ids(honeyweir):
    """The ids of all events and findings."""
    return [row["id"] for what in ("events", "findings") for row in honeyweir(what, "--json").json]


def assert_safe(text):
    lines = text.replace("\r\n", "\n").split("\n")
    bad = {character for line in lines for character in line if not character.isprintable()}
    assert not bad
    assert "\u202e" not in text


@pytest.mark.parametrize("command", ["status", "events", "findings", "timeline"])
def test_lists_are_safe_to_read(hostile, honeyweir, command):
    told = honeyweir(command)
    assert told.code == 0
    assert_safe(told.out)
    assert "\\x1b[2J" in told.out


@pytest.mark.parametrize("command", ["status", "events", "findings", "timeline"])
def test_lists_are_safe_on_a_terminal(hostile, honeyweir, command):
    told = honeyweir.on_terminal(command, columns=200)
    assert told.code == 0
    assert_safe(re.sub(r"\x1b\[[0-9;]*m", "", told.out))
    assert all(len(line) < 100_000 for line in told.lines)


def test_every_page_is_safe_to_read(hostile, honeyweir):
    for identity in ids(honeyweir):
        told = honeyweir("show", identity)
        assert told.code == 0
        assert_safe(told.out)


def test_pages_are_safe_on_a_terminal(hostile, honeyweir):
    told = honeyweir.on_terminal("show", hostile.id)
    assert told.code == 0
    assert_safe(re.sub(r"\x1b\[[0-9;]*m", "", told.out))


def test_markup_and_html_are_text(hostile, honeyweir):
    assert MARKUP in honeyweir("show", hostile.id).out
    assert MARKUP in honeyweir("findings").out


@pytest.mark.parametrize("command", ["status", "events", "findings", "timeline"])
def test_json_is_ascii_and_has_everything(hostile, honeyweir, command):
    told = honeyweir(command, "--json")
    assert told.out.replace("\n", "").isprintable()
    assert told.out.isascii()
    assert all(isinstance(json.loads(line), dict) for line in told.lines)
    assert json.dumps(MARKUP)[1:-1] in told.out


def test_pages_in_json_are_ascii(hostile, honeyweir):
    for identity in ids(honeyweir):
        told = honeyweir("show", identity, "--json")
        assert told.out.rstrip("\n").isprintable()
        assert told.out.isascii()


def test_sql_is_safe_to_read(hostile, honeyweir):
    told = honeyweir("sql", "SELECT * FROM events JOIN requests ON event = id")
    assert_safe(told.out)
    alias = honeyweir("sql", f'SELECT 1 AS "{ESCAPE}"')
    assert_safe(alias.out)


def test_a_hostile_query_is_safe_in_its_error(honeyweir):
    assert_safe(honeyweir("sql", f'SELECT "x" FROM "{ESCAPE}"').err)
    assert_safe(honeyweir("show", ESCAPE).err)


def test_payloads_come_as_they_were(hostile, honeyweir):
    assert honeyweir.raw("payload", hostile.id, "--side", "request") == BYTES


def test_verify_is_safe_to_read(hostile, honeyweir, change):
    change("UPDATE events SET decoy = decoy || 'x'")
    change("UPDATE connections SET mode = ?", HOSTILE)
    told = honeyweir("verify")
    assert told.code == 1
    assert_safe(told.out)

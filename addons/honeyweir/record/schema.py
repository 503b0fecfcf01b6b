"""The schema of the records database, as migrations that are applied in order and never edited.

Evidence tables are append-only: what comes later about an event (its response, its end) is a row
of its own, so that no row that was chained is ever changed.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

EVIDENCE_TABLES = (
    "policies",
    "payloads",
    "events",
    "connections",
    "connection_ends",
    "server_connections",
    "handshakes",
    "requests",
    "replies",
    "bodies",
    "exchange_ends",
    "messages",
    "queries",
    "answers",
    "findings",
    "finding_events",
    "responses",
    "rejects",
)
"""The tables whose rows are chained, parents before the tables that refer to them; their integer
key is ``seq``."""

migrations = Migrations("honeyweir")

_TABLES = """
CREATE TABLE policies (
    seq INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,      -- sha256 over the content, hexadecimal
    time INTEGER NOT NULL,          -- when it was first in force, microseconds since 1970
    content TEXT NOT NULL           -- JSON: [[file name, text], ...] in order
) STRICT;

CREATE TABLE payloads (
    seq INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,    -- of data as it was before compression
    size INTEGER NOT NULL,          -- of data as it was before compression, bytes
    data BLOB NOT NULL              -- zstd; not chained, since sha256 stands for it
) STRICT;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,        -- UUID version 7
    time INTEGER NOT NULL,          -- microseconds since 1970, UTC
    kind TEXT NOT NULL,             -- connection, server_connection, handshake, exchange,
                                    -- message, query
    protocol TEXT NOT NULL,         -- tcp, udp, tls, http, websocket, dns
    connection TEXT NOT NULL REFERENCES events (id), -- the event of the connection that carried it
    decoy TEXT NOT NULL,
    decoy_role TEXT,
    src_ip TEXT NOT NULL,
    src_port INTEGER NOT NULL,
    dst_ip TEXT,                    -- the original destination
    dst_port INTEGER,
    host TEXT,                      -- the name that was asked for: Host, SNI, or DNS query name
    method TEXT,
    url TEXT
) STRICT;

CREATE TABLE connections (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE REFERENCES events (id),
    mode TEXT NOT NULL,             -- mitmproxy's proxy mode
    gateway_ip TEXT,                -- the address of ours at which it arrived
    gateway_port INTEGER
) STRICT;

CREATE TABLE connection_ends (
    seq INTEGER PRIMARY KEY,
    connection TEXT NOT NULL UNIQUE REFERENCES connections (event),
    time INTEGER NOT NULL,
    error TEXT
) STRICT;

CREATE TABLE server_connections (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE REFERENCES events (id),
    server_host TEXT NOT NULL,      -- what was asked for
    server_port INTEGER NOT NULL,
    peer_ip TEXT,                   -- what was dialled
    peer_port INTEGER,
    error TEXT
) STRICT;

CREATE TABLE handshakes (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE REFERENCES events (id),
    side TEXT NOT NULL,             -- client: decoy with gateway; server: gateway with origin
    sni TEXT,
    version TEXT,
    cipher TEXT,
    alpn TEXT,
    offered_versions TEXT,          -- JSON array
    offered_alpn TEXT,              -- JSON array
    offered_ciphers TEXT,           -- JSON array of IANA numbers
    client_hello BLOB REFERENCES payloads (sha256),
    verified INTEGER,               -- 1, 0, or NULL: not checked
    error TEXT,
    certificate_sha256 TEXT,
    certificate_subject TEXT,
    certificate_issuer TEXT,
    certificate_serial TEXT,
    certificate_not_before INTEGER,
    certificate_not_after INTEGER,
    certificate_names TEXT,         -- JSON array
    certificate_key TEXT,
    certificate_self_signed INTEGER
) STRICT;

CREATE TABLE requests (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE REFERENCES events (id),
    scheme TEXT NOT NULL,
    port INTEGER NOT NULL,
    path TEXT NOT NULL,
    query TEXT,
    target TEXT NOT NULL,           -- path and query
    extension TEXT,
    http_version TEXT NOT NULL,
    headers TEXT NOT NULL,          -- JSON: [[name, value], ...] in order and case
    header_text TEXT NOT NULL,      -- the same as lines
    user_agent TEXT,
    referer TEXT,
    cookie TEXT,
    username TEXT,
    content_type TEXT,
    sni TEXT,
    tls_version TEXT
) STRICT;

CREATE TABLE replies (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE REFERENCES events (id),
    time INTEGER NOT NULL,
    status INTEGER NOT NULL,
    reason TEXT NOT NULL,
    http_version TEXT NOT NULL,
    headers TEXT NOT NULL,
    header_text TEXT NOT NULL,
    content_type TEXT,
    location TEXT,
    server TEXT
) STRICT;

CREATE TABLE bodies (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL REFERENCES events (id),
    side TEXT NOT NULL,             -- request, response; request_head, response_head: a head that
                                    -- is too large for the columns, as HTTP/1 would write it
    size INTEGER NOT NULL,          -- on the wire, bytes
    sha256 BLOB NOT NULL,           -- of all that was on the wire
    payload BLOB NOT NULL REFERENCES payloads (sha256),
    truncated INTEGER NOT NULL,     -- 1: payload holds the beginning only
    complete INTEGER NOT NULL,      -- 0: the transfer broke off
    UNIQUE (event, side)
) STRICT;

CREATE TABLE exchange_ends (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE REFERENCES events (id),
    time INTEGER NOT NULL,
    error TEXT
) STRICT;

CREATE TABLE messages (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE REFERENCES events (id),
    exchange TEXT REFERENCES events (id), -- of the WebSocket
    from_client INTEGER NOT NULL,
    is_text INTEGER NOT NULL,       -- 1: a WebSocket text message
    size INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    payload BLOB NOT NULL REFERENCES payloads (sha256),
    truncated INTEGER NOT NULL
) STRICT;

CREATE TABLE queries (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE REFERENCES events (id),
    transport TEXT NOT NULL,
    "transaction" INTEGER NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    opcode TEXT NOT NULL
) STRICT;

CREATE TABLE answers (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL UNIQUE REFERENCES events (id),
    time INTEGER NOT NULL,
    rcode TEXT,                     -- NULL: none came, error says why
    records TEXT NOT NULL,          -- JSON: [{name, type, ttl, data}, ...]
    record_text TEXT NOT NULL,      -- the data of all records, a line each
    error TEXT
) STRICT;

CREATE TABLE findings (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    time INTEGER NOT NULL,
    source TEXT NOT NULL,           -- sigma, or the detector's name
    rule_id TEXT NOT NULL,
    title TEXT NOT NULL,
    level TEXT NOT NULL,
    decoy TEXT NOT NULL,
    tags TEXT NOT NULL,             -- JSON array
    evidence TEXT NOT NULL          -- JSON: [{field, value}, ...]
) STRICT;

CREATE TABLE finding_events (
    seq INTEGER PRIMARY KEY,
    finding TEXT NOT NULL REFERENCES findings (id),
    event TEXT NOT NULL REFERENCES events (id),
    time INTEGER NOT NULL
) STRICT;

CREATE TABLE responses (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL REFERENCES events (id),
    time INTEGER NOT NULL,
    action TEXT NOT NULL,           -- flag, alter, block
    rule_id TEXT NOT NULL,
    rule_title TEXT NOT NULL,
    detail TEXT NOT NULL,           -- JSON object
    original BLOB REFERENCES payloads (sha256),
    altered BLOB REFERENCES payloads (sha256)
) STRICT;

CREATE TABLE rejects (
    seq INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    table_name TEXT NOT NULL,       -- where the row should have gone
    content TEXT NOT NULL,          -- JSON array: its values
    error TEXT NOT NULL             -- why it could not be stored
) STRICT;

CREATE TABLE batches (
    id INTEGER PRIMARY KEY,         -- 1, 2, 3, ... without a gap
    time INTEGER NOT NULL,
    policy TEXT NOT NULL,           -- the hash of the policy set in force
    previous BLOB NOT NULL,         -- the hash of the batch before; 32 zero bytes for the first
    manifest BLOB NOT NULL,         -- zstd of JSON: [[table, seq, sha256 of the row], ...]
    hash BLOB NOT NULL
) STRICT;

CREATE TABLE checkpoints (
    batch INTEGER PRIMARY KEY REFERENCES batches (id),
    time INTEGER NOT NULL,
    public_key BLOB NOT NULL,       -- Ed25519, raw
    signature BLOB NOT NULL
) STRICT;

CREATE VIRTUAL TABLE search USING fts5
    (text, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2');
INSERT INTO search (search, rank) VALUES ('pgsz', 16000); -- bytes; writes less than with 4050

CREATE INDEX events_time ON events (time);
CREATE INDEX events_decoy_time ON events (decoy, time);
CREATE INDEX events_host_time ON events (host, time);
CREATE INDEX events_connection ON events (connection);
CREATE INDEX events_short_id ON events (substr(id, 25));
CREATE INDEX findings_time ON findings (time);
CREATE INDEX findings_decoy_time ON findings (decoy, time);
CREATE INDEX finding_events_finding ON finding_events (finding);
CREATE INDEX finding_events_event ON finding_events (event);
CREATE INDEX responses_event ON responses (event);
CREATE INDEX messages_exchange ON messages (exchange);
"""


@migrations()
def tables(db: Database) -> None:
    """The first schema."""
    db.executescript(_TABLES)

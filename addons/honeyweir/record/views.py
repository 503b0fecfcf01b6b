"""Views with plain names, for people and for tools that read SQL.

They hold no evidence: they are made anew whenever their text has changed.
"""

from __future__ import annotations

import sqlite3

EVENT_IDS_LIMIT = 1000
"""The events that ``findings_summary`` lists of one finding; ``count`` tells how many there are."""


def _time(column: str) -> str:
    """A time in ISO 8601, UTC, with microseconds."""
    return (
        f"strftime('%Y-%m-%dT%H:%M:%S', {column} / 1000000, 'unixepoch')"
        f" || printf('.%06dZ', {column} % 1000000)"
    )


def _address(ip: str, port: str) -> str:
    """``ip:port``, or ``[ip]:port`` for IPv6."""
    return f"iif(instr({ip}, ':'), '[' || {ip} || ']', {ip}) || ':' || {port}"


_WHO = f"""
    e.id,
    {_time("e.time")} AS time,
    e.decoy,
    {_address("e.src_ip", "e.src_port")} AS client,
    {_address("e.dst_ip", "e.dst_port")} AS server"""

_FINDINGS = "(SELECT count(DISTINCT finding) FROM finding_events WHERE event = e.id) AS findings"

_RESPONSES = (
    "(SELECT group_concat(action, ', ') FROM"
    " (SELECT DISTINCT action FROM responses WHERE event = e.id)) AS responses"
)

_BODIES = """
    LEFT JOIN bodies qb ON qb.event = e.id AND qb.side = 'request'
    LEFT JOIN bodies rb ON rb.event = e.id AND rb.side = 'response'"""

_TIMELINE = (
    f"""
    {_WHO},
    e.kind,
    e.protocol,
    e.host,
    e.method,
    e.url,
    coalesce(r.status, a.rcode) AS status,
    CASE e.kind
        WHEN 'exchange' THEN coalesce(qb.size, 0)
        WHEN 'message' THEN iif(m.from_client, m.size, 0)
    END AS request_bytes,
    CASE e.kind
        WHEN 'exchange' THEN coalesce(rb.size, 0)
        WHEN 'message' THEN iif(m.from_client, 0, m.size)
    END AS response_bytes,
    {_FINDINGS},
    {_RESPONSES},
    e.time AS time_us""",
    f"""events e
    LEFT JOIN replies r ON r.event = e.id
    LEFT JOIN answers a ON a.event = e.id
    LEFT JOIN messages m ON m.event = e.id{_BODIES}""",
)

_HTTP = (
    f"""
    {_WHO},
    e.method,
    e.url,
    e.host,
    r.status,
    coalesce(qb.size, 0) AS request_bytes,
    coalesce(rb.size, 0) AS response_bytes,
    q.content_type AS request_type,
    r.content_type AS response_type,
    q.user_agent,
    q.referer,
    r.server AS server_header,
    q.http_version,
    q.tls_version,
    (x.time - e.time) / 1000 AS duration_ms,
    x.error,
    {_FINDINGS},
    {_RESPONSES},
    e.time AS time_us""",
    f"""events e
    JOIN requests q ON q.event = e.id
    LEFT JOIN replies r ON r.event = e.id
    LEFT JOIN exchange_ends x ON x.event = e.id{_BODIES}""",
)

_DNS = (
    f"""
    {_WHO},
    q.transport,
    q.name,
    q.type,
    a.rcode,
    a.record_text AS answers,
    (a.time - e.time) / 1000 AS duration_ms,
    a.error,
    {_FINDINGS},
    {_RESPONSES},
    e.time AS time_us""",
    """events e
    JOIN queries q ON q.event = e.id
    LEFT JOIN answers a ON a.event = e.id""",
)

_TLS = (
    f"""
    {_WHO},
    h.side,
    h.sni,
    h.version,
    h.cipher,
    h.alpn,
    h.verified,
    h.error,
    h.certificate_subject,
    h.certificate_issuer,
    {_time("h.certificate_not_before")} AS certificate_not_before,
    {_time("h.certificate_not_after")} AS certificate_not_after,
    h.certificate_sha256,
    {_FINDINGS},
    {_RESPONSES},
    e.time AS time_us""",
    """events e
    JOIN handshakes h ON h.event = e.id""",
)

_STREAMS = (
    f"""
    coalesce(m.exchange, e.connection) AS id,
    {_time("min(e.time)")} AS time,
    {_time("max(e.time)")} AS last_time,
    e.protocol,
    e.decoy,
    {_address("e.src_ip", "e.src_port")} AS client,
    {_address("e.dst_ip", "e.dst_port")} AS server,
    e.host,
    count(*) AS messages,
    sum(iif(m.from_client, m.size, 0)) AS request_bytes,
    sum(iif(m.from_client, 0, m.size)) AS response_bytes,
    min(e.time) AS time_us""",
    """messages m
    JOIN events e ON e.id = m.event
GROUP BY coalesce(m.exchange, e.connection)""",
)

_FINDINGS_SUMMARY = (
    f"""
    f.id,
    {_time("f.time")} AS time,
    f.source,
    f.rule_id,
    f.title,
    f.level,
    f.decoy,
    (SELECT count(*) FROM finding_events WHERE finding = f.id) AS count,
    (SELECT {_time("min(time)")} FROM finding_events WHERE finding = f.id) AS first_time,
    (SELECT {_time("max(time)")} FROM finding_events WHERE finding = f.id) AS last_time,
    (SELECT json_group_array(event) FROM
        (SELECT event FROM finding_events WHERE finding = f.id ORDER BY seq
         LIMIT {EVENT_IDS_LIMIT})) AS event_ids,
    f.tags,
    f.evidence,
    f.time AS time_us""",  # noqa: S608 (our own text)
    "findings f",
)

_VIEWS = {
    "timeline": _TIMELINE,
    "http": _HTTP,
    "dns": _DNS,
    "tls": _TLS,
    "streams": _STREAMS,
    "findings_summary": _FINDINGS_SUMMARY,
}
"""What each view selects, and from what."""


def statements() -> dict[str, str]:
    """The statement that makes each view; those of the rules' sources too, by their fields."""
    # Rules take 0.2 s to import, which whoever only reads the records need not wait for.
    from honeyweir.policy.fields import SOURCES
    from honeyweir.policy.sql import view_sql

    ours = {
        name: f"CREATE VIEW {name} AS\nSELECT{columns}\nFROM {tables}"
        for name, (columns, tables) in _VIEWS.items()
    }
    return ours | {
        source.view: view_sql(source, temp=False, bodies=False) for source in SOURCES.values()
    }


def ensure_views(db: sqlite3.Connection) -> None:
    """Make the views that are missing or not as they should be."""
    present = dict(db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'view'"))
    stale = {name: sql for name, sql in statements().items() if present.get(name) != sql}
    if not stale:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for name, sql in stale.items():
            db.execute(f"DROP VIEW IF EXISTS {name}")
            db.execute(sql)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise

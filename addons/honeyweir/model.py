"""What every room shares: events, findings, and decisions.

The types are plain data. They know nothing of mitmproxy, of SQLite, or of the clock: time and
identity are given to an event by the room that makes it.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import uuid_utils

Address = tuple[str, int]
"""An IP address (or, where a client asked a proxy for one, a host name) and a port."""


class Level(enum.StrEnum):
    """How serious a finding is: Sigma's levels, lowest first."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


LEVELS = tuple(Level)


class Phase(enum.IntEnum):
    """When something about an event is known, earliest first.

    A message and a DNS query are whole when they are seen, so all of theirs is known at REQUEST.
    """

    HEAD = 0  # the request line and headers have come, nothing has gone out
    REQUEST = 1  # the whole request (or message, or query) has come
    RESPONSE_HEAD = 2  # the origin's status line and headers have come
    RESPONSE = 3  # the whole response (or answer) has come


def new_id(time: int) -> str:
    """A UUID version 7 (RFC 9562) for a moment in microseconds since 1970: sorts by time."""
    return str(uuid_utils.uuid7(nanoseconds=time * 1000))


def text(data: bytes) -> str:
    """Bytes from the wire as text that can be stored, searched and compared.

    UTF-8; what is not UTF-8, and NUL (at which SQLite's text functions stop), become ``\\xNN``.
    """
    try:
        decoded = data.decode()
    except UnicodeDecodeError:
        decoded = escaped(data.decode("utf-8", "surrogateescape"))
    return decoded.replace("\x00", "\\x00")


_BYTES = {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)}


def escaped(decoded: str) -> str:
    """The bytes that ``surrogateescape`` has kept in a text (PEP 383) as ``\\xNN``.

    Several times as fast as ``backslashreplace``, which calls a handler for each of them.
    """
    if "\\udc" in decoded:  # as characters: the short way would take them for escaped bytes
        return decoded.translate(_BYTES)
    return decoded.encode("utf-8", "backslashreplace").replace(b"\\udc", b"\\x").decode()


@dataclass(frozen=True, slots=True)
class Decoy:
    """One of our own hosts, as the inventory names it."""

    name: str
    role: str | None = None


@dataclass(slots=True)
class Body:
    """What was sent as the body of a request or a response, as it was on the wire.

    ``data`` is what we hold: all of it, or the beginning of one that was read as it passed.
    ``size`` and ``sha256`` are of the whole.
    """

    data: bytes
    size: int
    sha256: bytes
    complete: bool = True  # False: the sender broke off, or the flow was ended before its end
    keep: int | None = None  # how many bytes go into the records, at most; None: what we hold
    problem: str | None = None  # why its content-encoding could not be undone to the end

    @property
    def kept(self) -> bytes:
        """What goes into the records."""
        return self.data if self.keep is None else self.data[: self.keep]

    @property
    def truncated(self) -> bool:
        """The records hold the beginning only."""
        return len(self.kept) < self.size


@dataclass(slots=True, kw_only=True)
class Event:
    """One thing seen on the wire.

    ``time`` is in microseconds since 1970, UTC. ``connection`` is the id of the client connection
    that carried it. ``dst`` is where the decoy wanted to go, before any change of ours.
    """

    kind: ClassVar[str]

    id: str
    time: int
    connection: str
    protocol: str
    decoy: Decoy
    src: Address
    dst: Address | None

    @property
    def src_ip(self) -> str:
        return self.src[0]

    @property
    def src_port(self) -> int:
        return self.src[1]

    @property
    def dst_ip(self) -> str | None:
        return self.dst[0] if self.dst else None

    @property
    def dst_port(self) -> int | None:
        return self.dst[1] if self.dst else None

    @property
    def decoy_name(self) -> str:
        return self.decoy.name

    @property
    def decoy_role(self) -> str | None:
        return self.decoy.role


@dataclass(slots=True, kw_only=True)
class Connection(Event):
    """A decoy opened a connection to the gateway. Its ``connection`` is its own id."""

    kind: ClassVar[str] = "connection"

    mode: str  # mitmproxy's proxy mode: regular, transparent, socks5, ...
    gateway: Address | None  # the address of ours at which it arrived


@dataclass(slots=True, kw_only=True)
class ConnectionEnd:
    """A client connection is over."""

    connection: str
    time: int
    error: str | None


@dataclass(slots=True, kw_only=True)
class ServerConnection(Event):
    """We dialled an origin, or tried to (``error`` says why it failed)."""

    kind: ClassVar[str] = "server_connection"

    server: Address  # what was asked for
    peer: Address | None  # what was really dialled, after name resolution
    error: str | None


@dataclass(slots=True, kw_only=True)
class Certificate:
    """Facts of an X.509 certificate. Names are RFC 4514 strings, times microseconds since 1970."""

    sha256: str
    subject: str
    issuer: str
    serial: str  # upper-case hexadecimal, as Zeek writes it
    not_before: int
    not_after: int
    names: Sequence[str]
    key: str  # algorithm and size: "RSA 2048", "EC 256"
    self_signed: bool


@dataclass(slots=True, kw_only=True)
class Handshake(Event):
    """A TLS handshake, on the client's side or the origin's, that succeeded or failed."""

    kind: ClassVar[str] = "handshake"

    side: str  # "client": the decoy with us; "server": we with the origin
    sni: str | None
    version: str | None
    cipher: str | None
    alpn: str | None
    offered_versions: Sequence[str] = ()
    offered_alpn: Sequence[str] = ()
    offered_ciphers: Sequence[int] = ()
    client_hello: bytes | None = None
    certificate: Certificate | None = None
    verified: bool | None = None  # the origin's chain and name hold; None: not checked
    error: str | None = None


Headers = Sequence[tuple[bytes, bytes]]


@dataclass(slots=True, kw_only=True)
class Reply:
    """The origin's side of an exchange (or the side that we gave in its place)."""

    time: int
    status: int
    reason: str
    http_version: str
    headers: Headers
    content_type: str | None
    location: str | None
    server: str | None  # the Server header

    @property
    def header_text(self) -> str:
        return header_text(self.headers)


@dataclass(kw_only=True)
class Exchange(Event):
    """An HTTP request with its response. It grows: what has not come yet is None."""

    kind: ClassVar[str] = "exchange"

    method: str
    scheme: str
    host: str
    port: int
    url: str
    path: str  # up to the question mark
    query: str | None  # after it
    extension: str | None  # of the path's last part, lower case, without the dot
    http_version: str
    headers: Headers
    user_agent: str | None
    referer: str | None
    cookie: str | None
    username: str | None  # of HTTP Basic authentication
    content_type: str | None
    sni: str | None
    tls_version: str | None
    request_body: Body | None = None
    reply: Reply | None = None
    response_body: Body | None = None
    error: str | None = None  # why it ended without a whole response
    ended: int | None = None

    @functools.cached_property
    def request_headers(self) -> str:
        return header_text(self.headers)

    @property
    def target(self) -> str:
        """Path and query: what W3C logs call cs-uri."""
        return self.path if self.query is None else f"{self.path}?{self.query}"


@dataclass(slots=True, kw_only=True)
class Message(Event):
    """One message of a WebSocket (``websocket``), or a segment of a TCP or UDP stream."""

    kind: ClassVar[str] = "message"

    from_client: bool
    body: Body
    is_text: bool = False  # a WebSocket text message
    exchange: str | None = None  # the id of the exchange that opened the WebSocket
    host: str | None = None  # the origin's name, where SNI or the WebSocket's URL tells it
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A DNS resource record; ``data`` is in presentation form."""

    name: str
    type: str
    ttl: int  # seconds
    data: str


@dataclass(slots=True, kw_only=True)
class Answer:
    """What a resolver answered, or what we answered in its place."""

    time: int
    rcode: str  # NOERROR, NXDOMAIN, ...
    records: Sequence[Record]

    @property
    def record_text(self) -> str:
        """The data of all records, a line each."""
        return "\n".join(record.data for record in self.records)


@dataclass(slots=True, kw_only=True)
class Query(Event):
    """A DNS query with its answer."""

    kind: ClassVar[str] = "query"

    transport: str  # udp or tcp
    transaction: int  # the DNS message id
    name: str
    type: str  # A, AAAA, TXT, ...
    opcode: str
    answer: Answer | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The bytes that prove a finding: where they were, and an excerpt around them."""

    field: str
    value: str


@dataclass(slots=True, kw_only=True)
class Finding:
    """One statement about events: what was recognised, how serious, and the bytes that prove it."""

    time: int
    source: str  # sigma, suricata, yara, or the detector's name
    rule_id: str
    title: str
    level: Level
    decoy: Decoy
    events: Sequence[str]
    tags: Sequence[str] = ()
    evidence: Sequence[Evidence] = ()


@dataclass(slots=True, kw_only=True)
class Response:
    """What was done to the traffic, by which rule, with both forms of what was changed."""

    time: int
    event: str
    action: str
    rule_id: str
    rule_title: str
    detail: Mapping[str, object] = field(default_factory=dict)
    original: bytes | None = None
    altered: bytes | None = None


def header_text(headers: Headers) -> str:
    """Headers as ``Name: value`` lines, in their order and case."""
    return text(b"\n".join([b"%b: %b" % header for header in headers]))

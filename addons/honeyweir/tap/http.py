"""HTTP exchanges: the request when it has come, the reply when it has."""

from __future__ import annotations

import base64
import binascii
import posixpath

from mitmproxy import http

from honeyweir.model import Connection, Exchange, Reply, text
from honeyweir.tap.clock import microseconds
from honeyweir.tap.connections import common

_BASIC = b"basic "


def read_request(event: Connection, flow: http.HTTPFlow) -> Exchange:
    """The head of a request, before anything was changed. Its body is the caller's to add."""
    request = flow.request
    headers = request.headers.fields
    target = text(request.data.path)
    path, question, query = target.partition("?")
    start = common(event, flow.server_conn, "http", microseconds(request.timestamp_start))
    start["dst"] = start["dst"] or (clean(request.host), request.port)
    return Exchange(
        **start,
        method=text(request.data.method),
        scheme=text(request.data.scheme),
        host=clean(request.pretty_host),
        port=request.port,
        url=clean(request.pretty_url),
        path=path,
        query=query if question else None,
        extension=posixpath.splitext(path)[1][1:].lower() or None,
        http_version=text(request.data.http_version),
        headers=headers,
        user_agent=joined(headers, b"user-agent"),
        referer=joined(headers, b"referer"),
        cookie=joined(headers, b"cookie", b"; "),
        username=_username(headers),
        content_type=joined(headers, b"content-type"),
        sni=flow.client_conn.sni,
        tls_version=flow.client_conn.tls_version,
    )


def read_reply(response: http.Response) -> Reply:
    """The head of a response, before anything was changed."""
    headers = response.headers.fields
    return Reply(
        time=microseconds(response.timestamp_start),
        status=response.status_code,
        reason=text(response.data.reason),
        http_version=text(response.data.http_version),
        headers=headers,
        content_type=joined(headers, b"content-type"),
        location=joined(headers, b"location"),
        server=joined(headers, b"server"),
    )


def joined(
    headers: tuple[tuple[bytes, bytes], ...], wanted: bytes, separator: bytes = b", "
) -> str | None:
    """The values of all headers of a name (in lower case) as one, RFC 9110 5.3.

    HTTP/2 may send a cookie in crumbs, which go together with ``; ``, RFC 9113 8.2.3.
    """
    found = [
        value for name, value in headers if len(name) == len(wanted) and name.lower() == wanted
    ]
    return text(separator.join(found)) if found else None


def clean(value: str) -> str:
    """A text of mitmproxy's, in which odd bytes are lone surrogates, as one that can be stored."""
    if value.isascii() and "\x00" not in value:
        return value
    return text(value.encode("utf-8", "surrogateescape"))


def _username(headers: tuple[tuple[bytes, bytes], ...]) -> str | None:
    """The user of HTTP Basic authentication, RFC 7617."""
    for name, value in headers:
        if name.lower() == b"authorization" and value[: len(_BASIC)].lower() == _BASIC:
            try:
                credentials = base64.b64decode(value[len(_BASIC) :].strip(), validate=True)
            except binascii.Error:
                return None
            return text(credentials.partition(b":")[0])
    return None

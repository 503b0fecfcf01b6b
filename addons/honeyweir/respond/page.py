"""A page that says no as an ordinary web server would."""

from __future__ import annotations

import email.utils

from mitmproxy import http
from mitmproxy.net.http import status_codes

_DEFAULT_SERVER = "nginx"


def refusal(
    status: int, http_version: str, server: str | None, *, head: bool = False
) -> http.Response:
    """An error page with the headers, in the order, of nginx's own.

    ``server`` is the Server header of the origin where it is known, so that the page fits it. The
    answer to a HEAD request has the length of the page, and no page.
    """
    server = server or _DEFAULT_SERVER
    reason = status_codes.RESPONSES.get(status, "Error")
    title = f"{status} {reason}"
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>{server}</center>\r\n"
        "</body>\r\n</html>\r\n"
    ).encode("utf-8", "replace")
    old = http_version.startswith("HTTP/1")
    fields = [
        ("Server", server),
        ("Date", email.utils.formatdate(usegmt=True)),
        ("Content-Type", "text/html"),
        ("Content-Length", str(len(body))),
    ]
    if old:
        fields.append(("Connection", "keep-alive"))
    headers = http.Headers(
        [
            ((name if old else name.lower()).encode(), value.encode("utf-8", "surrogateescape"))
            for name, value in fields
        ]
    )
    return http.Response(
        http_version.encode(),
        status,
        reason.encode(),
        headers,
        b"" if head else body,
        None,
        0.0,
        0.0,
    )

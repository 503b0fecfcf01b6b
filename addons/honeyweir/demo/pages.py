"""What the web servers on stage have: a page a path, and a word for every other."""

from __future__ import annotations

from dataclasses import dataclass

HONEYTOKEN = "honeyweir-demo-7f3a9c"
"""It stands in a file on a decoy, and in the rule that is to find it on its way out."""

CUSTOMERS = b"""customer;contact;iban
Bluth & Sons;g.bluth@example.com;DE02120300000000202051
Sterling Partners;cooper@example.com;DE02500105170137075030
"""
"""A list that was laid out for a thief; the account numbers are the banks' own examples."""

ACCOUNTS = f"admin;{HONEYTOKEN};records@example.com\n".encode()

_PARAGRAPH = b"<p>Markets closed higher after a quiet session.</p>\n"


@dataclass(frozen=True, slots=True)
class Page:
    """The answer to a request."""

    status: int
    type: str
    body: bytes


_PAGES = {
    "news.example.com/": Page(200, "text/html", b"<h1>Industry News</h1>\n" + 40 * _PARAGRAPH),
    "news.example.com/style.css": Page(200, "text/css", b"body { margin: 2em }\n"),
    "update.example.com/v1/check": Page(200, "application/json", b'{"latest": "16.0.4"}\n'),
    "deb.example.org/dists/stable/InRelease": Page(200, "text/plain", b"Suite: stable\n"),
    "files.example.net/tools/helper.exe": Page(
        200, "application/octet-stream", b"MZ\x90\x00\x03" + bytes(4091)
    ),  # how a Windows program begins, and nothing to run
}
_OTHER = Page(200, "text/html", b"<p>ok</p>\n")


def page(host: str, path: str) -> Page:
    """The page at a path of a host."""
    return _PAGES.get(host + path.partition("?")[0], _OTHER)

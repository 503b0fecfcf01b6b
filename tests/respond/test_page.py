"""The page that says no."""

import email.utils
import time

import pytest
from mitmproxy.net.http.http1.assemble import assemble_response_head
from mitmproxy.net.http.validate import validate_headers

from honeyweir.respond.page import refusal

VERSIONS = ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/3"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("server", "shown"), [(None, "nginx"), ("", "nginx"), ("IIS", "IIS")])
def test_a_page_is_signed_by_the_origins_server(
    version: str, server: str | None, shown: str
) -> None:
    page = refusal(404, version, server)
    assert page.headers["server"] == shown
    assert f"<hr><center>{shown}</center>\r\n".encode() in page.raw_content
    assert page.http_version == version


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_the_head_of_an_http_1_page_reads_as_nginxs(version: str) -> None:
    page = refusal(403, version, None)
    lines = assemble_response_head(page).decode().split("\r\n")
    assert lines[0] == f"{version} 403 Forbidden"
    names = [line.partition(":")[0] for line in lines[1:-2]]
    assert names == ["Server", "Date", "Content-Type", "Content-Length", "Connection"]


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/3"])
def test_the_headers_of_later_versions_are_in_lower_case_and_not_about_a_connection(
    version: str,
) -> None:
    names = [name for name, _ in refusal(403, version, None).headers.fields]
    assert names == [b"server", b"date", b"content-type", b"content-length"]


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (403, "403 Forbidden"),
        (404, "404 Not Found"),
        (503, "503 Service Unavailable"),
        (599, "599 Error"),
    ],
)
def test_a_page_shows_its_status(status: int, title: str) -> None:
    page = refusal(status, "HTTP/1.1", None)
    assert page.status_code == status
    assert f"{status} {page.reason}" == title
    assert page.raw_content.startswith(f"<html>\r\n<head><title>{title}</title>".encode())


def test_a_page_announces_its_length_and_now() -> None:
    page = refusal(404, "HTTP/1.1", "Apache/2.4.58 (Debian)")
    assert int(page.headers["content-length"]) == len(page.raw_content)
    stamp = email.utils.parsedate_to_datetime(page.headers["date"]).timestamp()
    assert abs(stamp - time.time()) < 60
    assert page.headers["date"].endswith(" GMT")


@pytest.mark.parametrize("server", ["Bücher/1", "odd \\xff", "a<b>"])
def test_a_server_that_names_itself_oddly_gets_a_page_too(server: str) -> None:
    page = refusal(404, "HTTP/1.1", server)
    validate_headers(page)
    assert server.encode() in page.raw_content
    assert page.headers["server"].encode("utf-8", "surrogateescape") == server.encode()


def test_nothing_on_a_page_names_us() -> None:
    page = refusal(404, "HTTP/1.1", None)
    everything = assemble_response_head(page).lower() + page.raw_content.lower()
    assert b"mitm" not in everything
    assert b"weir" not in everything

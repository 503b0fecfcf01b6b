"""honeyweir's entry for mitmproxy: ``mitmdump -s addons/monitor.py``.

It only puts the addons together, in order; all that they do is in the package.
"""

from honeyweir.hooks.connections import ClientConnections, ServerConnections, Tls
from honeyweir.hooks.dns import Dns
from honeyweir.hooks.guard import Gate
from honeyweir.hooks.http import Http
from honeyweir.hooks.message import Streams, WebSockets
from honeyweir.hooks.setup import Setup

gate = Gate()
http = Http(gate)

addons = [
    ClientConnections(gate),
    ServerConnections(gate),
    Tls(gate),
    http,
    WebSockets(gate, http.exchange),
    Streams(gate),
    Dns(gate),
    Setup(gate),  # last, so that it closes the records after the others are done with them
]

"""What stays when the monitor is gone: nothing passes any more.

mitmproxy unloads a script whose file was removed or whose new version does not load, and goes on
as a plain proxy. The sentinel is registered with mitmproxy itself, so it outlives the script.
"""

from __future__ import annotations

import logging

from mitmproxy import connection, ctx, dns, http, tcp, udp
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from honeyweir.hooks.guard import Gate
from honeyweir.respond.sever import kill, sever

logger = logging.getLogger(__name__)

NAME = "honeyweir_sentinel"
_CLOSED = "closed"


class Sentinel:
    """Ends everything while its gate is closed."""

    name = NAME

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    @property
    def _closed(self) -> bool:
        return self.gate.weir is None

    def running(self) -> None:
        """mitmproxy ends a start during which an error was logged; it does not end a later one."""
        if self._closed:
            logger.error("honeyweir: the monitor is not ready, so nothing passes%s", _hint())

    def client_connected(self, client: connection.Client) -> None:
        if self._closed:
            client.error = _CLOSED

    def server_connect(self, data: ServerConnectionHookData) -> None:
        if self._closed:
            data.server.error = _CLOSED

    def http_connect(self, flow: http.HTTPFlow) -> None:
        self._end_exchange(flow)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        self._end_exchange(flow)

    def request(self, flow: http.HTTPFlow) -> None:
        self._end_exchange(flow)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        self._end_exchange(flow)

    def response(self, flow: http.HTTPFlow) -> None:
        self._end_exchange(flow)

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        if self._closed and flow.websocket:
            flow.websocket.messages[-1].drop()
            sever(flow.client_conn)

    def tcp_message(self, flow: tcp.TCPFlow) -> None:
        self._end_stream(flow)

    def udp_message(self, flow: udp.UDPFlow) -> None:
        self._end_stream(flow)

    def dns_request(self, flow: dns.DNSFlow) -> None:
        if self._closed:
            flow.response = flow.request.fail(2)
            sever(flow.client_conn)

    def _end_exchange(self, flow: http.HTTPFlow) -> None:
        if self._closed:
            kill(flow)
            sever(flow.client_conn)

    def _end_stream(self, flow: tcp.TCPFlow | udp.UDPFlow) -> None:
        if self._closed:
            flow.messages[-1].content = b""
            sever(flow.client_conn)


def _hint() -> str:
    """mitmproxy drops a script, without a word, for an option that was given twice."""
    for name, value in ctx.options.deferred.items():
        if name.startswith("weir_") and len(getattr(value, "val", ())) > 1:
            return f": {name} was given twice"
    return ""


def post(gate: Gate) -> None:
    """Register the sentinel, or give the one that stands already a new gate to watch."""
    standing = ctx.master.addons.get(NAME)
    if standing is None:
        ctx.master.addons.add(Sentinel(gate))
    else:
        standing.gate = gate

"""mitmproxy's addons, a class a protocol: each hook takes an event the way of the data.

Read it (tap), recognise and decide (weir), act on the flow (respond), record. Whatever raises on
that way ends in the flow being blocked, see ``guard``.
"""

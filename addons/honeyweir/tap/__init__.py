"""From mitmproxy's flows to events: a module a protocol. Nothing else reads flows."""

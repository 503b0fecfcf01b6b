"""A stage on loopback: origins, decoys, and an adversary's traffic through the real gateway.

``python -m honeyweir.demo`` plays it and shows what was recorded. Nothing leaves this machine, and
what looks like an attack is inert.
"""

"""What people read: the records as tables, texts and JSON lines. Nothing here writes to them.

A query is a module of its own and knows nothing of the command line; a command is a small module
under ``commands`` that asks, and prints.
"""

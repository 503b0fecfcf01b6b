"""The commands that read the records, a module each. ``honeyweir.cli`` names them all."""

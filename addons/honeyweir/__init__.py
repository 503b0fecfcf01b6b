"""honeyweir: the inspection proxy at the exit of a deception network."""

__version__ = "0.1.0"

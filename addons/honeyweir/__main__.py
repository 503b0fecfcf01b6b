"""``python -m honeyweir``: the command line."""

from honeyweir.cli import main

main(prog_name="honeyweir")

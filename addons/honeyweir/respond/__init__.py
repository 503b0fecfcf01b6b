"""What is done to the traffic: a module an action, and the one place that names them all.

Only this room writes to flows.
"""

from honeyweir.respond.alter import Alter
from honeyweir.respond.block import Block
from honeyweir.respond.flag import Flag

ACTIONS = {action.name: action for action in (Flag, Alter, Block)}

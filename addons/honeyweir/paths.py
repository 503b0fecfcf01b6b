"""Where things are when nobody says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).parent


def state_folder() -> Path:
    """The folder of the records and the keys: HONEYWEIR_HOME, or ``~/.honeyweir``."""
    return Path(os.environ.get("HONEYWEIR_HOME") or "~/.honeyweir").expanduser()


def records() -> Path:
    """The records database: HONEYWEIR_DB, or ``records.db`` in the state folder."""
    given = os.environ.get("HONEYWEIR_DB")
    return Path(given).expanduser() if given else state_folder() / "records.db"


def policies() -> Path:
    """The policies that ship: beside ``addons`` in a checkout, in the package in a wheel."""
    packaged = _PACKAGE / "policies"
    return packaged if packaged.is_dir() else _PACKAGE.parent.parent / "policies"


def monitor() -> Path:
    """The script that mitmdump loads: in ``addons`` in a checkout, in the package in a wheel."""
    packaged = _PACKAGE / "script" / "monitor.py"
    return packaged if packaged.is_file() else _PACKAGE.parent / "monitor.py"

"""A process that records exchanges: ``python -m record.load RECORDS FIRST COUNT``.

Prints the number of each exchange, and the moment after which it was in the recorder's hands.
"""

from __future__ import annotations

import sys
from pathlib import Path

from honeyweir.record import rows
from honeyweir.record.keys import signing_key
from honeyweir.record.writer import Recorder
from record.traffic import connection, exchange, exchange_rows, now


def main(path: Path, first: int, count: int) -> None:
    recorder = Recorder(path, policy=("00" * 32, "[]"), key=signing_key(path.parent))
    on = connection(now())
    recorder.put(rows.connection_rows(on))
    for number in range(first, first + count):
        recorder.put(exchange_rows(exchange(on, number, response=b"%d" % number)))
        sys.stdout.write(f"{number} {now()}\n")
        sys.stdout.flush()
    recorder.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

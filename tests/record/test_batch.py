"""Payloads are compressed a batch at a time."""

import pytest
import zstandard

from honeyweir.record.batch import compress
from honeyweir.record.row import Row


@pytest.mark.parametrize(
    "contents",
    [[], [b""], [b"", b""], [b"a"], [b"", b"a" * 1000, b"", b"b"]],
    ids=["none", "empty", "all empty", "one", "some empty"],
)
def test_each_payload_is_compressed_on_its_own(contents: list[bytes]) -> None:
    rows = [Row("payloads", (b"key", len(data), data)) for data in contents]
    compressed = [row.values[-1] for row in compress(rows)]
    decompress = zstandard.ZstdDecompressor().decompress
    assert [decompress(frame, max_output_size=2000) for frame in compressed] == contents

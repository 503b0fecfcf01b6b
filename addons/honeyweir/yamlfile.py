"""YAML files that people write: the data, and the line and column of every part of it.

What PyYAML lets pass in silence is an error here: a key that stands twice, nodes that hold
themselves, aliases that unfold without end. What the data must be is for the caller to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

SIZE_LIMIT = 1 << 20
"""Bytes of a file. Policies and inventories are written by hand, or nearly so."""

_DEPTH_LIMIT = 40
_NODES_LIMIT = 200_000
"""Nodes of a document with its aliases unfolded."""

_ADVICE = {
    "mapping values are not allowed": "a text with a colon in it needs quotes",
    "cannot start any token": "a text that begins so needs quotes; a tab cannot indent",
}
"""What to do about the mistakes in YAML that are made most."""

_MERGE_TAG = "tag:yaml.org,2002:merge"

Place = tuple[str | int, ...]
"""The keys and indexes that lead to a part of a document."""


class FileError(Exception):
    """What is wrong with a file, and where; lines and columns count from 1, 0 is the whole file."""

    def __init__(self, path: Path, line: int, column: int, message: str) -> None:
        super().__init__(path, line, column, message)
        self.path = path
        self.line = line
        self.column = column
        self.message = message

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else str(self.path)
        return f"{place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file, as SafeLoader's types, with the places of its parts."""

    path: Path
    data: Any
    node: yaml.Node | None

    def position(self, place: Place) -> tuple[int, int]:
        """The line and column of a part, or of the nearest part around it that there is."""
        node = self.node
        mark = node.start_mark if node else None
        for step in place:
            found = _child(node, step)
            if found is None:
                break
            at, node = found
            mark = at.start_mark
        return (mark.line + 1, mark.column + 1) if mark else (1, 1)

    def error(self, place: Place, message: str) -> FileError:
        """An error about a part of the document, to be raised."""
        return FileError(self.path, *self.position(place), message)


def load_one(path: Path) -> Document:
    """The only document of a file; None is the data of an empty one. Raises FileError."""
    documents = load_all(path)
    if not documents:
        return Document(path, None, None)
    if len(documents) > 1:
        raise documents[1].error((), "a second document: this file holds one, without `---`")
    return documents[0]


def load_all(path: Path) -> list[Document]:
    """Every document of a file. Raises FileError."""
    return parse(path, read(path))


def read(path: Path) -> str:
    """The text of a file. Raises FileError if it cannot be read, is too large, or no UTF-8."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise FileError(path, 0, 0, f"cannot be read: {error.strerror}") from error
    if len(data) > SIZE_LIMIT:
        raise FileError(path, 0, 0, f"larger than {SIZE_LIMIT >> 20} MiB; split it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _line_and_column(data[: error.start].decode("utf-8", "replace"))
        raise FileError(path, line, column, "not UTF-8; save the file as UTF-8") from error


def parse(path: Path, text: str) -> list[Document]:
    """Every document of a text; ``path`` is named in errors. Raises FileError."""
    try:
        _check_events(path, text)
        loader = Loader(text)
        try:
            return list(_documents(path, loader))
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        where = _line_and_column(text[: error.position])
        raise FileError(path, *where, f"a character that YAML forbids: {error.reason}") from error
    except yaml.MarkedYAMLError as error:
        raise _marked(path, error) from error


def _check_events(path: Path, text: str) -> None:
    """Refuse deep nesting, over which composing recurses, and tags, which call constructors."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        if getattr(event, "tag", None) is not None:
            raise _at(path, event, "a tag; write the value without it")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEPTH_LIMIT:
            raise _at(path, event, f"nested deeper than {_DEPTH_LIMIT} levels")


def _documents(path: Path, loader: Loader) -> Iterator[Document]:
    while loader.check_node():
        node = loader.get_node()
        if node is not None:
            builder = _Builder(path, loader)
            builder.measure(node, ())
            yield Document(path, builder.build(node), node)


class _Builder:
    """Turns nodes into data, each in the place where an error is to be shown."""

    def __init__(self, path: Path, loader: Loader) -> None:
        self._path = path
        self._loader = loader
        self._sizes: dict[int, int] = {}

    def measure(self, node: yaml.Node, around: tuple[yaml.Node, ...]) -> int:
        """The number of nodes with aliases unfolded. Raises FileError above the limit."""
        if node in around:
            raise _at(self._path, node, "an alias inside of what it stands for")
        if id(node) not in self._sizes:
            inner = (*around, node)
            self._sizes[id(node)] = 1 + sum(self.measure(child, inner) for child in _inner(node))
        if self._sizes[id(node)] > _NODES_LIMIT:
            raise _at(self._path, node, f"more than {_NODES_LIMIT} nodes, with aliases unfolded")
        return self._sizes[id(node)]

    def build(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child) for child in node.value]
        try:
            return self._loader.construct_object(node)
        except yaml.MarkedYAMLError as error:
            raise _at(self._path, node, error.problem or str(error)) from error
        except ValueError as error:
            raise _at(self._path, node, f"{node.value[:40]!r} cannot be read: {error}") from error

    def _mapping(self, node: yaml.MappingNode) -> dict[Any, Any]:
        self._check_keys(node)
        try:
            self._loader.flatten_mapping(node)
        except yaml.MarkedYAMLError as error:
            raise _marked(self._path, error) from error
        return {self.build(key): self.build(value) for key, value in node.value}

    def _check_keys(self, node: yaml.MappingNode) -> None:
        seen: dict[Any, yaml.Node] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _at(self._path, key, "a list or a mapping cannot be a key")
            if key.tag == _MERGE_TAG:
                continue
            value = self.build(key)
            if value in seen:
                line = seen[value].start_mark.line + 1
                raise _at(self._path, key, f"key {value!r} stands twice; first in line {line}")
            seen[value] = key


def _inner(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Where a key or an item stands, and its value. The last of equal keys counts (merges)."""
    if isinstance(node, yaml.MappingNode):
        found = [(key, value) for key, value in node.value if _names(key, step)]
        return found[-1] if found else None
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        item = node.value[step] if step < len(node.value) else None
        return (item, item) if item else None
    return None


def _names(key: yaml.Node, step: str | int) -> bool:
    return isinstance(key, yaml.ScalarNode) and key.value == str(step)


def _line_and_column(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _at(path: Path, part: yaml.Node | yaml.Event, message: str) -> FileError:
    mark = part.start_mark
    return FileError(path, *((mark.line + 1, mark.column + 1) if mark else (0, 0)), message)


def _marked(path: Path, error: yaml.MarkedYAMLError) -> FileError:
    mark = error.problem_mark or error.context_mark
    what = ", ".join(part for part in (error.context, error.problem) if part)
    advice = "".join(f"; {do}" for problem, do in _ADVICE.items() if problem in what)
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return FileError(path, line, column, f"not YAML: {what}{advice}")

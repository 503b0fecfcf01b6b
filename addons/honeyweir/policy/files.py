"""The files of a policy, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from honeyweir import yamlfile
from honeyweir.policy.problem import Problem

DATA_FILES = frozenset({"decoys.yaml", "gates.yaml", "honeytokens.yaml"})
"""Files that stand beside rules and hold none."""

_SUFFIXES = frozenset({".yml", ".yaml"})


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file of rules; ``name`` is its path inside the folder that was named."""

    path: Path
    name: str
    text: str


def read(paths: Iterable[Path]) -> tuple[list[RuleFile], list[Problem]]:
    """Every rule file of some files and folders: as named and, in a folder, sorted by name."""
    reader = _Reader()
    for path in paths:
        reader.take(path)
    return reader.files, reader.problems


class _Reader:
    def __init__(self) -> None:
        self.files: list[RuleFile] = []
        self.problems: list[Problem] = []

    def take(self, path: Path) -> None:
        try:
            found = [*_inside(path, set())] if path.is_dir() else [path]
            path.stat()
        except OSError as error:
            self._problem(Path(error.filename or path), f"cannot be read: {error.strerror}")
            return
        if not found:
            self._problem(path, "holds no rules", "rules are in files that end in .yml or .yaml")
        for file in found:
            self._read(file, file.relative_to(path).as_posix() if file != path else file.name)

    def _read(self, path: Path, name: str) -> None:
        try:
            self.files.append(RuleFile(path, name, yamlfile.read(path)))
        except yamlfile.FileError as error:
            self.problems.append(Problem(path, error.line, error.column, error.message))

    def _problem(self, path: Path, message: str, hint: str = "") -> None:
        self.problems.append(Problem(path, 0, 0, message, hint))


def _inside(folder: Path, around: set[Path]) -> Iterator[Path]:
    """The rule files of a folder; not what is hidden, such as an editor's half-written copies."""
    real = folder.resolve()
    if real in around:
        return
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in DATA_FILES:
            continue
        if path.is_dir():
            yield from _inside(path, around | {real})
        elif path.suffix in _SUFFIXES and (path.is_file() or not path.exists()):
            yield path  # a link that leads nowhere too, so that it is told

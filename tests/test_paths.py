"""Where things are."""

from pathlib import Path

import pytest

from honeyweir import paths


@pytest.fixture(autouse=True)
def _nobody_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HONEYWEIR_HOME", "HONEYWEIR_DB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_records_are_in_the_home_of_the_user(tmp_path: Path) -> None:
    assert paths.state_folder() == tmp_path / ".honeyweir"
    assert paths.records() == tmp_path / ".honeyweir" / "records.db"


@pytest.mark.parametrize(("given", "place"), [("/srv/weir", "/srv/weir"), ("~/weir", "{}/weir")])
def test_the_folder_may_be_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str, place: str
) -> None:
    monkeypatch.setenv("HONEYWEIR_HOME", given)
    assert paths.state_folder() == Path(place.format(tmp_path))
    assert paths.records() == paths.state_folder() / "records.db"


def test_the_records_may_be_elsewhere_than_the_keys(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HONEYWEIR_HOME", "/srv/weir")
    monkeypatch.setenv("HONEYWEIR_DB", "~/other.db")
    assert paths.records() == tmp_path / "other.db"
    assert paths.state_folder() == Path("/srv/weir")


@pytest.mark.parametrize("name", ["HONEYWEIR_HOME", "HONEYWEIR_DB"])
def test_a_variable_that_is_empty_says_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv(name, "")
    assert paths.records() == tmp_path / ".honeyweir" / "records.db"


def test_what_ships_is_there() -> None:
    assert (paths.policies() / "decoys.yaml").is_file()
    assert list(paths.policies().rglob("*.yml"))
    assert paths.monitor().is_file()

"""Loading: which files, in which order, and what a policy is that was loaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from honeyweir.model import Level, Phase
from honeyweir.policy.load import gather, load
from honeyweir.policy.problem import PolicyError
from honeyweir.respond import ACTIONS
from policy.traffic import policy_of, rule_text

HOST = {"selection": {"cs-host": "example.com"}}


def write(path: Path, *titles: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\n".join(rule_text(HOST, title=title) for title in titles))
    return path


def titles(*paths: Path) -> list[str]:
    return [rule.title for rule in load(paths, ACTIONS).rules]


def problems(*paths: Path) -> list[str]:
    with pytest.raises(PolicyError) as raised:
        load(paths, ACTIONS)
    return [str(problem) for problem in raised.value.problems]


def only(folder: Path, detection: dict[str, Any] = HOST, **keys: Any) -> Any:
    """The only rule of a policy."""
    (rule,) = policy_of(folder, rule_text(detection, **keys)).rules
    return rule


class TestFiles:
    def test_rules_stand_in_the_order_of_the_files_and_documents(self, tmp_path: Path) -> None:
        second = write(tmp_path / "a.yml", "three")
        first = write(tmp_path / "b.yml", "one", "two")
        assert titles(first, second) == ["one", "two", "three"]

    def test_a_folder_is_read_with_what_is_in_it_sorted_by_name(self, tmp_path: Path) -> None:
        write(tmp_path / "b" / "x.yaml", "two")
        write(tmp_path / "a.yml", "one")
        write(tmp_path / "c.yml", "three")
        assert titles(tmp_path) == ["one", "two", "three"]

    @pytest.mark.parametrize(
        "name", ["decoys.yaml", "gates.yaml", "honeytokens.yaml", ".a.yml", ".git/a.yml", "a.txt"]
    )
    def test_what_is_no_rule_file_is_left_out(self, tmp_path: Path, name: str) -> None:
        write(tmp_path / "a.yml", "one")
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("decoys: []")
        assert titles(tmp_path) == ["one"]

    def test_a_file_that_is_named_may_have_any_name(self, tmp_path: Path) -> None:
        assert titles(write(tmp_path / "rules.txt", "one")) == ["one"]

    def test_a_folder_behind_a_link_is_read_once(self, tmp_path: Path) -> None:
        write(tmp_path / "elsewhere" / "a.yml", "one")
        folder = tmp_path / "policies"
        folder.mkdir()
        (folder / "linked").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "elsewhere" / "loop").symlink_to(folder)
        assert titles(folder) == ["one"]

    def test_empty_documents_and_files_of_comments_are_no_rules(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.yml", "one")
        path.write_text(f"---\n{path.read_text()}---\n")
        (tmp_path / "b.yml").write_text("# switched off\n")
        assert titles(tmp_path) == ["one"]


class TestWhatCannotBeRead:
    def test_a_path_that_is_not_there(self, tmp_path: Path) -> None:
        path = tmp_path / "nowhere"
        assert problems(path) == [f"{path}: cannot be read: No such file or directory"]

    def test_a_folder_without_rule_files(self, tmp_path: Path) -> None:
        (tmp_path / "decoys.yaml").touch()
        (told,) = problems(tmp_path)
        assert told.startswith(f"{tmp_path}: holds no rules\n    ")

    def test_a_file_without_rules(self, tmp_path: Path) -> None:
        path = tmp_path / "a.yml"
        path.write_text("# nothing yet\n")
        (told,) = problems(write(tmp_path / "b.yml", "one"), path)
        assert told.startswith(f"{path}: holds no rules")

    def test_no_path_at_all(self) -> None:
        assert "holds no rules" in problems()[0]

    def test_a_link_that_leads_nowhere(self, tmp_path: Path) -> None:
        write(tmp_path / "a.yml", "one")
        (tmp_path / "b.yml").symlink_to(tmp_path / "gone")
        assert problems(tmp_path) == [
            f"{tmp_path / 'b.yml'}: cannot be read: No such file or directory"
        ]

    def test_a_file_that_is_no_utf8(self, tmp_path: Path) -> None:
        (tmp_path / "a.yml").write_bytes(b"title: caf\xe9\n")
        assert problems(tmp_path) == [
            f"{tmp_path / 'a.yml'}:1:11: not UTF-8; save the file as UTF-8"
        ]

    def test_an_id_that_is_taken(self, tmp_path: Path) -> None:
        first = tmp_path / "a.yml"
        first.write_text(rule_text(HOST, id="11111111-1111-4111-8111-111111111111"))
        second = tmp_path / "b.yml"
        second.write_text("\n" + first.read_text())
        (told,) = problems(tmp_path)
        assert told.startswith(
            f"{second}:2:1: the id 11111111-1111-4111-8111-111111111111 is taken"
        )
        assert f"first in {first}:1" in told

    def test_what_could_be_read_is_there_beside_the_problems(self, tmp_path: Path) -> None:
        write(tmp_path / "a.yml", "one")
        (tmp_path / "b.yml").write_text("title: x: y")
        gathered = gather([tmp_path], ACTIONS)
        assert [rule.title for rule in gathered.rules] == ["one"]
        assert gathered.policy is None


class TestPolicies:
    def test_the_hash_is_of_the_names_and_texts(self, tmp_path: Path) -> None:
        text = write(tmp_path / "one" / "sub" / "a.yml", "é").read_text()
        policy = load([tmp_path / "one"], ACTIONS)
        assert json.loads(policy.content) == [["sub/a.yml", text]]
        assert policy.hash == hashlib.sha256(policy.content.encode()).hexdigest()

    def test_the_hash_does_not_depend_on_where_the_folder_is(self, tmp_path: Path) -> None:
        text = write(tmp_path / "one" / "a.yml", "x").read_text()
        (tmp_path / "two").mkdir()
        (tmp_path / "two" / "a.yml").write_text(text)
        hashes = {load([tmp_path / name], ACTIONS).hash for name in ("one", "two")}
        assert len(hashes) == 1

    def test_a_comment_more_is_another_policy(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.yml", "x")
        before = load([path], ACTIONS).hash
        path.write_text(path.read_text() + "# reviewed\n")
        assert load([path], ACTIONS).hash != before


class TestRules:
    def test_a_rule_is_what_its_file_says(self, tmp_path: Path) -> None:
        rule = only(
            tmp_path,
            level="High",
            tags=["attack.exfiltration", "attack.t1041"],
            references=["https://example.com/"],
        )
        assert (rule.title, rule.level, rule.source) == ("A rule", Level.HIGH, "http")
        assert rule.tags == ("attack.exfiltration", "attack.t1041")
        assert rule.references == ("https://example.com/",)
        assert (rule.path, rule.line) == (tmp_path / "policy.yml", 1)

    def test_a_rule_without_a_response_flags(self, tmp_path: Path) -> None:
        assert [action.name for action in only(tmp_path).actions] == ["flag"]

    def test_a_response_is_taken_in_its_order(self, tmp_path: Path) -> None:
        response = [{"flag": {"tag": "exfil"}}, "flag", {"block": {"how": "status", "status": 404}}]
        actions = only(tmp_path, response=response).actions
        assert [action.name for action in actions] == ["flag", "flag", "block"]
        assert (actions[0].tag, actions[1].tag, actions[2].status) == ("exfil", None, 404)

    @pytest.mark.parametrize(
        ("logsource", "field", "source", "protocol"),
        [
            ({"category": "proxy"}, "cs-host", "http", None),
            ({"category": "webserver", "product": "nginx"}, "cs-host", "http", None),
            ({"category": "dns", "definition": "any"}, "query", "dns", None),
            ({"product": "zeek", "service": "http"}, "host", "http", None),
            ({"product": "zeek", "service": "dns"}, "query", "dns", None),
            ({"product": "zeek", "service": "ssl"}, "server_name", "tls", None),
            ({"product": "zeek", "service": "x509"}, "certificate.serial", "tls", None),
            ({"product": "honeyweir", "service": "http"}, "cs-host", "http", None),
            ({"product": "honeyweir", "service": "dns"}, "query", "dns", None),
            ({"product": "honeyweir", "service": "tls"}, "tls.sni", "tls", None),
            ({"product": "honeyweir", "service": "websocket"}, "payload", "message", "websocket"),
            ({"product": "honeyweir", "service": "tcp"}, "payload", "message", "tcp"),
            ({"product": "honeyweir", "service": "udp"}, "payload", "message", "udp"),
        ],
    )
    def test_a_logsource_names_the_events(
        self, tmp_path: Path, logsource: dict[str, str], field: str, source: str, protocol: str
    ) -> None:
        rule = only(tmp_path, {"selection": {field: "x"}}, logsource=logsource)
        assert (rule.source, rule.protocol) == (source, protocol)

    @pytest.mark.parametrize(
        ("selection", "phase"),
        [
            ({"cs-host": "x"}, Phase.HEAD),
            ({"cs-host": "x", "cs-bytes|gt": 5}, Phase.REQUEST),
            ({"request_body|contains": "x"}, Phase.REQUEST),
            ({"cs-host|fieldref": "sc-server"}, Phase.RESPONSE_HEAD),
            ({"sc-status": 200, "response_body|contains": "x"}, Phase.RESPONSE),
        ],
    )
    def test_a_rule_belongs_to_the_phase_that_knows_the_last_of_its_fields(
        self, tmp_path: Path, selection: dict[str, Any], phase: Phase
    ) -> None:
        assert only(tmp_path, {"selection": selection}).phase is phase

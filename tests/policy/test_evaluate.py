"""Deciding: when a rule is certain, in which order, and what proves it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from honeyweir.model import Evidence, Exchange, Phase
from honeyweir.policy.evaluate import Decision, Evaluation
from honeyweir.policy.load import Policy
from policy.traffic import (
    exchange,
    handshake,
    matched,
    message,
    policy_of,
    query,
    reply,
    rule_text,
)

HEAD, REQUEST, RESPONSE_HEAD, RESPONSE = Phase


def rule(title: str, selection: Any, condition: str = "selection", **keys: Any) -> str:
    return rule_text({"selection": selection, "condition": condition}, title=title, **keys)


def titles(decision: Decision) -> list[str]:
    return [match.rule.title for match in decision.matches]


def decided(policy: Policy, event: Exchange) -> dict[Phase, list[str]]:
    evaluation = policy.evaluate(event)
    return {phase: titles(evaluation.decide(phase)) for phase in Phase}


def evidence(policy: Policy, event: Exchange) -> list[Evidence]:
    (match,) = policy.evaluate(event).decide(RESPONSE).matches
    return list(match.evidence)


class TestPhases:
    def test_a_rule_is_decided_with_the_last_of_what_it_asks_for(self, tmp_path: Path) -> None:
        policy = policy_of(
            tmp_path,
            rule("head", {"cs-method": "POST"}),
            rule("request", {"cs-method": "POST", "request_body|contains": "secret"}),
            rule("response head", {"cs-method": "POST", "sc-status": 200}),
            rule("response", {"response_body|contains": "thanks"}),
        )
        event = exchange(method="POST", request="a secret", response="thanks")
        assert decided(policy, event) == {
            HEAD: ["head"],
            REQUEST: ["request"],
            RESPONSE_HEAD: ["response head"],
            RESPONSE: ["response"],
        }

    def test_a_late_decision_includes_what_was_not_asked_before(self, tmp_path: Path) -> None:
        policy = policy_of(
            tmp_path, rule("head", {"cs-method": "GET"}), rule("s", {"sc-status": 200})
        )
        assert titles(policy.evaluate(exchange()).decide(RESPONSE)) == ["head", "s"]

    def test_every_rule_is_decided_once(self, tmp_path: Path) -> None:
        policy = policy_of(tmp_path, rule("head", {"cs-method": "GET"}))
        evaluation = policy.evaluate(exchange())
        assert titles(evaluation.decide(HEAD)) == ["head"]
        assert [titles(evaluation.decide(phase)) for phase in Phase] == [[], [], [], []]

    def test_what_has_not_come_is_not_taken_for_missing(self, tmp_path: Path) -> None:
        policy = policy_of(tmp_path, rule("no error", {"sc-status": 500}, "not selection"))
        event = exchange(status=None)
        evaluation = policy.evaluate(event)
        assert not evaluation.decide(HEAD).matches
        assert not evaluation.decide(REQUEST).matches
        event.reply = reply(event.time, 500, {})
        assert not evaluation.decide(RESPONSE).matches

    def test_an_exchange_without_a_response_has_no_status(self, tmp_path: Path) -> None:
        policy = policy_of(tmp_path, rule("unanswered", {"sc-status": None}))
        assert decided(policy, exchange(status=None))[RESPONSE_HEAD] == ["unanswered"]


class TestOrder:
    def test_all_rules_that_match_are_told_top_down(self, tmp_path: Path) -> None:
        texts = [rule(name, {"cs-method": "GET"}) for name in ("one", "two", "three")]
        assert decided(policy_of(tmp_path, *texts), exchange())[HEAD] == ["one", "two", "three"]

    def test_no_action_follows_a_terminal_one(self, tmp_path: Path) -> None:
        policy = policy_of(
            tmp_path,
            rule("one", {"cs-method": "GET"}),
            rule("two", {"cs-method": "GET"}, response=["flag", "block", "flag"]),
            rule("three", {"cs-method": "GET"}, response=["block"]),
        )
        decision = policy.evaluate(exchange()).decide(HEAD)
        assert titles(decision) == ["one", "two", "three"]
        assert [(planned.rule.title, planned.action.name) for planned in decision.actions] == [
            ("one", "flag"),
            ("two", "flag"),
            ("two", "block"),
        ]

    def test_a_policy_keeps_its_order_among_fields_and_keys(self, tmp_path: Path) -> None:
        policy = policy_of(
            tmp_path,
            rule("z", {"request_headers|contains": "Firefox"}),
            rule("y", {"cs-host": "x"}, "not selection"),
            rule("x", {"cs-host": "example.com"}),
        )
        assert decided(policy, exchange())[HEAD] == ["z", "y", "x"]


class TestKinds:
    def test_rules_are_held_against_the_events_of_their_source_only(self, tmp_path: Path) -> None:
        kinds = ("tcp", "udp", "websocket")
        policy = policy_of(
            tmp_path,
            rule("http", ["secret"]),
            rule_text({"selection": ["secret"]}, {"category": "dns"}, title="dns"),
            rule_text(
                {"selection": ["secret"]}, {"product": "zeek", "service": "ssl"}, title="tls"
            ),
            *(
                rule_text(
                    {"selection": ["secret"]}, {"product": "honeyweir", "service": k}, title=k
                )
                for k in kinds
            ),
        )
        events = [
            exchange("http://example.com/secret"),
            query("secret.example.com"),
            handshake("secret.example.com"),
            *(message("a secret", kind) for kind in kinds),
        ]
        found = [[rule.title for rule in matched(policy, event)] for event in events]
        assert found == [["http"], ["dns"], ["tls"], ["tcp"], ["udp"], ["websocket"]]

    def test_a_detection_of_the_same_name_does_not_undo_the_protocol(self, tmp_path: Path) -> None:
        detection = {"_protocol": {"payload|contains": "x"}, "condition": "1 of _*"}
        policy = policy_of(
            tmp_path, rule_text(detection, {"product": "honeyweir", "service": "udp"})
        )
        assert [len(matched(policy, message("x", kind))) for kind in ("udp", "tcp")] == [1, 0]

    def test_several_conditions_are_one_rule(self, tmp_path: Path) -> None:
        detection = {
            "get": {"cs-method": "GET"},
            "local": {"cs-host|endswith": ".test"},
            "condition": ["get and local", "not get"],
        }
        policy = policy_of(tmp_path, rule_text(detection))
        urls = [("http://a.test/", "GET"), ("http://a.com/", "GET"), ("http://a.com/", "POST")]
        assert [len(matched(policy, exchange(*pair))) for pair in urls] == [1, 0, 1]

    def test_events_that_no_rule_is_about_pass(self, tmp_path: Path) -> None:
        policy = policy_of(tmp_path, rule("http", {"cs-method": "GET"}))
        assert matched(policy, query("example.com")) == []


class TestEvidence:
    def test_every_test_that_counts_is_shown_under_the_name_that_the_rule_uses(
        self, tmp_path: Path
    ) -> None:
        policy = policy_of(
            tmp_path,
            rule_text(
                {
                    "selection": {"r-dns": "example.com", "cs-uri|contains": ["/a", "/b", "/c"]},
                    "filter": {"cs-method": "POST"},
                    "condition": "selection and not filter",
                }
            ),
        )
        found = evidence(policy, exchange("http://example.com/b/c?d"))
        assert Evidence("r-dns", "example.com") in found
        assert {item.field for item in found} == {"r-dns", "cs-uri"}
        assert Evidence("cs-uri", "/b/c?d") in found

    def test_a_long_value_is_shown_around_the_match(self, tmp_path: Path) -> None:
        policy = policy_of(tmp_path, rule("x", {"request_body|contains": "needle"}))
        (item,) = evidence(policy, exchange(request="hay " * 5000 + "needle" + " hay" * 5000))
        assert "needle" in item.value
        assert len(item.value) <= 200

    def test_a_character_is_not_cut_in_two(self, tmp_path: Path) -> None:
        policy = policy_of(tmp_path, rule("x", {"request_body|contains": "needle"}))
        (item,) = evidence(policy, exchange(request="é" * 301 + "needle" + "\u20ac" * 301))
        assert set(item.value) <= set("éneedle\u20ac")

    def test_numbers_times_and_references_are_shown(self, tmp_path: Path) -> None:
        selection = {"sc-status": 200, "time|hour": 12, "cs-host|fieldref": "tls.sni"}
        policy = policy_of(tmp_path, rule("x", selection))
        assert sorted(evidence(policy, exchange("https://a.test/")), key=lambda e: e.field) == [
            Evidence("cs-host", "a.test"),
            Evidence("sc-status", "200"),
            Evidence("time", "2025-10-09T12:00:00.000Z"),
        ]

    def test_what_is_missing_is_no_evidence(self, tmp_path: Path) -> None:
        policy = policy_of(tmp_path, rule("x", {"cs-referer": None, "cs-method": "GET"}))
        assert evidence(policy, exchange()) == [Evidence("cs-method", "GET")]

    def test_evidence_has_an_end(self, tmp_path: Path) -> None:
        words = [f"w{number}-" for number in range(100)]
        policy = policy_of(tmp_path, rule("x", {"cs-uri|contains|all": words}))
        assert len(evidence(policy, exchange(f"http://a.test/{''.join(words)}"))) <= 16


class Watched(Exchange):
    """An exchange that tells which of its bodies were read."""

    read: list[str]

    def __getattribute__(self, name: str) -> Any:
        if name in ("request_body", "response_body") and "read" in self.__dict__:
            self.__dict__["read"].append(name)
        return super().__getattribute__(name)


def watched(**values: Any) -> Watched:
    event = exchange(**values)
    event.__class__ = Watched
    event.__dict__["read"] = []
    return event  # type: ignore[return-value] # that is what it is now


class TestCost:
    @pytest.mark.parametrize(
        "selection",
        [
            {"cs-method": "POST", "request_body|contains": "x"},
            {"response_body|contains": "x", "cs-host": "other.test"},
            {"request_body|contains": "x", "cs-uri|contains": "/other"},
            {"cs-host": "a.test", "response_body|contains": "x", "sc-status": 404},
        ],
    )
    def test_no_body_is_read_for_a_rule_that_the_head_rules_out(
        self, tmp_path: Path, selection: Mapping[str, Any]
    ) -> None:
        program = policy_of(tmp_path, rule("x", selection))
        event = watched(url="http://a.test/", request="x", response="x")
        evaluation = Evaluation(program._programs[Exchange], event)
        assert not evaluation.decide(RESPONSE).matches
        assert event.read == []

    def test_a_body_is_read_once_for_all_rules(self, tmp_path: Path) -> None:
        texts = [rule(word, {"request_body|contains": word}) for word in ("a", "b", "c")]
        policy = policy_of(tmp_path, *texts)
        event = watched(request="a b")
        evaluation = Evaluation(policy._programs[Exchange], event)
        assert titles(evaluation.decide(REQUEST)) == ["a", "b"]
        assert event.read.count("request_body") <= 2 * 2  # to scan it, and for all the evidence


class TestStreams:
    @pytest.fixture
    def policy(self, tmp_path: Path) -> Policy:
        return policy_of(
            tmp_path,
            rule("token", {"request_body|contains": "honeytoken"}, response=["block"]),
            rule("clean", {"request_body|contains": "honeytoken"}, "not selection"),
            rule("ends", {"request_body|endswith": "token"}),
            rule("posted", {"cs-method": "POST", "request_body|contains": "honey"}),
        )

    def begin(self, policy: Policy, **values: Any) -> Evaluation:
        evaluation = policy.evaluate(exchange(**values))
        evaluation.decide(HEAD)
        return evaluation

    def test_a_match_that_spans_chunks_is_told_with_the_chunk_that_completes_it(
        self, policy: Policy
    ) -> None:
        evaluation = self.begin(policy)
        assert not evaluation.feed("request_body", b"a honeyt").matches
        decision = evaluation.feed("request_body", b"oken and")
        assert titles(decision) == ["token"]
        assert [planned.action.name for planned in decision.actions] == ["block"]
        assert decision.matches[0].evidence == [Evidence("request_body", "a honeytoken and")]

    def test_it_is_not_told_again(self, policy: Policy) -> None:
        evaluation = self.begin(policy)
        evaluation.feed("request_body", b"honeytoken")
        assert not evaluation.feed("request_body", b"honeytoken").matches
        evaluation.close("request_body")
        assert "token" not in titles(evaluation.decide(REQUEST))

    def test_what_depends_on_the_end_is_certain_after_the_end(self, policy: Policy) -> None:
        evaluation = self.begin(policy)
        assert not evaluation.feed("request_body", b"a token").matches
        evaluation.close("request_body")
        assert titles(evaluation.decide(REQUEST)) == ["clean", "ends"]

    def test_a_body_that_goes_on_decides_nothing_that_waits_for_its_end(
        self, policy: Policy
    ) -> None:
        evaluation = self.begin(policy)
        evaluation.feed("request_body", b"a ")
        assert not evaluation.decide(RESPONSE_HEAD).matches
        assert not evaluation.feed("request_body", b"token").matches
        evaluation.close("request_body")
        assert titles(evaluation.decide(RESPONSE)) == ["clean", "ends"]

    def test_the_head_still_counts(self, policy: Policy) -> None:
        posted, got = self.begin(policy, method="POST"), self.begin(policy)
        assert titles(posted.feed("request_body", b"honey")) == ["posted"]
        assert titles(got.feed("request_body", b"honey")) == []

    def test_the_body_of_the_event_is_not_read_when_it_has_passed(self, policy: Policy) -> None:
        evaluation = self.begin(policy, request=b"honeytoken")
        evaluation.feed("request_body", b"x")
        evaluation.close("request_body")
        assert titles(evaluation.decide(REQUEST)) == ["clean"]

    def test_an_empty_body_that_passed_is_there(self, tmp_path: Path) -> None:
        policy = policy_of(
            tmp_path,
            rule("there", {"request_body|exists": True}),
            rule("empty", {"request_body": ""}),
        )
        evaluation = self.begin(policy)
        assert titles(evaluation.feed("request_body", b"")) == ["there"]
        evaluation.close("request_body")
        assert titles(evaluation.decide(REQUEST)) == ["empty"]

    def test_a_body_that_never_began_is_the_event_s(self, policy: Policy) -> None:
        evaluation = self.begin(policy, request=b"honeytoken")
        evaluation.close("request_body")
        assert titles(evaluation.decide(REQUEST)) == ["token", "ends"]

    def test_both_bodies_may_pass_at_once(self, tmp_path: Path) -> None:
        both = {"request_body|contains": "ping", "response_body|contains": "pong"}
        policy = policy_of(tmp_path, rule("both", both))
        evaluation = self.begin(policy)
        evaluation.open("request_body")
        evaluation.decide(RESPONSE_HEAD)
        assert not evaluation.feed("response_body", b"pong").matches
        assert titles(evaluation.feed("request_body", b"ping")) == ["both"]

    def test_a_comparison_with_what_has_not_come_waits_for_it(self, tmp_path: Path) -> None:
        detection = {
            "body": {"request_body|contains": "x"},
            "same": {"cs-host|fieldref": "sc-server"},
            "condition": "body and not same",
        }
        evaluation = self.begin(policy_of(tmp_path, rule_text(detection)), status=None)
        assert not evaluation.feed("request_body", b"x").matches
        evaluation.close("request_body")
        assert titles(evaluation.decide(RESPONSE_HEAD)) == ["A rule"]

    def test_a_response_that_comes_before_the_body_hides_nothing_of_it(
        self, policy: Policy
    ) -> None:
        evaluation = self.begin(policy)
        evaluation.open("request_body")
        assert not evaluation.decide(RESPONSE).matches
        assert titles(evaluation.feed("request_body", b"honeytoken")) == ["token"]

    def test_a_body_that_was_to_pass_and_did_not_is_empty(self, tmp_path: Path) -> None:
        there = {"request_body|exists": True, "request_body|endswith": ""}
        evaluation = self.begin(policy_of(tmp_path, rule("there", there)))
        evaluation.open("request_body")
        evaluation.close("request_body")
        assert titles(evaluation.decide(REQUEST)) == ["there"]

    def test_bodies_that_no_rule_asks_for_cost_nothing(self, tmp_path: Path) -> None:
        evaluation = self.begin(policy_of(tmp_path, rule("x", {"cs-method": "POST"})))
        assert not evaluation.feed("response_body", b"x" * 1000).matches
        evaluation.close("response_body")

    def test_a_stream_that_is_given_up_is_freed(self, policy: Policy) -> None:
        for _ in range(2000):
            self.begin(policy).feed("request_body", b"a honeyt")
        assert titles(self.begin(policy).feed("request_body", b"honeytoken")) == ["token"]

    def test_the_excerpt_of_a_stream_is_small(self, policy: Policy) -> None:
        evaluation = self.begin(policy)
        evaluation.feed("request_body", b"x" * 100_000)
        (match,) = evaluation.feed("request_body", b"honeytoken" + b"y" * 100_000).matches
        (item,) = match.evidence
        assert len(item.value) <= 200
        assert "xhoneytokeny" in item.value

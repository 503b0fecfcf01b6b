"""What may stand behind an action's name in a rule, and what is said of what may not."""

import re

import pytest

from honeyweir.model import Phase
from honeyweir.respond import ACTIONS
from honeyweir.respond.alter import Alter
from honeyweir.respond.block import Block
from honeyweir.respond.flag import Flag


def test_each_action_is_registered_under_its_name() -> None:
    assert ACTIONS["flag"] is Flag
    assert ACTIONS["alter"] is Alter
    assert ACTIONS["block"] is Block


@pytest.mark.parametrize(
    ("spec", "how", "status"),
    [
        (None, "close", 403),
        ({"how": "reset"}, "reset", 403),
        ({"status": 404}, "status", 404),
        ({"how": "status"}, "status", 403),
        ({"how": "nxdomain"}, "nxdomain", 403),
    ],
)
def test_block_is_read(spec: object, how: str, status: int) -> None:
    assert Block.parse(spec) == Block(how, status)


ALTER = {"in": "response_body", "replace": "a", "with": "b"}


@pytest.mark.parametrize(
    ("action", "spec", "message"),
    [
        (Flag, {"tga": "x"}, "unknown key 'tga'; did you mean 'tag'?"),
        (Flag, {"tag": 7}, "tag: expected a text; put it in quotes"),
        (Flag, ["x"], "expected keys and values, as in `flag: {tag: exfil}`, not ['x']"),
        (Block, {"how": "kill"}, "how: 'kill' is not one of close, reset, status, nxdomain"),
        (Block, {"status": 200}, "status: expected a number from 400 to 599, not 200"),
        (Block, {"how": "reset", "status": 404}, "status goes with `how: status`"),
        (Alter, None, "in, replace, with missing, as in"),
        (Alter, ALTER | {"in": "body"}, "in: 'body' is not one of url, request_headers"),
        (Alter, ALTER | {"replace": ""}, "replace: nothing to look for"),
        (Alter, ALTER | {"replace": {"regex": "(?=a)b"}}, "regex: invalid perl operator"),
        (Alter, ALTER | {"replace": {"regex": "a*"}}, "regex: matches where there is nothing"),
        (Alter, ALTER | {"replace": {"regex": "(a)"}, "with": r"\2"}, "with: "),
        (Alter, ALTER | {"replace": {"bytes": "xyz"}}, "replace: bytes are written in hexadecimal"),
        (Alter, ALTER | {"replace": {}}, "replace: expected one of text, bytes, regex"),
        (Alter, ALTER | {"with": 5}, "expected keys and values"),
        (Alter, ALTER | {"header": "X"}, "header goes with `in: request_headers`"),
        (Alter, ALTER | {"in": "url", "with": "a\nb"}, "with: a line break would start another"),
    ],
)
def test_a_wrong_spec_says_what_to_write(action: type, spec: object, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        action.parse(spec)


@pytest.mark.parametrize(
    ("spec", "source", "protocol", "phase", "message"),
    [
        ("nxdomain", "http", None, Phase.HEAD, "has no meaning for http; use close or reset or"),
        ("status", "dns", None, Phase.REQUEST, "has no meaning for dns; use close or nxdomain"),
        ("reset", "message", "udp", Phase.HEAD, "has no meaning for udp; use close"),
        ("reset", "message", "tcp", Phase.HEAD, None),
        ("close", "tls", None, Phase.HEAD, None),
    ],
)
def test_a_block_fits_its_protocol(
    spec: str, source: str, protocol: str | None, phase: Phase, message: str | None
) -> None:
    problem = Block(spec).problem(source, protocol, phase)
    assert problem is None if message is None else message in str(problem)


@pytest.mark.parametrize(
    ("part", "source", "phase", "message"),
    [
        ("request_body", "http", Phase.REQUEST, None),
        ("request_body", "http", Phase.RESPONSE_HEAD, "has gone out by the time"),
        ("response_body", "http", Phase.RESPONSE, None),
        ("payload", "http", Phase.HEAD, "use url or request_headers or request_body or"),
        ("url", "tls", Phase.HEAD, "nothing there can be altered"),
        ("answer", "dns", Phase.RESPONSE, None),
    ],
)
def test_an_alteration_must_still_be_possible(
    part: str, source: str, phase: Phase, message: str | None
) -> None:
    problem = Alter.parse(ALTER | {"in": part}).problem(source, None, phase)
    assert problem is None if message is None else message in str(problem)

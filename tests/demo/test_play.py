"""How the play is shown: a line an act where there is no terminal, a bar where there is one."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from honeyweir.demo.acts import HR, Act
from honeyweir.demo.gateway import Gateway
from honeyweir.demo.play import play

NOWHERE = Gateway(("127.0.0.1", 9), ("127.0.0.1", 9), Path("ca.pem"), Path("records.db"))


@pytest.fixture
def shown():
    def shown(*acts, terminal=False, width=70):
        output = io.StringIO()
        play(acts, NOWHERE, Console(file=output, force_terminal=terminal, width=width))
        return output.getvalue()

    return shown


def refused(_):
    raise ConnectionResetError


def test_an_act_is_a_whole_line_with_what_the_decoy_saw(shown):
    url = "https://news.example.com/" + 80 * "x"
    output = shown(Act(0, HR, f"GET {url}", lambda _: "200, 3 bytes"))
    assert output == f"  0.0 s  hr-laptop-03   GET {url}  -> 200, 3 bytes\n"


def test_an_act_without_an_answer_is_no_failure_of_the_play(shown):
    output = shown(Act(0, HR, "GET /", refused), Act(0, HR, "GET /next", lambda _: "204"))
    assert "GET /  -> no answer\n" in output
    assert "GET /next  -> 204\n" in output


def test_an_act_does_what_it_says_as_the_decoy_at_its_address(shown):
    addresses = []
    shown(Act(0, HR, "who", lambda client: addresses.append(client.address) or "here"))
    assert addresses == ["127.0.1.58"]


def test_a_terminal_gets_a_bar_and_lines_that_fit_with_their_outcome(shown):
    output = shown(Act(0, HR, "GET " + 90 * "x", lambda _: "403"), terminal=True, width=60)
    assert "decoys at work" in output
    assert "…  -> 403" in output

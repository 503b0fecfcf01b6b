"""The demo's names: they resolve to the stage, and no others resolve at all."""

import socket

import pytest

from honeyweir.demo.stage import Resolver


@pytest.fixture
def resolver():
    return Resolver({"update.example.com:443": ("127.0.0.1", 40443)})


def test_a_name_on_stage_resolves_to_its_origin_with_the_port(resolver):
    (found,) = resolver("update.example.com", 443, socket.AF_INET, socket.SOCK_STREAM)
    assert found[4] == ("127.0.0.1", 40443)


@pytest.mark.parametrize(
    ("host", "port"), [("update.example.com", 80), ("example.com", 443), ("localhost", 443)]
)
def test_a_name_that_is_not_on_stage_does_not_resolve(resolver, host, port):
    with pytest.raises(socket.gaierror):
        resolver(host, port)


def test_an_address_is_itself(resolver):
    found = resolver("127.0.0.9", 8080, type=socket.SOCK_STREAM)
    assert found[0][4] == ("127.0.0.9", 8080)

"""The faster dispatch calls what mitmproxy's own would call."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from mitmproxy import exceptions
from mitmproxy.addonmanager import AddonManager
from mitmproxy.proxy.layers.http import HttpRequestHook
from mitmproxy.test import taddons, tflow

from honeyweir.hooks import dispatch


class Recording:
    """Notes in a list that its hook was called."""

    def __init__(self, name: str, calls: list[str], error: Exception | None = None) -> None:
        self.name = name
        self.calls = calls
        self.error = error
        self.addons: list[Recording] = []

    def request(self, _: object) -> None:
        self.calls.append(self.name)
        if self.error:
            raise self.error


class Waiting(Recording):
    async def request(self, _: object) -> None:
        await asyncio.sleep(0)
        self.calls.append(self.name)


@pytest.fixture
async def manager() -> AsyncIterator[AddonManager]:
    with taddons.context() as context:
        yield context.master.addons


@pytest.fixture
def calls() -> list[str]:
    return []


async def call(manager: AddonManager) -> None:
    await manager.trigger_event(HttpRequestHook(tflow.tflow()))


def nest(calls: list[str], error: Exception | None = None) -> list[Recording]:
    """A tree of addons, one of which raises."""
    parent, last = Recording("parent", calls), Waiting("last", calls)
    parent.addons = [Recording("first child", calls, error), Recording("second child", calls)]
    return [parent, last]


@pytest.mark.parametrize("error", [None, ValueError("x"), exceptions.AddonHalt()])
async def test_it_calls_the_same_in_the_same_order(
    manager: AddonManager, calls: list[str], error: Exception | None
) -> None:
    manager.add(*nest(calls, error))
    await call(manager)
    expected = list(calls)
    calls.clear()
    dispatch.install(manager)
    await call(manager)
    await call(manager)
    assert calls == expected * 2


async def test_an_addon_that_is_added_later_is_called(
    manager: AddonManager, calls: list[str]
) -> None:
    dispatch.install(manager)
    await call(manager)
    manager.add(Recording("new", calls))
    await call(manager)
    assert calls == ["new"]


async def test_an_addon_that_is_removed_is_not_called(
    manager: AddonManager, calls: list[str]
) -> None:
    dispatch.install(manager)
    addon = Recording("old", calls)
    manager.add(addon)
    await call(manager)
    manager.remove(addon)
    await call(manager)
    assert calls == ["old"]


async def test_it_is_installed_once(manager: AddonManager) -> None:
    dispatch.install(manager)
    before = manager.trigger_event
    dispatch.install(manager)
    assert manager.trigger_event == before

"""Bodies that turn out, while they come, to be too large to be held.

Where the length is not announced, mitmproxy holds a body until it is over ``stream_large_bodies``,
then sets ``stream`` to True and sends what it holds without asking any addon. So ``stream`` is
watched: what it is set to is replaced by a callable of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mitmproxy import http

Stream = Callable[[bytes], Iterable[bytes] | bytes]


class _Watched:
    """Mixed into the class of one message."""

    @property
    def stream(self) -> Stream | bool:
        value: Stream | bool = self.__dict__.get("stream", False)
        return value

    @stream.setter
    def stream(self, value: Stream | bool) -> None:
        self.__dict__["stream"] = self.__dict__["late_stream"]() if value is True else value


class _Request(_Watched, http.Request):
    pass


class _Response(_Watched, http.Response):
    pass


def watch(message: http.Message, begin: Callable[[], Stream]) -> None:
    """Call ``begin``, which must not raise, should the message come to be streamed."""
    message.__dict__["late_stream"] = begin
    watched = _Request if isinstance(message, http.Request) else _Response
    object.__setattr__(message, "__class__", watched)


def unwatch(message: http.Message) -> None:
    """The body is there: make the message an ordinary one, which can be copied and saved."""
    message.__dict__.pop("late_stream", None)
    if isinstance(message, _Watched):
        plain = http.Request if isinstance(message, http.Request) else http.Response
        object.__setattr__(message, "__class__", plain)

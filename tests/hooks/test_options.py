"""The values of our options, and those of mitmproxy's that we refuse."""

import pytest
from mitmproxy.test import taddons

from honeyweir.hooks import options


@pytest.mark.parametrize(
    ("value", "size"),
    [("0", 0), ("1", 1), ("512k", 512 << 10), ("8m", 8 << 20), ("1g", 1 << 30), ("7b", 7)],
)
def test_a_size_is_read(value: str, size: int) -> None:
    assert options.size("weir_keep", value) == size


@pytest.mark.parametrize("value", [None, "", "k", "lots", "1.5m", "8M", "8 mb", "-1", "-1k", "∞"])
def test_what_is_no_size_is_refused(value: str | None) -> None:
    with pytest.raises(ValueError, match="is no size; write it as in 512k, 8m or 1g") as caught:
        options.size("weir_stream_above", value)
    assert str(caught.value).startswith(f"weir_stream_above: {value!r} ")


@pytest.mark.parametrize(
    ("value", "seconds"), [("1", 0.001), ("200", 0.2), ("0200", 0.2), ("60000", 60.0)]
)
def test_milliseconds_are_read_as_seconds(value: str, seconds: float) -> None:
    assert options.milliseconds("weir_commit_interval", value) == seconds


@pytest.mark.parametrize("value", [None, "", "1s", "0.5", "-1", "+1", " 1", "1_000", "²", "٣"])
def test_what_is_no_number_of_milliseconds_is_refused(value: str | None) -> None:
    with pytest.raises(ValueError, match="is no number of milliseconds; write it as in 200"):
        options.milliseconds("weir_commit_interval", value)


@pytest.mark.parametrize("value", ["0", "60001", "9" * 30])
def test_milliseconds_beyond_the_limits_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match=f"weir_commit_interval: {value} is not from 1 to 60000"):
        options.milliseconds("weir_commit_interval", value)


@pytest.mark.parametrize("value", ["block", "pass"])
def test_what_happens_on_error_is_one_of_two_words(value: str) -> None:
    assert options.on_error(value) == value


@pytest.mark.parametrize("value", [None, "", "BLOCK", "ignore"])
def test_any_other_word_is_refused(value: str | None) -> None:
    with pytest.raises(ValueError, match="is not one of block, pass"):
        options.on_error(value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("weir_polices", "did you mean 'weir_policies'?"),
        ("weir_decoy", "did you mean 'weir_decoys'?"),
        ("weir_zzzzzzzz", "known: weir_commit_interval, weir_db, weir_decoys"),
    ],
)
def test_an_option_of_ours_that_nobody_knows_is_refused(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: there is no such option") as caught:
        options.check_unknown([name])
    assert hint in str(caught.value)


def test_options_of_others_are_not_our_concern() -> None:
    options.check_unknown(["another_script", "weirdness", ""])


def test_mitmproxys_own_defaults_are_accepted(context: taddons.context) -> None:
    options.check_mitmproxy()


@pytest.mark.parametrize("name", ["emudhra", "emudhra_old"])
def test_a_ca_key_that_is_public_is_refused(context: taddons.context, name: str) -> None:
    context.options.add_option(name, bool, False, "")
    options.check_mitmproxy()
    context.options.update(**{name: True})
    with pytest.raises(ValueError, match=f"{name}: signs with a CA key that is public"):
        options.check_mitmproxy()


def test_bodies_without_limit_are_refused(context: taddons.context) -> None:
    context.options.update(store_streamed_bodies=True)
    with pytest.raises(ValueError, match="store_streamed_bodies: holds bodies without limit"):
        options.check_mitmproxy()


@pytest.mark.parametrize("option", options.OPTIONS, ids=lambda option: option.name)
def test_each_option_says_what_it_is_for(option: options.Option) -> None:
    assert option.name.startswith("weir_")
    assert option.help.endswith(".")
    assert option.default is None or isinstance(option.default, str | list)

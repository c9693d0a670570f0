"""Checks of arguments: what they let pass, and what they say of the rest."""

import pytest

from kerasbook.layers import arguments


def test_good_values_pass():
    assert arguments.positive_integer("filters", 3) == 3
    assert arguments.positive_integers("strides", 2, 2) == (2, 2)
    assert arguments.positive_integers("strides", [1, 2], 2) == (1, 2)
    assert arguments.static_channels((None, 4, 3), -1) == 3
    arguments.divisible("groups", 2, 6)


@pytest.mark.parametrize("value", [0, -1, 1.5, "3", None, True])
def test_positive_integer_names_argument_and_value(value):
    with pytest.raises(ValueError, match=r"`filters` must be a positive integer.*filters="):
        arguments.positive_integer("filters", value)


@pytest.mark.parametrize("value", [0, (1, 0), (1, 2, 3), "ab", (1, 2.0)])
def test_positive_integers_name_argument_and_value(value):
    with pytest.raises(ValueError, match=r"`strides` must be a positive integer or 2.*strides="):
        arguments.positive_integers("strides", value, 2)


def test_unknown_channels_and_bad_divisors():
    with pytest.raises(ValueError, match=r"static size.*\(None, None\)"):
        arguments.static_channels((None, None), -1)
    for axis in (4, 0, -2, 1.0):
        with pytest.raises(ValueError, match=f"`axis` must be an axis.*axis={axis}"):
            arguments.static_channels((None, 3), axis)
    with pytest.raises(ValueError, match="`data_format` must be.*'nhwc'"):
        arguments.data_format_of("nhwc")
    assert arguments.data_format_of("Channels_First") == "channels_first"
    with pytest.raises(ValueError, match="`groups` must divide.*groups=4, channels=6"):
        arguments.divisible("groups", 4, 6)


@pytest.mark.parametrize("value", [1, -0.1, "0.5", None, True, float("nan")])
def test_rate_below_one_names_argument_and_value(value):
    assert arguments.rate_below_one("rate", 0.5) == 0.5
    assert arguments.rate_below_one("rate", 0) == 0
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\).*rate="):
        arguments.rate_below_one("rate", value)


@pytest.mark.parametrize("seed", [True, 1.5, "x"])
def test_a_seed_is_an_integer_or_none(seed):
    with pytest.raises(ValueError, match=r"`seed` must be an integer or None. Received: seed="):
        arguments.integer_seed(seed)
    assert arguments.integer_seed(3) == 3
    assert arguments.integer_seed(None) is None


@pytest.mark.parametrize("value", [None, "x", 1])
def test_a_flag_is_true_or_false(value):
    with pytest.raises(ValueError, match="`flag` must be True or False. Received: flag="):
        arguments.boolean("flag", value)
    assert arguments.boolean("flag", True) is True
    assert arguments.boolean("flag", False) is False


@pytest.mark.parametrize("value", [-1, None, "1", [1], True, float("nan"), float("inf")])
def test_number_names_argument_rule_and_value(value):
    assert arguments.number_of("bias", 0.5, "0 or above", lambda x: x >= 0) == 0.5
    with pytest.raises(ValueError, match="`bias` must be 0 or above. Received: bias="):
        arguments.number_of("bias", value, "0 or above", lambda x: x >= 0)


def test_an_empty_data_format_is_named():
    with pytest.raises(ValueError, match=r"`data_format` must be.*data_format=\[\]"):
        arguments.data_format_of([])

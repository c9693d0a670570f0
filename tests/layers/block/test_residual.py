"""The base of residual blocks: its gates, its dropped branches, bad arguments."""

import pytest

from kerasbook import layers
from kerasbook.layers.block.residual import Residual


def test_parts_are_there_only_if_asked_for():
    plain = Residual()
    assert plain.gates() == plain.drop_paths() == []
    block = Residual(squeeze_excite=4, drop_path_rate=0.2, seed=5, data_format="channels_first")
    [gate], [drop_path] = block.gates(), block.drop_paths()
    assert (gate.reduction_ratio, gate.data_format) == (4, "channels_first")
    assert (drop_path.rate, drop_path.seed) == (0.2, 5)


def test_a_gate_without_a_data_format_is_taken_as_it_is():
    gate = layers.DropPath(0.1)
    [copy] = Residual(squeeze_excite=gate).gates()
    assert copy is not gate
    assert copy.rate == 0.1


def test_config_survives():
    options = {"drop_path_rate": 0.2, "seed": 5, "zero_init_last": True}
    block = Residual(squeeze_excite=layers.SqueezeExcite(3), **options)
    again = Residual.from_config(block.get_config())
    assert again.squeeze_excite.reduction_ratio == 3
    assert {name: getattr(again, name) for name in options} == options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"squeeze_excite": 0}, "`squeeze_excite` must be a positive integer.*=0"),
        ({"squeeze_excite": True}, "`squeeze_excite` must be a positive integer.*=True"),
        ({"squeeze_excite": "eca"}, "`squeeze_excite` must be a positive integer.*'eca'"),
        ({"drop_path_rate": 1.0}, "`drop_path_rate` must be in .0, 1.*=1.0"),
        ({"drop_path_rate": -0.1}, "`drop_path_rate` must be in .0, 1.*=-0.1"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        Residual(**options)

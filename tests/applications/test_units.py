"""Units of networks: the layers that they make, their padding, sums and gates."""

import keras
import numpy as np
import pytest

from kerasbook.applications.units import Convention, Units, branch_places


def model_of(function, shape=(7, 10, 4), **options):
    image = keras.Input(shape)
    convention = Convention(**options.pop("convention", {}))
    return keras.Model(image, function(image, Units(convention, **options)))


def names(model):
    return [layer.name for layer in model.layers[1:]]


def test_a_unit_is_convolution_normalization_activation():
    model = model_of(lambda x, units: units.unit(x, 8, 3, name="stem"))
    assert names(model) == ["stem_conv", "stem_norm", "stem_act"]
    assert not model.get_layer("stem_conv").use_bias
    bare = model_of(lambda x, units: units.unit(x, 8, 3, name="stem"), normalization=None)
    assert names(bare) == ["stem_conv", "stem_act"]
    assert bare.get_layer("stem_conv").use_bias


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("batch", "BatchNormalization"),
        ("group", "GroupNormalization"),
        ("instance", "InstanceNormalization"),
        ("layer", "LayerNormalization"),
        (keras.layers.UnitNormalization(), "UnitNormalization"),
    ],
)
def test_kinds_of_normalization(kind, expected):
    model = model_of(lambda x, units: units.normalize(x, name="stem"), normalization=kind)
    assert type(model.get_layer("stem_norm")).__name__ == expected


def test_the_convention_is_that_of_the_norms():
    convention = {"epsilon": 0.01, "momentum": 0.7, "use_bias": True, "scale": False}
    model = model_of(lambda x, units: units.unit(x, 8, 3, name="a"), convention=convention)
    norm = model.get_layer("a_norm")
    assert (norm.epsilon, norm.momentum, norm.scale) == (0.01, 0.7, False)
    assert model.get_layer("a_conv").use_bias


@pytest.mark.parametrize(("filters", "size"), [(3, 3), (None, 3), (3, (1, 5)), (3, 7)])
@pytest.mark.parametrize("padding", ["symmetric", "same", 1])
def test_padding_with_strides(filters, size, padding, rng):
    model = model_of(
        lambda x, units: units.convolution(x, filters, size, strides=2, padding=padding, name="a")
    )
    images = rng.normal(size=(2, 7, 10, 4)).astype("float32")
    sizes = size if isinstance(size, tuple) else (size, size)
    if padding == "same":
        needed = [(-(-n // 2) - 1) * 2 + k for n, k in zip((7, 10), sizes, strict=True)]
        margins = [max(n - m, 0) for n, m in zip(needed, (7, 10), strict=True)]
        sides = [(margin // 2, margin - margin // 2) for margin in margins]
    else:
        sides = [(k // 2 if padding == "symmetric" else 1,) * 2 for k in sizes]
    padded = np.pad(images, [(0, 0), *sides, (0, 0)])
    layer = model.get_layer("a_conv")
    kernel = np.asarray(layer.kernel)
    heights, widths = (n - k + 1 for n, k in zip(padded.shape[1:3], sizes, strict=True))
    expected = np.zeros((2, -(-heights // 2), -(-widths // 2), filters or 4))
    for i in range(expected.shape[1]):
        for j in range(expected.shape[2]):
            patch = padded[:, 2 * i : 2 * i + sizes[0], 2 * j : 2 * j + sizes[1]]
            rule = "bhwc,hwcm->bcm" if filters is None else "bhwc,hwcd->bd"
            expected[:, i, j] = np.einsum(rule, patch, kernel).reshape(2, -1)
    np.testing.assert_allclose(model(images), expected, atol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "tanh", None, keras.layers.PReLU()])
def test_pooling_pads_as_told(activation, rng):
    images = rng.normal(size=(2, 7, 10, 4)).astype("float32")
    if activation == "relu":
        images = np.maximum(images, 0)
    model = model_of(
        lambda x, units: units.pool(x, "max", 3, strides=2, padding=1, name="a"),
        activation=activation,
    )
    padded = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=-np.inf)
    expected = np.stack(
        [
            [padded[:, i : i + 3, j : j + 3].max((1, 2)) for j in range(0, 10, 2)]
            for i in range(0, 7, 2)
        ]
    ).transpose(2, 0, 1, 3)
    np.testing.assert_allclose(model(images), expected)
    assert model_of(lambda x, units: units.pool(x, "average", 2, name="a")).output.shape[1:] == (
        (3, 5, 4)
    )  # fmt: skip


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("shape", [(6, 8, 4), (7, 10, 4), (7, 9, 4)])
def test_pooling_to_the_ceiling(size, shape, rng):
    images = rng.uniform(0, 1, size=(2, *shape)).astype("float32")
    rows, columns = (range(0, n - size + 1 + (n - size) % 2, 2) for n in shape[:2])
    expected = np.stack(
        [[images[:, i : i + size, j : j + size].max((1, 2)) for j in columns] for i in rows]
    ).transpose(2, 0, 1, 3)
    for known in (shape, (None, None, 4)):
        model = model_of(
            lambda x, units: units.pool(x, "max", size, strides=2, padding="ceiling", name="a"),
            known,
        )
        np.testing.assert_allclose(model(images), expected)
        lacking = sum((n - size) % 2 for n in shape[:2])  # of one side alone, Keras cannot pad
        assert ("a_pool_pad" in names(model)) == (known != shape or lacking == 1)


def test_gates_scale_channels(rng):
    model = model_of(lambda x, units: units.squeeze_excite(x, 3, name="a", gate="tanh"))
    images = rng.normal(size=(2, 7, 10, 4)).astype("float32")
    first, second = (
        np.asarray(model.get_layer(f"a_{part}_conv").kernel)[0, 0] for part in ("squeeze", "excite")
    )
    gates = np.tanh(np.maximum(images.mean((1, 2)) @ first, 0) @ second)
    np.testing.assert_allclose(model(images), images * gates[:, None, None], atol=1e-5)


def test_sums_drop_paths_by_their_place():
    def blocks(x, units):
        for number in range(3):
            x = units.add(x, x, place=number / 2, name=f"block{number}")
        return x

    model = model_of(blocks, drop_path=0.5)
    assert names(model) == [
        *("block0_add", "block1_drop", "block1_add", "block2_drop", "block2_add"),
    ]
    assert [model.get_layer(f"block{n}_drop").rate for n in (1, 2)] == [0.25, 0.5]


@pytest.mark.parametrize(
    ("depths", "places"), [((2, 1, 2), [0, 0.25, 0.5, 0.75, 1]), ((1,), [0]), ((0, 0), [])]
)
def test_places_of_branches_rise_evenly_from_0_to_1(depths, places):
    assert list(branch_places(depths)) == places


def test_a_branch_stands_before_its_shortcut_where_told():
    def block(x, units, branch_first):
        branch = units.unit(x, 4, 3, name="branch")
        shortcut = units.unit(x, 4, 1, name="shortcut")
        return units.add(shortcut, branch, name="a", branch_first=branch_first)

    for branch_first, expected in ((False, "shortcut_act"), (True, "branch_act")):
        model = model_of(lambda x, units, first=branch_first: block(x, units, first))
        assert model.get_layer("a_add").input[0]._keras_history[0].name == expected


def test_an_activation_layer_gets_copies():
    model = model_of(
        lambda x, units: units.activate(units.activate(x, name="a"), name="b"),
        activation=keras.layers.PReLU(),
    )
    assert model.get_layer("a_act").alpha is not model.get_layer("b_act").alpha


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalization": "bach"}, "`normalization` must be one of .*'bach'"),
        ({"dropout": -0.1}, r"`dropout` must be in \[0, 1\).*-0.1"),
        ({"drop_path": "half"}, r"`drop_path` must be in \[0, 1\).*'half'"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        Units(Convention(), **options)

"""The order of layers along a graph, and the stride of a map."""

import keras

from kerasbook.applications.graph import operations, stride_of, weighted_layers


def branches(padded, first="left"):
    image = keras.Input((None, None, 3))
    left = keras.layers.ZeroPadding2D(1, name="pad")(image) if padded else image
    left = keras.layers.Conv2D(4, 3, padding="valid" if padded else "same", name="left")(left)
    right = keras.layers.Conv2D(4, 1, name="right1")(image)
    right = keras.layers.Conv2D(4, 1, name="right2")(right)
    both = [left, right] if first == "left" else [right, left]
    return keras.Model(image, keras.layers.Add(name="add")(both))


def test_the_order_is_that_of_arguments_whatever_the_depth():
    for padded in (False, True):
        model = branches(padded)
        assert [x.name for x in weighted_layers(model)] == ["left", "right1", "right2"]
    swapped = [x.name for x in weighted_layers(branches(True, "right"))]
    assert swapped == ["right1", "right2", "left"]


def test_models_within_give_way_and_shared_layers_come_once():
    inner = branches(False)
    dense = keras.layers.Dense(4, name="dense")
    image = keras.Input((8, 8, 3))
    model = keras.Model(image, dense(dense(inner(image))))
    names = [operation.name for operation in operations(model)]
    assert names.count("dense") == 1
    assert [x.name for x in weighted_layers(model)] == ["left", "right1", "right2", "dense"]


def test_stride_multiplies_along_a_way():
    image = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(image)
    x = keras.layers.ReLU()(x)
    x = keras.layers.MaxPooling2D(3)(x)
    assert stride_of(image) == 1
    assert stride_of(x) == 6

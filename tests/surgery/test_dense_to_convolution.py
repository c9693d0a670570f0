"""Dense layers as convolutions: equal scores on the crops, what is kept, what is refused."""

import keras
import numpy as np
import pytest

from kerasbook import applications, layers
from kerasbook.surgery import dense_to_convolution

L = keras.layers


def randomize(model, rng):
    """Gives every variable a random value, so that none hides behind a zero or a one."""
    for variable in model.weights:
        low = 0.5 if variable.path.endswith(("variance", "gamma", "scale")) else -0.5
        variable.assign(rng.uniform(low, 1.0, variable.shape) / max(1, np.sqrt(variable.shape[0])))
    return model


def predict(model, x):
    return keras.ops.convert_to_numpy(model(x))


def crops(x, size, stride):
    """Returns `(rows, columns, *size, channels)`: all crops of one image."""
    rows, columns = ((x.shape[a] - size[a]) // stride + 1 for a in range(2))
    return np.stack(
        [
            [x[stride * i :, stride * j :][: size[0], : size[1]] for j in range(columns)]
            for i in range(rows)
        ]
    )


def net_of_224():
    """A net without padding, with the geometry of VGG: 224 pixels, five strides of 2, 7 x 7."""
    image = keras.Input((224, 224, 1))
    x = L.Conv2D(2, 2, strides=2, activation="tanh")(image)
    x = L.MaxPooling2D(2)(x)
    x = layers.Conv2D(4, 1, activation="tanh")(x)
    for _ in range(3):
        x = L.AveragePooling2D(2)(x)
    x = L.BatchNormalization()(x)
    x = L.Dropout(0.5)(L.Flatten()(x))
    x = L.Dropout(0.5)(L.ReLU()(L.BatchNormalization()(L.Dense(6)(x))))
    x = L.Dense(5, activation="tanh")(x)
    return keras.Model(image, L.Activation("softmax")(L.Dense(3)(x)))


def test_a_pass_over_384_pixels_is_36_evaluations(rng):
    model = randomize(net_of_224(), rng)
    x = rng.normal(size=(384, 384, 1)).astype("float32")
    parts = crops(x, (224, 224), 32)
    assert parts.shape[:2] == (6, 6)
    expected = predict(model, parts.reshape(36, 224, 224, 1)).reshape(6, 6, 3)
    wide = dense_to_convolution(model)
    scores = predict(wide, x[None])[0]
    assert np.ptp(expected, axis=(0, 1)).max() > 1e-3  # the crops do differ
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    mean = dense_to_convolution(model, average=True)
    np.testing.assert_allclose(predict(mean, x[None])[0], expected.mean((0, 1)), atol=1e-5)
    assert wide.count_params() == model.count_params()


def test_of_features_that_are_not_square(rng):
    parts = [
        keras.Input((11, 14, 3)),
        layers.Conv2D(4, 3, strides=2, activation="tanh"),
        L.Flatten(),
        L.LeakyReLU(0.3),
        L.Dense(7, use_bias=False),
        L.LayerNormalization(axis=1),
        L.RMSNormalization(),
        layers.BatchNormalization(axis=1),
        L.ELU(),
        L.Dense(5),
        L.Softmax(axis=1),
    ]
    model = randomize(keras.Sequential(parts), rng)
    x = rng.normal(size=(17, 18, 3)).astype("float32")
    parts = crops(x, (11, 14), 2)
    expected = predict(model, parts.reshape(-1, 11, 14, 3)).reshape(4, 3, 5)
    wide = dense_to_convolution(model)
    np.testing.assert_allclose(predict(wide, x[None])[0], expected, atol=1e-5)
    assert [type(layer) for layer in wide.layers if layer.name.startswith("dense")] == (
        [layers.Conv2D] * 2
    )


@pytest.mark.parametrize("options", [{}, {"dropout": 0.3, "downsampling": "max"}])
def test_lenet_at_its_own_size_is_the_dense_model(options, rng):
    model = randomize(applications.LeNet5(**options), rng)
    before = model.get_weights()
    wide = dense_to_convolution(model)
    x = rng.normal(size=(4, 28, 28, 1)).astype("float32")
    np.testing.assert_allclose(predict(wide, x)[:, 0, 0], predict(model, x), atol=1e-6)
    assert predict(wide, np.zeros((1, 36, 40, 1), "float32")).shape == (1, 3, 4, 10)
    wide.set_weights([np.zeros(variable.shape) for variable in wide.weights])
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_with_padding_the_inner_scores_differ_by_the_borders(rng):
    parts = [keras.Input((6, 6, 1)), L.Conv2D(2, 3, padding="same"), L.Flatten(), L.Dense(2)]
    model = randomize(keras.Sequential(parts), rng)
    x = rng.normal(size=(8, 8, 1)).astype("float32")
    scores = predict(dense_to_convolution(model), x[None])[0]
    expected = predict(model, crops(x, (6, 6), 1).reshape(9, 6, 6, 1)).reshape(3, 3, 2)
    assert np.abs(scores - expected).max() > 1e-3


def test_the_head_of_vgg():
    # A dense layer of 4,096 units on 7 x 7 x 512, as the book counts it, without its 411 MB.
    first, later = layers.Conv2D(4096, 7), layers.Conv2D(1000, 1)
    places = first.compute_output_shape((None, 12, 12, 512))
    assert places == (None, 6, 6, 4096)
    assert later.compute_output_shape(places) == (None, 6, 6, 1000)
    assert np.prod(first.kernel_shape(512, (6, 6))) == 7 * 7 * 512 * 4096
    parts = [keras.Input((7, 7, 512)), L.Flatten(name="flatten"), L.Dense(3, name="fc1")]
    wide = dense_to_convolution(keras.Sequential([*parts, L.Dense(2, name="fc2")]))
    assert wide.compute_output_shape((None, 12, 12, 512)) == (None, 6, 6, 2)
    assert [tuple(w.shape) for w in wide.weights] == [(7, 7, 512, 3), (3,), (1, 1, 3, 2), (2,)]


def test_a_model_within_the_model_and_branches(rng):
    features = keras.Sequential([keras.Input((9, 9, 2)), L.Conv2D(3, 2), L.MaxPooling2D(2)])
    image = keras.Input((9, 9, 2))
    x = features(L.Rescaling(0.5)(image))
    x = L.Add()([x, L.Conv2D(3, 1)(x)]) * 2.0
    model = randomize(keras.Model(image, L.Dense(4)(L.Flatten()(x))), rng)
    x = rng.normal(size=(11, 13, 2)).astype("float32")
    expected = predict(model, crops(x, (9, 9), 2).reshape(6, 9, 9, 2)).reshape(2, 3, 4)
    np.testing.assert_allclose(
        predict(dense_to_convolution(model), x[None])[0], expected, atol=1e-5
    )


def test_policies_flags_and_penalties_stay(tmp_path, rng):
    image = keras.Input((6, 6, 2))
    dense = L.Dense(
        4, name="scores", dtype="mixed_bfloat16", kernel_regularizer="l2", trainable=False
    )
    model = randomize(keras.Model(image, dense(L.Flatten()(image))), rng)
    wide = dense_to_convolution(model)
    convolution = wide.get_layer("scores")
    assert convolution.dtype_policy.name == "mixed_bfloat16"
    assert not convolution.trainable
    penalties = [float(layer.kernel_regularizer(layer.kernel)) for layer in (convolution, dense)]
    np.testing.assert_allclose(*penalties, rtol=1e-5)
    wide.save(tmp_path / "wide.keras")
    again = keras.saving.load_model(tmp_path / "wide.keras")
    x = rng.normal(size=(1, 7, 8, 2)).astype("float32")
    np.testing.assert_array_equal(
        np.array(predict(again, x), "float32"), np.array(predict(wide, x), "float32")
    )


def sequential(*parts, shape=(8, 8, 3)):
    return keras.Sequential([keras.Input(shape), *parts])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: sequential(L.GlobalAveragePooling2D(name="means"), L.Dense(2)),
            r"must have a `Flatten` layer.*any size as it is.*\['means'\]",
        ),
        (
            lambda: sequential(L.GlobalMaxPooling2D(name="m"), L.Flatten(name="flat"), L.Dense(2)),
            "'flat' of class Flatten cannot be kept.*no feature map",
        ),
        (
            lambda: sequential(L.GlobalMaxPooling2D(keepdims=True), L.Flatten(name="flat")),
            "'flat' of class Flatten cannot be kept.*no feature map",
        ),
        (
            lambda: sequential(L.Flatten(), L.Reshape((8, 24), name="again")),
            "'again' of class Reshape cannot be kept: it stands between `Flatten` and `Dense`",
        ),
        (
            lambda: sequential(L.Flatten(), L.BatchNormalization(name="norm"), L.Dense(2)),
            "'norm' of class BatchNormalization cannot be kept: it stands between",
        ),
        (
            lambda: sequential(L.Flatten(), L.Dense(4), L.GroupNormalization(2, name="group")),
            "'group' of class GroupNormalization cannot be kept: it stands after `Flatten`",
        ),
        (
            lambda: sequential(layers.LocallyConnected2D(2, 3, name="own"), L.Flatten()),
            "'own' of class LocallyConnected2D cannot be kept: .*must be static",
        ),
        (
            lambda: sequential(L.Permute((3, 1, 2)), L.Flatten(data_format="channels_first")),
            "of class Flatten cannot be kept: it has the channels first",
        ),
        (lambda: sequential(L.Flatten()), "must end in the scores of a `Dense`"),
        (lambda: sequential(L.Flatten(), L.Dense(2), shape=(8, 3)), "must have one input"),
        (lambda: keras.Sequential([L.Flatten(), L.Dense(2)]), "must be a built .* model"),
        (lambda: "lenet5", "`model` must be a built .*'lenet5' of class str"),
    ],
)
def test_what_cannot_be_kept_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        dense_to_convolution(make())


def test_two_branches_after_the_flattening_are_refused():
    image = keras.Input((4, 4, 1))
    x = L.Flatten()(image)
    model = keras.Model(image, L.Add(name="sum")([L.Dense(2)(x), L.Dense(2)(x)]))
    with pytest.raises(ValueError, match="'sum' of class Add cannot be kept: .*several inputs"):
        dense_to_convolution(model)
    model = keras.Model([image, keras.Input((2,))], x)
    with pytest.raises(ValueError, match="must have one input"):
        dense_to_convolution(model)
    with pytest.raises(ValueError, match="`average` must be True or False.*average=1"):
        dense_to_convolution(model, average=1)


def test_a_feature_map_may_go_elsewhere_only_before_it_is_flat():
    image = keras.Input((4, 4, 1))
    x = L.Conv2D(2, 1)(image)
    gate = L.Dense(2, name="gate")(L.GlobalAveragePooling2D(keepdims=True)(x))
    model = keras.Model(image, L.Dense(3)(L.Flatten()(x * gate)))
    wide = dense_to_convolution(model)
    assert isinstance(wide.get_layer("gate"), L.Dense)
    ones = np.ones((2, 4, 4, 1), "float32")
    np.testing.assert_allclose(predict(wide, ones)[:, 0, 0], predict(model, ones), atol=1e-6)

"""fold_batch_norm: equal results, fewer layers, every kind of layer, and what must be left."""

import keras
import numpy as np
import pytest

from kerasbook import applications, layers
from kerasbook.surgery import fold_batch_norm


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def randomize(model, rng):
    """Gives each batch normalization statistics of its own."""
    for layer in model._flatten_layers():
        if hasattr(layer, "moving_mean"):
            for variable in layer.variables:
                if variable.dtype == "float32":
                    variable.assign(rng.uniform(0.5, 1.5, variable.shape))


def norms(model):
    kinds = (keras.layers.BatchNormalization, layers.BatchRenormalization)
    return sum(isinstance(layer, kinds) for layer in model._flatten_layers())


def check(model, x, left, rng):
    randomize(model, rng)
    before, expected = model.get_weights(), numpy(model(x))
    folded = fold_batch_norm(model)
    result = numpy(folded(x))
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result, expected, atol=1e-5 * np.abs(expected).max(), rtol=1e-5)
    np.testing.assert_array_equal(numpy(model(x)), expected)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert norms(folded) == left
    for old, new in zip(model.inputs, folded.inputs, strict=True):
        assert old.name == new.name or old.name.startswith("keras_tensor")  # had none
    mine = {id(v) for v in model.variables}
    assert not any(id(v) in mine for v in folded.variables)
    return folded


BEFORE = {
    "dense": (lambda **k: keras.layers.Dense(5, **k), (3,)),
    "conv1d": (lambda **k: keras.layers.Conv1D(6, 2, groups=3, **k), (7, 3)),
    "conv2d": (lambda **k: keras.layers.Conv2D(5, (2, 3), strides=2, **k), (9, 8, 3)),
    "conv2d_ours": (lambda **k: layers.Conv2D(6, 2, groups=3, **k), (7, 6, 3)),
    "conv3d": (lambda **k: keras.layers.Conv3D(5, 2, **k), (4, 5, 3, 3)),
    "depthwise1d": (lambda **k: keras.layers.DepthwiseConv1D(2, depth_multiplier=2, **k), (7, 3)),
    "depthwise2d": (
        lambda **k: keras.layers.DepthwiseConv2D(2, depth_multiplier=2, **k),
        (7, 6, 3),
    ),
    "separable1d": (
        lambda **k: keras.layers.SeparableConv1D(5, 2, depth_multiplier=2, **k),
        (7, 3),
    ),
    "separable2d": (lambda **k: keras.layers.SeparableConv2D(5, 2, **k), (7, 6, 3)),
    "transposed1d": (lambda **k: keras.layers.Conv1DTranspose(5, 3, strides=2, **k), (4, 3)),
    "transposed2d": (lambda **k: keras.layers.Conv2DTranspose(5, (2, 3), **k), (4, 3, 3)),
    "transposed3d": (lambda **k: keras.layers.Conv3DTranspose(5, 2, **k), (3, 4, 2, 3)),
    "conv1d_ours": (lambda **k: layers.Conv1D(4, 2, **k), (5, 3)),
    "conv3d_ours": (lambda **k: layers.Conv3D(4, 2, **k), (5, 6, 4, 3)),
    "depthwise2d_ours": (lambda **k: layers.DepthwiseConv2D(2, depth_multiplier=2, **k), (6, 5, 3)),
    "dilated_ours": (lambda **k: layers.DilatedConv2D(4, 2, **k), (6, 5, 3)),
    "true_ours": (lambda **k: layers.TrueConv2D(4, 2, **k), (6, 5, 3)),
    "grouped_ours": (lambda **k: layers.GroupedConv2D(4, 2, groups=2, **k), (6, 5, 4)),
}


@pytest.mark.parametrize("kind", BEFORE)
@pytest.mark.parametrize("use_bias", [False, True])
def test_each_layer(kind, use_bias, rng):
    make, shape = BEFORE[kind]
    layer = make(use_bias=use_bias, bias_initializer="ones", name="first")
    model = keras.Sequential([keras.Input(shape), layer, layers.BatchNormalization()])
    x = rng.normal(size=(2, *shape)).astype("float32")
    folded = check(model, x, 0, rng)
    assert isinstance(folded, keras.Sequential)
    assert [layer.name for layer in folded.layers] == ["first"]
    assert folded.layers[0].use_bias


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.layers.BatchNormalization(epsilon=0.5),
        lambda: layers.BatchNormalization(center=False),
        lambda: layers.BatchNormalization(scale=False, epsilon=1e-5),
        lambda: layers.BatchRenormalization(),
    ],
)
def test_each_normalization(make, rng):
    image = keras.Input((6, 5, 3), name="image")
    x = make()(keras.layers.Conv2D(4, 2)(image))
    model = keras.Model(image, keras.layers.ReLU()(x))
    check(model, rng.normal(size=(2, 6, 5, 3)).astype("float32"), 0, rng)


def test_two_in_a_row_and_inside_a_model(rng):
    inner = keras.Sequential(
        [keras.Input((6, 5, 3)), layers.Conv2D(4, 2), layers.BatchNormalization()], name="inner"
    )
    image = keras.Input((6, 5, 3), name="image")
    x = layers.Conv2D(3, 1, use_bias=False)(image)
    x = layers.BatchNormalization()(layers.BatchNormalization()(x))
    x = inner(x) + inner(keras.ops.relu(x))
    check(keras.Model(image, x), rng.normal(size=(2, 6, 5, 3)).astype("float32"), 0, rng)


def test_several_inputs_and_outputs_keep_their_places(rng):
    first, second = keras.Input((4,), name="first"), keras.Input((5,), name="second")
    x = layers.BatchNormalization()(keras.layers.Dense(3)(first))
    y = keras.layers.Dense(3)(second)
    model = keras.Model({"first": first, "second": second}, {"sum": x + y, "x": x})
    randomize(model, rng)
    data = {"first": rng.normal(size=(2, 4)), "second": rng.normal(size=(2, 5))}
    folded = fold_batch_norm(model)
    assert norms(folded) == 0
    for name, value in model(data).items():
        np.testing.assert_allclose(numpy(folded(data)[name]), numpy(value), atol=1e-5)


def activation_between(x):
    return layers.BatchNormalization()(keras.layers.Conv2D(3, 1, activation="relu")(x))


def convolution_used_twice(x):
    y = keras.layers.Conv2D(3, 1)(x)
    return layers.BatchNormalization()(y) + y


def convolution_shared(x):
    conv = keras.layers.Conv2D(3, 1)
    return layers.BatchNormalization()(conv(x)) + conv(keras.ops.relu(x))


def normalization_shared(x):
    norm = layers.BatchNormalization()
    return norm(keras.layers.Conv2D(3, 1)(x)) + norm(x)


def normalization_first(x):
    return keras.layers.Conv2D(3, 1)(layers.BatchNormalization()(x))


def other_axis(x):
    return layers.BatchNormalization(axis=1)(keras.layers.Conv2D(3, 1)(x))


def other_dtype(x):
    x = keras.layers.Conv2D(3, 1, dtype="mixed_bfloat16")(x)
    return layers.BatchNormalization(dtype="float32")(x)


def after_a_sum(x):
    y = keras.layers.Conv2D(3, 1)(x)
    return layers.BatchNormalization()(keras.layers.Add()([x, y]))


@pytest.mark.parametrize(
    "build",
    [
        activation_between,
        convolution_used_twice,
        convolution_shared,
        normalization_shared,
        normalization_first,
        other_axis,
        other_dtype,
        after_a_sum,
    ],
)
def test_what_is_not_exact_is_left(build, rng):
    image = keras.Input((6, 5, 3), name="image")
    model = keras.Model(image, build(image))
    check(model, rng.normal(size=(2, 6, 5, 3)).astype("float32"), 1, rng)


def test_output_of_the_convolution_is_a_use(rng):
    image = keras.Input((6, 5, 3))
    x = keras.layers.Conv2D(3, 1)(image)
    model = keras.Model(image, [x, layers.BatchNormalization()(x)])
    randomize(model, rng)
    folded = fold_batch_norm(model)
    data = rng.normal(size=(2, 6, 5, 3))
    for a, b in zip(folded(data), model(data), strict=True):
        np.testing.assert_allclose(numpy(a), numpy(b), atol=1e-5)
    assert norms(folded) == 1


@pytest.mark.parametrize(
    "dtype", ["mixed_bfloat16", pytest.param("float64", marks=pytest.mark.tensorflow)]
)
def test_dtype_policies_are_kept(dtype, rng):
    model = keras.Sequential(
        [
            keras.Input((6, 5, 3)),
            layers.Conv2D(4, 2, dtype=dtype),
            layers.BatchNormalization(dtype=dtype),
        ]
    )
    randomize(model, rng)
    x = rng.normal(size=(2, 6, 5, 3))
    folded = fold_batch_norm(model)
    assert folded.layers[0].dtype_policy.name == dtype
    a, b = folded(x), model(x)
    assert a.dtype == b.dtype
    tolerance = 1e-12 if dtype == "float64" else 0.05
    np.testing.assert_allclose(
        numpy(a).astype("float64"), numpy(b).astype("float64"), atol=tolerance
    )


@keras.saving.register_keras_serializable(package="kerasbook_tests")
class ConvolutionAndNorm(keras.layers.Layer):
    """A layer that folds by itself."""

    def __init__(self, has_norm=True, **kwargs):
        super().__init__(**kwargs)
        self.has_norm = has_norm
        self.conv = keras.layers.Conv2D(3, 1)
        self.norm = keras.layers.BatchNormalization() if has_norm else None

    def build(self, input_shape):
        self.conv.build(input_shape)
        if self.has_norm:
            self.norm.build((*input_shape[:-1], 3))

    def call(self, inputs):
        y = self.conv(inputs)
        return self.norm(y) if self.has_norm else y

    def fold_batch_norm(self):
        model = keras.Sequential([self.conv, self.norm])
        model.build((None, 6, 5, 3))
        folded = ConvolutionAndNorm(has_norm=False, name=self.name)
        folded.build((None, 6, 5, 3))
        folded.set_weights(fold_batch_norm(model).get_weights())
        return folded

    def get_config(self):
        return {**super().get_config(), "has_norm": self.has_norm}


def test_a_layer_may_fold_itself(rng):
    image = keras.Input((6, 5, 3), name="image")
    model = keras.Model(image, keras.layers.ReLU()(ConvolutionAndNorm(name="block")(image)))
    check(model, rng.normal(size=(2, 6, 5, 3)).astype("float32"), 0, rng)


SMALL = {"input_shape": (32, 32, 3), "classes": 7}


LARGE = pytest.mark.slow(
    "builds and runs a network of full size twice; ResNet18 and MobileNetV2 are in the quick set, "
    "and concatenation, depthwise and separable convolutions have small models above"
)


@pytest.mark.parametrize(
    ("make", "options", "left"),
    [
        (applications.ResNet18, {"low_resolution": True, **SMALL}, 0),
        pytest.param(applications.ResNet34, SMALL, 0, marks=LARGE),
        pytest.param(applications.ResNet50, SMALL, 0, marks=LARGE),
        (applications.LeNet5, {}, 0),
        (applications.MLP, {}, 0),
        (keras.applications.MobileNetV2, {"weights": None, **SMALL}, 0),
        # In a densely connected network most normalizations follow a concatenation.
        pytest.param(keras.applications.DenseNet121, {"weights": None, **SMALL}, 62, marks=LARGE),
        pytest.param(
            keras.applications.Xception,
            {"weights": None, "input_shape": (71, 71, 3)},
            0,
            marks=LARGE,
        ),
        pytest.param(keras.applications.EfficientNetB0, {"weights": None, **SMALL}, 0, marks=LARGE),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_whole_models(make, options, left, rng):
    keras.utils.set_random_seed(0)  # with other kernels rounding may grow beyond the tolerance
    model = make(**options)
    x = rng.uniform(size=(2, *model.input.shape[1:])).astype("float32")
    folded = check(model, x, left, rng)
    assert len(folded.layers) == len(model.layers) - norms(model) + left


def test_folded_models_save_and_load(tmp_path, rng):
    model = applications.ResNet18(low_resolution=True, **SMALL)
    randomize(model, rng)
    folded = fold_batch_norm(model)
    folded.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = rng.uniform(size=(2, 32, 32, 3)).astype("float32")
    np.testing.assert_allclose(numpy(loaded(x)), numpy(folded(x)), atol=1e-6)


def test_bad_models_are_named():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    own = Own(name="own")
    own(np.zeros((1, 2)))
    for model in (own, keras.Sequential([keras.layers.Dense(2)], name="open")):
        with pytest.raises(ValueError, match="`model` must be a built functional.*'o"):
            fold_batch_norm(model)

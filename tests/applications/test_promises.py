"""What every model promises, on the tiny size of each family: learning, precision, replicas.

Further: save and reload without `custom_objects`, SavedModels that serve without the library, and
maps by name.
"""

import functools
import inspect
import re
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasbook import layers, registry, testing, training
from kerasbook.applications import create_model, feature_maps, features, list_models, model_info
from kerasbook.layers.regularization.dropout import Dropout

SIZES = list_models("*_test")
IMAGES, CLASSES = 20, 4
# One for each kind of wiring: a chain, sums, gates, branches side by side, scaled sums.
WIRINGS = ("mlp_test", "resnet_test", "mobilenetv3_test", "squeezenet_test", "convnext_test")
REASON = (
    "compiling a step of every family takes minutes; the quick set compiles one family of each "
    "kind of wiring, and test_a_step_in_half_precision_reaches_all_kernels covers every family"
)
# The sizes, those that share their wiring with one of `WIRINGS` left to the full run.
COSTLY = [
    name if name in WIRINGS else pytest.param(name, marks=pytest.mark.slow(REASON))
    for name in SIZES
]


@functools.cache
def untrained(name):
    """Returns a model of a tiny size, and as many images; tests must not change it."""
    model = create_model(name, classes=CLASSES)
    return model, np.random.default_rng(1).normal(size=(IMAGES, *model.input_shape[1:])).astype("f")


def labels():
    return np.arange(IMAGES) % CLASSES


def outputs(model, images):
    return keras.ops.convert_to_numpy(keras.tree.flatten(model(images))[0])


def test_every_family_has_a_tiny_size():
    families = {model_info(name).family for name in list_models()}
    assert families == {model_info(name).family for name in SIZES}


@pytest.mark.parametrize("name", COSTLY)
def test_learns_twenty_images_by_heart(name):
    keras.utils.set_random_seed(0)
    model = create_model(name, classes=CLASSES, dropout=0.0)
    _, images = untrained(name)
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    for _ in range(8):
        for _ in range(10):
            model.train_on_batch(images, labels())
        right = outputs(model, images).argmax(1) == labels()
        if right.all():
            return
    pytest.fail(f"{name} knows {right.sum()} of {IMAGES} images after 80 steps")


@pytest.mark.parametrize("name", SIZES)
def test_a_step_in_half_precision_reaches_all_kernels(name):
    _, images = untrained(name)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = create_model(name, classes=CLASSES, dropout=0.0)
    finally:
        keras.config.set_dtype_policy("float32")
    kernels = [w for w in model.trainable_weights if w.name.endswith("kernel")]
    before = [keras.ops.convert_to_numpy(kernel) for kernel in kernels]
    # Operation by operation: nothing is traced or compiled.
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", run_eagerly=True)
    assert np.isfinite(model.train_on_batch(images[:4], labels()[:4]))
    assert keras.tree.flatten(model.outputs)[0].dtype == "float32"
    assert all(np.isfinite(value).all() for value in model.get_weights())
    for kernel, start in zip(kernels, before, strict=True):
        assert (keras.ops.convert_to_numpy(kernel) != start).any(), kernel.path


@pytest.mark.parametrize("name", COSTLY)
def test_a_step_compiles_with_xla(name):
    keras.utils.set_random_seed(0)
    model = create_model(name, classes=CLASSES)
    _, images = untrained(name)
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=True)
    assert np.isfinite(model.train_on_batch(images, labels()))


@pytest.mark.parametrize("name", SIZES)
def test_options_reach_all_layers(name):
    taken = inspect.signature(registry.get("model", name)).parameters
    options = {"normalization": "group", "activation": "tanh", "kernel_initializer": "zeros"}
    options |= {"dropout": 0.25} | ({"drop_path": 0.5} if "drop_path" in taken else {})
    model = create_model(name, **options)
    assert not [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    for layer in model.layers[:-2]:  # the classifier begins as dense layers do
        for weight in layer.weights:
            if weight.name.endswith("kernel") and layer.name != "predictions":
                assert not keras.ops.convert_to_numpy(weight).any(), layer.name
    rates = {x.rate for x in model.layers if isinstance(x, Dropout)}
    assert rates == {0.25}
    drops = [x for x in model.layers if type(x) is layers.DropPath]
    assert bool(drops) == ("drop_path" in taken)
    plain = {"relu", "relu6", "silu", "gelu", "hard_silu"}
    hidden = [
        getattr(x, "activation", None)
        for x in model.layers
        if not x.name.endswith("_squeeze_act")  # in gates some papers fix it
    ]
    assert not plain & {getattr(function, "__name__", None) for function in hidden}


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", COSTLY)
def test_step_in_half_precision_on_two_replicas(name):
    _, images = untrained(name)
    with testing.two_replicas().scope():
        keras.config.set_dtype_policy("mixed_bfloat16")
        try:
            model = create_model(name, classes=CLASSES)
        finally:
            keras.config.set_dtype_policy("float32")
        model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    (loss,) = training.fit(model, (images, labels()), batch_size=IMAGES, verbose=0).history["loss"]
    assert np.isfinite(loss)
    assert all(np.isfinite(value).all() for value in model.get_weights())
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    assert keras.tree.flatten(model.outputs)[0].dtype == "float32"


@pytest.mark.parametrize("name", SIZES)
def test_saved_and_loaded_it_is_the_same(name, tmp_path):
    model, images = untrained(name)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(outputs(loaded, images), outputs(model, images), atol=1e-6)
    if model_info(name).features:
        assert feature_maps(loaded) == feature_maps(model)


@pytest.mark.parametrize("name", SIZES)
def test_maps_by_name(name):
    model, images = untrained(name)
    if not model_info(name).features:
        pytest.skip("dense layers alone make no maps")
    rows = feature_maps(model)
    assert rows[0].name in ("stem", "stage1")
    assert all(re.fullmatch(r"stem|stage\d+[a-z]?", row.name) for row in rows)
    strides = [row.stride for row in rows]
    assert strides == sorted(strides)
    maps = features(model, [row.name for row in rows])(images[:1])
    for row, value in zip(rows, maps, strict=True):
        assert value.shape[-1] == row.channels
    trunk = create_model(name, include_top=False, input_shape=model.input_shape[1:])
    assert trunk.output_shape[1:] == tuple(maps[-1].shape[1:])


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(WIRINGS, id="wirings"),
        pytest.param(
            SIZES,
            id="all",
            marks=pytest.mark.slow(
                "exporting every family takes a minute; the quick set exports one family of each "
                "kind of wiring, and test_saved_models_serve_without_the_library every layer"
            ),
        ),
    ],
)
def test_served_without_the_library_they_are_the_same(names, tmp_path):
    import tensorflow as tf

    module, expected, signatures = tf.Module(), {}, {}
    for name in names:
        model, images = untrained(name)
        setattr(module, name, model)
        signatures[name] = tf.function(
            lambda images, model=model: {"y": keras.tree.flatten(model(images))[0]},
            input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), name="images")],
        )
        expected |= {f"{name}_x": images, f"{name}_y": model.predict(images, verbose=0)}
    tf.saved_model.save(module, tmp_path / "served", signatures)
    np.savez(
        tmp_path / "expected.npz", **{k: keras.tree.flatten(v)[0] for k, v in expected.items()}
    )
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "served = tf.saved_model.load(sys.argv[1] + '/served')\n"
        "data = np.load(sys.argv[1] + '/expected.npz')\n"
        "for name, function in served.signatures.items():\n"
        "    y = function(images=tf.constant(data[name + '_x']))['y'].numpy()\n"
        "    np.testing.assert_allclose(y, data[name + '_y'], atol=1e-5, err_msg=name)\n"
        "assert 'kerasbook' not in sys.modules\n"
        "print(len(served.signatures))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert int(result.stdout) == len(names)


@pytest.mark.parametrize("name", SIZES)
def test_pixels_may_be_scaled_within(name):
    info = model_info(name)
    model, images = untrained(name)
    inner = create_model(name, classes=CLASSES, include_preprocessing=True)
    inner.set_weights(model.get_weights())
    pixels = np.random.default_rng(2).integers(0, 256, images.shape).astype("uint8")
    expected = outputs(model, info.preprocess_input(pixels))
    np.testing.assert_allclose(outputs(inner, pixels.astype("float32")), expected, atol=1e-5)


@pytest.mark.parametrize("name", SIZES)
def test_bad_arguments_of_every_family(name):
    minimum = model_info(name).minimum
    for arguments, message in (
        (
            {"input_shape": (minimum - 1, 300, 3)},
            f"`input_shape` must be (at least {minimum}|.height)",
        ),
        ({"classes": 0}, "`classes` must be a positive integer.*classes=0"),
        ({"dropout": 1.0}, r"`dropout` must be in \[0, 1\).*1.0"),
        ({"normalization": "bach"}, "`normalization` must be one of .*'bach'"),
        ({"convention": "caffe"}, "`convention` must be one of .*'caffe'"),
        ({"pooling": "sum"}, "`pooling` must be.*'sum'"),
        ({"include_top": "yes"}, "`include_top` must be True or False.*'yes'"),
        ({"activation": "nope"}, "`activation` must be an activation of Keras.*'nope'"),
        ({"classifier_activation": 3}, "`classifier_activation` must be an activation.*3"),
        ({"weights": "imagenet"}, "has no weights|`classes` must be 1000|must be 'keras'"),
    ):
        with pytest.raises(ValueError, match=message):
            create_model(name, **arguments)
    if minimum > 1:
        create_model(name, input_shape=(minimum, minimum + 5, 3))

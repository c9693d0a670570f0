"""Exports: three signatures that agree with the model, checked, whole or not there at all."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbook import layers, serving
from kerasbook.applications import MLP
from kerasbook.data import read_digits
from kerasbook.serving import saved_model


def colour_model(*more, **arguments):
    return keras.Sequential(
        [
            keras.Input((12, 10, 3)),
            layers.Conv2D(4, 3, groups=1, padding="same", activation="relu"),
            *more,
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ],
        **arguments,
    )


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model of digits and its export."""
    folder = tmp_path_factory.mktemp("exports") / "digits" / "1"
    model = MLP(units=(16,), input_shape=(8, 8, 1))
    names = [f"digit {i}" for i in range(10)]
    assert serving.export(model, folder, class_names=names, top_k=3) < 1e-5
    return model, folder


def test_all_signatures_answer_alike_in_batches_of_any_size(exported):
    model, folder = exported
    signatures = serving.load(folder)
    assert set(signatures) >= {"serving_default", "image_bytes", "tf_example"}
    for count in (1, 5):
        images, _ = read_digits("test", count)
        files = [tf.io.encode_png(image).numpy() for image in images]
        examples = [
            tf.train.Example(
                features=tf.train.Features(
                    feature={
                        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[file])),
                        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[1])),
                    }
                )
            ).SerializeToString()
            for file in files
        ]
        expected = model.predict(images / 255, verbose=0)
        for name, inputs in (
            ("serving_default", (images / 255).astype("float32")),
            ("image_bytes", files),
            ("tf_example", examples),
        ):
            answer = signatures[name](inputs)
            np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-5)
            best = np.argsort(-expected)[:, :3]
            assert answer["classes"].numpy().tolist() == [
                [f"digit {i}".encode() for i in row] for row in best
            ]
            np.testing.assert_allclose(
                answer["scores"], np.take_along_axis(expected, best, 1), atol=1e-5
            )


def test_records_of_tfds_are_served_as_they_are(exported):
    from kerasbook.data import DIGITS

    records = tf.data.TFRecordDataset(str(DIGITS / "digits-test.tfrecord-00000-of-00001")).take(4)
    answer = serving.load(exported[1])["tf_example"](list(records.as_numpy_iterator()))
    images, _ = read_digits("test", 4)
    expected = exported[0].predict(images / 255, verbose=0)
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-5)


def test_a_process_without_kerasbook_and_keras_code_serves_it(exported):
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "model = tf.saved_model.load(sys.argv[1])\n"
        "answer = model.signatures['serving_default'](tf.zeros((4, 8, 8, 1)))\n"
        "assert answer['probabilities'].shape == (4, 10)\n"
        "assert 'kerasbook' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code, exported[1]], check=True, timeout=120)


def test_inputs_of_a_wrong_size_or_kind_are_refused_with_the_right_one(exported):
    signatures = serving.load(exported[1])
    rule = r"'serving_default' takes float32 of shape \(None, 8, 8, 1\). Received: float32"
    with pytest.raises(ValueError, match=rule + r" of shape \(2, 9, 8, 1\)"):
        signatures["serving_default"](np.zeros((2, 9, 8, 1), "float32"))
    with pytest.raises(ValueError, match=rule + r" of shape \(2, 8, 8, 3\)"):
        signatures["serving_default"](np.zeros((2, 8, 8, 3), "float32"))
    with pytest.raises(ValueError, match="'image_bytes' takes string of shape"):
        signatures["image_bytes"](np.zeros((2, 8, 8, 1), "float32"))
    with pytest.raises(tf.errors.InvalidArgumentError):
        signatures["image_bytes"]([b"no image"])


def test_random_layers_are_off_and_half_precision_passes(tmp_path):
    noisy = colour_model(keras.layers.Dropout(0.9), layers.DropPath(0.9))
    assert serving.export(noisy, tmp_path / "noisy") < 1e-5
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = colour_model()
    finally:
        keras.config.set_dtype_policy("float32")
    assert serving.export(half, tmp_path / "half") < 2e-2


def test_logits_become_probabilities(tmp_path):
    model = MLP(units=(4,), input_shape=(8, 8, 1), classifier_activation=None)
    serving.export(model, tmp_path / "logits")
    answer = serving.load(tmp_path / "logits")["serving_default"](np.ones((2, 8, 8, 1), "float32"))
    np.testing.assert_allclose(answer["probabilities"].numpy().sum(-1), 1, atol=1e-5)


def test_sigmoids_and_nested_models_keep_their_probabilities(tmp_path, rng):
    image = keras.Input((8, 8, 1))
    flat = keras.layers.Flatten()(image)
    labels = keras.Model(image, keras.layers.Dense(3, activation="sigmoid")(flat))
    nested = keras.Sequential([keras.Input((8, 8, 1)), MLP(units=(4,), input_shape=(8, 8, 1))])
    softmax = keras.layers.Lambda(lambda x: keras.ops.softmax(x))(keras.layers.Dense(3)(flat))
    ending = keras.layers.Rescaling(1.0)(keras.ops.sigmoid(keras.layers.Dense(2)(flat)))
    for name, model in (
        ("labels", labels),
        ("ending", keras.Model(image, ending)),
        ("nested", nested),
        ("lambda", keras.Model(image, softmax)),
    ):
        serving.export(model, tmp_path / name)
        x = rng.normal(size=(4, 8, 8, 1)).astype("float32")
        answer = serving.load(tmp_path / name)["serving_default"](x)
        np.testing.assert_allclose(answer["probabilities"], model.predict(x, verbose=0), atol=1e-5)


def test_a_grouped_convolution_of_keras_is_freed_from_xla(tmp_path):
    model = colour_model(keras.layers.Conv2D(4, 3, groups=2))
    model.export(tmp_path / "keras", verbose=False)
    mark = b"_XlaMustCompile"
    assert mark in (tmp_path / "keras" / "saved_model.pb").read_bytes()
    assert serving.export(model, tmp_path / "ours") < 1e-5
    assert mark not in (tmp_path / "ours" / "saved_model.pb").read_bytes()


def test_a_served_model_that_differs_is_not_written(tmp_path, monkeypatch):
    write = saved_model._write

    def write_another(model, *arguments):
        for weight in model.weights:
            weight.assign(weight + np.random.default_rng(0).normal(size=weight.shape))
        write(model, *arguments)

    monkeypatch.setattr(saved_model, "_write", write_another)
    with pytest.raises(ValueError, match="must give the model's probabilities.*a difference of"):
        serving.export(MLP(units=(4,), input_shape=(8, 8, 1)), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_what_stands_there_stays_unless_overwritten(exported, tmp_path, monkeypatch):
    model, _ = exported
    path = tmp_path / "model"
    path.mkdir()
    (path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="`path` must be new, unless a SavedModel"):
        serving.export(model, path)

    def fail(*arguments):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(saved_model, "_compare", fail)
        (tmp_path / "empty").mkdir()
        with pytest.raises(OSError, match="disk full"):
            serving.export(model, tmp_path / "empty", overwrite=True)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["empty", "mine.txt", "model"]
    (tmp_path / "empty").rmdir()
    with pytest.raises(FileExistsError, match="must be a SavedModel or an empty folder"):
        serving.export(model, path, overwrite=True)
    (path / "mine.txt").unlink()
    serving.export(model, path, overwrite=True)
    (path / "old.txt").write_text("part of the old export")
    (tmp_path / "link").symlink_to(path)
    serving.export(model, tmp_path / "link", overwrite=True)
    assert (path / "saved_model.pb").is_file()
    assert not (path / "old.txt").exists()
    assert {p.name for p in tmp_path.iterdir()} == {"model", "link"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"class_names": ["a", "b"]},
            "`class_names` must hold one name for each of the 10 classes",
        ),
        ({"top_k": 0}, "`top_k` must be a positive integer"),
        ({"preprocessing": {}}, "`preprocessing` must be a Preprocessing or None"),
        ({"images": np.zeros((2, 8, 8, 1))}, "`images` must be uint8"),
        ({"images": np.zeros((2, 8, 8, 3), "uint8")}, "`images` must be uint8"),
        ({"images": np.zeros((0, 8, 8, 1), "uint8")}, "`images` must hold at least one"),
        (
            {"preprocessing": serving.Preprocessing(9, 9, 1)},
            "`preprocessing` must give images of",
        ),
    ],
)
def test_bad_arguments_are_named(exported, arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        serving.export(exported[0], tmp_path / "model", **arguments)


def test_models_that_are_no_image_classifiers_are_refused(tmp_path):
    flat = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=r"`model` must have one input .*\(None, 4\)"):
        serving.export(flat, tmp_path / "model")
    one = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(1, bias_initializer="ones"),
        ]
    )
    one.layers[-1].kernel.assign(one.layers[-1].kernel * 0)
    one.layers[-1].bias.assign([3.0])
    with pytest.raises(ValueError, match="must return probabilities, or the logits of two or more"):
        serving.export(one, tmp_path / "model")
    maps = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match="`model` must have one output"):
        serving.export(maps, tmp_path / "model")
    with pytest.raises(FileNotFoundError, match="`path` must hold a SavedModel"):
        serving.load(tmp_path)

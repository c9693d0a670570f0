"""What the augmentations of several images share: partners, rate, strength, and where they run."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbook import augmentation
from kerasbook.augmentation.mixing import Mixing, blended_images, mixed_labels
from kerasbook.testing import two_replicas

pytestmark = pytest.mark.tensorflow

LAYERS = {
    "MixUp": {"alpha": 0.4},
    "CutMix": {"alpha": 0.7},
    "SamplePairing": {"weight": 0.25},
    "Mosaic": {"center_range": (0.3, 0.6)},
}
layers = pytest.mark.parametrize("name", LAYERS)


def make(kind, **kwargs):
    return getattr(augmentation, kind)(**{**LAYERS[kind], **kwargs})


def batch_of(rng, count=6, dtype="uint8"):
    labels = rng.uniform(0, 1, (count, 3)).astype("float32")
    return {
        "images": rng.integers(0, 256, (count, 5, 8, 3)).astype(dtype),
        "labels": labels / labels.sum(1, keepdims=True),
    }


class Partners(Mixing):
    """Puts the places of its three partners, and whether it is mixed, in the place of images."""

    num_partners = 3

    def mix(self, batch, partners, is_mixed, drawn):
        found = keras.ops.concatenate([partners, keras.ops.cast(is_mixed, "int32")[:, None]], 1)
        return {"images": keras.ops.cast(found, "float32")[:, :, None, None]}


def test_partners_follow_in_the_order_of_the_draws(rng):
    drawn = np.stack([rng.permutation(7) / 7, rng.uniform(size=7)], 1).astype("float32")
    found = np.array(Partners(rate=0.6).apply(np.zeros((7, 4, 1, 1), "float32"), drawn))[:, :, 0, 0]
    order = list(np.argsort(drawn[:, 0]))
    for i in range(7):
        after = order[order.index(i) + 1 :] + order[: order.index(i)]
        np.testing.assert_array_equal(found[i, :3], after[:3])
        assert found[i, 3] == (drawn[i, 1] < 0.6)
    one = Partners().apply(np.zeros((1, 4, 1, 1), "float32"), drawn[:1])
    np.testing.assert_array_equal(np.array(one)[0, :, 0, 0], [0, 0, 0, 1])


def test_partners_are_as_likely():
    layer = Partners()
    counts = np.zeros((5, 5))
    for epoch in range(400):
        found = layer.augment(
            np.zeros((5, 4, 1, 1), "float32"), seed=0, index=range(5), epoch=epoch
        )
        counts[np.arange(5), found[:, 0, 0, 0].astype(int)] += 1
    assert (np.diag(counts) == 0).all()
    others = counts[~np.eye(5, dtype=bool)]
    assert np.abs(others - 100).max() < 5 * np.sqrt(400 * 0.25 * 0.75)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float16"])
def test_blended_images_are_the_definition(dtype, rng):
    images = rng.integers(0, 256, (4, 3, 5, 2)).astype(dtype)
    share = np.array([0, 1, 0.3, 0.77], "float32")
    partners = np.array([2, 3, 0, 1])
    got = np.array(blended_images(keras.ops.convert_to_tensor(images), partners, share))
    wide, s = images.astype("float64"), share.astype("float64")[:, None, None, None]
    expected = s * wide + (1 - s) * wide[partners]
    assert got.dtype == dtype
    if dtype == "uint8":
        np.testing.assert_array_equal(got, np.floor(expected + 0.5))
    else:
        np.testing.assert_allclose(got, expected, rtol=1e-3 if dtype == "float16" else 1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_mixed_labels_are_the_definition(dtype, rng):
    labels = rng.dirichlet([1] * 4, 5).astype(dtype)
    shares = rng.dirichlet([1] * 3, 5).astype("float32")
    partners = np.array([[1, 2], [3, 0], [4, 4], [0, 1], [2, 3]])
    got = np.array(mixed_labels(keras.ops.convert_to_tensor(labels), partners, shares))
    expected = shares[:, :1] * labels
    for i in range(5):
        expected[i] += shares[i, 1] * labels[partners[i, 0]] + shares[i, 2] * labels[partners[i, 1]]
    assert got.dtype == dtype
    tolerance = 1e-3 if dtype == "float16" else 1e-6
    np.testing.assert_allclose(got, expected, atol=tolerance, rtol=0)
    np.testing.assert_allclose(got.sum(1), 1, atol=2 * tolerance)


@layers
def test_rate_and_strength_say_how_many_are_mixed(name, rng):
    batch = batch_of(rng, 400)
    # Shares near one half, so that every mixed image shows it.
    visible = {"alpha": 50} if name in ("MixUp", "CutMix") else {}
    layer = make(name, rate=0.8, **visible)

    def share():
        mixed = layer.augment(batch, seed=0, index=range(400))
        return (mixed["images"] != batch["images"]).any((1, 2, 3)).mean()

    full = share()
    layer.strength.assign(0.5)
    half = share()
    layer.strength.assign(0)
    assert share() == 0
    assert abs(full - 0.8) < 5 * 0.4 / np.sqrt(400)
    assert abs(half / full - 0.5) < 5 * 0.5 / np.sqrt(400 * full)
    zero = make(name, rate=0.0).augment(batch, seed=0, index=range(400))
    for key, value in batch.items():
        np.testing.assert_array_equal(zero[key], value)


@layers
def test_strength_changes_graphs_that_are_traced(name, rng):
    batch = batch_of(rng)
    layer = make(name)
    traced = []

    @tf.function
    def step(batch):
        traced.append(0)
        return layer.augment(batch, seed=1, index=tf.range(6))

    dataset = tf.data.Dataset.from_tensors(batch).map(
        lambda b: layer.augment(b, seed=1, index=tf.range(6))
    )
    for strength in (1, 0, 1):
        layer.strength.assign(strength)
        for result in (step(batch), next(iter(dataset))):
            assert np.array_equal(result["images"], batch["images"]) == (strength == 0)
    assert len(traced) == 1


@layers
def test_dataset_map_with_unknown_sizes_gives_the_same(name, rng):
    batch = batch_of(rng)
    layer = make(name)
    expected = layer.augment(batch, seed=3, index=range(6), epoch=2)
    for sizes in ((None, 5, 8, 3), (None, None, None, 3)):
        signature = {
            "images": tf.TensorSpec(sizes, "uint8"),
            "labels": tf.TensorSpec((None, 3), "float32"),
        }
        dataset = tf.data.Dataset.from_generator(lambda: [batch], output_signature=signature)
        dataset = dataset.map(lambda b: layer.augment(b, seed=3, index=tf.range(6), epoch=2))
        result = next(iter(dataset))
        np.testing.assert_array_equal(result["images"], expected["images"])
        np.testing.assert_allclose(result["labels"], expected["labels"], atol=1e-6)


@layers
def test_a_model_trains_with_it_compiled_and_predicts_without(name, rng):
    inputs = {
        "images": keras.Input((5, 8, 3), name="images"),
        "labels": keras.Input((3,), name="labels"),
    }
    mixed = make(name, seed=1)(inputs)
    model = keras.Model(inputs, mixed)
    batch = batch_of(rng, dtype="float32")
    for key, value in model.predict(batch, verbose=0).items():
        np.testing.assert_array_equal(value, batch[key])
    run = tf.function(lambda b: model(b, training=True), jit_compile=True)
    first, second = run(batch), run(batch)
    assert not np.array_equal(first["images"], batch["images"])
    assert not np.array_equal(first["images"], second["images"])
    np.testing.assert_allclose(np.sum(first["labels"], 1), 1, atol=1e-6)


def test_a_callback_turns_it_off_while_a_model_is_fitted(rng):
    seen, traced = [], []

    class Look(keras.layers.Layer):
        def call(self, inputs):
            traced.append(0)
            seen_now = tf.numpy_function(lambda x: seen.append(x.copy()), [inputs["images"]], [])
            with tf.control_dependencies([seen_now]):
                return tf.reduce_sum(inputs["images"], (1, 2, 3))[:, None]

    layer = augmentation.MixUp(alpha=8, seed=0)
    inputs = {"images": keras.Input((5, 8, 3), name="images")}
    model = keras.Model(inputs, keras.layers.Dense(1)(Look()(layer(inputs))))
    model.compile("sgd", "mse", jit_compile=False)
    off = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: layer.strength.assign(1 if epoch < 2 else 0)
    )
    images = batch_of(rng, dtype="float32")["images"]
    traced.clear()
    model.fit({"images": images}, np.ones(6), epochs=4, shuffle=False, verbose=0, callbacks=[off])
    assert [np.array_equal(x, images) for x in seen] == [False, False, True, True]
    assert len(traced) == 1


def test_replicas_draw_by_themselves(rng):
    strategy = two_replicas()
    with strategy.scope():
        layer = augmentation.MixUp(alpha=8, seed=0)
    images = batch_of(rng, dtype="float32")["images"]
    run = tf.function(lambda: strategy.run(lambda: layer(images, training=True)))
    first, second = strategy.experimental_local_results(run())
    assert not np.array_equal(first, second)
    layer.strength.assign(0.0)
    for result in strategy.experimental_local_results(run()):
        np.testing.assert_array_equal(result, images)


@layers
def test_config_is_the_signature_and_a_model_reloads(name, tmp_path, rng):
    layer = make(name, rate=0.9, seed=4, name="mix")
    config = json.loads(json.dumps(layer.get_config()))
    own = {key: config[key] for key in (*LAYERS[name], "rate", "seed")}
    assert own == {**json.loads(json.dumps(LAYERS[name])), "rate": 0.9, "seed": 4}
    assert set(config) - set(own) == {"name", "trainable", "dtype"}
    inputs = {
        "images": keras.Input((5, 8, 3), name="images"),
        "labels": keras.Input((3,), name="labels"),
    }
    model = keras.Model(inputs, layer(inputs))
    layer.strength.assign(0.25)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").get_layer("mix")
    assert float(again.strength) == 0.25
    assert again.get_config() == layer.get_config()
    batch = batch_of(rng)
    expected = layer.augment(batch, seed=0, index=range(6))
    for key, value in again.augment(batch, seed=0, index=range(6)).items():
        np.testing.assert_array_equal(value, expected[key])


@layers
def test_images_alone_are_the_images_of_a_dictionary(name, rng):
    batch = batch_of(rng)
    layer = make(name)
    before = batch["images"].copy()
    expected = layer.augment({**batch, "number": np.arange(6)}, seed=0, index=range(6))
    alone = layer.augment(batch["images"], seed=0, index=range(6))
    np.testing.assert_array_equal(alone, expected["images"])
    np.testing.assert_array_equal(expected["number"], np.arange(6))
    np.testing.assert_array_equal(batch["images"], before)
    assert alone.dtype == "uint8"


@layers
def test_what_cannot_be_mixed_is_refused(name, rng):
    layer, batch = make(name), batch_of(rng)
    image = batch["images"][0]
    for refused in (image, {"images": image, "labels": np.ones(3, "float32")}):
        message = (
            r"`images` must be \(batch, height, width, channels\). Received: shape=\(5, 8, 3\)"
        )
        with pytest.raises(ValueError, match=message):
            layer(refused)
        with pytest.raises(ValueError, match=message):
            layer.augment(refused, seed=0, index=0)
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\].*rate=1.5"):
        make(name, rate=1.5)
    if name == "SamplePairing":
        return
    for labels in (np.arange(6), np.eye(6, dtype="int64"), np.ones((6, 2, 2), "float32")):
        with pytest.raises(ValueError, match="`labels` must be one-hot or soft.*one_hot"):
            layer({**batch, "labels": labels}, training=True)
    boxes = {"boxes": np.zeros((6, 2, 4)), "labels": np.zeros((6, 2))}
    for key, value in (("bounding_boxes", boxes), ("keypoints", np.zeros((6, 2, 2)))):
        with pytest.raises(ValueError, match=f"takes images, labels.*Received: '{key}'"):
            layer({**batch, key: value}, training=True)

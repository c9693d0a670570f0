"""What every augmentation promises, whatever it does to an image."""

import functools
import inspect
import json

import keras
import numpy as np
import pytest
from helpers.pictures import natural
from keras import ops

from kerasbook import augmentation as room
from kerasbook.testing import two_replicas

FEW = ("rotate", "solarize", "invert")
POLICY = [
    [
        {"operation": "invert", "probability": 0.6, "level": None},
        {"operation": "shear_x", "probability": 0.9, "level": 7},
    ],
    [{"operation": "solarize", "probability": 0.5, "level": 3}],
]
turn = {"operation": "rotate", "level": (2, 8), "rate": 0.9}
PLANNED = {
    "RandAugment": lambda **k: room.RandAugment(3, 5, operations=FEW, **k),
    "TrivialAugmentWide": lambda **k: room.TrivialAugmentWide(operations=FEW, **k),
    "UniformAugment": lambda **k: room.UniformAugment(operations=FEW, rate=0.9, **k),
    "AutoAugment": lambda **k: room.AutoAugment(POLICY, **k),
    "ScheduledAutoAugment": lambda **k: room.ScheduledAutoAugment(
        [POLICY[::-1], POLICY], [0, 2], **k
    ),
    "RandomOperation": lambda **k: room.RandomOperation(**turn, **k),
    "Sequence": lambda **k: room.Sequence(
        [room.RandomOperation(**turn), room.RandAugment(1, 5, operations=FEW)], **k
    ),
    "RandomApply": lambda **k: room.RandomApply([room.RandomOperation(**turn)], 0.9, **k),
    "RandomChoice": lambda **k: room.RandomChoice(
        [room.RandomOperation(**turn), room.RandAugment(2, 5, operations=FEW)], **k
    ),
    "RandomOrder": lambda **k: room.RandomOrder(
        [room.RandomOperation(**turn), room.RandAugment(2, 5, operations=FEW)], **k
    ),
}
ALL = {
    **PLANNED,
    "AugMix": lambda **k: room.AugMix(2, 2, operations=FEW, **k),
    "RepeatedAugmentation": lambda **k: room.RepeatedAugmentation(
        room.RandomOperation(**turn), 3, **k
    ),
}
SOME = ("RandAugment", "RandomOrder")
INDEX = np.arange(6)


@functools.cache
def made(name):
    """Returns one object for all tests, since XLA compiles each anew."""
    return ALL[name](seed=0)


tensorflow = pytest.mark.tensorflow


@pytest.fixture
def images(rng):
    return natural(rng, 6, (12, 17))


@pytest.mark.parametrize("name", ALL)
def test_nothing_happens_unless_training(name, images):
    np.testing.assert_array_equal(ops.convert_to_numpy(made(name)(images)), images)


@pytest.mark.parametrize("name", ALL)
def test_config_is_the_signature_and_json(name):
    policy = ALL[name](seed=3)
    config = policy.get_config()
    names = {
        parameter
        for owner in type(policy).__mro__
        for parameter in inspect.signature(owner.__init__).parameters
        if issubclass(owner, room.Augmentation)
    } - {"self", "kwargs"}
    composite = name in ("Sequence", "RandomApply", "RandomChoice", "RandomOrder")
    if composite:  # what images are is the children's business
        names -= set(room.RandAugment().image_arguments)
    if name == "ScheduledAutoAugment":  # it has `policies` instead
        names -= {"policy"}
    assert names <= set(config)
    assert set(config) - names <= {"name", "trainable", "dtype"}
    json.dumps(config)
    again = type(policy).from_config(config)
    assert json.dumps(again.get_config()) == json.dumps(config)
    for argument in names - {"augmentations", "augmentation"}:
        assert hasattr(policy, argument)


@pytest.mark.parametrize("name", ALL)
def test_json_gives_the_same_images(name, images):
    again = room.from_json(json.loads(json.dumps(room.to_json(made(name)))))
    expected = made(name).augment(images, seed=5, index=INDEX)
    np.testing.assert_array_equal(again.augment(images, seed=5, index=INDEX), expected)


@pytest.mark.parametrize("name", PLANNED)
def test_an_image_depends_on_seed_epoch_and_index_alone(name, images):
    policy = made(name)
    whole = policy.augment(images, seed=1, epoch=2, index=INDEX)
    assert isinstance(whole, np.ndarray)
    back = policy.augment(images[::-1], seed=1, epoch=2, index=INDEX[::-1])[::-1]
    part = policy.augment(images[2:3], seed=1, epoch=2, index=INDEX[2:3])
    single = policy.augment(images[5], seed=1, epoch=2, index=5)
    np.testing.assert_array_equal(back, whole)
    np.testing.assert_array_equal(part, whole[2:3])
    np.testing.assert_array_equal(single, whole[5])
    for other in ({"seed": 2, "epoch": 2}, {"seed": 1, "epoch": 3}):
        assert (policy.augment(images, index=INDEX, **other) != whole).any()


@pytest.mark.parametrize("name", ALL)
def test_images_of_a_batch_draw_independently(name, images):
    same = np.repeat(images[:1], 6, axis=0)
    found = made(name).augment(same, seed=3, index=INDEX)
    assert len({image.tobytes() for image in found}) > 2


@pytest.mark.parametrize("name", SOME)
def test_one_seed_one_result_and_another_call_another(name, images):
    first, second = ALL[name](seed=4), ALL[name](seed=4)
    found = ops.convert_to_numpy(first(images, training=True))
    np.testing.assert_array_equal(ops.convert_to_numpy(second(images, training=True)), found)
    assert (ops.convert_to_numpy(first(images, training=True)) != found).any()


@pytest.mark.parametrize("name", ALL)
def test_inputs_are_not_changed(name, images):
    before = images.copy()
    made(name)(images, training=True)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("name", SOME)
def test_a_model_holds_it_and_is_saved_with_it(name, images, tmp_path):
    inputs = keras.Input((12, 17, 3))
    outputs = keras.layers.GlobalAveragePooling2D()(PLANNED[name](seed=1)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2)(outputs))
    x = images.astype("float32")
    model.compile("sgd", "mse")
    model.fit(x, np.zeros((6, 2)), epochs=1, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0))
    expected = model.layers[1].augment(images, seed=1, index=INDEX)
    found = again.layers[1].augment(images, seed=1, index=INDEX)
    np.testing.assert_array_equal(found, expected)


@tensorflow
@pytest.mark.parametrize("name", SOME)
def test_in_dataset_map_for_known_and_unknown_sizes(name, images):
    import tensorflow as tf

    policy = made(name)
    expected = policy.augment(images, seed=1, index=INDEX)
    for shape in ((None, 12, 17, 3), (None, None, None, 3)):
        spec = tf.TensorSpec((6,), "int64"), tf.TensorSpec(shape, "uint8")
        data = tf.data.Dataset.from_generator(
            lambda: iter([(INDEX, images)]), output_signature=spec
        )
        data = data.map(lambda i, x: policy.augment(x, seed=1, index=i))
        (found,) = list(data)
        np.testing.assert_array_equal(found, expected)


def test_a_batch_of_none(images):
    assert made("RandAugment")(images[:0], training=True).shape == (0, 12, 17, 3)


def test_one_number_for_each_image(images):
    with pytest.raises(ValueError, match="`index` must be one number for each image"):
        made("RandAugment").augment(images, seed=0, index=3)
    with pytest.raises(ValueError, match="`seed` must be an integer"):
        made("RandAugment").augment(images, seed=0.5, index=INDEX)


def test_different_augmentations_draw_different_numbers():
    flips = [room.RandomOperation(f"flip_{way}") for way in ("left_right", "up_down")]
    layers = [*flips, room.RandAugment(), room.RandAugment(seed=1), room.MixUp()]
    firsts = [np.asarray(layer.draw(0, 0, np.arange(2000)))[:, 0] for layer in layers]
    correlations = np.corrcoef(firsts) - np.eye(5)
    assert np.abs(correlations).max() < 5 / np.sqrt(2000)


@tensorflow
def test_one_by_one_in_dataset_map(images):
    import tensorflow as tf

    policy = made("RandAugment")
    policy.augment(images, seed=1, index=INDEX)  # batches first, of the same object
    data = tf.data.Dataset.from_tensor_slices(images).enumerate()
    data = data.map(lambda i, x: policy.augment(x, seed=1, index=i)).batch(6)
    expected = policy.augment(images, seed=1, index=INDEX)
    np.testing.assert_array_equal(next(iter(data)), expected)


@tensorflow
def test_calls_in_dataset_map_draw_anew(images):
    import tensorflow as tf

    policy = made("RandAugment")
    data = tf.data.Dataset.from_tensors(images).repeat(3).map(lambda x: policy(x, training=True))
    found = [x.numpy().tobytes() for x in data]
    assert len(set(found)) == 3


@tensorflow
def test_replicas_draw_different_numbers(images):
    strategy = two_replicas()
    with strategy.scope():
        policy = PLANNED["RandAugment"](seed=1)
    import tensorflow as tf

    step = tf.function(lambda: strategy.run(lambda: policy(images, training=True)))
    first, second = strategy.experimental_local_results(step())
    assert (first.numpy() != second.numpy()).any()


def test_exports_do_not_augment(images, tmp_path):
    pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("exports are TensorFlow's")
    inputs = keras.Input((12, 17, 3))
    model = keras.Model(inputs, PLANNED["RandAugment"](seed=1)(inputs))
    model.export(tmp_path / "saved", verbose=False)
    graph = (tmp_path / "saved" / "saved_model.pb").read_bytes()
    assert b"_XlaMustCompile" not in graph
    assert b"StatelessRandom" not in graph
    import tensorflow as tf

    served = tf.saved_model.load(tmp_path / "saved").serve(images.astype("float32"))
    np.testing.assert_array_equal(served, images)


@tensorflow
def test_under_jit_compile(images):
    import tensorflow as tf

    policy = made("RandAugment")
    step = tf.function(lambda x: policy.augment(x, seed=1, index=INDEX), jit_compile=True)
    np.testing.assert_array_equal(step(images), policy.augment(images, seed=1, index=INDEX))
    called = tf.function(lambda x: policy(x, training=True), jit_compile=True)(images)
    assert (called.numpy() != images).any()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_floats_keep_their_dtype_whatever_the_policy(dtype, images):
    policy = PLANNED["RandAugment"](seed=1, dtype="mixed_bfloat16")
    x = ops.cast(images, dtype)
    assert keras.backend.standardize_dtype(policy(x, training=True).dtype) == dtype


@pytest.mark.parametrize("name", ALL)
def test_strength_0_leaves_images_as_they_are(name, images):
    policy = made(name)
    policy.set_strength(0)
    found = ops.convert_to_numpy(policy(images, training=True))
    policy.set_strength(1)
    np.testing.assert_array_equal(found, np.repeat(images, len(found) // len(images), axis=0))
    with pytest.raises(ValueError, match=r"in \[0, 1\].*value=2"):
        policy.set_strength(2)


def test_labels_pass_through(images):
    labels = np.arange(6)
    found = made("RandAugment")({"images": images, "labels": labels}, training=True)
    assert set(found) == {"images", "labels"}
    np.testing.assert_array_equal(ops.convert_to_numpy(found["labels"]), labels)
    assert (ops.convert_to_numpy(found["images"]) != images).any()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((12, 17), "uint8"), r"`images` must be .*shape=\(12, 17\)"),
        (np.zeros((2, 12, 17, 3), "int32"), "uint8 or floats.*dtype=int32"),
        ({"labels": np.zeros(2)}, "that has 'images'. Received: keys"),
    ],
)
def test_wrong_inputs(inputs, message):
    with pytest.raises(ValueError, match=message):
        made("RandomOperation")(inputs, training=True)
    with pytest.raises(ValueError, match=message):
        made("RandomOperation").augment(inputs, seed=0, index=[0, 1])


def test_lists_are_no_images():
    with pytest.raises(ValueError, match="`inputs` must be images.*Received: list"):
        made("RandomOperation").augment([[1]], seed=0, index=0)


def test_a_seed_is_an_integer():
    with pytest.raises(ValueError, match="`seed` must be an integer"):
        room.RandAugment(seed=1.5)

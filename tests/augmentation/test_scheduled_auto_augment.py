"""ScheduledAutoAugment: the policy of the epoch, wherever the epoch comes from."""

import functools
import json

import keras
import numpy as np
import pytest
from helpers.pictures import natural
from keras import ops

from kerasbook import augmentation as room
from kerasbook.augmentation import AutoAugment, ScheduledAutoAugment, draws

tensorflow = pytest.mark.tensorflow
INDEX = np.arange(6)
FIRST_EPOCHS = [0, 2, 7]
STAGES = {0: 0, 1: 0, 2: 1, 6: 1, 7: 2, 1000: 2}  # which policy is in force


def step(name, level=None, probability=1.0):
    return {"operation": name, "probability": probability, "level": level}


POLICIES = [
    [[step("identity")]],
    [[step("invert")], [step("solarize", 9, 0.5), step("rotate", 7)]],
    [[step("rotate", 2, 0.25)], [step("rotate", 3)], [step("rotate", 4), step("invert")]],
]
PLAIN = [[[step("identity")]], [[step("invert")]]]


def inverted(found, images):
    """Returns whether all images are inverted; they may only be that, or as they were."""
    found = ops.convert_to_numpy(found)
    is_inverted = (found == 255 - images).all()
    assert is_inverted or (found == images).all()
    return bool(is_inverted)


@functools.cache
def plain():
    """Nothing in the epochs 0 to 2, everything inverted from 3 on; XLA compiles it once."""
    return ScheduledAutoAugment(PLAIN, [0, 3])


@pytest.fixture
def images(rng):
    return natural(rng, 6, (8, 11))


@pytest.mark.parametrize("epoch", STAGES)
def test_steps_are_those_of_the_policy_in_force(epoch):
    layer = ScheduledAutoAugment(POLICIES, FIRST_EPOCHS, greatest_level=9)
    drawn = draws.uniform(5, epoch, np.arange(3000), layer.num_draws).numpy()
    dated = ops.convert_to_numpy(layer.dated(drawn, epoch))
    np.testing.assert_array_equal(dated[:, 1:], drawn[:, 1:])
    np.testing.assert_allclose(dated[:, 0], (STAGES[epoch] + 0.5) / 3, rtol=1e-6)
    # AutoAugment of the same policy, padded to two steps, is the definition.
    alone = AutoAugment(POLICIES[STAGES[epoch]], greatest_level=9)
    expected = alone.plan(ops.convert_to_tensor(drawn[:, 1 : 1 + alone.num_draws]), alone.state)
    expected = [ops.convert_to_numpy(part) for part in expected]
    found = layer.plan(ops.convert_to_tensor(dated), layer.state)
    found = [ops.convert_to_numpy(part) for part in found]
    names = np.array([*layer.operations, None])[found[0]]
    count = alone.num_steps
    np.testing.assert_array_equal(
        names[:, :count], np.array([*alone.operations, None])[expected[0]]
    )
    assert set(names[:, count:].ravel()) <= {None}
    np.testing.assert_allclose(found[1][:, :count], expected[1], rtol=1e-6)
    np.testing.assert_array_equal(found[2][:, :count], expected[2])


def test_every_sub_policy_of_a_stage_equally_often():
    layer = ScheduledAutoAugment(POLICIES, FIRST_EPOCHS)
    drawn = layer.draw(1, 8, np.arange(6000))
    which, magnitude, _ = map(
        ops.convert_to_numpy, layer.plan(ops.convert_to_tensor(drawn), layer.state)
    )
    second = which[:, 1] < len(layer.operations)
    strongest = np.abs(magnitude[:, 0]) > 0.35 * 30  # level 4 of 10
    np.testing.assert_array_equal(second, strongest)
    assert abs(second.mean() - 1 / 3) < 5 * np.sqrt(2 / 9 / 6000)


def test_what_it_draws_is_what_draws_gives_but_for_the_first_number():
    layer = plain()
    first, second = (np.asarray(layer.draw(1, epoch, INDEX)) for epoch in (2, 3))
    assert first.shape == (6, layer.num_draws) == (6, 1 + 1 + 2)
    np.testing.assert_array_equal(first[:, 0], np.full(6, 0.25, "float32"))
    np.testing.assert_array_equal(second[:, 0], np.full(6, 0.75, "float32"))
    assert (first[:, 1:] != second[:, 1:]).any()


def test_sub_policies_are_those_of_all_stages_in_order():
    layer = ScheduledAutoAugment(POLICIES, FIRST_EPOCHS, greatest_level=9)
    names = [[name for name, _, _ in steps] for steps in layer.sub_policies]
    assert names == [[s["operation"] for s in steps] for policy in POLICIES for steps in policy]
    assert layer.sub_policies[2] == [("solarize", 0.5, 1.0), ("rotate", 1.0, np.float32(7 / 9))]


def test_there_and_back(images, tmp_path):
    layer = ScheduledAutoAugment(POLICIES, FIRST_EPOCHS, greatest_level=9, seed=3)
    config = json.loads(json.dumps(layer.get_config()))
    assert {"policies", "first_epochs", "greatest_level", "ranges"} <= set(config)
    assert "policy" not in config
    described = room.to_json(layer, tmp_path / "policy.json")
    assert room.to_json(room.from_json(tmp_path / "policy.json")) == described
    whole = room.to_json(room.Sequence([room.RandomOperation("rotate"), layer]))
    assert whole["arguments"]["augmentations"][1]["arguments"]["first_epochs"] == FIRST_EPOCHS
    for again in (
        room.from_json(described),
        keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer)),
    ):
        assert isinstance(again, ScheduledAutoAugment)
        assert room.to_json(again) == described
        for epoch in (1, 6, 7):
            drawn = (np.asarray(a.draw(5, epoch, INDEX)) for a in (again, layer))
            np.testing.assert_array_equal(*drawn)


def test_epochs_of_augment(images):
    found = [
        inverted(plain().augment(images, seed=1, index=INDEX, epoch=e), images) for e in range(5)
    ]
    assert found == [False, False, False, True, True]


@tensorflow
def test_the_epoch_may_be_a_tensor_of_a_graph(images):
    import tensorflow as tf

    images_in_graph = tf.constant(images)
    epochs = tf.data.Dataset.range(5)  # int64
    data = epochs.map(
        lambda epoch: plain().augment(images_in_graph, seed=1, index=INDEX, epoch=epoch)
    )
    assert [inverted(x, images) for x in data] == [False, False, False, True, True]
    traced = []

    @tf.function
    def augmented(epoch):
        traced.append(1)
        return plain().augment(images_in_graph, seed=1, index=INDEX, epoch=epoch)

    found = [inverted(augmented(tf.constant(epoch)), images) for epoch in range(5)]
    assert found == [False, False, False, True, True]
    assert len(traced) == 1


def test_calls_are_in_the_epoch_that_was_set(images):
    layer = ScheduledAutoAugment(PLAIN, [0, 3])
    called = {}
    for epoch in (None, 2, 3, 0):
        if epoch is not None:
            layer.set_epoch(epoch)
        called[epoch] = inverted(layer(images, training=True), images)
    assert called == {None: False, 2: False, 3: True, 0: False}
    layer.set_epoch(3)
    assert not inverted(layer(images), images)
    # What is told its epoch does not look at the layer's own.
    assert not inverted(layer.augment(images, seed=1, index=INDEX, epoch=1), images)


def test_calls_are_in_epoch_0_until_one_is_set():
    layer = ScheduledAutoAugment(PLAIN, [0, 1])
    drawn = ops.zeros((2, layer.num_draws))
    for epoch, place in ((0, 0.25), (1, 0.75)):
        np.testing.assert_allclose(ops.convert_to_numpy(layer.dated(drawn, None))[:, 0], place)
        layer.set_epoch(epoch + 1)


@pytest.mark.filterwarnings("ignore:The model does not have any trainable")
def test_a_model_trains_by_it_and_saves_the_epoch(images, tmp_path):
    layer = room.Sequence([plain(), room.ShiftFlip(0.0)])
    inputs = keras.Input((8, 11, 3))
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(layer(inputs)))
    model.compile(keras.optimizers.SGD(), "mae")
    x = images.astype("float32")
    means = x.mean(axis=(1, 2))
    follow = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: layer.set_epoch(epoch))
    losses = model.fit(x, means, epochs=5, callbacks=[follow], verbose=0).history["loss"]
    expected = [0, 0, 0, *[np.abs(255 - 2 * means).mean()] * 2]
    np.testing.assert_allclose(losses, expected, atol=1e-2)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    layer.set_epoch(0)
    for trained, expected in ((model, means), (again, 255 - means)):
        found = ops.convert_to_numpy(trained(x, training=True))
        np.testing.assert_allclose(found, expected, atol=1e-2)


def scheduled(**arguments):
    return ScheduledAutoAugment(PLAIN, [0, 3], **arguments)


def faint():
    """Returns what has no plan, and leaves images as they are."""
    layer = room.AugMix(operations=["rotate"])
    layer.set_strength(0)
    return layer


PARENTS = {
    "planned": lambda: room.Sequence([room.ShiftFlip(0.0), scheduled(fill_value=0)]),
    "of another fill": lambda: room.Sequence([room.ShiftFlip(0.0), scheduled()]),
    "without a plan": lambda: room.Sequence([faint(), scheduled()]),
    "choice": lambda: room.RandomChoice([room.RandomOperation("color"), scheduled()], [0, 1]),
    "apply": lambda: room.RandomApply([scheduled()], 1.0),
    "apply none": lambda: room.RandomApply([scheduled()], 0.0),
    "order": lambda: room.RandomOrder([room.ShiftFlip(0.0), scheduled(fill_value=0)]),
    "nested": lambda: room.Sequence([room.RandomApply([scheduled()], 1.0), faint()]),
}


@pytest.mark.parametrize("name", PARENTS)
def test_within_others(name, images):
    parent, follows = PARENTS[name](), name != "apply none"
    assert parent.is_planned == (name not in ("of another fill", "without a plan", "nested"))
    for epoch in (2, 3):
        found = parent.augment(images, seed=1, index=INDEX, epoch=epoch)
        assert inverted(found, images) == (follows and epoch == 3)
    assert not inverted(parent(images, training=True), images)
    parent.set_epoch(3)
    assert inverted(parent(images, training=True), images) == follows


def test_the_same_images_as_one_policy_after_the_other(images):
    """A sequence planned as one: the scheduled child does what a plain one does with its draws."""
    turn = room.RandomOperation("rotate", level=(2, 8))
    whole = room.Sequence([turn, ScheduledAutoAugment(POLICIES, FIRST_EPOCHS)])
    assert whole.is_planned
    for epoch, policy in ((1, POLICIES[0]), (3, POLICIES[1]), (9, POLICIES[2])):
        alone = AutoAugment(policy)
        plain_whole = room.Sequence([turn, alone])
        drawn = np.asarray(whole.draw(2, epoch, INDEX))
        place = turn.num_draws
        given = np.concatenate(
            [drawn[:, :place], drawn[:, place + 1 : place + 1 + alone.num_draws]], axis=1
        )
        expected = ops.convert_to_numpy(plain_whole.apply(images, given))
        found = whole.augment(images, seed=2, index=INDEX, epoch=epoch)
        np.testing.assert_array_equal(found, expected)


@tensorflow
@pytest.mark.parametrize(
    "kind",
    [
        "alone",
        pytest.param(
            "within",
            marks=pytest.mark.slow("traces both policies again; test_within_others has the parts"),
        ),
    ],
)
def test_in_the_pipeline_and_after_a_restart(kind):
    import tensorflow as tf

    from kerasbook.serving import Preprocessing
    from kerasbook.training.input.data import LabelledImages
    from kerasbook.training.input.pipeline import Pipeline

    examples = LabelledImages("digits").split("train[:20]")
    strategy = tf.distribute.get_strategy()

    def epochs(schedule, numbers):
        policy = ScheduledAutoAugment(*schedule)
        policy = room.Sequence([room.ShiftFlip(0.2), policy]) if kind == "within" else policy
        pipeline = Pipeline(
            examples, Preprocessing(8, 8, 1), 8, seed=5, shuffle=True, policy=policy
        )
        return {
            n: np.concatenate([batch[0].numpy() for batch in pipeline.epoch(strategy, n)])
            for n in numbers
        }

    never = epochs([PLAIN[:1], [0]], (0, 1, 2))
    found = epochs([PLAIN, [0, 1]], (0, 1, 2))
    restarted = epochs([PLAIN, [0, 1]], (1, 2))
    for epoch in (1, 2):
        np.testing.assert_array_equal(restarted[epoch], found[epoch])
    if kind == "alone":  # otherwise draws are not alike: salted by the operations
        np.testing.assert_array_equal(found[0], never[0])
        for epoch in (1, 2):
            np.testing.assert_allclose(found[epoch], 1 - never[epoch], atol=1e-6)
    else:
        darkest = {epoch: np.median(images) for epoch, images in found.items()}
        assert darkest[0] < 0.4
        assert min(darkest[1], darkest[2]) > 0.6


@pytest.mark.parametrize(
    ("policies", "first_epochs", "message"),
    [
        ([], [], "`policies` must be a list of policies"),
        ("cifar10", [0], "`policies` must be a list of policies.*'cifar10'"),
        ([PLAIN[0], []], [0, 1], "`policies` must be a list of policies"),
        ([[step("invert")]], [0], "list of sub-policies"),
        (PLAIN, [0], r"`first_epochs` must be 2 integers, one for each policy.*\[0\]"),
        (PLAIN, 0, "`first_epochs` must be 2 integers.*first_epochs=0"),
        (PLAIN, [1, 2], r"`first_epochs` must rise from 0. Received: first_epochs=\[1, 2\]"),
        (PLAIN, [0, 0], r"`first_epochs` must rise from 0.*\[0, 0\]"),
        ([*PLAIN, PLAIN[0]], [0, 5, 3], r"`first_epochs` must rise from 0.*\[0, 5, 3\]"),
        (PLAIN, [-1, 2], "`first_epochs` must be an integer of at least 0.*-1"),
        (PLAIN, [0, 1.5], "`first_epochs` must be an integer of at least 0.*1.5"),
        ([[[step("rotate", 11)]]], [0], r"`level` must be in \[0, 10\]"),
    ],
)
def test_wrong_schedules(policies, first_epochs, message):
    with pytest.raises(ValueError, match=message):
        ScheduledAutoAugment(policies, first_epochs)


@pytest.mark.parametrize("epoch", [-1, 1.0, None])
def test_wrong_epochs(epoch):
    with pytest.raises(ValueError, match="`epoch` must be an integer of at least 0"):
        plain().set_epoch(epoch)

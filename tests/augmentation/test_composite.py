"""Policies of policies: plans in one numbering, strength for all, what is refused."""

import numpy as np
import pytest
from helpers.pictures import natural
from keras import ops

from kerasbook.augmentation import (
    AugMix,
    CutMix,
    MixUp,
    RandAugment,
    RandomApply,
    RandomChoice,
    RandomOperation,
    RandomOrder,
    RepeatedAugmentation,
    SamplePairing,
    Sequence,
    TrivialAugmentWide,
)

TURN = {"operation": "rotate", "magnitude": 20}


def test_children_keep_their_draws_and_operations(rng):
    children = [
        RandAugment(2, operations=["invert", "rotate", "cutout"]),
        RandomOperation("color"),
        RandAugment(1, operations=["rotate", "solarize"]),
    ]
    whole = Sequence(children)
    assert whole.operations == ("invert", "rotate", "cutout", "color", "solarize")
    drawn = rng.uniform(size=(7, whole.num_draws)).astype("float32")
    found = whole.plan(ops.convert_to_tensor(drawn), whole.state)
    end = column = 0
    for child in children:
        start, end = end, end + child.num_draws
        alone = child.plan(ops.convert_to_tensor(drawn[:, start:end]), child.state)
        part = slice(column, column + child.num_steps)
        column += child.num_steps
        names = np.array([*whole.operations, None])[ops.convert_to_numpy(found.operation)[:, part]]
        expected = np.array([*child.operations, None])[ops.convert_to_numpy(alone.operation)]
        np.testing.assert_array_equal(names, expected)
        magnitudes = ops.convert_to_numpy(found.magnitude)[:, part]
        np.testing.assert_array_equal(magnitudes, ops.convert_to_numpy(alone.magnitude))
        count = alone.chance.shape[-1]
        chances = ops.convert_to_numpy(found.chance)[:, part]
        np.testing.assert_array_equal(chances[..., :count], ops.convert_to_numpy(alone.chance))
        assert (chances[..., count:] == 0).all()
    assert end == drawn.shape[1]


def test_strength_goes_to_the_children():
    children = [RandAugment(), RandomOperation(**TURN)]
    Sequence([RandomApply(children), TrivialAugmentWide()]).set_strength(0.25)
    assert [float(child.strength) for child in children] == [0.25, 0.25]


class Dated(RandAugment):
    """Puts the epoch and its own level into the second number of what it draws."""

    since = None

    def set_epoch(self, epoch):
        super().set_epoch(epoch)
        self.since = epoch

    def dated(self, drawn, epoch):
        epoch = self.since if epoch is None else epoch
        mark = ops.full_like(drawn[:, :1], (epoch + self.level / 10) / 10)
        return ops.concatenate([drawn[:, :1], mark, drawn[:, 2:]], axis=1)


def test_the_epoch_goes_to_the_children_with_their_own_draws(rng):
    children = [RandAugment(1), Dated(1, 3), RandomOperation(**TURN), Dated(2, 5)]
    whole = RandomChoice([RandomApply(children[:2]), *children[2:]])
    drawn = ops.convert_to_tensor(rng.uniform(size=(7, whole.num_draws)).astype("float32"))
    expected = ops.convert_to_numpy(drawn).copy()
    first = 2 + children[0].num_draws  # after the numbers of the two coins
    last = first + children[1].num_draws + children[2].num_draws
    for epoch, given in ((4, 4), (6, None)):
        whole.set_epoch(6)
        expected[:, first + 1], expected[:, last + 1] = epoch / 10 + 0.03, epoch / 10 + 0.05
        found = ops.convert_to_numpy(whole.dated(drawn, given))
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert [child.since for child in (children[1], children[3])] == [6, 6]


def test_draws_that_do_not_depend_on_the_epoch_stay_the_same_object(rng):
    whole = Sequence([RandomApply([RandAugment()]), RandomOperation(**TURN)])
    drawn = ops.convert_to_tensor(rng.uniform(size=(7, whole.num_draws)).astype("float32"))
    assert whole.dated(drawn, 3) is drawn


@pytest.mark.parametrize("children", [[], "RandAugment", [RandAugment], [None], RandAugment()])
def test_children_are_a_list_of_augmentations(children):
    with pytest.raises(ValueError, match="`augmentations` must be a list of augmentations"):
        Sequence(children)


@pytest.mark.parametrize("parent", [Sequence, RandomApply, RandomChoice])
def test_children_have_one_value_range(parent):
    children = [RandAugment(), AugMix(value_range=(0, 1))]
    with pytest.raises(ValueError, match="must have one `value_range`"):
        parent(children)


@pytest.mark.parametrize("child", [AugMix, MixUp, SamplePairing])
def test_what_has_no_plan(child):
    whole = Sequence([child(), RandAugment()])
    assert not whole.is_planned
    assert whole.needs_batch == (child is not AugMix)
    assert whole.mixes_labels == (child is MixUp)
    with pytest.raises(ValueError, match="by steps of operations, and agree"):
        RandomOrder([child(), RandAugment()])


def test_examples_are_not_repeated_within():
    with pytest.raises(ValueError, match="must not repeat examples.*RepeatedAugmentation"):
        Sequence([RandAugment(), RepeatedAugmentation(RandAugment())])


def test_mixing_within_refuses_what_it_refuses_alone(rng):
    whole = RandomChoice([MixUp(), CutMix()])
    batch = {"images": natural(rng, 4), "labels": np.arange(4)}
    with pytest.raises(ValueError, match="`labels` must be one-hot or soft"):
        whole(batch, training=True)
    with pytest.raises(
        ValueError, match="`MixUp` takes images, labels only. Received: 'keypoints'"
    ):
        whole({"images": batch["images"], "keypoints": np.zeros((4, 1, 2))}, training=True)
    with pytest.raises(ValueError, match=r"`images` must be \(batch, height, width, channels\)"):
        whole(batch["images"][0], training=True)


@pytest.mark.parametrize("parent", [RandomApply, RandomChoice])
def test_each_example_gets_its_own_without_plans(parent, rng):
    batch = {"images": natural(rng, 6), "labels": np.eye(6, dtype="float32")}
    children = [MixUp(alpha=4)] if parent is RandomApply else [MixUp(alpha=4), CutMix()]
    whole = parent(children)
    drawn = rng.uniform(size=(6, whole.num_draws)).astype("float32")
    drawn[:, 0] = [0.1, 0.6, 0.2, 0.7, 0.3, 0.9]
    found = whole.apply(batch, drawn)
    first = children[0].apply(batch, drawn[:, 1 : 1 + children[0].num_draws])
    second = batch
    if parent is RandomChoice:
        second = children[1].apply(batch, drawn[:, 1 + children[0].num_draws :])
    for key in batch:
        parts = [ops.convert_to_numpy(x[key]) for x in (first, second, found)]
        np.testing.assert_array_equal(parts[2][::2], parts[0][::2])
        np.testing.assert_array_equal(parts[2][1::2], parts[1][1::2])

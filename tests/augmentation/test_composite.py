"""Policies of policies: plans in one numbering, strength for all, what is refused."""

import numpy as np
import pytest
from keras import ops

from kerasbook.augmentation import (
    AugMix,
    MixUp,
    RandAugment,
    RandomApply,
    RandomOperation,
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


@pytest.mark.parametrize("children", [[], "RandAugment", [RandAugment], [None], RandAugment()])
def test_children_are_a_list_of_augmentations(children):
    with pytest.raises(ValueError, match="`augmentations` must be a list of augmentations"):
        Sequence(children)


def test_what_plans_must_agree_on_what_images_are():
    children = [RandAugment(), RandAugment(value_range=(0, 1))]
    with pytest.raises(ValueError, match="must agree on what images are"):
        RandomApply(children)


@pytest.mark.parametrize("child", [AugMix, MixUp])
def test_what_has_no_plan_is_for_sequences_alone(child):
    with pytest.raises(ValueError, match=f"by steps of operations. Received: {child.__name__}"):
        RandomApply([child()])
    assert not Sequence([child(), RandAugment()]).is_planned
    assert Sequence([child()]).mixes_labels == (child is MixUp)

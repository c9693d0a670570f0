"""AutoAugment: published tables, which sub-policy an image gets, and what is refused."""

import json

import numpy as np
import pytest
from helpers.pictures import carried_out, natural, snake
from keras import ops

from kerasbook.augmentation import AutoAugment, draws

ONE = {"operation": "rotate", "probability": 0.25, "level": 4}


def planned(layer, count=10_000):
    drawn = draws.uniform(5, 0, np.arange(count), layer.num_draws).numpy()
    steps = layer.plan(ops.convert_to_tensor(drawn), layer.state)
    return drawn, *(ops.convert_to_numpy(part) for part in steps)


@pytest.mark.parametrize("name", ["cifar10", "imagenet", "svhn"])
def test_the_published_tables(name, data_dir):
    published = json.loads((data_dir.parent / "autoaugment_policies.json").read_text())
    expected = [
        [(snake(s["operation"]), s["probability"], (s["level"] or 0) / 9) for s in sub_policy]
        for sub_policy in published["policies"][name]
    ]
    for layer in (AutoAugment(name), AutoAugment(f"reduced_{name}")):
        found = layer.sub_policies
        assert len(found) == 25
        for mine, theirs in zip(found, expected, strict=True):
            assert [step[0] for step in mine] == [step[0] for step in theirs]
            np.testing.assert_allclose([s[1:] for s in mine], [s[1:] for s in theirs], rtol=1e-6)


def test_sub_policies_and_their_coins_by_chi_square():
    layer = AutoAugment("cifar10")
    drawn, which, magnitude, _ = planned(layer)
    rows = (drawn[:, 0] * 25).astype(int)
    counts = np.bincount(rows, minlength=25)
    assert ((counts - 400) ** 2 / 400).sum() < 51.2  # 24 degrees, 0.1 %
    for row, sub_policy in enumerate(layer.sub_policies):
        for place, (name, probability, _) in enumerate(sub_policy):
            mine = which[rows == row, place]
            taken = mine < len(layer.operations)
            assert {layer.operations[w] for w in mine[taken]} <= {name}
            deviation = np.sqrt(probability * (1 - probability) / len(mine))
            assert abs(taken.mean() - probability) <= 5 * deviation
    rotations = magnitude[which == layer.operations.index("rotate")]
    assert (rotations > 0).any()
    assert (rotations < 0).any()


def test_an_image_by_hand(rng):
    policy = [[{"operation": "invert", "probability": 1.0, "level": None}], [ONE, ONE]]
    layer = AutoAugment(policy, greatest_level=8)
    images = natural(rng, 3)
    # sub-policy, then coin and side of each step
    drawn = np.array([[0.4, 0, 0.6, 0, 0.6], [0.5, 0.2, 0.4, 0.3, 0.9], [0.9, 0.1, 0.9, 0.1, 0.9]])
    found = ops.convert_to_numpy(layer.apply(images, drawn.astype("float32")))
    np.testing.assert_array_equal(found[0], 255 - images[0])
    np.testing.assert_array_equal(found[1:2], carried_out("rotate", images[1:2], -15))
    twice = carried_out("rotate", carried_out("rotate", images[2:], 15), 15)
    np.testing.assert_array_equal(found[2:], twice)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("cifar", "policy='cifar'.*cifar10"),
        ([], "list of sub-policies"),
        ([[]], "list of sub-policies"),
        (7, "list of sub-policies"),
        ([["rotate"]], "'operation', 'probability', 'level'"),
        ([[{**ONE, "magnitude": 3}]], "'operation', 'probability', 'level'"),
        ([[{**ONE, "operation": "rotat"}]], "operation='rotat'.*rotate"),
        ([[{**ONE, "probability": 1.1}]], r"`probability` must be in \[0, 1\].*1.1"),
        ([[{**ONE, "level": 11}]], r"`level` must be in \[0, 10\].*11"),
        ([[{**ONE, "level": None}]], r"`level` must be in \[0, 10\].*None"),
        ([[{**ONE, "operation": "invert"}]], "`level` must be None, as 'invert' has none"),
    ],
)
def test_wrong_policies(policy, message):
    with pytest.raises(ValueError, match=message):
        AutoAugment(policy)


@pytest.mark.parametrize("level", [-1, 0, "9"])
def test_a_greatest_level_is_above_0(level):
    with pytest.raises(ValueError, match="`greatest_level` must be above 0"):
        AutoAugment("cifar10", greatest_level=level)

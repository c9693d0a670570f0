"""The space of policies: sizes, tokens to policies, and what is refused."""

import numpy as np
import pytest

from kerasbook.augmentation import list_operations
from kerasbook.augmentation.search import PolicySpace
from kerasbook.augmentation.search.space import AUTO_AUGMENT_OPERATIONS, space_of

SMALL = PolicySpace(("rotate", "invert", "posterize"), 2, 1, num_probabilities=5, num_levels=4)


def test_the_default_is_the_papers_space():
    space = PolicySpace()
    assert len(set(AUTO_AUGMENT_OPERATIONS)) == 16
    assert set(AUTO_AUGMENT_OPERATIONS) < set(list_operations())
    assert (space.shape, space.sizes) == ((5, 2, 3), (16, 11, 10))


def test_tokens_stand_for_probabilities_and_levels():
    assert SMALL.policy_of([[[0, 1, 3]], [[1, 4, 2]]]) == [
        [{"operation": "rotate", "probability": 0.25, "level": 3}],
        [{"operation": "invert", "probability": 1.0, "level": None}],
    ]
    thirds = PolicySpace(("rotate",), 1, 1, num_probabilities=4)
    assert thirds.policy_of([[[0, 1, 0]]])[0][0]["probability"] == 0.333333


def test_all_policies_have_equal_chance():
    drawn = np.stack([SMALL.draw(np.random.default_rng(n)) for n in range(3000)])
    assert drawn.shape == (3000, 2, 1, 3)
    for kind, size in enumerate(SMALL.sizes):
        for place in range(2):
            counts = np.bincount(drawn[:, place, 0, kind], minlength=size)
            assert len(counts) == size
            expected = 3000 / size
            assert ((counts - expected) ** 2 / expected).sum() < 18.5  # 4 degrees, 0.1 %
    same = (drawn[:, 0, 0, 0] == drawn[:, 1, 0, 0]).mean()
    assert abs(same - 1 / 3) < 0.05


def test_the_augmentation_has_the_spaces_greatest_level():
    policy = SMALL.policy_of([[[0, 4, 3]], [[2, 4, 1]]])
    layer = SMALL.augmentation_of(policy, value_range=(0, 1))
    assert layer.sub_policies == [
        [("rotate", 1.0, 1.0)],
        [("posterize", 1.0, pytest.approx(1 / 3))],
    ]
    assert layer.value_range == (0, 1)


def test_json_and_back():
    assert space_of(SMALL.to_json()) == space_of(SMALL) == SMALL
    assert space_of(None) == PolicySpace()
    assert isinstance(SMALL.to_json()["operations"], list)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"operations": ("rotat",)}, "operation='rotat'.*rotate"),
        ({"operations": ()}, "`operations` must be different names"),
        ({"operations": ("rotate", "rotate")}, "`operations` must be different names"),
        (
            {"operations": ("translate_y_only_boxes",)},
            "`operations` must do without bounding boxes",
        ),
        ({"num_sub_policies": 0}, "`num_sub_policies` must be a positive integer.*0"),
        ({"num_operations": 1.5}, "`num_operations` must be a positive integer.*1.5"),
        ({"num_probabilities": 1}, "`num_probabilities` must be at least 2"),
        ({"num_levels": 1}, "`num_levels` must be at least 2"),
    ],
)
def test_bad_spaces(arguments, message):
    with pytest.raises(ValueError, match=message):
        PolicySpace(**arguments)


def test_what_is_no_space():
    for value in (16, {"levels": 3}):
        with pytest.raises(ValueError, match="`space` must be a PolicySpace"):
            space_of(value)

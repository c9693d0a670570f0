"""The data files of the published policies."""

import pytest

from kerasbook.augmentation import AutoAugment, from_json, get_policy
from kerasbook.augmentation.published import published_names, published_policy


@pytest.mark.parametrize("name", published_names())
def test_every_file_is_a_policy(name):
    policy = from_json(published_policy(name))
    assert isinstance(policy, AutoAugment)
    assert policy.sub_policies == get_policy(name).sub_policies


def test_all_are_there():
    names = {"cifar10", "imagenet", "svhn"}
    names |= {f"reduced_{name}" for name in names}
    assert set(published_names()) == names | {"detection_v0"}


def test_an_unknown_name_lists_the_nearest():
    with pytest.raises(ValueError, match="policy='imagnet'.*imagenet"):
        published_policy("imagnet")

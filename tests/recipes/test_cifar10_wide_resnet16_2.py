"""`cifar10_wide_resnet16_2`; that it takes a step is tested in test_cifar10_resnet20.py."""

from kerasbook import recipes


def test_the_model():
    assert recipes.get_recipe("cifar10_wide_resnet16_2").model == "wideresnet16_2"

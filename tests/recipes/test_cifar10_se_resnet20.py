"""`cifar10_se_resnet20`; that it takes a step is tested in test_cifar10_resnet20.py."""

from kerasbook import recipes


def test_the_model():
    assert recipes.get_recipe("cifar10_se_resnet20").model == "seresnet20"

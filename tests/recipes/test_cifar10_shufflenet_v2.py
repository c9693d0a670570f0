"""`cifar10_shufflenet_v2`; that it takes a step is tested in test_cifar10_resnet20.py."""

from kerasbook import recipes


def test_the_model():
    assert recipes.get_recipe("cifar10_shufflenet_v2").model == "shufflenetv2x0_5"

"""ResNet-20 on CIFAR-10, and its siblings: a step of each, and what they share."""

import pytest

from kerasbook import recipes, training

SIBLING = pytest.mark.slow(
    "compiles one network more; siblings differ in the model alone, and models have their own tests"
)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("cifar10_resnet20", 271_098),
        pytest.param("cifar10_se_resnet20", 273_471, marks=SIBLING),
        pytest.param("cifar10_wide_resnet16_2", 693_498, marks=SIBLING),
        pytest.param("cifar10_shufflenet_v2", 359_994, marks=SIBLING),
    ],
)
def test_a_step(name, parameters, data_dir, tmp_path):
    recipe = recipes.get_recipe(name).replace(
        epochs=1, batch_size=16, warmup_epochs=0, schedule="constant", learning_rate=0.01
    )
    record = training.train(
        recipe, run_dir=tmp_path / "run", data_dir=data_dir, max_examples=16, test=False, verbose=0
    )
    assert record["steps"] == 1
    assert record["parameters"] == parameters


def test_the_siblings_differ_in_the_model_alone():
    base = recipes.get_recipe("cifar10_resnet20")
    for name in ("cifar10_se_resnet20", "cifar10_wide_resnet16_2", "cifar10_shufflenet_v2"):
        own = recipes.get_recipe(name)
        changes = {field: getattr(base, field) for field in ("name", "model", "model_arguments")}
        assert own.replace(**changes, epochs=base.epochs) == base

"""ResNet-18 on CIFAR-10: two steps, on one device and on replicas."""

import pytest

from kerasbook import recipes, training


@pytest.mark.parametrize("strategy", ["default", "mirrored"])
@pytest.mark.slow(
    "compiles the step of ResNet-18; the recipe is checked, and its step is that of the tiny runs"
)
def test_two_steps(strategy, data_dir, tmp_path):
    recipe = recipes.get_recipe("cifar10_resnet18").replace(
        epochs=1, batch_size=8, warmup_epochs=0, schedule="constant", learning_rate=0.01
    )
    record = training.train(
        recipe,
        run_dir=tmp_path / "run",
        data_dir=data_dir,
        max_examples=16,
        strategy=strategy,
        verbose=0,
        test=strategy == "default",  # replicas have no part in the test and the export
    )
    assert record["steps"] == 2
    assert record["parameters"] == 11_183_562
    assert record["replicas"] == (1 if strategy == "default" else 3)
    if strategy == "default":
        assert record["test_loss"] < 100

"""LeNet-5 on a little of MNIST."""

import pytest

from kerasbook import recipes, training


def test_a_step(data_dir, tmp_path):
    recipe = recipes.get_recipe("mnist_lenet5").replace(epochs=1, batch_size=16)
    options = {"max_examples": 16, "test": False, "verbose": 0}
    record = training.train(recipe, run_dir=tmp_path / "run", data_dir=data_dir, **options)
    assert record["steps"] == 1


@pytest.mark.slow("trains on 6,000 images; a step is tested above, and digits_lenet5 learns")
def test_a_tenth_of_an_epoch_learns(data_dir, tmp_path):
    recipe = recipes.get_recipe("mnist_lenet5")
    record = training.train(
        recipe, run_dir=tmp_path / "run", data_dir=data_dir, max_examples=6000, verbose=0
    )
    assert record["epochs"] == 1
    assert record["test_accuracy"] > 0.93

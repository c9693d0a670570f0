"""LeNet-5 on a little of MNIST."""

import pytest

from kerasbook import recipes, training


@pytest.mark.slow("trains on 6,000 images; digits_lenet5 learns in the quick set")
def test_a_tenth_of_an_epoch_learns(data_dir, tmp_path):
    recipe = recipes.get_recipe("mnist_lenet5")
    record = training.train(
        recipe, run_dir=tmp_path / "run", data_dir=data_dir, max_examples=6000, verbose=0
    )
    assert record["epochs"] == 1
    assert record["test_accuracy"] > 0.93

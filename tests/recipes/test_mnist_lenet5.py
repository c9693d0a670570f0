"""LeNet-5 on a little of MNIST."""

from kerasbook import recipes, training


def test_a_tenth_of_an_epoch_learns(data_dir, tmp_path):
    recipe = recipes.get_recipe("mnist_lenet5")
    record = training.train(
        recipe, run_dir=tmp_path / "run", data_dir=data_dir, max_examples=6000, verbose=0
    )
    assert record["epochs"] == 1
    assert record["test_accuracy"] > 0.93

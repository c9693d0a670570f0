"""The first run: it learns in a few epochs; the full one is measured in the benchmarks."""


def test_three_epochs_learn(trained_run):
    _, record = trained_run
    assert record["recipe"] == "digits_lenet5"
    assert record["test_accuracy"] > 0.8

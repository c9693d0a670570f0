"""Two runs on the same test examples: is the difference more than chance?"""

from kerasbook.evaluation import mc_nemar
from kerasbook.training.evaluation import require_same_examples, results_of


def compare(first_run, second_run, *, split=None, data_dir=None):
    """Compares the best models of two runs, example by example, by McNemar's exact test.

    Args:
        first_run: A run's folder, or a `.keras` file below it, see `kerasbook.training.evaluate`.
        second_run: Another.
        split: TFDS split; `None` takes the recipes' test split, which has to be the same.
        data_dir: Folder of prepared TFDS datasets; `None` takes the runs' own.

    Returns:
        Dictionary of `split`, `examples`, `accuracies` and their 95 % `intervals` (a pair of each),
        and `test`, a `kerasbook.evaluation.McNemar`. The intervals of two runs may overlap and
        the runs still differ: examples that are hard for both widen them, the test leaves
        those out.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If the runs were not tested on the same examples, or name classes otherwise.

    Reference:
        McNemar, 1947, https://doi.org/10.1007/BF02295996
    """
    runs = (first_run, second_run)
    first, second = tests = [results_of(run, split=split, data_dir=data_dir) for run in runs]
    require_same_examples(first_run, first, second_run, second)
    return {
        "split": first["split"],
        "examples": first["examples"],
        "accuracies": tuple(test["accuracy"] for test in tests),
        "intervals": tuple(test["interval"] for test in tests),
        "test": mc_nemar(first["right"], second["right"]),
    }

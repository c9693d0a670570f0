"""The command `tune`."""

import dataclasses
import shlex

from kerasbook.cli.parsing import accuracy_text, add_command, add_data_dir, positive

TUNE = """\
Searches fields of a recipe at random, by validation accuracy alone: first in the whole ranges and
with few epochs, then, stage after stage, nearer to the best and longer. Each trial is a run in the
folder of the search; search.json has them all. The test split is not read. Called again with the
same folder and flags it goes on. It needs Optuna: pip install 'kerasbook[search]'.

  kerasbook tune --log_uniform learning_rate 1e-6 10 --uniform label_smoothing 0 0.2
  kerasbook tune mnist_mlp --choice optimizer adam sgd --epochs 1 5 --trials 20 8
"""


def add(commands):
    """Adds the command to the parser's."""
    tune = add_command(commands, "tune", TUNE, "search for better fields of a recipe", _tune)
    tune.add_argument(
        "recipe",
        nargs="?",
        default="digits_lenet5",
        metavar="RECIPE",
        help="name from `kerasbook list recipes`",
    )
    for flag, what in (
        ("--log_uniform", "draw the logarithm of a field evenly, from LOW to HIGH"),
        ("--uniform", "draw a field evenly"),
    ):
        tune.add_argument(
            flag, nargs=3, action="append", default=[], metavar=("FIELD", "LOW", "HIGH"), help=what
        )
    tune.add_argument(
        "--choice",
        nargs="+",
        action="append",
        default=[],
        metavar=("FIELD", "VALUE"),
        help="draw one of several values of a field",
    )
    tune.add_argument(
        "--epochs", type=positive, nargs="+", default=[1, 5, 20], metavar="N", help="of each stage"
    )
    tune.add_argument(
        "--trials", type=positive, nargs="+", default=[20, 8, 4], metavar="N", help="of each stage"
    )
    tune.add_argument("--seed", type=int, default=0, metavar="N", help="seed of what is drawn")
    add_data_dir(tune)
    tune.add_argument(
        "--max_examples", type=positive, metavar="N", help="use the first N of each split only"
    )
    tune.add_argument(
        "--run_dir", metavar="FOLDER", help="folder of the search; default: runs/RECIPE-search-..."
    )


def _tune(arguments):
    from kerasbook import recipes, training

    if len(arguments.epochs) != len(arguments.trials):
        raise ValueError(
            "`--epochs` and `--trials` must have one number for each stage. "
            f"Received: epochs={arguments.epochs}, trials={arguments.trials}"
        )
    record = training.random_search(
        recipes.get_recipe(arguments.recipe),
        _space(arguments),
        stages=list(zip(arguments.epochs, arguments.trials, strict=True)),
        seed=arguments.seed,
        run_dir=arguments.run_dir,
        data_dir=arguments.data_dir,
        max_examples=arguments.max_examples,
    )
    for stage, results in enumerate(record["results"], 1):
        print(f"stage {stage}, epochs={results['epochs']}: validation accuracies")
        for trial in sorted(results["trials"], key=lambda t: -(t["validation_accuracy"] or 0)):
            accuracy = trial["validation_accuracy"]
            said = "diverged" if accuracy is None else f"{accuracy:8.2%}"
            print(said, *(f"{name}={value!r}" for name, value in trial["parameters"].items()))
    best = record["best"]
    accuracy = best["validation_accuracy"], best["validation_accuracy_interval"]
    print(f"\nbest validation accuracy {accuracy_text(*accuracy, ['the best of many: part luck'])}")
    fields = {name.partition(".")[0] for name in best["parameters"]}
    recipe = best["recipe"]
    settings = [f"--set {shlex.quote(f'{name}={recipe[name]!r}')}" for name in sorted(fields)]
    print(f"kerasbook train {arguments.recipe} {' '.join(settings)}")


def _space(arguments):
    """Returns the Optuna distributions that the flags ask for."""
    from kerasbook.augmentation.search.optuna_library import import_optuna
    from kerasbook.training.recipe import Recipe, parse_settings

    distributions = import_optuna().distributions
    integers = {field.name for field in dataclasses.fields(Recipe) if field.type is int}
    space = {}
    for flag in ("log_uniform", "uniform", "choice"):
        for field, *texts in getattr(arguments, flag):
            values = [parse_settings([f"value={text}"])["value"] for text in texts]
            try:
                if flag == "choice":
                    space[field] = distributions.CategoricalDistribution(values)
                else:
                    kind = "Int" if field in integers else "Float"
                    of_kind = getattr(distributions, f"{kind}Distribution")
                    space[field] = of_kind(*values, log=flag == "log_uniform")
            except (TypeError, ValueError) as error:
                raise ValueError(f"`--{flag}` {field} {' '.join(texts)}: {error}") from error
    return space

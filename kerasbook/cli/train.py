"""The command `train`."""

import argparse
import contextlib
import sys

from kerasbook.cli.parsing import accuracy_text, add_command, add_data_dir, natural, positive
from kerasbook.console import PatientStream

TRAIN = """\
Runs a recipe into a new folder: the recipe as run, record.json, log.csv, curves.png,
confusion_matrix.png, mistakes.png (the worst of them), checkpoints/best.keras and last.keras,
and saved_model/, ready to be served. Prints the test accuracy of the best epoch's model, and
the folder.

  kerasbook train mnist_mlp --epochs 2 --set learning_rate=0.01
  kerasbook train --augmentation policy.json         a policy of yours, see `to_json`
  kerasbook train --run_dir runs/first --resume      go on after Ctrl-C

A study, such as xor, is a recipe that compares small models over several seeds. It takes --epochs,
--seed and --run_dir; it prints its results, and leaves study.json, record.json and picture.png.

  kerasbook train xor --seed 3
"""

STUDY_FLAGS = {"epochs", "seed", "run_dir"}


def add(commands):
    """Adds the command to the parser's."""
    add_train_flags(add_command(commands, "train", TRAIN, "run a recipe", _train))


def add_train_flags(train):
    """Adds the flags of a run."""
    add_recipe_flags(train)
    train.add_argument("--epochs", type=positive, metavar="N", help="passes over the data")
    train.add_argument(
        "--run_dir", metavar="FOLDER", help="folder of the run; default: runs/RECIPE-DATE-TIME"
    )
    train.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint in --run_dir"
    )
    train.add_argument(
        "--checkpoint_steps",
        type=positive,
        metavar="N",
        help="write a checkpoint every N steps of an epoch, besides its end",
    )
    train.add_argument(
        "--recover",
        type=natural,
        default=0,
        metavar="N",
        help="go back to the last checkpoint, at half the rate, up to N times if the loss explodes",
    )
    train.add_argument(
        "--strategy",
        choices=("default", "mirrored", "multi_worker", "tpu"),
        default="default",
        help="one device; all GPUs here; the machines in TF_CONFIG; a TPU",
    )


def add_recipe_flags(command):
    """Adds the flags that say which recipe is run, and on which data."""
    command.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help="name from `kerasbook list recipes` (default: digits_lenet5)",
    )
    command.add_argument(
        "--batch_size",
        type=positive,
        metavar="N",
        help="examples in a step, over all replicas",
    )
    command.add_argument("--seed", type=int, metavar="N", help="seed of everything random")
    add_data_dir(command)
    command.add_argument(
        "--max_examples", type=positive, metavar="N", help="use the first N of each split only"
    )
    command.add_argument(
        "--max_bad",
        metavar="SHARE",
        help="leave out examples that cannot be read, up to a share such as 0.1%% of a split",
    )
    command.add_argument(
        "--augmentation",
        metavar="POLICY",
        help="name from `kerasbook list policies`, or a policy's JSON file",
    )
    command.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
        help="dtype policy of the model",
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="FIELD=VALUE",
        help="change any field of the recipe; may be given several times",
    )


def recipe_as_typed(arguments):
    """Returns the `Recipe`, or the `Study`, that a run's flags ask for."""
    from kerasbook import recipes, training
    from kerasbook.training.recipe import parse_settings

    given = {
        name: getattr(arguments, name)
        for name in ("epochs", "batch_size", "seed", "augmentation", "precision")
        if getattr(arguments, name) is not None
    }
    if arguments.resume and arguments.recipe is None:
        recipe = training.recipe_of(arguments.run_dir)
    else:
        recipe = recipes.get_recipe(arguments.recipe or "digits_lenet5")
    if isinstance(recipe, training.Study):
        fields = {"epochs": given.get("epochs", recipe.epochs)}
        return recipe.replace(**fields, **({"seeds": [given["seed"]]} if "seed" in given else {}))
    return recipe.replace(**{**parse_settings(arguments.settings), **given})


def _refuse_flags(arguments):
    """Raises a `ValueError` if there are flags that a study does not take."""
    train = argparse.ArgumentParser()
    add_train_flags(train)
    for name, default in vars(train.parse_args([])).items():
        value = getattr(arguments, name)
        if name not in {"recipe", *STUDY_FLAGS} and value != default:
            flag = "set" if name == "settings" else name
            raise ValueError(
                f"`--{flag}` must be left out: {arguments.recipe!r} is a study, which takes "
                f"--epochs, --seed and --run_dir. Received: {flag}={value!r}"
            )


def _train(arguments):
    from kerasbook import training

    recipe = recipe_as_typed(arguments)
    if isinstance(recipe, training.Study):
        _refuse_flags(arguments)
        _print_study(training.run_study(recipe, run_dir=arguments.run_dir))
        return
    with contextlib.redirect_stdout(PatientStream(sys.stdout)):
        record = training.train(
            recipe,
            run_dir=arguments.run_dir,
            data_dir=arguments.data_dir,
            max_examples=arguments.max_examples,
            strategy=arguments.strategy,
            resume=arguments.resume,
            checkpoint_steps=arguments.checkpoint_steps,
            recover=arguments.recover,
            max_bad=arguments.max_bad,
        )
        _print_results(record)


def _print_results(record):
    if record is not None:
        more = f"{record['examples']['test']:,} images, loss {record['test_loss']:.4f}"
        accuracy = record["test_accuracy"], record["test_accuracy_interval"]
        print(f"test accuracy {accuracy_text(*accuracy, [more])}")
        print(f"run folder    {record['run_dir']}", flush=True)


def _print_study(record):
    seeds = len(record["seeds"])
    print(
        f"mean of {seeds} seeds, lowest to highest" if seeds > 1 else f"seed {record['seeds'][0]}"
    )
    for model, measures in record["scores"].items():
        for measure, values in measures.items():
            span = f", {min(values):.4g} to {max(values):.4g}" if seeds > 1 else ""
            print(f"{model:<32} {measure:<15} {sum(values) / seeds:.4g}{span}")
    for claim in record["claims"]:
        holds = "holds" if claim["holds"] else "does not hold"
        claimed = f"{claim['greater']} above {claim['lesser']}, by {claim['by']:g}"
        print(f"{claimed}: {holds}, {claim['smallest_difference']:.4g} at least")
    print(f"run folder    {record['run_dir']}", flush=True)

"""The command `launch`."""

import argparse
import sys

from kerasbook.cli.parsing import add_command, positive
from kerasbook.cli.train import add_train_flags, recipe_as_typed

LAUNCH = """\
Trains a recipe as several workers on this machine, one process each, to try out what will run on
several machines: there, start `kerasbook train --strategy multi_worker` under TF_CONFIG on each.
The cores are shared out; the batches too, so their size must be a multiple of the number of
workers. All other flags are those of `train`. What the first worker prints is shown; of the
others, their errors. Ctrl-C stops all of them at the same step, with one checkpoint.

  kerasbook launch --workers 2 mnist_mlp --epochs 2
"""


def add(commands):
    """Adds the command to the parser's."""
    launch = add_command(commands, "launch", LAUNCH, "run a recipe as several workers", _launch)
    launch.add_argument(
        "--workers", type=positive, default=2, metavar="N", help="number of processes"
    )
    add_train_flags(launch)
    launch.set_defaults(strategy="multi_worker")


def _launch(arguments):
    from kerasbook.training.cluster.launch import launch
    from kerasbook.training.recipe import require_recipe
    from kerasbook.training.run import fresh_name

    if arguments.strategy != "multi_worker":
        raise ValueError(
            f"`strategy` must be 'multi_worker'. Received: strategy={arguments.strategy!r}"
        )
    # What is wrong with the recipe is said here, once, before anything is started.
    recipe = recipe_as_typed(arguments)
    require_recipe(recipe)
    if recipe.batch_size % arguments.workers:
        raise ValueError(
            f"`batch_size` must be a multiple of the number of workers, {arguments.workers}. "
            f"Received: batch_size={recipe.batch_size}"
        )
    code = "from kerasbook.cli import run; run()"
    flags = _for_train(arguments.typed)
    if arguments.run_dir is None:
        flags += ["--run_dir", str(fresh_name(recipe.name))]
    # Not from the folder that the command was typed in, whatever lies there.
    command = [sys.executable, "-P", "-c", code, "train", *flags, "--strategy", "multi_worker"]
    return launch(command, arguments.workers)


def _for_train(typed):
    """Returns the flags as they were typed, without the command and `--workers`."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--workers")
    _, flags = parser.parse_known_args(typed)
    flags.remove("launch")
    return flags

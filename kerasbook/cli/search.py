"""The command `search`."""

import shlex

from kerasbook.cli.parsing import add_command, positive
from kerasbook.cli.train import add_recipe_flags, recipe_as_typed

SEARCH = """\
Searches an augmentation policy for a recipe, on its training and validation splits alone, and
writes policy.json for `kerasbook train RECIPE --augmentation FOLDER/policy.json`. Candidates come
after the recipe's own augmentation. The folder also gets search.json (the state, after every
trial), trials.csv, record.json, rewards.png, and policy.png, a sheet of the best trial's policy.

  kerasbook search mnist_lenet5 --method random --trials 20 --max_examples 500
  kerasbook search cifar10_resnet20 --method density_matching --epochs 5 --budget 20m
  kerasbook search --run_dir runs/mine --resume --budget 40m      go on, with more time
"""

METHODS = {
    "random": "candidates at random: the baseline",
    "reinforce": "a recurrent controller learns which ones earn more (AutoAugment)",
    "population": "a schedule, by exploit and explore among models that train together (PBA)",
    "density_matching": "train a model a fold, then judge by its loss alone (Fast AutoAugment)",
    "bayes": "candidates of Optuna's TPE sampler",
}


def add(commands):
    """Adds the command to the parser's."""
    summary = "search an augmentation policy for a recipe"
    search = add_command(commands, "search", SEARCH, summary, _search)
    add_recipe_flags(search)
    search.add_argument(
        "--method",
        choices=tuple(METHODS),
        help="; ".join(f"{name}: {text}" for name, text in METHODS.items())
        + " (default: reinforce)",
    )
    search.add_argument("--trials", type=positive, metavar="N", help="number of trials at most")
    search.add_argument(
        "--budget",
        metavar="TIME",
        help="wall time at most, such as 90s, 20m or 1h30m, earlier sittings included",
    )
    search.add_argument(
        "--epochs",
        type=positive,
        dest="trial_epochs",
        metavar="N",
        help="epochs of a trial (default: the recipe's; of a population an eighth of them), or in "
        "density matching of the models that judge",
    )
    search.add_argument(
        "--run_dir",
        metavar="FOLDER",
        help="folder of the search; default: runs/RECIPE-METHOD-DATE-TIME",
    )
    search.add_argument(
        "--resume", action="store_true", help="go on with the search in --run_dir, as it began"
    )
    search.add_argument(
        "--strategy",
        choices=("default", "mirrored", "tpu"),
        help="one device (default); all GPUs here; a TPU",
    )
    search.set_defaults(epochs=None)


def _search(arguments):
    from kerasbook import training
    from kerasbook.training.policy_search import options_of

    options = {
        "method": arguments.method,
        "trials": arguments.trials,
        "budget": arguments.budget,
        "epochs": arguments.trial_epochs,
        "data_dir": arguments.data_dir,
        "max_examples": arguments.max_examples,
        "max_bad": arguments.max_bad,
        "strategy": arguments.strategy,
    }
    options = {name: value for name, value in options.items() if value is not None}
    recipe = recipe_as_typed(arguments)
    if arguments.resume:
        before = options_of(arguments.run_dir)
        if {"trials", "budget"} & set(options):  # a new limit stands in the place of the old ones
            before |= {"trials": None, "budget": None}
        options = {**before, **options}
    record = training.search_policy(
        recipe,
        run_dir=arguments.run_dir,
        resume=arguments.resume,
        **options,
    )
    best = record["best"]
    print(
        f"{record['trials']} trials, {record['failed']} of them failed, {record['seconds']:.0f} s"
    )
    place = f"{best['reward']:.4f}, trial {best['trial']}"
    print(f"best reward   {place} (the best of many: part luck)")
    print(f"run folder    {record['run_dir']}")
    name = arguments.recipe or recipe.name
    policy = shlex.quote(f"{record['run_dir']}/policy.json")
    print(f"kerasbook train {name} --augmentation {policy}", flush=True)

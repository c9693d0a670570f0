"""The search for an augmentation policy for a recipe, on its training data alone."""

import contextlib
import datetime
import json
import pathlib

from kerasbook import augmentation
from kerasbook.arguments import one_of, positive_integer
from kerasbook.augmentation import search as searches
from kerasbook.ops.backend import require_tensorflow
from kerasbook.training import environment, report
from kerasbook.training.assembly import preprocessing_of, warn_of_bad
from kerasbook.training.budget import Budget, parse_budget
from kerasbook.training.cluster.strategy import get_strategy
from kerasbook.training.engine.signals import Interrupted
from kerasbook.training.files import read_json, require_new, write_json
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.input.fingerprint import require_same
from kerasbook.training.input.reading import parse_share
from kerasbook.training.policy_folder import PolicyFolder
from kerasbook.training.policy_sitting import Sitting
from kerasbook.training.policy_trials import MatchedTrials, TrainedTrials
from kerasbook.training.recipe import require_recipe
from kerasbook.training.run import fresh_name
from kerasbook.training.search import shortened
from kerasbook.training.subrun import refuse_cluster

METHODS = {
    "random": "RandomSearch",
    "reinforce": "ReinforceController",
    "population": "PopulationBasedAugmentation",
    "density_matching": "DensityMatching",
    "bayes": "BayesianSearch",
}
# What a search that is resumed takes from its record, unless told otherwise.
OPTIONS = (
    *("method", "epochs", "space", "arguments", "num_best"),
    *("data_dir", "max_examples", "max_bad", "strategy"),
)
GENERATIONS = 8  # of a population at most, unless `epochs` says otherwise
LABELS = {"density_matching": "minus the loss of augmented copies"}
SHOWN = 6  # images on the contact sheet


def search_policy(
    recipe,
    method="reinforce",
    *,
    trials=None,
    budget=None,
    epochs=None,
    space=None,
    arguments=None,
    num_best=5,
    run_dir=None,
    resume=False,
    data_dir=None,
    max_examples=None,
    max_bad=None,
    strategy="default",
    verbose=1,
):
    """Searches an augmentation policy for a recipe, and writes it where `train` can use it.

    Candidates come after the recipe's own augmentation. Each is judged on the validation split of
    the recipe; the test split is not read. What was found may owe some of its reward to chance:
    train with it, and test that once.

    After every trial the state of the search, the table of trials and the policy found so far are
    written. With `resume` it goes on with the same next candidate as if it had never stopped.

    Args:
        recipe: The `Recipe`. Moving averages of the weights are left out.
        method: `"random"`, `"reinforce"`, `"population"`, `"density_matching"` or `"bayes"`, see
            `kerasbook.augmentation.search`.
        trials: Number of trials; `None` sets no limit.
        budget: Wall time, seconds or text such as `"20m"`, that of earlier sittings included. A
            trial that would not end in time is not begun. `None` sets no limit; one of the two
            must be given, but for a population, which ends with the recipe's epochs.
        epochs: Epochs of a trial, or for density matching of the training of each fold's model;
            `None` is the recipe's, for a population about an eighth of them: its members are
            trained for as many whole trials as the recipe's epochs have room for.
        space: `PolicySpace`; `None` is AutoAugment's.
        arguments: Dictionary of further arguments of the method, such as `{"population": 16}`.
        num_best: Number of policies whose sub-policies are joined to the one found (of each fold
            in density matching). For a population it is the schedule of its best member.
        run_dir: Folder of the search; `None` makes `runs/NAME-METHOD-DATE-TIME`.
        resume: Whether to go on with what the folder holds. `trials` and `budget` may be others.
        data_dir: As in `train`.
        max_examples: As in `train`.
        max_bad: As in `train`.
        strategy: As in `train`, but for `"multi_worker"`.
        verbose: 1 shows a progress line, 0 nothing.

    Returns:
        The record, plain JSON values, also written to `record.json`: `best` with the `trial`, its
        `reward` and its `policy`; `trials`, their number, and `failed`; `seconds`; `run_dir`. The
        folder holds besides `policy.json`, `search.json` (the state), `trials.csv`, `rewards.png`
        and `policy.png`, a contact sheet of the best trial's policy.

    Raises:
        ImportError: If Optuna is not installed, where the method needs it.
        ValueError: If something does not suit, the budget is not enough for one trial, or `run_dir`
            holds another search or a damaged state, which stays as it is.
        FileExistsError: If `run_dir` holds something and `resume` is `False`.
        FileNotFoundError: If there is nothing to resume.
        SearchFailed: If three trials in a row diverged.
        Interrupted: If a signal asked to stop.

    Reference:
        Cubuk et al., 2019, https://arxiv.org/abs/1805.09501
    """
    require_recipe(recipe)
    require_tensorflow("A search")
    refuse_cluster({"strategy": strategy})
    method = one_of("method", method, tuple(METHODS))
    positive_integer("num_best", num_best)
    budget = budget if budget is None else parse_budget(budget)
    search = _search_of(method, space, {"seed": recipe.seed, **(arguments or {})})
    epochs = _epochs_of_a_trial(method, recipe, epochs)
    trials = _number_of_trials(method, recipe, epochs, trials, budget, search)
    base = augmentation.get_policy(recipe.augmentation)
    layer = searches.CandidatePolicy(search.space)
    whole = layer if base is None else augmentation.Sequence([base, layer])
    source = _Source(recipe, data_dir, max_examples, max_bad)
    folder = PolicyFolder(pathlib.Path(run_dir or fresh_name(f"{recipe.name}-{method}")))
    described = {
        "method": method,
        "epochs": epochs,
        "num_best": num_best,
        "max_examples": max_examples,
        "max_bad": source.options["max_bad"],
    }
    before, times = 0.0, {}
    if resume:
        before, times = _take_up(folder, search, recipe, described, source)
    else:
        require_new(folder.path)
        folder.path.mkdir(parents=True, exist_ok=True)
        write_json(folder.recipe, recipe.to_json())
    record = {
        "status": "running",
        "recipe": recipe.name,
        **described,
        "space": search.space.to_json(),
        "arguments": search.arguments,
        "limits": {"trials": trials, "budget": budget},
        "data_dir": data_dir and str(data_dir),
        "fingerprint": source.fingerprint,
        "examples": {name: split.count for name, split in source.splits.items()},
        "strategy": strategy,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "environment": environment.describe(),
    }
    found = {"num_best": num_best}
    if method == "population":
        found = {"epochs_per_generation": epochs, "epochs": recipe.epochs}
    # Before the first reward of density matching stands the training of all its models.
    earlier = [time["seconds"] for time in times.values() if "seconds" in time]
    clock = Budget(budget, before, earlier, epochs * getattr(search, "folds", 1))
    sitting = Sitting(search, folder, clock, times=times, base=base, found=found)
    write_json(folder.record, {**record, **sitting.results()})
    search.save(folder.state)
    status = "stopped"
    try:
        options = {"strategy": strategy, "folder": folder, "callbacks": [clock]}
        if method == "density_matching":
            evaluate = _matched_trials(recipe, source, search, layer, whole, epochs, options)
        else:
            evaluate = _trained_trials(recipe, source, search, layer, whole, epochs, options)
        sitting.run(evaluate, trials, verbose)
        status = "complete"
    except Interrupted as error:
        message = f"Stopped in trial {len(search.told) + 1}; to go on, resume {folder.path}"
        raise Interrupted(message, error.exit_code - 128) from None
    finally:
        record |= {"status": status, **sitting.results()}
        with contextlib.suppress(OSError):  # the disk may be what failed
            write_json(folder.record, record)
            sitting.write_pictures(
                source.images(),
                title=f"{type(search).__name__}, {recipe.name}, {len(search.told)} trials",
                label=LABELS.get(method, "validation accuracy"),
            )
    return {**record, "run_dir": str(folder.path)}


def options_of(run_dir):
    """Returns the options that the search in a folder was last called with, but for its recipe.

    `search_policy(recipe, **options_of(run_dir), run_dir=run_dir, resume=True)` goes on with it.

    Raises:
        ValueError: If `run_dir` is `None`, or holds no search.
    """
    if run_dir is None:
        raise ValueError("`run_dir` must name the search to resume. Received: run_dir=None")
    folder = PolicyFolder(pathlib.Path(run_dir))
    if not folder.record.is_file():
        raise ValueError(
            "`run_dir` must be the folder of a search, to resume it. "
            f"Received: run_dir={str(run_dir)!r}, which has no {folder.record.name}"
        )
    record = _read_record(folder)
    return {**{name: record[name] for name in OPTIONS}, **record["limits"]}


def _search_of(method, space, arguments):
    kind = getattr(searches, METHODS[method])
    try:
        return kind(space, **arguments)
    except TypeError as error:
        raise ValueError(f"`arguments` must be those of {kind.__name__}: {error}") from error


def _epochs_of_a_trial(method, recipe, epochs):
    if epochs is None:
        return -(-recipe.epochs // GENERATIONS) if method == "population" else recipe.epochs
    if method == "population" and positive_integer("epochs", epochs) > recipe.epochs:
        raise ValueError(
            "`epochs` of a population's trials must be at most the recipe's, "
            f"{recipe.epochs}. Received: epochs={epochs}"
        )
    return positive_integer("epochs", epochs)


def _number_of_trials(method, recipe, epochs, trials, budget, search):
    if trials is not None:
        positive_integer("trials", trials)
    if method == "population":  # whose members are trained for the recipe's epochs, and no longer
        whole = search.population * (recipe.epochs // epochs)
        return whole if trials is None else min(trials, whole)
    if trials is None and budget is None:
        raise ValueError("`trials` or `budget` must be given. Received: trials=None, budget=None")
    return trials


def _take_up(folder, search, recipe, described, source):
    """Restores a search from its folder; returns how long it took, and the times of its trials."""
    for file in (folder.recipe, folder.record, folder.state):
        if not file.is_file():
            raise FileNotFoundError(
                "`run_dir` must be the folder of a search, to resume it. "
                f"Received: run_dir={str(folder.path)!r}, which has no {file.name}"
            )
    before = _read_record(folder)
    mine = {**described, "recipe": json.loads(json.dumps(recipe.to_json()))}
    theirs = {**before, "recipe": read_json(folder.recipe)}
    changed = [name for name, value in mine.items() if theirs.get(name) != value]
    if changed:
        raise ValueError(
            "A search resumes as it began, `trials` and `budget` apart. "
            f"Received: another {', '.join(changed)} than that of {folder.path}"
        )
    require_same(before["fingerprint"], source.fingerprint)
    search.load(folder.state)
    times = folder.read_times()
    elapsed = [time["elapsed"] for time in times.values() if "elapsed" in time]
    return max([before.get("seconds", 0.0), *elapsed]), times


def _read_record(folder):
    """Returns the record of a search.

    Raises:
        ValueError: If the file is not one.
    """
    record = read_json(folder.record)
    names = {"fingerprint", "limits", "space", "arguments", "strategy", *OPTIONS}
    if not isinstance(record, dict) or not names <= set(record):
        raise ValueError(f"{folder.record} is not the record of a search")
    return record


class _Source:
    """The data of a search: the training and the validation examples of a recipe."""

    def __init__(self, recipe, data_dir, max_examples, max_bad):
        self.data = LabelledImages(recipe.dataset, data_dir)
        names = {name: getattr(recipe, f"{name}_split") for name in ("train", "validation")}
        self.options = {
            "data_dir": data_dir,
            "max_examples": max_examples,
            "max_bad": parse_share(max_bad or 0),
        }
        limits = max_examples, self.options["max_bad"]
        self.splits = {name: self.data.split(split, *limits) for name, split in names.items()}
        warn_of_bad(self.splits.values())
        self.fingerprint = self.data.fingerprint(*names.values())
        self.preprocessing = preprocessing_of(recipe, self.data)

    def images(self):
        """Returns a few training images, of the size that the model takes."""
        images = report.images_at(self.splits["train"], range(SHOWN))
        return [self.preprocessing.resize(image).numpy() for image in images]


def _matched_trials(recipe, source, search, layer, policy, epochs, options):
    """Returns what gives candidates their rewards without a training."""
    recipe = shortened(recipe.replace(ema_momentum=None), epochs)
    options = {**source.options, **options, "verbose": 0}
    return MatchedTrials(recipe, source, layer, policy, folds=search.folds, **options)


def _trained_trials(recipe, source, search, layer, policy, epochs, options):
    """Returns what trains under each candidate."""
    trained = epochs
    if isinstance(search, searches.PopulationBasedAugmentation):
        trained = epochs * (recipe.epochs // epochs)  # each member, trial after trial
    recipe = shortened(recipe.replace(ema_momentum=None), trained)
    options = {**options, "strategy": get_strategy(options["strategy"])}
    return TrainedTrials(recipe, source, search, layer, policy, epochs=epochs, **options)

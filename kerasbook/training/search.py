"""Coarse-to-fine random search among recipes, on validation accuracy alone."""

import json
import math
import pathlib

import numpy as np

from kerasbook.augmentation.search.optuna_library import import_optuna, quiet
from kerasbook.evaluation import accuracy_interval
from kerasbook.training.files import read_json, require_new, write_json
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.recipe import require_recipe
from kerasbook.training.run import fresh_name
from kerasbook.training.subrun import refuse_cluster, train_once


def random_search(
    recipe,
    space,
    *,
    stages=((1, 20), (5, 8), (20, 4)),
    narrowing=4.0,
    seed=0,
    run_dir=None,
    data_dir=None,
    max_examples=None,
    **options,
):
    """Searches fields of a recipe at random, first widely and briefly, then narrowly and longer.

    The first stage draws from the whole space. Each next one draws around the best trial of the
    stage before: a range is `narrowing` times shorter (the range of logarithms, where it is a
    logarithmic one) with the best value in its middle, as far as the stage before reached; of
    choices those stay that are among the best quarter of its trials.

    A trial's value is the validation accuracy of its best epoch; the test split is not read.
    The best of many trials owes some of it to chance: train its recipe, and test that once. A
    trial that diverges has failed, and the search goes on.

    What was done is not done again: called with the same folder after an interruption, the search
    goes on, and draws what it would have drawn.

    Args:
        recipe: The `Recipe` that is varied. Its `warmup_epochs` shrink with its epochs.
        space: Dictionary from a field, such as `"learning_rate"`, or from an entry of one, such as
            `"optimizer_arguments.momentum"`, to an Optuna distribution: `FloatDistribution(1e-6,
            10, log=True)` for what matters by its order of magnitude, such as rates and decays;
            without `log` for shares; `IntDistribution`; `CategoricalDistribution`.
        stages: Pairs of epochs and number of trials.
        narrowing: By what each stage narrows the ranges, above 1.
        seed: Seed of what is drawn.
        run_dir: Folder of the search; `None` makes `runs/NAME-search-DATE-TIME`. Each trial is a
            run below it; Optuna's journal lies there too, for Optuna's own tools.
        data_dir: As in `train`.
        max_examples: As in `train`.
        **options: Further options of `train`, such as `strategy` (but for `"multi_worker"`),
            `callbacks`, and `verbose`, which is 0 here unless given.

    Returns:
        The record, plain JSON values, also written to `search.json`: `best` with its `parameters`,
        its `validation_accuracy` and that one's 95 % `validation_accuracy_interval`, which knows
        nothing of the other trials, its `run_dir` and its whole `recipe`, of the original's epochs;
        `results`, for each stage its `space` and `trials`.

    Raises:
        ImportError: If Optuna is not installed.
        ValueError: If a field or a value does not suit the recipe, or `run_dir` holds another
            search.
        FileExistsError: If `run_dir` holds something else.
        FloatingPointError: If all trials of a stage diverge.

    Example:
        >>> from optuna.distributions import FloatDistribution
        >>> space = {"learning_rate": FloatDistribution(1e-6, 10, log=True)}

    Reference:
        Bergstra and Bengio, 2012, https://www.jmlr.org/papers/v13/bergstra12a.html; ranges and
        stages: Karpathy et al., CS231n, https://cs231n.github.io/neural-networks-3/#hyper
    """
    require_recipe(recipe)
    optuna = import_optuna()
    stages = _checked_stages(stages)
    refuse_cluster(options)
    if not narrowing > 1:
        raise ValueError(f"`narrowing` must be above 1. Received: narrowing={narrowing}")
    _check_space(recipe, space, optuna)
    data = LabelledImages(recipe.dataset, data_dir)
    examples = data.split(recipe.validation_split, max_examples).count
    path = pathlib.Path(run_dir or fresh_name(f"{recipe.name}-search"))
    record = {
        "recipe": json.loads(json.dumps(recipe.to_json())),
        "space": _plain(space, optuna),
        "stages": stages,
        "narrowing": narrowing,
        "seed": seed,
    }
    _enter(path, record)
    options = {"verbose": 0, **options, "data_dir": data_dir, "max_examples": max_examples}
    results = []
    with quiet(optuna):
        backend = optuna.storages.journal.JournalFileBackend(str(path / "optuna.journal"))
        storage = optuna.storages.JournalStorage(backend)
        for stage, (epochs, trials) in enumerate(stages, 1):
            study = optuna.create_study(
                storage=storage,
                study_name=f"stage-{stage}",
                direction="maximize",
                load_if_exists=True,
            )
            for number in range(trials):
                _run_trial(
                    study,
                    number,
                    space,
                    shortened(recipe, epochs),
                    path / f"stage-{stage}" / f"trial-{number}",
                    optuna.samplers.RandomSampler(_seed(seed, stage, number)),
                    options,
                )
            best = _best_first(study)
            results.append(
                {
                    "epochs": epochs,
                    "space": _plain(space, optuna),
                    "trials": [_row(trial, path, stage) for trial in study.trials],
                }
            )
            write_json(path / "search.json", {**record, "results": results})
            if not best:
                raise FloatingPointError(
                    f"All {trials} trials of {epochs} epochs diverged; the greatest rates of "
                    f"`space` are too great. Received: space={space}"
                )
            space = {
                name: narrower(distribution, [trial.params[name] for trial in best], narrowing)
                for name, distribution in space.items()
            }
    interval = accuracy_interval(round(best[0].value * examples), examples)
    record |= {
        "results": results,
        "best": {
            **_row(best[0], path, len(stages)),
            "validation_accuracy_interval": list(interval),
            "recipe": with_parameters(recipe, best[0].params).to_json(),
        },
    }
    write_json(path / "search.json", record)
    return record


def shortened(recipe, epochs):
    """Returns a recipe with other epochs, the same share of warmup, and cycles that divide them."""
    warmup = recipe.warmup_epochs * epochs / recipe.epochs
    cycles = math.gcd(recipe.cycles, epochs)
    return recipe.replace(epochs=epochs, warmup_epochs=warmup, cycles=cycles)


def with_parameters(recipe, parameters):
    """Returns a recipe with other fields, or other entries of fields that are dictionaries."""
    fields = {}
    for name, value in parameters.items():
        field, entry, key = name.partition(".")
        if entry:
            value = {**fields.get(field, getattr(recipe, field, {})), key: value}
        fields[field] = value
    return recipe.replace(**fields)


def narrower(distribution, values, narrowing):
    """Returns a distribution around the best value.

    Args:
        distribution: The Optuna distribution.
        values: Values of the best trials, the best first.
        narrowing: By what a range is divided.
    """
    if hasattr(distribution, "choices"):
        kept = [choice for choice in distribution.choices if choice in values]
        return type(distribution)(kept)
    logarithm, power = (math.log, math.exp) if distribution.log else (float, float)
    ends = [logarithm(end) for end in (distribution.low, distribution.high)]
    half = (ends[1] - ends[0]) / narrowing / 2
    center = logarithm(values[0])
    low = max(distribution.low, power(max(ends[0], center - half)))
    high = min(distribution.high, power(min(ends[1], center + half)))
    if distribution.step is not None:  # of integers it is 1 where nothing else is said
        step, start = distribution.step, distribution.low
        low = start + step * math.ceil((low - start) / step - 1e-9)
        high = start + step * math.floor((high - start) / step + 1e-9)
        low, high = min(low, values[0]), max(high, values[0])
    return type(distribution)(low, high, log=distribution.log, step=distribution.step)


def _checked_stages(stages):
    stages = [list(stage) for stage in stages]
    counts = all(
        len(stage) == 2 and all(type(n) is int and n >= 1 for n in stage) for stage in stages
    )
    if not stages or not counts:
        raise ValueError(
            "`stages` must be pairs of epochs and trials, integers of at least 1. "
            f"Received: stages={stages}"
        )
    return stages


def _check_space(recipe, space, optuna):
    """Raises if the recipe would refuse a name or an end of a range."""
    if not space:
        raise ValueError("`space` must name a field of the recipe. Received: space={}")
    for name, distribution in space.items():
        if not isinstance(distribution, optuna.distributions.BaseDistribution):
            raise ValueError(
                "`space` must hold Optuna distributions, such as FloatDistribution(1e-6, 10, "
                f"log=True). Received: {name}={distribution!r}"
            )
        if hasattr(distribution, "choices"):
            values = distribution.choices
        else:
            values = (distribution.low, distribution.high)
        for value in values:
            with_parameters(recipe, {name: value})


def _plain(space, optuna):
    """Returns a space as plain JSON values."""
    to_json = optuna.distributions.distribution_to_json
    return {name: json.loads(to_json(distribution)) for name, distribution in space.items()}


def _enter(path, record):
    """Makes the folder of a search, or finds the same search there."""
    file = path / "search.json"
    if not file.is_file():
        require_new(path)
        path.mkdir(parents=True, exist_ok=True)
        write_json(file, record)
        return
    before = read_json(file)
    changed = [name for name, value in record.items() if before.get(name) != value]
    if changed:
        raise ValueError(
            "`run_dir` must hold the same search, or be new. "
            f"Received: run_dir={str(path)!r}, whose {', '.join(changed)} differ"
        )


def _seed(*numbers):
    """Returns the seed of one trial: what it draws depends on no other."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def _run_trial(study, number, space, recipe, folder, sampler, options):
    """Runs a trial, or what an interruption left of it."""
    from optuna.trial import TrialState

    trials = study.trials
    if number < len(trials):
        trial = trials[number]
        if trial.state.is_finished():
            return
    else:
        study.sampler = sampler
        trial = study.ask(space)
    if set(trial.params) != set(space):  # interrupted while it was drawn
        study.tell(number, state=TrialState.FAIL)
        return
    try:
        record = train_once(with_parameters(recipe, trial.params), folder, **options)
    except FloatingPointError:
        study.tell(number, state=TrialState.FAIL)
    else:
        study.tell(number, record["validation_accuracy"])


def _best_first(study):
    """Returns the best quarter of a stage's trials, one at least if one did not fail."""
    complete = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    complete.sort(key=lambda trial: (-trial.value, trial.number))
    return complete[: -(-len(complete) // 4)]


def _row(trial, path, stage):
    return {
        "stage": stage,
        "trial": trial.number,
        "state": {"COMPLETE": "complete", "FAIL": "failed"}[trial.state.name],
        "parameters": trial.params,
        "validation_accuracy": trial.value,
        "run_dir": str(path / f"stage-{stage}" / f"trial-{trial.number}"),
    }

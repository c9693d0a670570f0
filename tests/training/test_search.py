"""Random search: what it draws, how it narrows, what it survives, and what it never reads."""

import json
import math

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from kerasbook import training
from kerasbook.training import search

RECIPE = training.Recipe(
    name="searched", model="mlp", dataset="digits", epochs=8, warmup_epochs=2, batch_size=32
)
SPACE = {
    "learning_rate": FloatDistribution(1e-6, 10, log=True),
    "label_smoothing": FloatDistribution(0, 0.2),
    "batch_size": IntDistribution(8, 64, step=8),
    "optimizer": CategoricalDistribution(["adam", "sgd", "rmsprop", "lion"]),
}


@pytest.fixture
def trials(monkeypatch):
    """Stands in for training: best at a rate of 0.01, and far above 1 it diverges."""
    done = []

    def train_once(recipe, run_dir, **options):
        done.append((recipe, run_dir))
        if recipe.learning_rate > 5:
            raise FloatingPointError("The loss is not finite at step 3")
        accuracy = 1 / (1 + abs(math.log10(recipe.learning_rate) + 2))
        accuracy /= 1 + (recipe.optimizer in ("sgd", "lion"))
        return {"validation_accuracy": accuracy, "run_dir": str(run_dir)}

    monkeypatch.setattr(search, "train_once", train_once)
    return done


def rank(stage):
    """Returns the numbers of a stage's trials, the best first."""
    accuracies = [trial["validation_accuracy"] or 0 for trial in stage["trials"]]
    return sorted(range(len(accuracies)), key=lambda number: -accuracies[number])


def test_stages_narrow_around_the_best(trials, tmp_path):
    stages = ((1, 40), (4, 12))
    record = training.random_search(RECIPE, SPACE, stages=stages, run_dir=tmp_path / "s")
    assert [(recipe.epochs, recipe.warmup_epochs) for recipe, _ in trials] == [(1, 0.25)] * 40 + [
        (4, 1)
    ] * 12
    rates = [recipe.learning_rate for recipe, _ in trials]
    # Uniform in the logarithm, over all seven decades.
    decades = sorted(math.log10(rate) for rate in rates[:40])
    assert decades[0] < -5
    assert decades[-1] > 0
    assert sum(decade < -2.5 for decade in decades) in range(10, 31)
    wide, narrow = record["results"]
    assert wide["space"]["learning_rate"]["attributes"]["low"] == 1e-6
    states = [trial["state"] for trial in wide["trials"]]
    assert states == ["failed" if rate > 5 else "complete" for rate in rates[:40]]
    best = wide["trials"][rank(wide)[0]]["parameters"]["learning_rate"]
    ends = narrow["space"]["learning_rate"]["attributes"]
    assert math.log10(ends["low"]) == pytest.approx(math.log10(best) - 7 / 8)
    assert math.log10(ends["high"]) == pytest.approx(math.log10(best) + 7 / 8)
    assert all(ends["low"] <= rate <= ends["high"] for rate in rates[40:])
    complete = rank(wide)[: -(-states.count("complete") // 4)]
    kept = {wide["trials"][number]["parameters"]["optimizer"] for number in complete}
    assert set(narrow["space"]["optimizer"]["attributes"]["choices"]) == kept
    assert len(kept) < 4
    assert record["best"]["parameters"] == narrow["trials"][rank(narrow)[0]]["parameters"]
    whole = training.Recipe(**record["best"]["recipe"])
    assert whole == RECIPE.replace(**record["best"]["parameters"])
    assert json.loads((tmp_path / "s" / "search.json").read_text()) == record


def test_goes_on_where_it_was_interrupted(trials, tmp_path, monkeypatch):
    options = {"stages": ((1, 6), (2, 3)), "seed": 5}
    whole = training.random_search(RECIPE, SPACE, run_dir=tmp_path / "a", **options)
    drawn = [recipe for recipe, _ in trials]
    assert len(drawn) == 9
    train_once = search.train_once
    for left in (4, 7):
        trials.clear()

        def stops(recipe, run_dir, left=left, **others):
            if len(trials) == left:
                raise KeyboardInterrupt
            return train_once(recipe, run_dir, **others)

        monkeypatch.setattr(search, "train_once", stops)
        with pytest.raises(KeyboardInterrupt):
            training.random_search(RECIPE, SPACE, run_dir=tmp_path / f"b{left}", **options)
        monkeypatch.setattr(search, "train_once", train_once)
        again = training.random_search(RECIPE, SPACE, run_dir=tmp_path / f"b{left}", **options)
        assert [recipe for recipe, _ in trials] == drawn
        assert again["best"]["parameters"] == whole["best"]["parameters"]
    trials.clear()
    assert training.random_search(RECIPE, SPACE, run_dir=tmp_path / "a", **options) == whole
    assert trials == []
    with pytest.raises(ValueError, match="must hold the same search, .* whose seed differ"):
        training.random_search(RECIPE, SPACE, run_dir=tmp_path / "a", stages=((1, 6), (2, 3)))
    with pytest.raises(FileExistsError, match="`run_dir` must be new"):
        training.random_search(RECIPE, SPACE, run_dir=tmp_path)


def test_all_trials_diverging_is_an_error(trials, tmp_path):
    space = {"learning_rate": FloatDistribution(6, 10)}
    with pytest.raises(FloatingPointError, match="All 2 trials of 1 epochs diverged"):
        training.random_search(RECIPE, space, stages=((1, 2), (1, 1)), run_dir=tmp_path / "s")


@pytest.mark.parametrize(
    ("distribution", "values", "expected"),
    [
        (FloatDistribution(0, 8), [3.0], FloatDistribution(2, 4)),
        (FloatDistribution(0, 8), [0.5], FloatDistribution(0, 1.5)),
        (FloatDistribution(0, 8, step=2), [4.0], FloatDistribution(4, 4, step=2)),
        (IntDistribution(8, 64, step=8), [40], IntDistribution(40, 40, step=8)),
        (IntDistribution(0, 80, step=8), [40], IntDistribution(32, 48, step=8)),
        (IntDistribution(1, 256, log=True), [16], IntDistribution(8, 32, log=True)),
        (CategoricalDistribution("abc"), ["c", "a"], CategoricalDistribution("ac")),
    ],
)
def test_narrower(distribution, values, expected):
    assert search.narrower(distribution, values, 4) == expected


def test_cycles_of_shorter_recipes():
    recipe = RECIPE.replace(warmup_epochs=0, schedule="cosine", cycles=4)
    assert [search.shortened(recipe, epochs).cycles for epochs in (1, 6, 12)] == [1, 2, 4]


def test_real_runs_and_one_that_diverges(tmp_path):
    space = {
        "learning_rate": CategoricalDistribution([0.01, 1e38]),
        "optimizer_arguments.beta_1": FloatDistribution(0.8, 0.95),
    }
    recipe = RECIPE.replace(test_split="there is none: it is not read")
    options = {"stages": ((1, 3),), "max_examples": 64, "seed": 1}
    record = training.random_search(recipe, space, run_dir=tmp_path / "s", **options)
    [stage] = record["results"]
    assert {trial["state"] for trial in stage["trials"]} == {"complete", "failed"}
    for trial in stage["trials"]:
        diverges = trial["parameters"]["learning_rate"] > 1
        assert (trial["state"] == "failed") == diverges
        assert (trial["validation_accuracy"] is None) == diverges
    best = training.recipe_of(record["best"]["run_dir"])
    assert best.optimizer_arguments == {
        "beta_1": record["best"]["parameters"]["optimizer_arguments.beta_1"]
    }
    assert (best.epochs, record["best"]["recipe"]["epochs"]) == (1, 8)


@pytest.mark.parametrize(
    ("space", "options", "message"),
    [
        ({}, {}, "`space` must name a field"),
        ({"learning_rate": (0, 1)}, {}, "`space` must hold Optuna distributions"),
        ({"lerning_rate": FloatDistribution(0.1, 1)}, {}, "no field 'lerning_rate'. Nearest"),
        ({"learning_rate": FloatDistribution(0, 1)}, {}, "`learning_rate` must be above 0"),
        (SPACE, {"stages": ((1, 0),)}, "`stages` must be pairs"),
        (SPACE, {"stages": ()}, "`stages` must be pairs"),
        (SPACE, {"narrowing": 1}, "`narrowing` must be above 1"),
        (SPACE, {"strategy": "multi_worker"}, "`strategy` must be another"),
    ],
)
def test_bad_input(space, options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        training.random_search(RECIPE, space, run_dir=tmp_path / "s", **options)
    assert list(tmp_path.iterdir()) == []


def test_without_optuna_it_says_what_to_install(without_optuna):
    with pytest.raises(ImportError, match=r"needs Optuna: pip install 'kerasbook\[search\]'"):
        training.random_search(RECIPE, SPACE)

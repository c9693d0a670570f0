"""Whole searches: what they leave, going on, the test split, and what is refused."""

import json
import shutil

import numpy as np
import pytest

from kerasbook import augmentation, training
from kerasbook.augmentation.search import PolicySpace
from kerasbook.training import policy_search
from kerasbook.training.engine.divergence import Diverged
from kerasbook.training.engine.loop import Engine
from kerasbook.training.input.data import LabelledImages
from kerasbook.training.policy_search import METHODS, options_of

RECIPE = training.Recipe(
    name="searched",
    model="mlp",
    model_arguments={"units": [16]},
    dataset="digits",
    epochs=4,
    batch_size=32,
    learning_rate=3e-3,
)
SPACE = PolicySpace(("rotate", "invert", "solarize"), 2, 1)
FEW = {"space": SPACE, "max_examples": 96, "verbose": 0}


@pytest.fixture
def without_pictures(monkeypatch):
    """Leaves the pictures out, which most tests do not look at."""
    monkeypatch.setattr(policy_search.Sitting, "write_pictures", lambda *a, **k: None)


def trials_of(folder):
    trials = json.loads((folder / "search.json").read_text())["trials"]
    return [(trial["policy"], trial["status"], trial["reward"]) for trial in trials]


ARGUMENTS = {
    "random": {"trials": 3, "epochs": 1},
    "bayes": {"trials": 3, "epochs": 1, "arguments": {"num_random": 2}},
    "reinforce": {"trials": 3, "epochs": 1, "arguments": {"units": 4, "batch_size": 2}},
    "population": {"arguments": {"population": 2}, "epochs": 2},
    "density_matching": {"trials": 6, "epochs": 1, "arguments": {"source": "random"}},
}


SAME_FOLDER = pytest.mark.slow(
    "trains some runs more; the folder is the same for all methods, which have their own tests"
)


@pytest.mark.parametrize(
    "method",
    [
        method if method == "random" else pytest.param(method, marks=SAME_FOLDER)
        for method in METHODS
    ],
)
def test_a_search_leaves_everything_and_its_policy_trains(method, tmp_path):
    folder = tmp_path / "search"
    recipe = RECIPE.replace(augmentation="shift")
    record = training.search_policy(recipe, method, run_dir=folder, **FEW, **ARGUMENTS[method])
    left = {path.name for path in folder.iterdir()}
    files = {"recipe.json", "record.json", "search.json", "trials.csv", "policy.json"}
    assert files | {"rewards.png", "policy.png"} <= left
    assert not [name for name in left if "partial" in name]
    written = json.loads((folder / "record.json").read_text())
    assert {**written, "run_dir": str(folder)} == record
    assert record["status"] == "complete"
    assert record["trials"] == (4 if method == "population" else ARGUMENTS[method]["trials"])
    assert record["examples"] == {"train": 96, "validation": 96}
    assert record["best"]["reward"] == max(reward for *_, reward in trials_of(folder)) or (
        method == "density_matching"
    )
    policy = augmentation.get_policy(folder / "policy.json")
    shift, found = policy.augmentations
    assert type(shift).__name__ == "ShiftFlip"
    kind = "ScheduledAutoAugment" if method == "population" else "AutoAugment"
    assert type(found).__name__ == kind
    images = np.random.default_rng(0).integers(0, 256, (6, 16, 16, 1)).astype("uint8")
    again = augmentation.from_json(augmentation.to_json(policy))
    for epoch in (0, 3):
        one, other = (
            p.augment(images, seed=7, index=np.arange(6), epoch=epoch) for p in (policy, again)
        )
        np.testing.assert_array_equal(one, other)
    if method in ("random", "population"):
        trained = training.train(
            RECIPE.replace(augmentation=folder / "policy.json", epochs=1),
            run_dir=tmp_path / "run",
            max_examples=32,
            verbose=0,
            test=False,
        )
        assert trained["status"] == "complete"


@pytest.mark.parametrize(
    "method",
    [
        pytest.param("random", marks=SAME_FOLDER),
        "reinforce",
        pytest.param("population", marks=SAME_FOLDER),
    ],
)
def test_stopped_and_resumed_it_is_the_search_that_never_stopped(
    method, tmp_path, without_pictures, monkeypatch
):
    options = {**FEW, **ARGUMENTS[method], "trials": 4}
    training.search_policy(RECIPE, method, run_dir=tmp_path / "whole", **options)
    fit, fits = Engine.fit, []

    def stops(engine, epochs):
        fits.append(epochs)
        if len(fits) == 3:
            raise KeyboardInterrupt
        return fit(engine, epochs)

    monkeypatch.setattr(Engine, "fit", stops)
    with pytest.raises(KeyboardInterrupt):
        training.search_policy(RECIPE, method, run_dir=tmp_path / "parts", **options)
    assert json.loads((tmp_path / "parts" / "record.json").read_text())["status"] == "stopped"
    assert (tmp_path / "parts" / "policy.json").is_file()
    record = training.search_policy(
        RECIPE, method, run_dir=tmp_path / "parts", resume=True, **options
    )
    assert len(fits) == 5  # two before, two after, and the one that was stopped
    assert trials_of(tmp_path / "parts") == trials_of(tmp_path / "whole")
    assert len({reward for *_, reward in trials_of(tmp_path / "whole")}) > 1
    whole = json.loads((tmp_path / "whole" / "policy.json").read_text())
    assert json.loads((tmp_path / "parts" / "policy.json").read_text()) == whole
    assert record["trials"] == 4


def test_what_diverges_has_failed(tmp_path, without_pictures, monkeypatch):
    fit, fits = Engine.fit, []

    def diverges(engine, epochs):
        fits.append(epochs)
        if len(fits) in (2, 3):
            fit(engine, epochs)
            raise Diverged("The loss is not finite", 3)
        return fit(engine, epochs)

    options = {**FEW, "epochs": 1}
    training.search_policy(RECIPE, "random", run_dir=tmp_path / "whole", trials=4, **options)
    monkeypatch.setattr(Engine, "fit", diverges)
    record = training.search_policy(
        RECIPE, "random", run_dir=tmp_path / "search", trials=4, **options
    )
    assert (record["trials"], record["failed"]) == (4, 2)
    whole, parts = trials_of(tmp_path / "whole"), trials_of(tmp_path / "search")
    assert [status for _, status, _ in parts] == ["complete", "failed", "failed", "complete"]
    assert (parts[0], parts[3]) == (whole[0], whole[3])  # a failure leaves nothing behind


def test_the_test_split_is_never_read(tmp_path, monkeypatch):
    split, read = LabelledImages.split, set()

    def noted(data, name, *arguments):
        read.add(name)
        return split(data, name, *arguments)

    monkeypatch.setattr(LabelledImages, "split", noted)
    for method in ("random", "population", "density_matching"):
        training.search_policy(
            RECIPE, method, run_dir=tmp_path / method, **FEW, **ARGUMENTS[method]
        )
    assert {name.partition("[")[0] for part in read for name in part.split("+")} == {
        *("train", "validation")
    }


def test_trials_have_the_same_order_and_draws(tmp_path, without_pictures, monkeypatch):
    epochs, fit = [], Engine.fit

    def noted(engine, until):
        epochs.append((engine.position.epoch, until))
        return fit(engine, until)

    monkeypatch.setattr(Engine, "fit", noted)
    for method in ("random", "population"):
        options = {**FEW, **ARGUMENTS[method]}
        training.search_policy(RECIPE, method, run_dir=tmp_path / method, **options)
    assert epochs == [(0, 1)] * 3 + [(0, 2)] * 2 + [(2, 4)] * 2


def test_density_matching_divides_the_first_examples(tmp_path, without_pictures):
    options = {**FEW, **ARGUMENTS["density_matching"], "max_examples": 40}
    training.search_policy(RECIPE, "density_matching", run_dir=tmp_path / "s", **options)
    folds = [json.loads((tmp_path / "s" / f"fold-{n}" / "recipe.json").read_text()) for n in (1, 2)]
    assert [(fold["train_split"], fold["validation_split"]) for fold in folds] == [
        ("validation[0:40]", "train[0:40]"),
        ("train[0:40]", "validation[0:40]"),
    ]


def test_a_budget(tmp_path, without_pictures):
    options = {**FEW, "epochs": 1, "run_dir": tmp_path / "search"}
    record = training.search_policy(RECIPE, "random", budget=7200.0, trials=1, **options)
    assert record["limits"] == {"trials": 1, "budget": 7200.0}
    more = training.search_policy(
        RECIPE, "random", budget="1h", trials=record["trials"] + 1, resume=True, **options
    )
    assert more["trials"] == record["trials"] + 1
    assert more["seconds"] > record["seconds"]
    with pytest.raises(ValueError, match="`budget` must be enough for one trial at least"):
        training.search_policy(
            RECIPE, "random", budget=0.001, **{**options, "run_dir": tmp_path / "small"}
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "`trials` or `budget` must be given"),
        ({"method": "grid", "trials": 1}, "`method` must be one of .*'grid'"),
        ({"trials": 0}, "`trials` must be a positive integer"),
        ({"budget": "soon"}, "`budget` must be a time above 0"),
        ({"trials": 1, "epochs": 0}, "`epochs` must be a positive integer"),
        ({"method": "population", "epochs": 5}, "`epochs` of a population's trials.*epochs=5"),
        ({"trials": 1, "arguments": {"population": 4}}, "must be those of ReinforceController"),
        ({"trials": 1, "num_best": 0}, "`num_best` must be a positive integer"),
        ({"trials": 1, "strategy": "multi_worker"}, "`strategy` must be another"),
        ({"trials": 1, "space": 3}, "`space` must be a PolicySpace"),
    ],
)
def test_bad_arguments_leave_no_folder(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        training.search_policy(RECIPE, run_dir=tmp_path / "search", **arguments)
    assert not (tmp_path / "search").exists()


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """The folder of a short search; tests must not change it."""
    folder = tmp_path_factory.mktemp("searched") / "search"
    training.search_policy(RECIPE, "random", run_dir=folder, trials=1, epochs=1, **FEW)
    return folder


def test_folders_that_cannot_be_resumed(searched, tmp_path):
    options = {**FEW, "trials": 1, "epochs": 1}
    with pytest.raises(FileExistsError, match="`run_dir` must be new"):
        training.search_policy(RECIPE, "random", run_dir=searched, **options)
    with pytest.raises(FileNotFoundError, match="has no recipe.json"):
        training.search_policy(RECIPE, "random", run_dir=tmp_path, resume=True, **options)
    for change, message in (
        ({"method": "bayes"}, "another method"),
        ({"epochs": 2}, "another epochs"),
        ({"max_examples": 50}, "another max_examples"),
        ({"recipe": RECIPE.replace(seed=1)}, "another recipe"),
        ({"space": None}, "does not hold the state of this search.*space"),
        ({"arguments": {"seed": 9}}, "does not hold the state of this search.*arguments"),
    ):
        given = {"recipe": RECIPE, "method": "random", "run_dir": searched, "resume": True}
        before = {path: path.read_bytes() for path in searched.iterdir() if path.is_file()}
        with pytest.raises(ValueError, match=message):
            training.search_policy(**{**given, **options, **change})
        assert {path: path.read_bytes() for path in before} == before


def test_a_truncated_state_is_refused_and_kept(searched, tmp_path):
    folder = tmp_path / "search"
    shutil.copytree(searched, folder)
    state = (folder / "search.json").read_text()[:-40]
    (folder / "search.json").write_text(state)
    with pytest.raises(ValueError, match="search.json does not hold the state of this search"):
        training.search_policy(
            RECIPE, "random", run_dir=folder, resume=True, trials=2, epochs=1, **FEW
        )
    assert (folder / "search.json").read_text() == state


def test_the_options_of_a_folder(searched, tmp_path):
    assert options_of(searched) == {
        "method": "random",
        "epochs": 1,
        "space": SPACE.to_json(),
        "arguments": {"seed": 0},
        "num_best": 5,
        "max_examples": 96,
        "max_bad": 0.0,
        "data_dir": None,
        "strategy": "default",
        "trials": 1,
        "budget": None,
    }
    for folder in (None, tmp_path):
        with pytest.raises(ValueError, match="`run_dir` must"):
            options_of(folder)
    shutil.copytree(searched, tmp_path / "again")
    options = {**options_of(searched), "trials": 2, "verbose": 0}
    more = training.search_policy(RECIPE, run_dir=tmp_path / "again", resume=True, **options)
    assert more["trials"] == 2
    record = json.loads((searched / "record.json").read_text())
    for name in ("limits", "fingerprint"):
        damaged = {key: value for key, value in record.items() if key != name}
        (tmp_path / "again" / "record.json").write_text(json.dumps(damaged))
        with pytest.raises(ValueError, match="record.json is not the record of a search"):
            training.search_policy(RECIPE, run_dir=tmp_path / "again", resume=True, **options)


def test_time_that_left_no_trial_counts_too(searched, tmp_path, without_pictures):
    folder = tmp_path / "search"
    shutil.copytree(searched, folder)
    record = json.loads((folder / "record.json").read_text())
    (folder / "record.json").write_text(json.dumps({**record, "seconds": 5000.0}))
    options = {**FEW, "trials": None, "budget": "1h", "epochs": 1, "resume": True}
    more = training.search_policy(RECIPE, "random", run_dir=folder, **options)
    assert more["trials"] == 1
    assert more["seconds"] >= 5000

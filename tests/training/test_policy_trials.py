"""What a candidate is worth: by a training that begins as it should, or by models of the folds."""

import math

import numpy as np
import pytest
import tensorflow as tf

from kerasbook import augmentation, training
from kerasbook.applications import load_model
from kerasbook.augmentation.search import (
    CandidatePolicy,
    PolicySpace,
    PopulationBasedAugmentation,
    RandomSearch,
)
from kerasbook.training import policy_trials
from kerasbook.training.policy_folder import PolicyFolder
from kerasbook.training.policy_search import _Source
from kerasbook.training.policy_trials import MatchedTrials, TrainedTrials

RECIPE = training.Recipe(
    name="tried",
    model="mlp",
    model_arguments={"units": [12]},
    dataset="digits",
    epochs=8,
    batch_size=32,
    learning_rate=3e-2,
)
SPACE = PolicySpace(("rotate", "invert"), 2, 1)


def trained(recipe, search, folder, epochs=4):
    layer = CandidatePolicy(SPACE)
    return TrainedTrials(
        recipe,
        _Source(recipe, None, 96, None),
        search,
        layer,
        augmentation.Sequence([augmentation.get_policy("shift"), layer]),
        strategy=tf.distribute.get_strategy(),
        epochs=epochs,
        folder=PolicyFolder(folder),
        callbacks=(),
    )


def test_a_trial_begins_as_its_candidate_says(tmp_path):
    search = PopulationBasedAugmentation(SPACE, population=2)
    first, second = search.ask(2)
    trials = trained(RECIPE, search, tmp_path)
    rewards = {}
    for candidate in (first, second):
        rewards[candidate.number] = trials(candidate)
        trials.keep(candidate, search.kept)
        search.tell(candidate, rewards[candidate.number])
    assert rewards[0] != rewards[1]
    assert trials(first) == rewards[0]  # the same beginning, order and draws
    child = search.ask()[0]
    assert child.parent in (0, 1)
    later = trials(child)
    again = trained(RECIPE, search, tmp_path)
    assert again(child) == later  # of the weights in the folder
    assert later > rewards[child.parent]  # trained for twice as long
    trials.forget({0})
    assert {file.name for file in (tmp_path / "weights").iterdir()} == {"0.npz", "initial.npz"}


def test_what_diverges_is_no_number_and_leaves_nothing(tmp_path):
    search = RandomSearch(SPACE)
    (candidate,) = search.ask()
    wild = RECIPE.replace(optimizer="sgd", learning_rate=1e30)
    assert math.isnan(trained(wild, search, tmp_path)(candidate))


def test_folds_are_judged_by_the_last_model_of_the_others(tmp_path, monkeypatch):
    made = []

    class Score:
        def __init__(self, model, layer, **arguments):
            made.append({"model": model, "layer": layer, **arguments})

    monkeypatch.setattr(policy_trials, "DensityScore", Score)
    monkeypatch.setattr(policy_trials, "HELD_OUT", 30)
    layer = CandidatePolicy(SPACE)
    policy = augmentation.Sequence([augmentation.get_policy("shift"), layer])
    source = _Source(RECIPE, None, 40, None)
    MatchedTrials(
        RECIPE,
        source,
        layer,
        policy,
        folds=2,
        folder=PolicyFolder(tmp_path),
        verbose=0,
        **source.options,
    )
    for number, split in enumerate(("train", "validation"), 1):
        images, labels = source.data.split(split, 30).arrays
        score = made[number - 1]
        np.testing.assert_array_equal(score["images"], images)
        np.testing.assert_array_equal(score["labels"], labels)
        assert (score["layer"], score["augmentation"]) == (layer, policy)
        last = load_model(tmp_path / f"fold-{number}" / "checkpoints" / "last.keras")
        for mine, expected in zip(score["model"].weights, last.weights, strict=True):
            np.testing.assert_array_equal(mine, expected)
        scaled = source.preprocessing.scale(tf.constant(images[:2]))
        np.testing.assert_array_equal(score["scale"](tf.constant(images[:2])), scaled)


@pytest.mark.parametrize("fold", [0, 1])
def test_a_candidate_goes_to_its_fold(fold):
    trials = object.__new__(MatchedTrials)
    trials._scores = [
        lambda candidate: ("first", candidate),
        lambda candidate: ("second", candidate),
    ]
    candidate = type("Candidate", (), {"fold": fold})()
    assert trials(candidate) == (("first", "second")[fold], candidate)
    trials.keep(candidate, {0})
    trials.forget(set())

"""Density matching: folds apart from each other, a restored search, and a planted operation."""

import json

import keras
import numpy as np
import optuna
import pytest

from kerasbook.augmentation.search import (
    BayesianSearch,
    CandidatePolicy,
    DensityMatching,
    DensityScore,
    PolicySpace,
    RandomSearch,
)

SMALL = PolicySpace(("rotate", "invert", "posterize", "brightness"), 1, 1)


def reward_of(candidate):
    """A known function of the policy; the second fold's model is far worse throughout."""
    ((step,),) = candidate.policy
    return step["probability"] * (step["operation"] == "rotate") - 10 * candidate.fold


def run(search, trials, reward=reward_of):
    for _ in range(trials):
        (candidate,) = search.ask()
        search.tell(candidate, reward(candidate))
    return search


def policies(search, fold=None):
    trials = search.trials if fold is None else search.trials[fold :: search.folds]
    return [trial.candidate.policy for trial in trials]


@pytest.mark.parametrize("source", ["bayes", "random"])
def test_each_fold_has_a_search_of_its_own(source):
    search = run(DensityMatching(SMALL, seed=3, folds=3, source=source, num_random=4), 36)
    assert [trial.candidate.fold for trial in search.trials] == [0, 1, 2] * 12
    seeds = []
    for fold in range(3):
        seed = int(np.random.SeedSequence([3, fold]).generate_state(1)[0])
        seeds.append(seed)
        own = (
            BayesianSearch(SMALL, seed=seed, num_random=4)
            if source == "bayes"
            else RandomSearch(SMALL, seed=seed)
        )
        run(own, 12, lambda c, f=fold: reward_of(search.trials[3 * c.number + f].candidate))
        assert policies(own) == policies(search, fold)
    assert len(set(seeds)) == 3


def test_a_folds_rewards_do_not_matter_to_the_others():
    plain = run(DensityMatching(SMALL, num_random=3), 24)
    other = run(DensityMatching(SMALL, num_random=3), 24, lambda c: (1 - 2 * c.fold) * reward_of(c))
    assert policies(plain, 0) == policies(other, 0)
    assert policies(plain, 1) != policies(other, 1)


def test_what_is_found_are_the_best_of_each_fold_none_twice():
    search = run(DensityMatching(SMALL, source="random", seed=2), 40)
    found = search.found(num_best=2, value_range=(0, 1))
    assert found.value_range == (0, 1)
    expected = []
    for fold in range(2):
        trials = [t for t in search.trials if t.candidate.fold == fold]
        trials.sort(key=lambda trial: -trial.reward)
        expected += [trial.candidate.policy[0] for trial in trials[:2]]
    assert found.policy == expected
    same = DensityMatching(PolicySpace(("invert",), 1, 1, num_probabilities=2), source="random")
    assert len(run(same, 20, lambda c: 0.0).found(num_best=10).policy) == 2


def test_the_best_is_the_one_that_stands_out_in_its_fold():
    search = DensityMatching(SMALL, folds=2, source="random")
    rewards = [-1.0, -50.0, -2.0, -51.0, -3.0, -52.0, -2.0, -40.0]
    for candidate, reward in zip(search.ask(8), rewards, strict=True):
        search.tell(candidate, reward)
    assert search.best.candidate.number == 7
    standings = []
    for number, reward in enumerate(rewards):
        fold = np.array(rewards[number % 2 :: 2])
        standings.append((reward - fold.mean()) / fold.std())
    expected = sorted(range(8), key=lambda number: -standings[number])
    assert [trial.candidate.number for trial in search.ranked()] == expected


def test_of_one_fold_the_best_is_that_of_the_greatest_reward():
    search = run(DensityMatching(SMALL, folds=1, source="random"), 10)
    assert search.best.reward == max(trial.reward for trial in search.trials)
    assert [t.reward for t in search.ranked()] == sorted(t.reward for t in search.trials)[::-1]


def test_folds_with_equal_rewards_or_none():
    search = DensityMatching(SMALL, folds=3, source="random")
    with pytest.raises(ValueError, match="must have a complete trial"):
        search.found()
    assert search.best is None
    asked = search.ask(6)
    for number, reward in ((0, -1.0), (3, -1.0), (1, np.nan), (2, -4.0), (5, -3.0)):
        search.tell(asked[number], reward)
    assert [trial.candidate.number for trial in search.ranked()] == [5, 0, 3, 2]
    assert len(search.found().policy) == 4


def test_failed_trials_reach_their_fold():
    def some(candidate):
        return np.nan if candidate.number % 4 == 1 else reward_of(candidate)

    search = run(DensityMatching(SMALL, num_random=2), 16, some)
    states = [[t.state.name for t in source._study.trials] for source in search._sources]
    assert states == [["COMPLETE"] * 8, ["FAIL", "COMPLETE"] * 4]
    assert {trial.candidate.number % 4 for trial in search.ranked()} == {0, 2, 3}


@pytest.mark.parametrize("source", ["bayes", "random"])
@pytest.mark.parametrize("trials", [0, 5, 18])
def test_restored_it_goes_on_with_the_same_candidates(source, trials, tmp_path, monkeypatch):
    arguments = {"seed": 4, "folds": 3, "source": source, "num_random": 2}
    search = run(DensityMatching(SMALL, **arguments), trials)
    pending = search.ask(5)
    search.tell(pending[3], 0.25)
    search.tell(pending[1], np.nan)
    search.save(tmp_path / "state.json")
    before = json.loads((tmp_path / "state.json").read_text())
    assert before["arguments"] == arguments
    restored = DensityMatching(SMALL, **arguments)
    with monkeypatch.context() as patch:
        # Nothing is sampled again: called, this would fail.
        patch.setattr(optuna.samplers.TPESampler, "sample_independent", None)
        restored.load(tmp_path / "state.json")
    assert restored.state() == before
    for each in (search, restored):
        run(each, 12)
    assert policies(restored) == policies(search)
    assert restored.state() == search.state()


def test_a_state_of_other_policies_is_refused():
    search = run(DensityMatching(SMALL), 4)
    state = json.loads(json.dumps(search.state()))
    state["trials"][2]["policy"][0][0]["operation"] = "solarize"
    restored = DensityMatching(SMALL)
    with pytest.raises(ValueError, match="`state` must hold policies of the space"):
        restored.restore(state)
    assert policies(run(restored, 4)) == policies(search)
    with pytest.raises(ValueError, match="`state` must be of this search, whose arguments"):
        DensityMatching(SMALL, folds=3).restore(search.state())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"folds": 0}, "`folds` must be a positive integer. Received: folds=0"),
        ({"source": "grid"}, "`source` must be one of .*'grid'"),
        ({"num_random": 0}, "`num_random` must be a positive integer"),
        ({"seed": 1.5}, "`seed` must be an integer of at least 0"),
    ],
    ids=str,
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        DensityMatching(SMALL, **arguments)


def bars(rng, count, turn):
    """Draws bright bars at 0, 45, 90 and 135 degrees, turned by so many, on a dark ground."""
    labels = np.arange(count) % 4
    angle = np.deg2rad(45 * labels + turn + rng.normal(0, 3, count))[:, None, None]
    y, x = np.mgrid[-5.5:6, -5.5:6]
    middle = rng.uniform(-1, 1, (2, count, 1, 1))
    across = (x - middle[0]) * np.sin(angle) + (y - middle[1]) * np.cos(angle)
    images = 200 * np.exp(-((across / 1.2) ** 2)) + rng.uniform(0, 40, (count, 12, 12))
    return images[..., None].astype("uint8"), labels


def judge(rng):
    """Returns a score by a model that knows upright bars, on bars turned by 25 degrees."""
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(32, "relu"),
            keras.layers.Dense(4, "softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(*bars(rng, 512, 0), epochs=10, batch_size=64, verbose=0)
    images, labels = bars(rng, 128, 25)
    layer = CandidatePolicy(SMALL, fill_value=20)
    return DensityScore(model, layer, images=images, labels=labels)


def test_finds_the_planted_operation_within_forty_candidates(rng):
    scores = [judge(rng), judge(rng)]
    search = run(DensityMatching(SMALL, seed=0), 40, lambda c: scores[c.fold](c))
    for fold, ((step,), score) in enumerate(zip(search.found(1).policy, scores, strict=True)):
        assert step["operation"] == "rotate", fold
        assert step["probability"] >= 0.5
        assert step["level"] >= 5  # 16.7 degrees; 25 degrees is level 7.5
        random = [score(candidate) for candidate in RandomSearch(SMALL, seed=1).ask(24)]
        planted = score([[{"operation": "rotate", "probability": 0.9, "level": 7}]])
        best = max(t.reward for t in search.trials if t.candidate.fold == fold)
        assert best >= planted - 0.1
        assert planted > np.median(random) + 1

"""Bayesian search: it finds a planted policy, repeats itself, and is restored without sampling."""

import copy
import itertools
import json
import warnings

import numpy as np
import optuna
import pytest

from kerasbook.augmentation.search import BayesianSearch, PolicySpace, RandomSearch

SMALL = PolicySpace(("rotate", "invert", "posterize", "equalize"), 2, 1)


def planted(candidate):
    """A reward whose maximum is 2 a step: `rotate` at probability 0.8 and level 7."""
    reward = 0.0
    for step in itertools.chain(*candidate.policy):
        if step["operation"] == "rotate":
            reward += 2 - abs(step["probability"] - 0.8) - abs(step["level"] - 7) / 9
    return reward


def run(search, trials, reward=planted):
    for _ in range(trials):
        (candidate,) = search.ask()
        search.tell(candidate, reward(candidate))
    return search


def policies(search):
    return [trial.candidate.policy for trial in search.trials]


def test_finds_what_is_planted_sooner_than_random_search():
    seeds = range(3)
    late = [
        [trial.reward for trial in run(BayesianSearch(SMALL, seed=s), 60).trials[40:]]
        for s in seeds
    ]
    random = [
        [trial.reward for trial in run(RandomSearch(SMALL, seed=s), 60).trials[40:]] for s in seeds
    ]
    assert np.mean(late) > 2.5
    assert np.mean(random) < 1.5
    assert max(map(max, late)) > 3.6


def test_proposals_depend_on_seed_number_and_rewards_alone():
    first, again = run(BayesianSearch(SMALL, seed=5), 20), run(BayesianSearch(SMALL, seed=5), 20)
    assert policies(first) == policies(again)
    np.random.default_rng(1).random(3)
    other = run(BayesianSearch(SMALL, seed=6), 20)
    assert policies(first)[0] != policies(other)[0]
    contrary = run(BayesianSearch(SMALL, seed=5), 20, lambda c: -planted(c))
    assert policies(first)[:10] == policies(contrary)[:10]  # random until ten are complete
    assert policies(first)[10:] != policies(contrary)[10:]
    early = run(BayesianSearch(SMALL, seed=5, num_random=4), 20)
    assert policies(first)[:4] == policies(early)[:4]
    assert policies(first)[4:10] != policies(early)[4:10]


def test_candidates_asked_together_differ():
    search = run(BayesianSearch(SMALL), 12)
    asked = [json.dumps(candidate.policy) for candidate in search.ask(8)]
    assert len(set(asked)) == 8


def test_failed_trials_are_told_to_optuna_as_failed():
    search = BayesianSearch(SMALL, num_random=2)
    for number in range(9):
        (candidate,) = search.ask()
        search.tell(candidate, np.nan if number % 3 else planted(candidate))
    states = [trial.state.name for trial in search._study.trials]
    assert states == ["COMPLETE", "FAIL", "FAIL"] * 3
    values = [trial.value for trial in search._study.trials]
    assert values == [trial.reward for trial in search.trials]


def test_an_operation_without_a_level_has_no_parameter_for_it():
    search = run(BayesianSearch(SMALL), 15)
    names = {"rotate": True, "posterize": True, "invert": False, "equalize": False}
    for trial, seen in zip(search._study.trials, search.trials, strict=True):
        for place, (step,) in enumerate(seen.candidate.policy):
            has_level = f"level_{place}_0" in trial.params
            assert has_level == names[step["operation"]] == (step["level"] is not None)


@pytest.mark.parametrize("trials", [0, 3, 17])
def test_restored_it_goes_on_with_the_same_candidates_and_samples_none_again(trials, monkeypatch):
    search = run(BayesianSearch(seed=2, num_random=5), trials)
    pending = search.ask(2)
    search.tell(pending[1], np.nan)
    state = json.loads(json.dumps(search.state()))
    sampled = []
    sample = optuna.samplers.TPESampler.sample_independent

    def counted(self, study, trial, name, distribution):
        sampled.append(name)
        return sample(self, study, trial, name, distribution)

    monkeypatch.setattr(optuna.samplers.TPESampler, "sample_independent", counted)
    restored = BayesianSearch(seed=2, num_random=5)
    restored.restore(state)
    assert sampled == []
    assert restored.state() == state
    for each in (search, restored):
        each.tell(pending[0], 1.5)
        run(each, 6)
    assert sampled
    assert policies(restored) == policies(search)
    assert restored.state() == search.state()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("operation", "solarize"),
        ("operation", ["rotate"]),
        ("probability", 1.1),
        ("probability", 0.55),
        ("probability", None),
        ("level", 10),
        ("level", -1),
    ],
)
def test_a_state_with_a_policy_of_no_such_space_is_refused(field, value):
    search = run(BayesianSearch(SMALL, seed=1), 4)
    state = copy.deepcopy(search.state())
    step = next(
        steps[0]
        for row in state["trials"]
        for steps in row["policy"]
        if steps[0]["level"] is not None
    )
    step[field] = value
    restored = BayesianSearch(SMALL, seed=1)
    with pytest.raises(ValueError, match="`state` must"):
        restored.restore(state)
    assert restored.trials == []
    assert policies(run(restored, 4)) == policies(search)  # as new


@pytest.mark.parametrize("rows", [[3], [{}], [{"policy": None}], [{"policy": [[]]}]])
def test_a_state_that_is_none_is_refused(rows):
    search = BayesianSearch(SMALL)
    with pytest.raises(ValueError, match="`state` must"):
        search.restore({**search.state(), "trials": rows})


def test_optuna_says_nothing(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search = run(BayesianSearch(SMALL, num_random=2), 5)
        BayesianSearch(SMALL, num_random=2).restore(search.state())
    assert "rial" not in "".join(capfd.readouterr())


def test_bad_arguments():
    with pytest.raises(ValueError, match="`num_random` must be a positive integer.*num_random=0"):
        BayesianSearch(SMALL, num_random=0)
    with pytest.raises(ValueError, match="`seed` must be an integer of at least 0"):
        BayesianSearch(SMALL, seed=-1)


def test_without_optuna_it_says_what_to_install(without_optuna):
    with pytest.raises(ImportError, match=r"pip install 'kerasbook\[search\]'"):
        BayesianSearch(SMALL)

"""Planted truth: of digits that only the judge sees turned, each search finds out to turn digits.

The training digits stand upright, the validation digits are turned by some 30 degrees to either
side; of the operations to choose from only `rotate` makes the ones more like the others. What each
policy is worth is found by training with it, in one `fit` with `callbacks.PolicySearch`; every
search is then told that. What it finds within the budget must hold the operation, at a level that
does something, and must earn more than the median of random policies. (Density matching, whose
models judge without training, has the like in `test_density_matching.py`.)
"""

import keras
import numpy as np
import pytest

from kerasbook.augmentation.search import (
    BayesianSearch,
    CandidatePolicy,
    PolicySpace,
    PopulationBasedAugmentation,
    RandomSearch,
    ReinforceController,
)
from kerasbook.callbacks import PolicySearch

SPACE = PolicySpace(("rotate", "invert", "posterize"), 1, 1, num_probabilities=2, num_levels=3)
# Every policy once: none at all, then each operation at probability 1.
TOKENS = [(0, 0, 0), (0, 1, 0), (0, 1, 1), (0, 1, 2), (1, 1, 0), (2, 1, 0), (2, 1, 1), (2, 1, 2)]
BUDGET = 120
SEARCHES = {
    "random": RandomSearch,
    "reinforce": ReinforceController,
    "bayes": BayesianSearch,
    "population": PopulationBasedAugmentation,
}
pytestmark = pytest.mark.tensorflow


class Listed(RandomSearch):
    """Proposes every policy once."""

    def _propose(self, number):
        proposal = super()._propose(number)
        return type(proposal)(np.array(TOKENS[number]).reshape(SPACE.shape))


def key_of(policy):
    """Returns what tells policies apart that do different things."""
    ((step,),) = policy
    return (step["operation"], step["level"]) if step["probability"] else "nothing"


@pytest.fixture(scope="module")
def rewards(tmp_path_factory):
    """What training with each policy is worth, by `key_of`."""
    from kerasbook.training.input.data import LabelledImages

    images, labels = LabelledImages("digits").split("train", 800).arrays
    turn = SPACE.augmentation_of([[{"operation": "rotate", "probability": 1.0, "level": 2}]])
    judged = turn.augment(images[500:], seed=1, index=np.arange(300))
    assert (judged != images[500:]).any((1, 2, 3)).all()
    search, layer = Listed(SPACE), CandidatePolicy(SPACE, seed=0)
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layer,
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    path = tmp_path_factory.mktemp("all") / "state.json"
    callback = PolicySearch(search, layer, every=2, trials=len(TOKENS), path=path)
    model.fit(
        images[:500],
        labels[:500],
        batch_size=50,
        epochs=2 * len(TOKENS),
        validation_data=(judged, labels[500:]),
        validation_batch_size=300,
        callbacks=[callback],
        verbose=0,
    )
    return {key_of(trial.candidate.policy): trial.reward for trial in search.told}


def searched(search, rewards):
    while len(search.told) < BUDGET:
        for candidate in search.ask(3):
            search.tell(candidate, rewards[key_of(candidate.policy)])
    return search


def test_turning_is_the_only_useful_operation(rewards):
    useful = {key for key, reward in rewards.items() if reward > rewards["nothing"] + 0.05}
    assert useful == {("rotate", 1), ("rotate", 2)}
    assert max(rewards, key=rewards.get) == ("rotate", 2)


@pytest.mark.parametrize("name", SEARCHES)
def test_finds_the_planted_operation(name, rewards):
    search = searched(SEARCHES[name](SPACE), rewards)
    best = search.best
    assert key_of(best.candidate.policy) in {("rotate", 1), ("rotate", 2)}
    random = np.median(
        [trial.reward for trial in searched(RandomSearch(SPACE, seed=9), rewards).told]
    )
    assert best.reward > random
    turned = [t.reward for t in search.told if key_of(t.candidate.policy) == ("rotate", 2)]
    assert all(reward > random for reward in turned)


@pytest.mark.parametrize("name", ["reinforce", "bayes", "population"])
def test_what_was_found_is_asked_for_more_often(name, rewards):
    search = searched(SEARCHES[name](SPACE), rewards)
    last = [trial.candidate.policy for trial in search.trials[BUDGET - 30 : BUDGET]]
    turned = sum(key_of(policy)[0] == "rotate" for policy in last)
    assert turned > 20  # ten by chance
    late = [trial.reward for trial in search.trials[BUDGET - 30 : BUDGET]]
    random = [trial.reward for trial in searched(RandomSearch(SPACE, seed=9), rewards).told]
    assert np.median(late) > np.median(random) + 0.1

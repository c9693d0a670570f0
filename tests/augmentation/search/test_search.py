"""Ask, tell and the state: order, failures, going on where one stopped, and what is refused."""

import json

import numpy as np
import pytest

from kerasbook.augmentation import AutoAugment
from kerasbook.augmentation.search import Candidate, PolicySpace, Search, SearchFailed
from kerasbook.augmentation.search.search import Proposal

SPACE = PolicySpace(("rotate", "invert", "posterize"), 2, 2)


class Climbing(Search):
    """Proposes by the sum of the rewards so far, so that what it says depends on all of them.

    Args:
        most: How many may be pending.
    """

    def __init__(self, space=None, *, seed=0, most=10):
        super().__init__(space, seed=seed)
        self.most = most
        self.learned = []

    def _propose(self, number):
        if sum(trial.status == "pending" for trial in self.trials) >= self.most:
            return None
        total = sum(trial.reward or 0 for trial in self.told)
        generator = np.random.default_rng([self.seed, number, int(1000 * total)])
        return Proposal(self.space.draw(generator), parent=number - 1 if number else None)

    def _learn(self, trial):
        self.learned.append((trial.candidate.number, trial.reward))


def driven(search, rewards):
    """Asks and tells, one by one."""
    for reward in rewards:
        (candidate,) = search.ask()
        search.tell(candidate, reward)
    return search


def test_what_is_asked_stays_asked_until_it_is_told():
    search = Climbing(SPACE)
    (first,) = search.ask()
    assert search.ask() == [first]
    both = search.ask(2)
    assert both[0] == first
    assert [candidate.number for candidate in both] == [0, 1]
    search.tell(both[1], 0.5)
    assert search.ask() == [first]
    assert [c.number for c in search.ask(3)] == [0, 2, 3]
    assert search.learned == [(1, 0.5)]
    assert first.policy == SPACE.policy_of(search.trials[0].tokens)
    assert (first.parent, both[1].parent) == (None, 0)


def test_the_age_of_a_candidate():
    search = driven(Climbing(SPACE), [0.1] * 3)
    assert [search.age(trial.candidate) for trial in search.trials] == [0, 1, 2]


def test_a_search_may_want_rewards_first():
    search = Climbing(SPACE, most=2)
    assert len(search.ask(5)) == 2
    search.tell(search.ask()[0], 1)
    assert [c.number for c in search.ask(5)] == [1, 2]


def test_the_best_and_what_was_found():
    search = driven(Climbing(SPACE), [0.1, 0.7, np.nan, 0.7, 0.3])
    assert [trial.candidate.number for trial in search.ranked()] == [1, 3, 4, 0]
    assert search.best.reward == 0.7
    assert search.best.candidate.number == 1
    found = search.found(3, value_range=(0, 1))
    assert isinstance(found, AutoAugment)
    assert found.value_range == (0, 1)
    assert found.greatest_level == 9
    steps = [s for n in (1, 3, 4) for s in search.trials[n].candidate.policy]
    assert found.policy == [s for i, s in enumerate(steps) if s not in steps[:i]]
    with pytest.raises(ValueError, match="`num_best` must be a positive integer"):
        search.found(0)


def test_sub_policies_are_not_joined_twice():
    search = Climbing(PolicySpace(("invert",), 2, 1, num_probabilities=2, num_levels=2))
    driven(search, [0.1] * 6)
    assert len(search.found(6).policy) == 2  # probability 0 or 1, and no level


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 10**400])
def test_failed_trials(bad):
    search = driven(Climbing(SPACE), [0.5, bad, bad, 0.25, bad, bad])
    assert [t.status for t in search.trials] == [
        *("complete", "failed", "failed", "complete", "failed", "failed")
    ]
    assert search.learned[1] == (1, None)
    (candidate,) = search.ask()
    with pytest.raises(SearchFailed, match="The last 3 trials failed.*candidate 6"):
        search.tell(candidate, bad)
    assert len(search.told) == 7  # it is recorded
    again = Climbing(SPACE)
    again.restore(search.state())
    assert again.state() == search.state()
    driven(again, [bad, bad])  # a new sitting has three tries again
    with pytest.raises(SearchFailed):
        driven(again, [bad])


def test_no_result_without_a_complete_trial():
    search = Climbing(SPACE)
    assert search.best is None
    with pytest.raises(ValueError, match="must have a complete trial"):
        driven(search, [np.nan]).found()


@pytest.mark.parametrize("stop", [0, 1, 4])
def test_goes_on_as_if_it_had_never_stopped(stop, tmp_path):
    rewards = [0.3, np.nan, 0.9, 0.1, 0.5]
    whole = driven(Climbing(SPACE, seed=4), rewards)
    begun = driven(Climbing(SPACE, seed=4), rewards[:stop])
    begun.ask(3)
    begun.tell(begun.ask(3)[2], 0.4)  # out of order
    asked = begun.ask(4)
    begun.save(tmp_path / "state.json")
    again = Climbing(SPACE, seed=4)
    again.load(tmp_path / "state.json")
    assert again.ask(4) == asked
    assert again.state() == begun.state()
    assert again.learned == begun.learned
    driven(begun, rewards)
    driven(again, rewards)
    assert again.state() == begun.state() != whole.state()


def test_the_state_is_plain_json():
    search = driven(Climbing(SPACE, seed=2, most=3), [0.5, np.nan])
    search.ask()
    state = search.state()
    assert json.loads(json.dumps(state)) == state
    assert state["arguments"] == {"seed": 2, "most": 3}
    assert state["space"] == SPACE.to_json()
    assert [(t["status"], t["reward"], t["told"]) for t in state["trials"]] == [
        ("complete", 0.5, 0),
        ("failed", None, 1),
        ("pending", None, None),
    ]


def changed(state, **fields):
    return {**state, **fields}


def first(state, **fields):
    return changed(state, trials=[{**state["trials"][0], **fields}, *state["trials"][1:]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: changed(s, space={**s["space"], "num_levels": 4}), "whose space is"),
        (lambda s: changed(s, search="RandomSearch"), "whose search is 'Climbing'"),
        (lambda s: changed(s, arguments={"seed": 1, "most": 10}), "whose arguments is"),
        (lambda s: changed(s, version=2), "whose version is 1.*version=2"),
        (lambda s: [s], "must be that of a search"),
        (lambda s: {}, "must be that of a search"),
        (lambda s: changed(s, trials=[{}]), "must be that of a search"),
        (lambda s: first(s, reward="abc"), "must be that of a search"),
        (lambda s: first(s, reward=True), "must be that of a search"),
        (lambda s: first(s, reward=np.nan), "must be that of a search"),
        (lambda s: first(s, reward=None), "must be that of a search"),
        (lambda s: first(s, status="banana"), "must be that of a search"),
        (lambda s: first(s, status="failed"), "must be that of a search"),
        (lambda s: first(s, told=1), "told out of order"),
        (lambda s: first(s, told=None), "must be that of a search"),
        (lambda s: first(s, number=1.0), "must be that of a search"),
        (lambda s: first(s, asked_after="x"), "must be that of a search"),
        (lambda s: first(s, parent=3), "proposes another candidate. Received: candidate 0"),
        (lambda s: first(s, fold=1), "proposes another candidate"),
        (lambda s: changed(s, trials=[s["trials"][0], {**s["trials"][1], "asked_after": 9}]), ""),
        (
            lambda s: first(s, policy=[]),
            "proposes another candidate. Received: candidate 0",
        ),
        (
            lambda s: changed(s, trials=[{**t, "asked_after": 1} for t in s["trials"]]),
            "tells candidate 0 before it was asked",
        ),
    ],
)
def test_states_of_others_are_refused_and_kept(change, message, tmp_path):
    file = tmp_path / "state.json"
    state = change(driven(Climbing(SPACE), [0.5, 0.25]).state())
    file.write_text(json.dumps(state))
    before = file.read_bytes()
    search = Climbing(SPACE)
    with pytest.raises(ValueError, match=f"state.json does not hold.*{message}"):
        search.load(file)
    assert file.read_bytes() == before
    assert search.trials == search.told == []  # it is as new as before
    assert driven(search, [0.5, 0.25]).state() == driven(Climbing(SPACE), [0.5, 0.25]).state()


def test_a_truncated_state_is_refused_and_kept(tmp_path):
    file = tmp_path / "state.json"
    driven(Climbing(SPACE), [0.5, 0.25]).save(file)
    text = file.read_text()
    for length in (0, 1, len(text) // 2, len(text) - 3):
        file.write_text(text[:length])
        with pytest.raises(ValueError, match="state.json does not hold the state"):
            Climbing(SPACE).load(file)
        assert file.read_text() == text[:length]


def test_a_failed_write_leaves_the_old_state(tmp_path, monkeypatch):
    file = tmp_path / "state.json"
    search = driven(Climbing(SPACE), [0.5])
    search.save(file)
    before = file.read_bytes()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kerasbook.files.os.replace", full)
    with pytest.raises(OSError, match="No space"):
        driven(search, [0.25]).save(file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_wrong_words():
    search = driven(Climbing(SPACE), [0.5])
    old = search.trials[0].candidate
    (candidate,) = search.ask()
    for wrong in (old, 1, None, Candidate(1, old.policy), Candidate(7, candidate.policy)):
        with pytest.raises(ValueError, match="`candidate` must await its reward"):
            search.tell(wrong, 0.5)
    for reward in ("much", "0.5", True, None, [1, 2]):
        with pytest.raises(ValueError, match="`reward` must be a number"):
            search.tell(candidate, reward)
    search.tell(candidate, np.float32(0.5))
    with pytest.raises(ValueError, match="A search must be new"):
        search.restore(search.state())
    with pytest.raises(ValueError, match="`count` must be a positive integer"):
        search.ask(0)
    with pytest.raises(ValueError, match="`seed` must be an integer of at least 0"):
        Climbing(SPACE, seed=-1)


def test_a_policy_that_a_caller_changes_changes_nothing():
    search = driven(Climbing(SPACE), [0.5])
    before = search.state(), search.found(1).policy
    search.trials[0].candidate.policy[0][0]["probability"] = 0.123
    assert (search.state(), search.found(1).policy) == before


@pytest.mark.parametrize("proposed", [None, np.zeros((2, 2, 3), int)])
def test_a_subclass_must_propose(proposed):
    class Silent(Search):
        def _propose(self, number):
            return proposed

    with pytest.raises(ValueError, match="Silent._propose must return a Proposal"):
        Silent(SPACE).ask()


def test_whether_a_file_is_its_own(tmp_path):
    search = driven(Climbing(SPACE), [0.5, np.nan])
    search.save(tmp_path / "state.json")
    search.ask()
    search.require_own(tmp_path / "state.json")
    before = (tmp_path / "state.json").read_bytes()
    driven(search, [0.75])
    for other in (search, Climbing(SPACE), driven(Climbing(SPACE, seed=1), [0.5, np.nan])):
        with pytest.raises(
            ValueError, match="`path` must be new, or hold the state of this search"
        ):
            other.require_own(tmp_path / "state.json")
    (tmp_path / "broken.json").write_bytes(before[:-20])
    with pytest.raises(ValueError, match="`path` must be new"):
        search.require_own(tmp_path / "broken.json")

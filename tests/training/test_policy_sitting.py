"""A sitting: how many trials, what is written after each and in which order, and what is said."""

import json
import os
import signal

import numpy as np
import pytest

from kerasbook import augmentation
from kerasbook.augmentation.search import PolicySpace, RandomSearch, SearchFailed
from kerasbook.training.budget import Budget
from kerasbook.training.engine.signals import Interrupted
from kerasbook.training.policy_folder import PolicyFolder
from kerasbook.training.policy_sitting import Sitting

SPACE = PolicySpace(("rotate", "invert"), 2, 1)


class Rewards:
    """Gives candidates rewards from a list, and notes what is asked of it."""

    def __init__(self, rewards, folder):
        self.rewards = list(rewards)
        self.folder = folder
        self.calls = []

    def __call__(self, candidate):
        return self.rewards[candidate.number]

    def told(self):
        if not self.folder.state.is_file():
            return 0
        trials = json.loads(self.folder.state.read_text())["trials"]
        return sum(trial["status"] != "pending" for trial in trials)

    def keep(self, candidate, kept):
        self.calls.append(("keep", candidate.number, self.told()))

    def forget(self, kept):
        self.calls.append(("forget", None, self.told()))


@pytest.fixture
def sitting(tmp_path):
    """Makes sittings in one folder."""

    def make(search, budget=None, base=None, times=()):
        clock = Budget(budget)
        folder = PolicyFolder(tmp_path)
        return Sitting(search, folder, clock, times=times, base=base, found={"num_best": 1})

    return make


def test_each_trial_is_written_before_the_next(sitting, tmp_path):
    search, folder = RandomSearch(SPACE), PolicyFolder(tmp_path)
    evaluate = Rewards([0.5, np.nan, 0.75], folder)
    one = sitting(search, base=augmentation.get_policy("shift"))
    one.run(evaluate, 3, verbose=False)
    # Weights before the state that may ask for them, and gone only after it.
    assert evaluate.calls == [
        *(("keep", 0, 0), ("forget", None, 1)),
        *(("keep", 1, 1), ("forget", None, 2)),
        *(("keep", 2, 2), ("forget", None, 3)),
    ]
    assert folder.read_times().keys() == {0, 1, 2}
    written = augmentation.get_policy(folder.policy)
    assert [type(child).__name__ for child in written.augmentations] == ["ShiftFlip", "AutoAugment"]
    best = search.trials[2].candidate.policy
    assert written.augmentations[1].policy == best
    results = one.results()
    assert results["best"] == {"trial": 3, "reward": 0.75, "policy": best}
    assert (results["trials"], results["failed"]) == (3, 1)


def test_goes_on_to_the_number_of_trials(sitting, tmp_path):
    evaluate = Rewards([0.1, 0.2, 0.3, 0.4], PolicyFolder(tmp_path))
    sitting(RandomSearch(SPACE)).run(evaluate, 2, verbose=False)
    search = RandomSearch(SPACE)
    search.load(tmp_path / "search.json")
    times = PolicyFolder(tmp_path).read_times()
    sitting(search, times=times).run(evaluate, 4, verbose=False)
    assert [trial.reward for trial in search.told] == [0.1, 0.2, 0.3, 0.4]
    assert PolicyFolder(tmp_path).read_times().keys() == {0, 1, 2, 3}


def test_what_a_kill_left_unwritten_is_written(sitting, tmp_path):
    evaluate, folder = Rewards([0.5, 0.25], PolicyFolder(tmp_path)), PolicyFolder(tmp_path)
    search = RandomSearch(SPACE)
    sitting(search).run(evaluate, 2, verbose=False)
    folder.policy.unlink()
    folder.trials.unlink()
    sitting(search).run(evaluate, 2, verbose=False)
    assert augmentation.get_policy(folder.policy).policy == search.trials[0].candidate.policy
    assert folder.read_times().keys() == {0, 1}


def test_stops_when_the_time_is_up(sitting, tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("kerasbook.training.budget.time.perf_counter", lambda: now[0])
    search = RandomSearch(SPACE)
    evaluate = Rewards([0.1] * 50, PolicyFolder(tmp_path))

    def slow(candidate):
        now[0] += 10
        return 0.1

    evaluate.__class__ = type("Slow", (Rewards,), {"__call__": lambda self, c: slow(c)})
    sitting(search, budget=45).run(evaluate, None, verbose=False)
    assert len(search.told) == 4


def test_three_failures_stop_it_and_are_written(sitting, tmp_path):
    evaluate = Rewards([0.5, *[np.nan] * 5], PolicyFolder(tmp_path))
    with pytest.raises(SearchFailed, match="The last 3 trials failed"):
        sitting(RandomSearch(SPACE)).run(evaluate, 6, verbose=False)
    trials = json.loads((tmp_path / "search.json").read_text())["trials"]
    assert [trial["status"] for trial in trials] == ["complete"] + ["failed"] * 3
    assert (tmp_path / "policy.json").is_file()


def test_without_a_complete_trial_there_is_no_policy(sitting, tmp_path):
    one = sitting(RandomSearch(SPACE))
    with pytest.raises(SearchFailed, match="All trials failed.*after 2"):
        one.run(Rewards([np.nan] * 2, PolicyFolder(tmp_path)), 2, verbose=False)
    assert one.policy is None
    assert one.results()["best"] is None
    one.write_pictures([], title="t", label="l")
    assert not (tmp_path / "policy.json").exists()
    assert not (tmp_path / "rewards.png").exists()


def test_the_progress_line(sitting, tmp_path, capsys):
    evaluate = Rewards([0.5, np.nan, 0.25], PolicyFolder(tmp_path))
    sitting(RandomSearch(SPACE), budget=3600).run(evaluate, 3, verbose=True)
    text = capsys.readouterr().err
    for line in (
        "trial 1 of 3, reward 0.5000, best 0.5000 (trial 1), 0 s left",
        "trial 2 of 3, failed, best 0.5000 (trial 1), 0 s left",
        "trial 3 of 3, reward 0.2500, best 0.5000 (trial 1), 0 s left",
    ):
        assert line in text
    with_time = sitting(search := RandomSearch(SPACE), budget=3600)
    search.tell(search.ask()[0], 0.5)
    assert with_time._line(None) == "trial 1, reward 0.5000, best 0.5000 (trial 1), 1 h 00 min left"
    sitting(RandomSearch(SPACE)).run(evaluate, 3, verbose=True)
    assert "trial 3 of 3, reward 0.2500, best 0.5000 (trial 1), 0 s left" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_after_the_trial(number, sitting, tmp_path):
    class Signals(Rewards):
        def __call__(self, candidate):
            if candidate.number == 1:
                os.kill(os.getpid(), number)
            return super().__call__(candidate)

    before = signal.getsignal(number)
    search = RandomSearch(SPACE)
    with pytest.raises(Interrupted) as error:
        sitting(search).run(Signals([0.5] * 9, PolicyFolder(tmp_path)), 9, verbose=False)
    assert error.value.exit_code == 128 + number
    assert len(search.told) == 2
    assert signal.getsignal(number) == before
    again = RandomSearch(SPACE)
    again.load(tmp_path / "search.json")
    assert len(again.told) == 2

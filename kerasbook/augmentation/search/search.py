"""The interface of every search for a policy: ask, tell, and a state in plain JSON.

A state is what was asked and told. All else follows: what a search proposes is a function of its
arguments and of the rewards so far, so that one that is restored goes on as if never stopped.
"""

import dataclasses
import inspect
import json
import math
import pathlib

import numpy as np

from kerasbook.arguments import natural_number, positive_integer
from kerasbook.augmentation.search.space import space_of
from kerasbook.files import replacing

VERSION = 1
FAILURES = 3  # so many trials in a row that fail stop a search


class SearchFailed(FloatingPointError):
    """Raised where several trials in a row have failed."""


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A policy that awaits its reward.

    Attributes:
        number: Its number in the search, from 0.
        policy: List of sub-policies as in `AutoAugment`, plain JSON values.
        parent: Number of the candidate whose weights its training goes on with; `None` for
            training that begins anew.
        fold: Number of the fold that judges it, where there are folds; else `None`.
    """

    number: int
    policy: list
    parent: int = None
    fold: int = None


@dataclasses.dataclass(frozen=True)
class Proposal:
    """What a subclass proposes.

    Attributes:
        tokens: The policy, see `PolicySpace`.
        parent: As in `Candidate`.
        fold: As in `Candidate`.
    """

    tokens: np.ndarray
    parent: int = None
    fold: int = None


@dataclasses.dataclass
class Trial:
    """A candidate and what became of it.

    Attributes:
        candidate: The `Candidate`.
        tokens: Its policy as tokens.
        asked_after: How many rewards were known when it was proposed.
        status: `"pending"`, `"complete"` or `"failed"`.
        reward: Its reward, if it is complete.
    """

    candidate: Candidate
    tokens: np.ndarray
    asked_after: int
    status: str = "pending"
    reward: float = None


class Search:
    """Base of the searches for a policy.

    A subclass proposes tokens in `_propose(number)`, which depends on nothing but the arguments,
    the number and what was told before, and learns in `_learn(trial)`.

    Args:
        space: `PolicySpace`, its dictionary, or `None` for AutoAugment's.
        seed: Integer seed of what is proposed, at least 0.

    Attributes:
        trials: All `Trial`s in the order of their numbers.
        told: Those of them that are complete or failed, in the order in which that was told.
    """

    def __init__(self, space=None, *, seed=0):
        self.space = space_of(space)
        self.seed = natural_number("seed", seed)
        self.trials = []
        self.told = []
        self._failures = 0

    def _propose(self, number):
        """Returns the `Proposal` of a number, or `None` where rewards must come first."""
        raise NotImplementedError

    def _learn(self, trial):
        """Learns from a trial, whose reward is `None` if it failed."""

    def ask(self, count=1):
        """Returns policies that await their reward, those asked before and not yet told first.

        Args:
            count: How many; there may be fewer where the search needs rewards before it goes on.

        Returns:
            List of `Candidate`s, one at least.
        """
        positive_integer("count", count)
        while sum(t.status == "pending" for t in self.trials) < count and self._draw():
            pass
        return [t.candidate for t in self.trials if t.status == "pending"][:count]

    def tell(self, candidate, reward):
        """Tells the reward of a candidate.

        Args:
            candidate: A `Candidate` that `ask` returned.
            reward: A number, the greater the better. One that is not finite is a failed trial:
                recorded, and the search goes on.

        Raises:
            ValueError: If the candidate does not await a reward, or `reward` is no number.
            SearchFailed: If this is the third trial in a row that failed; it is recorded.
        """
        number = getattr(candidate, "number", None)
        known = isinstance(number, int) and 0 <= number < len(self.trials)
        trial = self.trials[number] if known else None
        if trial is None or trial.status != "pending" or trial.candidate != candidate:
            raise ValueError(
                "`candidate` must await its reward, as those of `ask` do. "
                f"Received: candidate={candidate!r}"
            )
        try:
            reward = float(reward)
        except (TypeError, ValueError):
            raise ValueError(f"`reward` must be a number. Received: reward={reward!r}") from None
        self._record(trial, reward if math.isfinite(reward) else None)
        self._failures = 0 if trial.status == "complete" else self._failures + 1
        if self._failures >= FAILURES:
            raise SearchFailed(
                f"The last {FAILURES} trials failed: `reward` must be finite. "
                f"Received: reward={reward} for candidate {number}"
            )

    def _draw(self):
        proposal = self._propose(len(self.trials))
        if proposal is None:
            return False
        candidate = Candidate(
            len(self.trials),
            self.space.policy_of(proposal.tokens),
            proposal.parent,
            proposal.fold,
        )
        self.trials.append(Trial(candidate, np.asarray(proposal.tokens), len(self.told)))
        return True

    def _record(self, trial, reward):
        trial.reward = reward
        trial.status = "failed" if reward is None else "complete"
        self.told.append(trial)
        self._learn(trial)

    @property
    def kept(self):
        """Numbers of the candidates whose weights a later one may go on with, a set."""
        return set()

    @property
    def best(self):
        """The complete `Trial` of greatest reward, or `None`."""
        return next(iter(self.ranked()), None)

    def ranked(self):
        """Returns the complete trials, the best first."""
        complete = [trial for trial in self.trials if trial.status == "complete"]
        return sorted(complete, key=lambda trial: -trial.reward)  # equal ones in their order

    def found(self, num_best=5, **arguments):
        """Returns the augmentation that the search has found so far.

        As in AutoAugment the sub-policies of the best policies are joined to one list.

        Args:
            num_best: Number of policies that are joined.
            **arguments: Further arguments of `AutoAugment`, such as `value_range`.

        Raises:
            ValueError: If no trial is complete.
        """
        self._require_complete()
        chosen = self.ranked()[: positive_integer("num_best", num_best)]
        return self._joined(chosen, arguments)

    def _joined(self, trials, arguments):
        """Returns the `AutoAugment` of the sub-policies of trials, none twice."""
        steps = [json.dumps(s) for trial in trials for s in trial.candidate.policy]
        policy = [json.loads(s) for s in dict.fromkeys(steps)]
        return self.space.augmentation_of(policy, **arguments)

    def _require_complete(self):
        if self.best is None:
            raise ValueError("A search must have a complete trial. Received: none")

    @property
    def arguments(self):
        """The arguments but for the space, plain JSON values by name."""
        names = inspect.signature(type(self)).parameters
        values = {name: getattr(self, name) for name in names if name != "space"}
        return json.loads(json.dumps(values))

    def state(self):
        """Returns what was asked and told, and by which search, as plain JSON values."""
        order = {id(trial): place for place, trial in enumerate(self.told)}
        return {
            "version": VERSION,
            "search": type(self).__name__,
            "space": self.space.to_json(),
            "arguments": self.arguments,
            "trials": [
                {
                    **dataclasses.asdict(trial.candidate),
                    "asked_after": trial.asked_after,
                    "told": order.get(id(trial)),
                    "status": trial.status,
                    "reward": trial.reward,
                }
                for trial in self.trials
            ],
        }

    def restore(self, state):
        """Takes up the state of a search with the same arguments, before the first `ask`.

        Raises:
            ValueError: If it is no state, or that of another search, space or arguments, or this
                search has begun.
        """
        if self.trials:
            raise ValueError(
                "A search must be new to be restored. "
                f"Received: a state for one of {len(self.trials)} trials"
            )
        mine = {k: v for k, v in self.state().items() if k != "trials"}
        if not isinstance(state, dict) or not isinstance(state.get("trials"), list):
            raise ValueError(f"`state` must be that of a search. Received: {str(state)[:60]!r}")
        for name, value in mine.items():
            if state.get(name) != value:
                raise ValueError(
                    f"`state` must be of this search, whose {name} is {value!r}. "
                    f"Received: {name}={state.get(name)!r}"
                )
        try:
            self._replay(state["trials"])
        except BaseException:
            self.__init__(self.space, **self.arguments)
            raise
        self._failures = 0

    def _replay(self, rows):
        """Draws and tells again what the rows of a state say."""
        try:
            told = sorted((r for r in rows if r["told"] is not None), key=lambda r: r["told"])
            steps = [(row["asked_after"], row["number"], row["policy"]) for row in rows]
            rewards = [(row["number"], row["reward"]) for row in told]
        except (KeyError, TypeError) as error:
            raise ValueError(f"`state` must be that of a search: {error!r}") from error
        for number, reward in [*rewards, (None, None)]:
            while len(self.trials) < len(rows) and steps[len(self.trials)][0] <= len(self.told):
                if not self._draw() or self._differs(*steps[len(self.trials) - 1][1:]):
                    raise ValueError(
                        "`state` must be of this version of the search, which proposes another "
                        f"policy. Received: candidate {len(self.trials) - 1}"
                    )
            if number is not None:
                if not number < len(self.trials):
                    raise ValueError(f"`state` tells candidate {number} before it was asked")
                self._record(self.trials[number], reward)

    def _differs(self, number, policy):
        candidate = self.trials[-1].candidate
        return candidate.number != number or candidate.policy != policy

    def save(self, path):
        """Writes the state to a JSON file, in one step: the old file, or the new one."""
        text = json.dumps(self.state(), indent=1)
        with replacing(path) as draft:
            draft.write_text(text + "\n")

    def load(self, path):
        """Restores the state of a file, which stays as it is.

        Raises:
            OSError: If there is no such file.
            ValueError: If it holds no whole state, or that of another search; it names the file.
        """
        try:
            self.restore(json.loads(pathlib.Path(path).read_text()))
        except ValueError as error:
            raise ValueError(f"{path} does not hold the state of this search: {error}") from error

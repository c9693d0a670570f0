"""The interface of every search for a policy: ask, tell, and a state in plain JSON.

A state is what was asked and told. All else follows: what a search proposes is a function of its
arguments and of the rewards so far, so that one that is restored goes on as if never stopped.
"""

import dataclasses
import inspect
import json
import math
import os
import pathlib
from collections.abc import Iterable
from typing import Any, cast

import numpy as np

from kerasbook.arguments import natural_number, positive_integer
from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.augmentation.search.space import Policy, PolicySpace, space_of
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
    policy: Policy
    parent: int | None = None
    fold: int | None = None


@dataclasses.dataclass(frozen=True)
class Proposal:
    """What a subclass proposes.

    Attributes:
        tokens: The policy, see `PolicySpace`.
        parent: As in `Candidate`.
        fold: As in `Candidate`.
    """

    tokens: np.ndarray
    parent: int | None = None
    fold: int | None = None


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
    reward: float | None = None


class Search:
    """Base of the searches for a policy.

    A subclass proposes tokens in `_propose(number)`, which depends on nothing but the arguments,
    the number and what was told before, and learns in `_learn(trial)`. Each of its arguments, plain
    JSON values, becomes an attribute of the same name, from which a state is made; `space` is one.

    Args:
        space: `PolicySpace`, its dictionary, or `None` for AutoAugment's.
        seed: Integer seed of what is proposed, at least 0.

    Attributes:
        trials: All `Trial`s in the order of their numbers.
        told: Those of them that are complete or failed, in the order in which that was told.
    """

    def __init__(self, space: PolicySpace | dict[str, Any] | None = None, *, seed: int = 0) -> None:
        self.space = space_of(space)
        self.seed = natural_number("seed", seed)
        self.trials: list[Trial] = []
        self.told: list[Trial] = []
        self._failures = 0

    def _propose(self, number: int) -> Proposal | None:
        """Returns the `Proposal` of a number, or `None` where rewards must come first."""
        raise NotImplementedError

    def _learn(self, trial: Trial) -> None:
        """Learns from a trial, whose reward is `None` if it failed."""

    def ask(self, count: int = 1) -> list[Candidate]:
        """Returns policies that await their reward, those asked before and not yet told first.

        Args:
            count: How many; there may be fewer where the search needs rewards before it goes on.

        Returns:
            List of `Candidate`s, one at least.
        """
        positive_integer("count", count)
        while sum(t.status == "pending" for t in self.trials) < count and self._draw():
            pass
        pending = [trial.candidate for trial in self.trials if trial.status == "pending"]
        if not pending:
            raise ValueError(
                f"{type(self).__name__}._propose must return a Proposal where nothing is pending. "
                "Received: None"
            )
        return pending[:count]

    def tell(self, candidate: Candidate, reward: float) -> None:
        """Tells the reward of a candidate.

        Args:
            candidate: A `Candidate` that `ask` returned.
            reward: A number, the greater the better. One that is not finite is a failed trial:
                recorded, and the search goes on.

        Raises:
            ValueError: If the candidate does not await a reward, or `reward` is no number.
            SearchFailed: If this is the third trial in a row that failed; it is recorded.
        """
        number: Any = getattr(candidate, "number", None)
        known = isinstance(number, int) and 0 <= number < len(self.trials)
        trial = self.trials[number] if known else None
        if trial is None or trial.status != "pending" or trial.candidate != candidate:
            raise ValueError(
                "`candidate` must await its reward, as those of `ask` do. "
                f"Received: candidate={candidate!r}"
            )
        reward = _number(reward)
        self._record(trial, reward if math.isfinite(reward) else None)
        self._failures = 0 if trial.status == "complete" else self._failures + 1
        if self._failures >= FAILURES:
            raise SearchFailed(
                f"The last {FAILURES} trials failed: `reward` must be finite. "
                f"Received: reward={reward} for candidate {number}"
            )

    def _draw(self) -> bool:
        proposal = self._propose(len(self.trials))
        if proposal is None:
            return False
        if not isinstance(proposal, Proposal):
            raise ValueError(
                f"{type(self).__name__}._propose must return a Proposal, or None. "
                f"Received: {proposal!r}"
            )
        candidate = Candidate(
            len(self.trials),
            self.space.policy_of(proposal.tokens),
            proposal.parent,
            proposal.fold,
        )
        self.trials.append(Trial(candidate, np.asarray(proposal.tokens), len(self.told)))
        return True

    def _record(self, trial: Trial, reward: float | None) -> None:
        trial.reward = reward
        trial.status = "failed" if reward is None else "complete"
        self.told.append(trial)
        self._learn(trial)

    def age(self, candidate: Candidate) -> int:
        """Returns how many candidates, one after the other, have trained its weights before."""
        age = 0
        while candidate.parent is not None:
            candidate = self.trials[candidate.parent].candidate
            age += 1
        return age

    @property
    def kept(self) -> set[int]:
        """Numbers of the candidates whose weights a later one may go on with, a set."""
        return set()

    @property
    def best(self) -> Trial | None:
        """The complete `Trial` of greatest reward, or `None`."""
        return next(iter(self.ranked()), None)

    def ranked(self) -> list[Trial]:
        """Returns the complete trials, the best first."""
        return ranked(self.trials)

    def found(self, num_best: int = 5, **arguments: Any) -> Augmentation:
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

    def _joined(self, trials: list[Trial], arguments: dict[str, Any]) -> Augmentation:
        """Returns the `AutoAugment` of the sub-policies of trials, none twice."""
        return self.space.augmentation_of(self._joined_policy(trials), **arguments)

    def _joined_policy(self, trials: Iterable[Trial]) -> Policy:
        """Returns the sub-policies of trials as one policy, none twice."""
        policies = [self.space.policy_of(trial.tokens) for trial in trials]
        steps = [json.dumps(sub_policy) for policy in policies for sub_policy in policy]
        return [json.loads(text) for text in dict.fromkeys(steps)]

    def _require_complete(self) -> None:
        if self.best is None:
            raise ValueError("A search must have a complete trial. Received: none")

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments but for the space, plain JSON values by name."""
        names = inspect.signature(type(self)).parameters
        values = {name: getattr(self, name) for name in names if name != "space"}
        return json.loads(json.dumps(values))

    def state(self) -> dict[str, Any]:
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
                    "policy": self.space.policy_of(trial.tokens),
                    "asked_after": trial.asked_after,
                    "told": order.get(id(trial)),
                    "status": trial.status,
                    "reward": trial.reward,
                }
                for trial in self.trials
            ],
        }

    def restore(self, state: dict[str, Any]) -> None:
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
            self.__init__(self.space, **self.arguments)  # type: ignore[misc]  # as new
            raise
        self._failures = 0

    def _replay(self, rows: list[dict[str, Any]]) -> None:
        """Draws and tells again what the rows of a state say."""
        told = _told_rows(rows)
        for row in [*told, None]:
            while len(self.trials) < len(rows):
                due = rows[len(self.trials)]
                if due["asked_after"] > len(self.told):
                    break
                if not self._draw() or any(
                    due[name] != value
                    for name, value in dataclasses.asdict(self.trials[-1].candidate).items()
                ):
                    raise ValueError(
                        "`state` must be of this version of the search, which proposes another "
                        f"candidate. Received: candidate {due['number']}"
                    )
            if row is None:
                continue
            if not row["number"] < len(self.trials):
                raise ValueError(f"`state` tells candidate {row['number']} before it was asked")
            self._record(self.trials[row["number"]], row["reward"])
        if len(self.trials) < len(rows):
            raise ValueError(f"`state` asks for candidate {len(self.trials)} after the last reward")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the state to a JSON file, in one step: the old file, or the new one."""
        text = json.dumps(self.state(), indent=1)
        with replacing(path) as draft:
            draft.write_text(text + "\n")

    def require_own(self, path: str | os.PathLike[str]) -> None:
        """Raises a `ValueError` unless a file holds what this search was told, no more and no less.

        Args:
            path: File of `save`.
        """
        try:
            saved = json.loads(pathlib.Path(path).read_text())
        except ValueError:
            saved = None
        mine = self.state()
        if not isinstance(saved, dict) or not isinstance(saved.get("trials"), list):
            saved = {"trials": []}
        for state in (saved, mine):
            told = [row for row in state["trials"] if row.get("status") != "pending"]
            state["trials"] = told
        if saved != mine:
            raise ValueError(
                "`path` must be new, or hold the state of this search, which has begun already. "
                f"Received: path={str(path)!r}, which holds another"
            )

    def load(self, path: str | os.PathLike[str]) -> None:
        """Restores the state of a file, which stays as it is.

        Raises:
            OSError: If there is no such file.
            ValueError: If it holds no whole state, or that of another search; it names the file.
        """
        try:
            self.restore(json.loads(pathlib.Path(path).read_text()))
        except ValueError as error:
            raise ValueError(f"{path} does not hold the state of this search: {error}") from error


def ranked(trials: Iterable[Trial]) -> list[Trial]:
    """Returns the complete ones of trials, the best first; equal ones in their order."""
    complete = [trial for trial in trials if trial.status == "complete"]
    return sorted(complete, key=lambda trial: -cast(float, trial.reward))


def _number(reward: Any) -> float:
    """Returns a reward as a float; one too great to be a float is infinite."""
    is_text = isinstance(reward, (str, bytes, bool, np.bool_))
    try:
        if not is_text:
            return float(reward)
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        pass
    raise ValueError(f"`reward` must be a number. Received: reward={reward!r}")


def _told_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the rows of a state that are told, in that order, after a look at all of them."""
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or not _is_sound(row, number):
            raise ValueError(f"`state` must be that of a search. Received: trial {str(row)[:60]!r}")
    told = sorted((row for row in rows if row["told"] is not None), key=lambda row: row["told"])
    if [row["told"] for row in told] != list(range(len(told))):
        raise ValueError("`state` must be that of a search. Received: trials told out of order")
    return told


def _is_sound(row: dict[str, Any], number: int) -> bool:
    """Returns whether a row of a state has all its fields, of the right types."""
    names = {field.name for field in dataclasses.fields(Candidate)}
    if not names | {"asked_after", "told", "status", "reward"} <= set(row):
        return False
    reward, told = row["reward"], row["told"]
    is_number = type(reward) in (int, float) and math.isfinite(reward)
    status = {
        "pending": told is None and reward is None,
        "complete": type(told) is int and is_number,
        "failed": type(told) is int and reward is None,
    }
    counts = type(row["number"]) is int and type(row["asked_after"]) is int
    return counts and row["number"] == number and status.get(row["status"], False)

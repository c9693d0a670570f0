"""Bayesian search: candidates of Optuna's tree-structured Parzen estimator."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbook.arguments import positive_integer
from kerasbook.augmentation.operations import get_operation
from kerasbook.augmentation.search.optuna_library import import_optuna, quiet
from kerasbook.augmentation.search.search import Proposal, Search, Trial
from kerasbook.augmentation.search.space import PolicySpace


class BayesianSearch(Search):
    """Proposes policies that look more like the good ones so far than like the others.

    The complete trials are parted into the best, l, and the rest, g. For each token `t` 24 values
    are drawn from a Parzen estimate of its density among the best, and that of the greatest
    `log l(t) - log g(t)` is taken. Tokens are taken each by itself; that of a level is left out
    where the operation has none. Until enough trials are complete, all is drawn at random.

    What awaits its reward counts as one of the rest, so that candidates that are asked for
    together differ. Restoring takes the candidates of a state as they are and samples none of
    them again, so that it is quick, and works with another version of Optuna as well.

    Args:
        space: `PolicySpace`, its dictionary, or `None` for AutoAugment's.
        seed: Integer seed of what is proposed, at least 0.
        num_random: How many trials must be complete before the estimates begin, at least 1.

    Raises:
        ImportError: If Optuna is not installed.
        ValueError: If an argument is not as described.

    Example:
        >>> search = kerasbook.augmentation.search.BayesianSearch(seed=1)
        >>> (candidate,) = search.ask()
        >>> search.tell(candidate, reward=0.5)
        >>> search.best.candidate == candidate
        True

    Reference:
        Bergstra et al., 2011, section 4,
        https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization, as Optuna
        carries it out. Here a greater reward is the better one.
    """

    def __init__(
        self,
        space: PolicySpace | dict[str, Any] | None = None,
        *,
        seed: int = 0,
        num_random: int = 10,
    ) -> None:
        super().__init__(space, seed=seed)
        self.num_random = positive_integer("num_random", num_random)
        self._optuna = import_optuna()
        with quiet(self._optuna):
            self._study = self._optuna.create_study(direction="maximize")
        self._recalled: dict[int, dict[str, Any]] = {}

    def recall(self, policies: Sequence[Any]) -> None:
        """Makes the candidates of a state the next proposals: none of them is sampled again.

        Args:
            policies: List of their policies.

        Raises:
            ValueError: If a policy is not of the space.
        """
        self._recalled = dict(enumerate(map(self._parameters_of, policies)))

    def _replay(self, rows: list[dict[str, Any]]) -> None:
        self.recall([row.get("policy") for row in rows if isinstance(row, dict)])
        super()._replay(rows)

    def _propose(self, number: int) -> Proposal:
        with quiet(self._optuna):
            if number in self._recalled:
                self._study.enqueue_trial(self._recalled.pop(number))
            self._study.sampler = self._sampler(number)
            trial = self._study.ask()
            rows, columns, _ = self.space.shape
            tokens = [[self._step(trial, f"{i}_{j}") for j in range(columns)] for i in range(rows)]
        return Proposal(np.array(tokens))

    def _sampler(self, number: int) -> Any:
        with warnings.catch_warnings():
            # Optuna 4 calls the constant liar experimental.
            warnings.simplefilter("ignore", self._optuna.exceptions.ExperimentalWarning)
            return self._optuna.samplers.TPESampler(
                seed=int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0]),
                n_startup_trials=self.num_random,
                n_ei_candidates=24,
                multivariate=False,
                constant_liar=True,
            )

    def _step(self, trial: Any, place: str) -> tuple[int, int, int]:
        """Returns the three tokens of one operation as the trial has them."""
        _, num_probabilities, num_levels = self.space.sizes
        operation = trial.suggest_categorical(f"operation_{place}", self.space.operations)
        probability = trial.suggest_int(f"probability_{place}", 0, num_probabilities - 1)
        level = 0
        if get_operation(operation).has_level:
            level = trial.suggest_int(f"level_{place}", 0, num_levels - 1)
        return self.space.operations.index(operation), probability, level

    def _learn(self, trial: Trial) -> None:
        with quiet(self._optuna):
            if trial.reward is None:
                self._study.tell(trial.candidate.number, state=self._optuna.trial.TrialState.FAIL)
            else:
                self._study.tell(trial.candidate.number, trial.reward)

    def _parameters_of(self, policy: Any) -> dict[str, Any]:
        """Returns the parameters of a trial that `_step` turns into a policy."""
        parameters: dict[str, Any] = {}
        last, levels = self.space.num_probabilities - 1, (None, *range(self.space.num_levels))
        try:
            for i, steps in enumerate(policy):
                for j, step in enumerate(steps):
                    token = round(step["probability"] * last)
                    known = step["operation"] in self.space.operations and step["level"] in levels
                    if not known or not 0 <= token <= last:
                        raise ValueError("it is not in the space")
                    parameters[f"operation_{i}_{j}"] = step["operation"]
                    parameters[f"probability_{i}_{j}"] = token
                    if step["level"] is not None:
                        parameters[f"level_{i}_{j}"] = step["level"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"`state` must hold policies of the space. Received: policy={policy!r}"
            ) from error
        return parameters

"""Population based augmentation: models that train side by side, and copy and vary the best."""

from typing import Any

import numpy as np

from kerasbook.arguments import positive_integer
from kerasbook.augmentation.scheduled_auto_augment import ScheduledAutoAugment
from kerasbook.augmentation.search.search import Proposal, Search, Trial, ranked
from kerasbook.augmentation.search.space import Policy, PolicySpace
from kerasbook.layers.arguments import number_of

RESAMPLED = 0.2  # how often a token is drawn anew
GREATEST_STEP = 3  # how far a token moves otherwise


class PopulationBasedAugmentation(Search):
    """Finds a schedule of policies: a population trains, and its worst go on from its best.

    Candidate n is member n % `population` in generation n // `population`. The policies of the
    first generation are drawn with equal chance. After each generation the worst members, and
    those that failed, go on with the weights and the policy of one of the best, drawn with equal
    chance, and vary the policy; the others go on with their own. Where a policy is varied, each
    token is drawn anew with probability 0.2; else probabilities and levels move by 0, 1, 2 or 3
    steps, up or down, and end at the ends of their intervals. If a whole generation failed, the
    next begins anew.

    A candidate's training goes on with the weights of its `parent`. So the policies of one member
    and its forebears are a schedule, and the best member's is what is found.

    Args:
        space: `PolicySpace`, its dictionary, or `None` for AutoAugment's.
        population: Members that train side by side, at least 2.
        quantile: Share of the population that counts as the best, and as the worst, in
            (0, 0.5]; at least one member each.
        seed: Integer seed of what is proposed, at least 0.

    Raises:
        ValueError: If an argument is not as described.

    Example:
        >>> search = kerasbook.augmentation.search.PopulationBasedAugmentation(population=2)
        >>> first, second = search.ask(2)
        >>> search.tell(first, reward=0.7)
        >>> search.tell(second, reward=0.5)
        >>> [candidate.parent for candidate in search.ask(2)]
        [0, 0]
        >>> search.num_generations, search.generation
        (1, 1)

    Reference:
        Ho et al., 2019, section 3, https://arxiv.org/abs/1905.05393. There a policy holds every
        operation twice, and 16 members vary probabilities and levels; here it has AutoAugment's
        form, and so operations are drawn anew, too.
    """

    def __init__(
        self,
        space: PolicySpace | dict[str, Any] | None = None,
        *,
        population: int = 8,
        quantile: float = 0.25,
        seed: int = 0,
    ) -> None:
        super().__init__(space, seed=seed)
        self.population = positive_integer("population", population)
        if population < 2:
            raise ValueError(f"`population` must be at least 2. Received: population={population}")
        self.quantile = number_of("quantile", quantile, "in (0, 0.5]", lambda v: 0 < v <= 0.5)

    @property
    def generation(self) -> int:
        """The generation of the newest candidate, from 0."""
        return max(0, len(self.trials) - 1) // self.population

    @property
    def num_generations(self) -> int:
        """How many generations have all their rewards."""
        pending = (t.candidate.number for t in self.trials if t.status == "pending")
        return next(pending, len(self.trials)) // self.population

    @property
    def kept(self) -> set[int]:
        return set(range(max(0, self.generation - 1) * self.population, len(self.trials)))

    def _members(self, generation: int) -> list[Trial]:
        start = generation * self.population
        return self.trials[start : start + self.population]

    def _propose(self, number: int) -> Proposal | None:
        generation, place = divmod(number, self.population)
        generator = np.random.default_rng([self.seed, number])
        if generation == 0:
            return Proposal(self.space.draw(generator))
        members = self._members(generation - 1)
        if any(trial.status == "pending" for trial in members):
            return None
        best, worst = _selected(members, self.quantile)
        if not best:
            return Proposal(self.space.draw(generator))
        own = members[place]
        if own.candidate.number not in worst:
            return Proposal(own.tokens, parent=own.candidate.number)
        chosen = best[generator.integers(len(best))]
        return Proposal(self._varied(chosen.tokens, generator), parent=chosen.candidate.number)

    def _varied(self, tokens: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Returns the tokens of a policy near another one."""
        step = generator.integers(0, GREATEST_STEP + 1, size=tokens.shape)
        step = np.where(generator.random(tokens.shape) < 0.5, -step, step)
        step[..., 0] = 0  # operations have no order
        moved = np.clip(tokens + step, 0, np.array(self.space.sizes) - 1)
        is_new = generator.random(tokens.shape) < RESAMPLED
        return np.where(is_new, generator.integers(0, self.space.sizes, tokens.shape), moved)

    def schedule(self, num_best: int = 1) -> list[Policy]:
        """Returns the policies that the best member was trained with, one for each generation.

        The best is that of the last generation that has all its rewards, and not only failures;
        before there is one, the best so far. The schedule begins where its training began.

        Args:
            num_best: Number of members, the best first, whose policies are joined, generation by
                generation.

        Returns:
            List of policies, lists of sub-policies as in `AutoAugment`.

        Raises:
            ValueError: If no trial is complete.
        """
        self._require_complete()
        chosen = self._ranked_last()[: positive_integer("num_best", num_best)]
        # All of a generation began in the same one, as only whole generations begin anew.
        generations = zip(*map(self._lineage, chosen), strict=True)
        return [self._joined_policy(trials) for trials in generations]

    def _ranked_last(self) -> list[Trial]:
        """Returns the complete trials of the last generation that is done, the best first."""
        for generation in reversed(range(self.num_generations)):
            complete = ranked(self._members(generation))
            if complete:
                return complete
        return self.ranked()[:1]

    def _lineage(self, trial: Trial) -> list[Trial]:
        """Returns a trial and those whose weights it went on with, the first one first."""
        lineage = [trial]
        while lineage[0].candidate.parent is not None:
            lineage.insert(0, self.trials[lineage[0].candidate.parent])
        return lineage

    def found(
        self,
        num_best: int | None = None,
        *,
        epochs_per_generation: int = 1,
        epochs: int | None = None,
        **arguments: Any,
    ) -> ScheduledAutoAugment:
        """Returns the augmentation that the search has found so far, by the best schedule.

        Epoch e of `epochs` follows the generation that the search trained in the middle of that
        epoch, at the share `(e + 1/2) / epochs` of the whole: a longer training stretches the
        schedule, a shorter one leaves generations out.

        Args:
            num_best: As in `schedule`; `None` is 1.
            epochs_per_generation: For how many epochs each candidate was trained.
            epochs: Epochs of the training that is to follow; `None` for as many as the members
                of the search were trained for.
            **arguments: Further arguments of `AutoAugment`, such as `value_range`.

        Returns:
            A `ScheduledAutoAugment`.

        Raises:
            ValueError: If no trial is complete, or a number is no positive integer.
        """
        schedule = self.schedule(1 if num_best is None else num_best)
        count = len(schedule)
        trained = count * positive_integer("epochs_per_generation", epochs_per_generation)
        epochs = trained if epochs is None else positive_integer("epochs", epochs)
        policies: list[Policy] = []
        first_epochs: list[int] = []
        for epoch in range(epochs):
            policy = schedule[(2 * epoch + 1) * count // (2 * epochs)]
            if not policies or policy != policies[-1]:
                policies.append(policy)
                first_epochs.append(epoch)
        return ScheduledAutoAugment(
            policies, first_epochs, greatest_level=self.space.greatest_level, **arguments
        )


def _selected(members: list[Trial], quantile: float) -> tuple[list[Trial], set[int]]:
    """Returns the best trials of a generation, and the numbers of the worst and the failed."""
    count = max(1, int(quantile * len(members) + 1e-9))  # 0.29 * 100 is 28.999...
    complete = ranked(members)
    failed = [trial for trial in members if trial.status == "failed"]
    best, others = complete[:count], complete[count:] + failed
    worst = others[-max(count, len(failed)) :]
    return best, {trial.candidate.number for trial in worst}

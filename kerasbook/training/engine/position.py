"""How far a run is, in plain JSON."""

import dataclasses
from collections.abc import Sequence
from typing import Any


@dataclasses.dataclass
class Position:
    """How far a run is: what a checkpoint holds beside weights and optimizer.

    Attributes:
        epoch: Epochs done.
        step: Steps done in the epoch under way.
        steps: Steps done in all.
        totals: What the steps of the epoch under way have summed up, the examples last.
        first_loss: The loss of the run's first step.
        best: Score of the best epoch, or `None`.
        seconds: Time spent in epochs, validation included.
        recoveries: How often the run went back after its loss had exploded.
        rate_factor: What the learning rate is multiplied with since.
        callbacks: What the callbacks remember.
        stopped: Whether a callback has ended the training.
    """

    epoch: int = 0
    step: int = 0
    steps: int = 0
    totals: tuple[float, ...] = ()
    first_loss: float = 0.0
    best: tuple[float, ...] | None = None
    seconds: float = 0.0
    recoveries: int = 0
    rate_factor: float = 1.0
    callbacks: Sequence[dict[str, Any]] = ()
    stopped: bool = False

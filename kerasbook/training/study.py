"""A study: small models on toy data, run over several seeds, that end in a picture."""

import dataclasses
from collections.abc import Callable

from kerasbook.arguments import positive_integer


@dataclasses.dataclass(frozen=True)
class Claim:
    """On every seed one result is greater than another.

    Attributes:
        greater: The result that is greater, e.g. a model's name.
        lesser: The other.
        by: Least difference that is claimed; 0 claims any.
        measure: What is compared, e.g. `"log_likelihood"`.
    """

    greater: str
    lesser: str
    by: float = 0.0
    measure: str = "log_likelihood"


@dataclasses.dataclass(frozen=True)
class Study:
    """An experiment that is a recipe of its own.

    Attributes:
        name: Name of the recipe; a bundled one's file has the same.
        run: Function `run(seed=..., epochs=...)` that makes its data, trains its models and
            returns `(scores, draw)`. `scores` is `{model: {measure: number}}`, with measures such
            as `"log_likelihood"` (nats per held-out example, the mean) or `"accuracy"`;
            `draw(path)` writes the picture.
        epochs: Number of passes through the training data, handed to `run`.
        seeds: Seeds that it runs over, one after the other; the picture is of the first.
        claims: What it shows: a tuple of `Claim`.
    """

    name: str
    run: Callable
    epochs: int = 1
    seeds: tuple = (0, 1, 2, 3, 4)
    claims: tuple = ()

    def __post_init__(self):
        object.__setattr__(self, "seeds", tuple(self.seeds))
        positive_integer("epochs", self.epochs)
        proper = all(type(seed) is int and 0 <= seed < 2**32 for seed in self.seeds)
        if not self.seeds or not proper:
            raise ValueError(
                "`seeds` must be one integer or several, at least 0 and below 2^32. "
                f"Received: seeds={self.seeds!r}"
            )

    def to_json(self):
        """Returns what a run of it depends on, as plain JSON values."""
        return {"name": self.name, "epochs": self.epochs, "seeds": list(self.seeds)}

    def replace(self, /, **fields):
        """Returns a copy with some fields changed."""
        return dataclasses.replace(self, **fields)

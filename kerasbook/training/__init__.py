"""The engine: recipes, data, strategies, the training step, run folders and resuming."""

from kerasbook.lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "OneCycle": "schedules",
        "Recipe": "recipe",
        "WarmupCosine": "schedules",
        "evaluate": "run",
        "train": "run",
    },
)

"""The engine: recipes, data, strategies, the training step, run folders and resuming."""

from kerasbook.lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "OneCycle": "schedules",
        "Recipe": "recipe",
        "WarmupCosine": "schedules",
        "compare": "comparison",
        "evaluate": "evaluation",
        "evaluate_ensemble": "evaluation",
        "export_run": "prediction",
        "predict": "prediction",
        "preview_augmentation": "preview",
        "recipe_of": "run",
        "train": "run",
    },
)

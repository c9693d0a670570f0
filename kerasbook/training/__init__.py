"""The engine: recipes, data, strategies, the training step, run folders and resuming."""

from kerasbook.lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "OneCycle": "schedules",
        "Recipe": "recipe",
        "WarmupCosine": "schedules",
        "evaluate": "run",
        "Scaled": "schedules",
        "export_run": "prediction",
        "fit": "own_model",
        "predict": "prediction",
        "preview_augmentation": "preview",
        "recipe_of": "run",
        "train": "run",
    },
)

"""The engine: recipes, data, strategies, the training step, run folders and resuming."""

from kerasbook.lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "OneCycle": "schedules",
        "Recipe": "recipe",
        "WarmupCosine": "schedules",
        "Scaled": "schedules",
        "compare": "comparison",
        "cross_validate": "cross_validation",
        "evaluate": "evaluation",
        "evaluate_ensemble": "evaluation",
        "export_run": "prediction",
        "fit": "own_model",
        "predict": "prediction",
        "preview_augmentation": "preview",
        "random_search": "search",
        "recipe_of": "run",
        "train": "run",
    },
)

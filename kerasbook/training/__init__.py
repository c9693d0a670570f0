"""The engine: recipes, data, strategies, the training step, run folders and resuming."""

from kerasbook.lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "Claim": "study",
        "OneCycle": "schedules",
        "Recipe": "recipe",
        "WarmupCosine": "schedules",
        "Scaled": "schedules",
        "Study": "study",
        "classifier_scores": "study_run",
        "compare": "comparison",
        "cross_validate": "cross_validation",
        "evaluate": "evaluation",
        "evaluate_ensemble": "evaluation",
        "export_run": "prediction",
        "fit": "own_model",
        "fit_whole": "study_run",
        "predict": "prediction",
        "preview_augmentation": "preview",
        "random_search": "search",
        "recipe_of": "run",
        "run_study": "study_run",
        "search_policy": "policy_search",
        "train": "run",
    },
)

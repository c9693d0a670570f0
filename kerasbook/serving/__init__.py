"""From a trained model to a SavedModel that takes image files, and the proof that it works."""

from kerasbook.lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "Preprocessing": "preprocessing",
        "export": "saved_model",
        "load": "saved_model",
        "preprocessing": None,
        "saved_model": None,
    },
)

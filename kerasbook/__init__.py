"""kerasbook: the layers, models and procedures of the textbooks for TensorFlow and Keras 3.

Importing this module costs nothing: each name below is imported when it is first used.
"""

from kerasbook.lazy import attach

__version__ = "0.1.0"

__getattr__, __dir__ = attach(
    __name__,
    {
        **dict.fromkeys(
            (
                "analysis",
                "applications",
                "augmentation",
                "callbacks",
                "evaluation",
                "initializers",
                "layers",
                "losses",
                "metrics",
                "ops",
                "recipes",
                "registry",
                "serving",
                "surgery",
                "testing",
                "training",
                "visual",
            )
        ),
        "receptive_field": "analysis.receptive_field",
    },
)

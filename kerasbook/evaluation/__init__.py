"""What is known of a trained model: views, ensembles, averages, calibration, intervals, tests."""

from kerasbook.lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "McNemar": "paired_test",
        "VIEWS": "views",
        "View": "views",
        "accuracy_interval": "intervals",
        "average_views": "views",
        "average_weights": "weights",
        "dense_evaluation": "dense",
        "ensemble": "ensembles",
        "gaussian_ensemble": "ensembles",
        "mc_nemar": "paired_test",
        "mix_gaussians": "ensembles",
        "swag_predict": "swag",
        "temperature_scaling": "temperature",
    },
)

"""What is known of a trained classifier: views, ensembles, averages, intervals, comparisons."""

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
        "mc_nemar": "paired_test",
    },
)

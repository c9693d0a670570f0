"""Pictures (matplotlib), written to files: no window, no global state."""

from kerasbook.lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "CurvePanel": "curve_panels",
        "RegionPanel": "decision_regions",
        "plot_augmentation_sheet": "augmentation_sheet",
        "plot_confusion_matrix": "confusion_matrix",
        "plot_contact_sheet": "contact_sheet",
        "plot_curve_panels": "curve_panels",
        "plot_curves": "curves",
        "plot_decision_regions": "decision_regions",
        "plot_rewards": "rewards",
    },
)

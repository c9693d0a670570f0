"""Pictures (matplotlib), written to files: no window, no global state."""

from kerasbook.visual.augmentation_sheet import plot_augmentation_sheet
from kerasbook.visual.confusion_matrix import plot_confusion_matrix
from kerasbook.visual.contact_sheet import plot_contact_sheet
from kerasbook.visual.curves import plot_curves

__all__ = [
    "plot_augmentation_sheet",
    "plot_confusion_matrix",
    "plot_contact_sheet",
    "plot_curves",
]

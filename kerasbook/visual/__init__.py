"""Pictures (matplotlib), written to files: no window, no global state."""

from kerasbook.visual.confusion_matrix import plot_confusion_matrix
from kerasbook.visual.contact_sheet import plot_contact_sheet
from kerasbook.visual.curves import plot_curves

__all__ = ["plot_confusion_matrix", "plot_contact_sheet", "plot_curves"]

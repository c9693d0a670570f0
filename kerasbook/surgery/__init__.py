"""Functions that take a trained model and change it, or return a changed one."""

from kerasbook.surgery.batch_norm_folding import fold_batch_norm
from kerasbook.surgery.batch_norm_recalibration import recalibrate_batch_norm
from kerasbook.surgery.dense_to_convolution import dense_to_convolution

__all__ = ["dense_to_convolution", "fold_batch_norm", "recalibrate_batch_norm"]

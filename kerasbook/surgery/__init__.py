"""Functions that take a trained model and change it, or return a changed one."""

from kerasbook.surgery.activation_replacement import replace_activations
from kerasbook.surgery.batch_norm_folding import fold_batch_norm
from kerasbook.surgery.batch_norm_recalibration import recalibrate_batch_norm
from kerasbook.surgery.dense_to_convolution import dense_to_convolution
from kerasbook.surgery.input_channels import change_input_channels
from kerasbook.surgery.norm_replacement import replace_norms

__all__ = [
    "change_input_channels",
    "dense_to_convolution",
    "fold_batch_norm",
    "recalibrate_batch_norm",
    "replace_activations",
    "replace_norms",
]

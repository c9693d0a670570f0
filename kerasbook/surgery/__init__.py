"""Functions that take a trained model and change it, or return a changed one."""

from kerasbook.surgery.dense_to_convolution import dense_to_convolution

__all__ = ["dense_to_convolution"]

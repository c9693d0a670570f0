"""Keras callbacks, one per file."""

from kerasbook.callbacks.epoch_log import EpochLog

__all__ = ["EpochLog"]

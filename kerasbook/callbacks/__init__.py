"""Keras callbacks, one per file."""

from kerasbook.callbacks.augmentation_schedule import AugmentationSchedule
from kerasbook.callbacks.epoch_log import EpochLog
from kerasbook.callbacks.mix_up_off import MixUpOff

__all__ = ["AugmentationSchedule", "EpochLog", "MixUpOff"]

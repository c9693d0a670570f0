"""Keras callbacks, one per file."""

from kerasbook.callbacks.augmentation_schedule import AugmentationSchedule
from kerasbook.callbacks.epoch_log import EpochLog
from kerasbook.callbacks.mix_up_off import MixUpOff
from kerasbook.callbacks.policy_search import PolicySearch
from kerasbook.callbacks.swag import SWAG

__all__ = ["SWAG", "AugmentationSchedule", "EpochLog", "MixUpOff", "PolicySearch"]

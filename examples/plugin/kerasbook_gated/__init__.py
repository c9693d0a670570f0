"""A plug-in of kerasbook; importing it registers all it brings."""

from kerasbook_gated.gated_unit import GatedUnit
from kerasbook_gated.gatednet import GatedNet
from kerasbook_gated.recipe import digits_gatednet

__all__ = ["GatedNet", "GatedUnit", "digits_gatednet"]

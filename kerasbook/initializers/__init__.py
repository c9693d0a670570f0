"""Starting values of weights: Keras initializers, and procedures on whole models."""

from kerasbook.initializers.fixup_he import FixupHe
from kerasbook.initializers.lsuv import lsuv
from kerasbook.initializers.sparse import Sparse

__all__ = ["FixupHe", "Sparse", "lsuv"]

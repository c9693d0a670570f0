"""What a model is, computed without running it."""

from kerasbook.analysis.cost import Cost, LayerCost, cost, flops
from kerasbook.analysis.receptive_field import (
    ReceptiveField,
    receptive_field,
    receptive_field_table,
)
from kerasbook.analysis.weightless import weightless

__all__ = [
    "Cost",
    "LayerCost",
    "ReceptiveField",
    "cost",
    "flops",
    "receptive_field",
    "receptive_field_table",
    "weightless",
]

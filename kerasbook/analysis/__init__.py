"""What a model is, computed without running it."""

from kerasbook.analysis.receptive_field import (
    ReceptiveField,
    receptive_field,
    receptive_field_table,
)

__all__ = ["ReceptiveField", "receptive_field", "receptive_field_table"]

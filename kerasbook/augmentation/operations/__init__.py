"""Operations on images, found by name: one table says what each does and whose rule it follows.

An operation is a description, and one of a handful of kernels that carry it out on one image:
see `Operation`. `kerasbook.augmentation.program` runs them.
"""

from kerasbook import registry
from kerasbook.augmentation.operations.operation import Operation as Operation
from kerasbook.augmentation.operations.table import TABLE

OPERATIONS = {operation.name: operation for operation in TABLE}


def register_operation(operation):
    """Adds an operation to the table, so that policies can name it.

    Args:
        operation: An `Operation`.

    Raises:
        ValueError: If the name is taken by another operation.
    """
    if OPERATIONS.get(operation.name, operation) != operation:
        raise ValueError(f"`name` must be free. Received: name={operation.name!r}")
    OPERATIONS[operation.name] = operation


def list_operations():
    """Returns the sorted names of all operations."""
    return sorted(OPERATIONS)


def get_operation(name):
    """Returns the operation of a name.

    Raises:
        ValueError: If there is none; the message lists the nearest names.
    """
    if not isinstance(name, str) or name not in OPERATIONS:
        raise ValueError(registry.unknown("operation", name, OPERATIONS))
    return OPERATIONS[name]

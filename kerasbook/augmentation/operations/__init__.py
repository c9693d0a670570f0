"""Operations on images, found by name: one table says what each does and whose rule it follows.

An operation is a description, and one of a handful of kernels that carry it out on one image:
see `Operation`. `kerasbook.augmentation.program` runs them.
"""

from kerasbook import registry
from kerasbook.augmentation.operations import geometry, masks, only_boxes, values
from kerasbook.augmentation.operations.operation import Operation, no_parameters

AUTO_AUGMENT = "Cubuk et al., 2019, https://arxiv.org/abs/1805.09501"

OPERATIONS = {}


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
    if name not in OPERATIONS:
        raise ValueError(registry.unknown("operation", name, OPERATIONS))
    return OPERATIONS[name]


def _warp(name, matrix, high, unit):
    register_operation(
        Operation(
            name,
            geometry.warp,
            matrix,
            low=0.0,
            high=high,
            signed=True,
            is_geometric=True,
            unit=unit,
            source=AUTO_AUGMENT,
        )
    )


def _blend(name, kernel):
    register_operation(
        Operation(name, kernel, low=1.0, high=1.9, signed=True, unit="factor", source=AUTO_AUGMENT)
    )


def _plain(name, kernel, source=AUTO_AUGMENT):
    register_operation(Operation(name, kernel, no_parameters, source=source))


_plain("identity", values.identity)
_warp("shear_x", geometry.shear_x, 0.3, "pixels a row")
_warp("shear_y", geometry.shear_y, 0.3, "pixels a column")
_warp("translate_x", geometry.translate_x, 150 / 331, "fraction of the width")
_warp("translate_y", geometry.translate_y, 150 / 331, "fraction of the height")
_warp("rotate", geometry.rotate, 30.0, "degrees")
_blend("brightness", values.brightness)
_blend("color", values.color)
_blend("contrast", values.contrast)
_blend("sharpness", values.sharpness)
register_operation(
    Operation(
        "posterize",
        values.posterize,
        low=8.0,
        high=4.0,
        whole=True,
        unit="bits kept",
        source=AUTO_AUGMENT + ", rising with the level as in torchvision",
    )
)
register_operation(
    Operation(
        "solarize",
        values.solarize,
        values.solarize_threshold,
        low=255.0,
        high=0.0,
        unit="least value inverted; from 255 on none",
        source=AUTO_AUGMENT + ", rising with the level as in torchvision",
    )
)
_plain("auto_contrast", values.auto_contrast)
_plain("equalize", values.equalize)
_plain("invert", values.invert)
register_operation(
    Operation(
        "cutout",
        masks.fill_rectangle,
        masks.cutout,
        low=0.0,
        high=60 / 331,
        num_chances=2,
        unit="fraction of the shorter side",
        source=AUTO_AUGMENT,
    )
)
register_operation(
    Operation(
        "sample_pairing",
        masks.mix_with_another,
        masks.another_image,
        low=0.0,
        high=0.4,
        num_chances=1,
        unit="weight of the other image",
        source=AUTO_AUGMENT,
    )
)
register_operation(
    Operation(
        "translate_y_only_boxes",
        only_boxes.translate_y_only_boxes,
        only_boxes.shift_and_coin,
        low=0.0,
        high=120 / 640,
        signed=True,
        num_chances=1,
        needs_boxes=True,
        unit="fraction of the image's height",
        source="Zoph et al., 2019, https://arxiv.org/abs/1906.11172",
    )
)

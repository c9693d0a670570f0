"""GoogLeNet, the first Inception network: with batch normalization, or as its paper has it."""

import keras

from kerasbook.applications import parts
from kerasbook.applications.family import Family, average_head
from kerasbook.applications.units import Convention
from kerasbook.layers.arguments import one_of, positive_integers, rate_below_one

BLOCKS = (  # channels of 1 x 1; 3 x 3, reduced and made; 5 x 5, reduced and made; after pooling
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)
CELLS = 4  # of the side of the maps that an auxiliary classifier looks at


def trunk(x, units, *, filters=(64, 64, 192), blocks=BLOCKS, large_kernel=3, low_resolution=False):
    """Returns the maps of a GoogLeNet."""
    first, second, third = positive_integers("filters", filters, 3)
    one_of("large_kernel", large_kernel, (3, 5))
    if low_resolution:
        x = units.unit(x, first, 3, name="stem")
    else:
        x = units.unit(x, first, 7, strides=2, name="stem")
        x = units.pool(x, "max", 3, strides=2, padding="ceiling", name="stage1")
    x = units.unit(x, second, 1, name="stage1_1")
    x = units.unit(x, third, 3, name="stage1_2")
    for stage, rows in enumerate(parts.listed("blocks", blocks, 3), 2):
        if stage > 2 or not low_resolution:
            size = 3 if stage < 4 else 2
            x = units.pool(x, "max", size, strides=2, padding="ceiling", name=f"stage{stage}")
        for number, row in enumerate(parts.listed("blocks", rows), 1):
            name = f"stage{stage}_block{number}"
            x = block(x, units, positive_integers("blocks", row, 6), large_kernel, name)
            if stage == 3 and number == 1:
                units.kept["auxiliary1"] = units.kept["auxiliary2"] = x
            elif stage == 3 and number == len(rows) - 1:
                units.kept["auxiliary2"] = x
    return x


def block(x, units, filters, large_kernel, name):
    """Returns what four branches make of maps: 1 x 1, 3 x 3, 5 x 5, maximum pooling."""
    point, reduced, medium, squeezed, large, pooled = filters
    branches = [
        units.unit(x, point, 1, name=f"{name}_branch1"),
        units.unit(
            units.unit(x, reduced, 1, name=f"{name}_branch2_1"),
            medium,
            3,
            name=f"{name}_branch2_2",
        ),
        units.unit(
            units.unit(x, squeezed, 1, name=f"{name}_branch3_1"),
            large,
            large_kernel,
            name=f"{name}_branch3_2",
        ),
        units.unit(
            units.pool(x, "max", 3, strides=1, padding="same", name=f"{name}_branch4"),
            pooled,
            1,
            name=f"{name}_branch4",
        ),
    ]
    return keras.layers.Concatenate(name=f"{name}_concat")(branches)


def head(x, units, classes, *, auxiliary=False, auxiliary_dropout=0.7):
    """Returns the logits, with those of two classifiers of the third stage if there are any."""
    rate_below_one("auxiliary_dropout", auxiliary_dropout)
    logits = average_head(x, units, classes)
    if not auxiliary:
        return logits
    others = {
        name: auxiliary_classifier(maps, units, classes, auxiliary_dropout, name)
        for name, maps in units.kept.items()
    }
    return {"predictions": logits, **others}


def auxiliary_classifier(x, units, classes, dropout, name):
    """Returns the logits of a convolution and two dense layers on the means of 4 x 4 cells."""
    x = units.unit(cell_means(x), 128, 1, name=name)
    x = keras.layers.Flatten(name=f"{name}_flatten")(x)
    x = units.dense(x, 1024, name=f"{name}_dense")
    x = units.drop(x, rate=dropout, name=f"{name}_dropout")
    return parts.dense_classifier(x, classes, name=f"{name}_predictions")


def cell_means(x):
    """Returns the means of 4 x 4 cells, which overlap where the size is no multiple of 4."""
    if None in x.shape[1:3]:
        raise ValueError(
            "`input_shape` must be static with `auxiliary=True`, since those classifiers have "
            f"weights for every position. Received: maps of the shape {x.shape[1:3]}"
        )
    rows, columns = (cells(pixels) for pixels in x.shape[1:3])
    x = keras.ops.stack([keras.ops.mean(x[:, cell], 1) for cell in rows], 1)
    return keras.ops.stack([keras.ops.mean(x[:, :, cell], 2) for cell in columns], 2)


def cells(pixels):
    """Returns which of so many pixels in a row each cell holds."""
    return [
        slice(cell * pixels // CELLS, -(-(cell + 1) * pixels // CELLS)) for cell in range(CELLS)
    ]


def torch_unit(match):
    """Returns the name in torchvision of a layer of a block."""
    stage, number, branch, place, part = match.groups()
    letter = "abcde"[int(number) - 1]
    step = ".1" if branch == "4" else f".{int(place) - 1}" if place else ""
    return f"inception{int(stage) + 1}{letter}.branch{branch}{step}.{TORCH_PARTS[part]}"


TORCH_PARTS = {"conv": "conv", "norm": "bn"}
TORCH_UNITS = {
    "stem": "conv1",
    "stage1_1": "conv2",
    "stage1_2": "conv3",
    "auxiliary1": "aux1.conv",
    "auxiliary2": "aux2.conv",
}

FAMILY = Family(
    name="googlenet",
    title="GoogLeNets",
    description="""
        Three convolutions and two poolings; nine blocks of four branches side by side, 1 x 1, 3 x
        3, 5 x 5 and a pooling, with a pooling after the second and the seventh; mean, classifier.
        There are no residual branches, and so no `drop_path`.
    """,
    options={
        "filters": "Channels of the three convolutions before the blocks.",
        "blocks": "For each further stage, for each block: channels of the 1 x 1 branch; those "
        "that the 3 x 3 branch reduces to, and makes; those of the 5 x 5 branch; those of the "
        "branch with the pooling.",
        "large_kernel": "Size of the kernel of the third branch: 5, as the paper has it, or 3, as "
        "torchvision has.",
        "low_resolution": "Whether to begin with a 3 x 3 convolution of stride 1 and without the "
        "first two poolings, for images of 32 to 64 pixels.",
        "auxiliary": "Whether two more classifiers stand after the first block of the third stage "
        "and the last but one; the model then returns a dictionary with the keys `"
        '"predictions"`, `"auxiliary1"` and `"auxiliary2"`.',
        "auxiliary_dropout": "Their probability of dropping a feature, in [0, 1).",
    },
    reference="""
        Szegedy et al., 2015, table 1, https://arxiv.org/abs/1409.4842. By default it is
        torchvision's: with batch normalization and kernels of 3 x 3 for 5 x 5.
        `normalization=None` and `large_kernel=5` give the paper's convolutions, without its local
        response normalizations; the last pooling is 2 x 2, as in torchvision, not 3 x 3.
    """,
    trunk=trunk,
    head=head,
    conventions={"torch": Convention(epsilon=1e-3)},
    minimum=lambda low_resolution, **options: 4 if low_resolution else 32,
    torch_names=(
        (
            r"(stem|stage1_\d|auxiliary\d)_(conv|norm)",
            lambda match: f"{TORCH_UNITS[match[1]]}.{TORCH_PARTS[match[2]]}",
        ),
        (r"stage(\d)_block(\d)_branch(\d)(?:_(\d))?_(conv|norm)", torch_unit),
        (r"auxiliary(\d)_dense", r"aux\1.fc1"),
        (r"auxiliary(\d)_predictions", r"aux\1.fc2"),
        (r"predictions", "fc"),
    ),
)

GoogLeNet = FAMILY.size("GoogLeNet", "nine blocks", peers={"torchvision": "googlenet"})
GoogLeNetTest = FAMILY.size(
    "GoogLeNetTest",
    "four narrow blocks, for tests",
    registered="googlenet_test",
    input_size=32,
    filters=(8, 8, 16),
    blocks=(
        ((8, 8, 8, 4, 8, 8),),
        ((8, 8, 16, 4, 8, 8), (8, 8, 16, 4, 8, 8)),
        ((16, 8, 16, 4, 8, 8),),
    ),
    low_resolution=True,
)

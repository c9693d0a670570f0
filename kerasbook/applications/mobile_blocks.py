"""What networks for phones share: widths in multiples of eight, and inverted residual blocks.

A network is a list of `Part`, each a run of blocks of one width; timm calls a part a stage and
counts from 0. Here a stage is what has one resolution, and its parts are `stage3a` and `stage3b`.
"""

import dataclasses

from kerasbook.applications.family import zero_based
from kerasbook.layers.arguments import number_of, positive_integers

# He et al. with the fan out, which also fits a depthwise kernel: one input feeds one output.
FAN_OUT = {
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"},
}

LOW_RESOLUTION = (
    "Whether the first two strides, those of the stem and of stage 1, are 1, as is usual for "
    "images of 32 to 64 pixels."
)
DEPTHS = "Number of blocks of each part of a stage, from the image on; `None` is as published."
DROP_PATH = (
    "Probability that scales how often residual branches of a sample are dropped, in [0, 1): "
    "block `b` of `n`, counted from 0, drops its branch with `drop_path * b / n`."
)


@dataclasses.dataclass(frozen=True)
class Part:
    """A run of inverted residual blocks of one width.

    Attributes:
        name: What the names of its layers begin with, such as `"stage3a"`.
        filters: Channels that each block returns.
        expansions: By how much each block widens its input; the length is the number of blocks.
        strides: Strides of the first block.
        kernel_size: Pixels of the side of the spatial convolutions.
        squeeze_excite: Whether the blocks have gates.
        fused: Whether one full convolution stands for the widening and the depthwise one.
        activation: Function within the blocks; `"own"` is the network's own.
    """

    name: str
    filters: int
    expansions: tuple
    strides: int = 2
    kernel_size: int = 3
    squeeze_excite: bool = False
    fused: bool = False
    activation: object = "own"


def divisible(channels, divisor=8, *, least=0.9):
    """Returns the multiple of a divisor nearest to a number of channels.

    Args:
        channels: The number, not necessarily an integer.
        divisor: What divides the result, which is at least that.
        least: Share of the number that the result must have; if it has less, the next multiple
            is taken.
    """
    result = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return result + divisor if result < least * channels else result


def with_depths(parts, depths):
    """Returns parts with other numbers of blocks, further ones like the last; or as they are."""
    if depths is None:
        return parts
    return [
        dataclasses.replace(
            part, expansions=(part.expansions + part.expansions[-1:] * depth)[:depth]
        )
        for part, depth in zip(parts, positive_integers("depths", depths, len(parts)), strict=True)
    ]


def minimum(low_resolution, **options):
    """Returns the smallest height and width of an image: what the strides make of one pixel."""
    return 8 if low_resolution else 32


def multiplier(name, value):
    """Returns `value` if it is a positive number, else raises a `ValueError` naming it."""
    return number_of(name, value, "a positive number", lambda number: number > 0)


def chain(x, units, parts, *, gate=None, low_resolution=False):
    """Returns what the blocks of all parts make of maps.

    Args:
        x: The maps.
        units: The network's `Units`.
        parts: List of `Part`.
        gate: Function `(x, units, filters, name=...)` that applies the gates of a block whose
            input had so many filters, for parts with `squeeze_excite`.
        low_resolution: Whether `stage1` has stride 1.
    """
    total, number = sum(len(part.expansions) for part in parts), 0
    for part in parts:
        for block, expansion in enumerate(part.expansions, 1):
            strides = part.strides if block == 1 else 1
            x = inverted_residual(
                x,
                units,
                part,
                expansion,
                strides=1 if low_resolution and part.name == "stage1" else strides,
                gate=gate,
                place=number / total,
                name=f"{part.name}_block{block}",
            )
            number += 1
    return x


def inverted_residual(x, units, part, expansion, *, strides, gate, place, name):
    """Returns what widening, a spatial convolution, gates and narrowing make of maps.

    It is added to the maps where it has their shape. Without an expansion, the block begins at
    the spatial convolution, and a fused block is that convolution alone.
    """
    shortcut, filters = x, x.shape[-1]
    wide = divisible(filters * expansion)
    spatial = {"strides": strides, "activation": part.activation}
    if part.fused and expansion == 1:
        x = units.unit(x, part.filters, part.kernel_size, name=f"{name}_fused", **spatial)
    else:
        if part.fused:
            x = units.unit(x, wide, part.kernel_size, name=f"{name}_expand", **spatial)
        else:
            if expansion != 1:
                x = units.unit(x, wide, 1, activation=part.activation, name=f"{name}_expand")
            x = units.unit(x, None, part.kernel_size, name=f"{name}_depthwise", **spatial)
        if part.squeeze_excite:
            x = gate(x, units, filters, name=name)
        x = units.unit(x, part.filters, 1, activation=None, name=f"{name}_project")
    if strides == 1 and filters == part.filters:
        x = units.add(shortcut, x, place=place, name=name)
    return x


def torch_names(units, further=()):
    """Returns the rules that make names of timm's modules of the layers' names.

    Args:
        units: Dictionary from the name of each part, in order, to a dictionary from the units of
            its blocks, in order, to their modules in timm.
        further: Rules for layers that other networks of this kind do not have, which count first.
    """
    rules = [
        *further,
        (r"stem_conv", "conv_stem"),
        (r"stem_norm", "bn1"),
        (r"stage4_last_conv", "conv_head"),
        (r"stage4_last_norm", "bn2"),
        (r"predictions", "classifier"),
    ]
    for index, (part, modules) in enumerate(units.items()):
        layers = {"squeeze_conv": "se.conv_reduce", "excite_conv": "se.conv_expand"}
        for number, (unit, module) in enumerate(modules.items(), 1):
            layers |= {f"{unit}_conv": module, f"{unit}_norm": f"bn{number}"}
        rules += [
            (rf"{part}_block(\d+)_{layer}", zero_based(f"blocks.{index}.{{0-}}.{module}"))
            for layer, module in layers.items()
        ]
    return tuple(rules)


def torch_units(parts):
    """Returns the dictionary that `torch_names` takes, of a list of `Part`."""

    def of(part):
        if part.fused:
            narrow = {"fused": "conv"}
            return (
                narrow if part.expansions[0] == 1 else {"expand": "conv_exp", "project": "conv_pwl"}
            )
        if part.expansions[0] == 1:
            return {"depthwise": "conv_dw", "project": "conv_pw"}
        return {"expand": "conv_pw", "depthwise": "conv_dw", "project": "conv_pwl"}

    return {part.name: of(part) for part in parts}

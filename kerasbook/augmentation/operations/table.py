"""The table of operations: what each one's magnitude means, and whose rule it follows."""

from kerasbook.augmentation.operations import (
    deformation,
    filters,
    geometry,
    jpeg,
    masks,
    noise,
    only_boxes,
    placement,
    rectangles,
    tones,
    values,
)
from kerasbook.augmentation.operations.operation import Operation, no_parameters

AUTO_AUGMENT = "Cubuk et al., 2019, https://arxiv.org/abs/1805.09501"
AS_IN_TORCHVISION = ", rising with the level as in torchvision"
ERASING = "Zhong et al., 2017, https://arxiv.org/abs/1708.04896"
COARSE_DROPOUT = (
    "several rectangles of cutout, DeVries and Taylor, https://arxiv.org/abs/1708.04552"
)


def _plain(name, kernel, source):
    return Operation(name, kernel, no_parameters, source=source)


def _mirror(name, kernel, matrix):
    return Operation(name, kernel, matrix, is_geometric=True, source="Pillow")


def _warp(name, matrix, high, unit, **description):
    return Operation(
        name,
        geometry.warp,
        matrix,
        **{"low": 0.0, "signed": True, "source": AUTO_AUGMENT, **description},
        high=high,
        is_geometric=True,
        unit=unit,
    )


def _blend(name, kernel, high=1.9, source=AUTO_AUGMENT):
    return Operation(name, kernel, low=1.0, high=high, signed=True, unit="factor", source=source)


def _noise(name, kernel, high, unit, source):
    return Operation(
        name,
        kernel,
        noise.seeds,
        low=0.0,
        high=high,
        num_chances=noise.NUM_SEEDS,
        unit=unit,
        source=source,
    )


TABLE = (
    _plain("identity", values.identity, AUTO_AUGMENT),
    # Where pixels come from.
    _warp("shear_x", geometry.shear_x, 0.3, "pixels a row"),
    _warp("shear_y", geometry.shear_y, 0.3, "pixels a column"),
    _warp("translate_x", geometry.translate_x, 150 / 331, "fraction of the width"),
    _warp("translate_y", geometry.translate_y, 150 / 331, "fraction of the height"),
    _warp("rotate", geometry.rotate, 30.0, "degrees"),
    _warp("zoom", placement.zoom, 1.5, "factor", low=1.0, source="Pillow's affine transform"),
    _warp("scale_x", placement.scale_x, 1.5, "factor", low=1.0, source="Pillow's affine transform"),
    _warp("scale_y", placement.scale_y, 1.5, "factor", low=1.0, source="Pillow's affine transform"),
    _warp(
        "shift",
        placement.shift,
        1 / 8,
        "greatest fraction of the side, whole pixels",
        signed=False,
        num_chances=2,
        source="He et al., 2015, section 4.2, https://arxiv.org/abs/1512.03385",
    ),
    _mirror("flip_left_right", placement.flip_left_right, placement.mirror_left_right),
    _mirror("flip_up_down", placement.flip_up_down, placement.mirror_up_down),
    Operation(
        "perspective",
        deformation.projective_warp,
        deformation.perspective,
        low=0.0,
        high=0.5,
        num_chances=8,
        is_geometric=True,
        unit="fraction of half the sides that a corner moves at most",
        source="torchvision's RandomPerspective",
    ),
    Operation(
        "elastic",
        deformation.elastic,
        noise.seeds,
        low=0.0,
        high=0.05,
        num_chances=noise.NUM_SEEDS,
        is_deformation=True,
        unit="fraction of the side, root mean square",
        source="Simard et al., 2003, https://doi.org/10.1109/ICDAR.2003.1227801",
    ),
    # Values, pixel by pixel.
    _blend("brightness", values.brightness),
    _blend("color", values.color),
    _blend("contrast", values.contrast),
    _blend("saturation", values.color, 2.0, "torchvision's adjust_saturation, as in Pillow"),
    _blend("gamma", tones.gamma, 1.5, "torchvision's adjust_gamma"),
    Operation(
        "hue",
        tones.hue,
        low=0.0,
        high=90.0,
        signed=True,
        unit="degrees",
        source="torchvision's adjust_hue",
    ),
    Operation(
        "posterize",
        values.posterize,
        low=8.0,
        high=4.0,
        whole=True,
        unit="bits kept",
        source=AUTO_AUGMENT + AS_IN_TORCHVISION,
    ),
    Operation(
        "solarize",
        values.solarize,
        values.solarize_threshold,
        low=255.0,
        high=0.0,
        unit="least value inverted; from 255 on none",
        source=AUTO_AUGMENT + AS_IN_TORCHVISION,
    ),
    Operation(
        "solarize_add",
        tones.solarize_add,
        low=0.0,
        high=110.0,
        whole=True,
        unit="what is added to values below 128, of 255",
        source="Cubuk et al., 2019, https://arxiv.org/abs/1909.13719",
    ),
    _plain("auto_contrast", values.auto_contrast, AUTO_AUGMENT),
    _plain("equalize", values.equalize, AUTO_AUGMENT),
    _plain("invert", values.invert, AUTO_AUGMENT),
    # Values, with their neighbours.
    _blend("sharpness", values.sharpness),
    Operation(
        "gaussian_blur",
        filters.gaussian_blur,
        low=0.0,
        high=2.0,
        unit="standard deviation in pixels",
        source="Chen et al., 2020, https://arxiv.org/abs/2002.05709",
    ),
    Operation(
        "box_blur",
        filters.box_blur,
        low=0.0,
        high=2.0,
        unit="radius in pixels",
        source="Pillow's BoxBlur, but for the border",
    ),
    Operation(
        "jpeg",
        jpeg.jpeg,
        low=101.0,
        high=10.0,
        whole=True,
        unit="quality; above 100 none",
        source="ITU T.81, and the quality of libjpeg",
    ),
    # Noise.
    _noise(
        "gaussian_noise",
        noise.gaussian_noise,
        0.1,
        "standard deviation, fraction of the value range",
        "Bishop, 1995, https://doi.org/10.1162/neco.1995.7.1.108",
    ),
    _noise(
        "salt_and_pepper",
        noise.salt_and_pepper,
        0.1,
        "fraction of the pixels",
        "Gonzalez and Woods, Digital Image Processing",
    ),
    # What covers a part, or mixes.
    Operation(
        "cutout",
        masks.fill_rectangle,
        masks.cutout,
        low=0.0,
        high=60 / 331,
        num_chances=2,
        unit="fraction of the shorter side",
        source=AUTO_AUGMENT,
    ),
    Operation(
        "erase",
        masks.fill_rectangle,
        rectangles.erase,
        low=0.0,
        high=0.4,
        num_chances=3,
        unit="fraction of the area",
        source=ERASING,
    ),
    Operation(
        "erase_with_noise",
        rectangles.fill_with_noise,
        rectangles.erase_with_noise,
        low=0.0,
        high=0.4,
        num_chances=5,
        unit="fraction of the area",
        source=ERASING,
    ),
    _noise(
        "coarse_dropout",
        rectangles.coarse_dropout,
        0.4,
        "fraction of the area, at most",
        COARSE_DROPOUT,
    ),
    _noise(
        "coarse_dropout_in_color",
        rectangles.coarse_dropout_in_color,
        0.4,
        "fraction of the area, at most",
        COARSE_DROPOUT,
    ),
    Operation(
        "grid_mask",
        rectangles.grid_mask,
        rectangles.grid_of,
        low=0.0,
        high=0.4,
        num_chances=3,
        unit="side of a hole as a fraction of the grid's period",
        source="Chen et al., 2020, https://arxiv.org/abs/2001.04086",
    ),
    Operation(
        "sample_pairing",
        masks.mix_with_another,
        masks.another_image,
        low=0.0,
        high=0.4,
        num_chances=1,
        needs_batch=True,
        unit="weight of the other image",
        source=AUTO_AUGMENT,
    ),
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
    ),
)

"""The base of augmentations that change each image by itself, by steps of operations."""

import warnings

from keras import ops

from kerasbook.augmentation import places, program
from kerasbook.augmentation.arguments import fill_value_of, value_range_of
from kerasbook.augmentation.augmentation import Augmentation
from kerasbook.augmentation.boxes import BOX_FORMATS, boxes_before
from kerasbook.augmentation.operations import get_operation
from kerasbook.augmentation.operations.values import is_whole
from kerasbook.layers.arguments import one_of, rate_below_one
from kerasbook.ops import compiled, values_at_hand


class ImageAugmentation(Augmentation):
    """Base of the augmentations that plan steps of operations for each image.

    A subclass names its `operations`, counts its steps and plans them from the draws; all
    else is done here. Policies of policies take the plans of their children apart.

    Args:
        value_range: Least and greatest value of the images. Floats outside it are clipped,
            with a warning where their values are at hand.
        fill_value: Value of the pixels that come from outside the image, in `value_range`;
            `None` is the middle grey, 128 of 255, as AutoAugment has it.
        fill_label: Label in segmentation masks of the pixels that come from outside the image,
            an integer: the dataset's label for what is to be ignored, if it has one (255 in
            PASCAL VOC, 11 in CamVid). By default 0.
        bounding_box_format: Format of the bounding boxes: `"xyxy"`, `"yxyx"`, `"xywh"`,
            `"center_xywh"`, `"center_yxhw"` in pixels, or `"rel_xyxy"`, `"rel_yxyx"`,
            `"rel_xywh"`, `"rel_center_xywh"` as fractions of the sides, as in
            `keras.utils.bounding_boxes`. By default that of TensorFlow Datasets.
        min_visibility: Bounding boxes of which no larger part than this, a fraction of their
            area in [0, 1), is left in the image become padding. By default those of which
            nothing is left.
        seed: As in `Augmentation`.

    What moves pixels moves the labels that are places, too; all else leaves these as they are.
    With an operation that deforms the image (`"elastic"`) they raise a `ValueError`.

    - `"segmentation_masks"`, `(batch, height, width)` or with an axis of channels, of any
      dtype, take the nearest pixel, the same as the image does.
    - `"bounding_boxes"`, a dictionary of `"boxes"` `(batch, count, 4)` and `"labels"`
      `(batch, count)`, become the smallest boxes around what is left to see of them. As in
      Keras a box with the label -1 is padding: it stays as it is, and a box that has left the
      image becomes one, with 0 in all numbers. Boxes outside the image raise a `ValueError`
      where their values are at hand; in a graph they are cut off at its border.
    - `"keypoints"`, `(batch, count, 2)` of x and y in pixels from the upper left corner, keep
      their coordinates outside the image once they have left it. With a third number, the
      visibility as in COCO, that becomes 0; points with 0 there stay as they are.

    Attributes:
        operations: Names of the operations that a plan may contain, each once, a tuple.
    """

    is_planned = True
    operations = ()

    def __init__(
        self,
        *,
        value_range=(0, 255),
        fill_value=None,
        fill_label=0,
        bounding_box_format="rel_yxyx",
        min_visibility=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        self.value_range = value_range_of(value_range)
        self.fill_value = fill_value_of(fill_value, self.value_range)
        self.fill_label = places.fill_label_of(fill_label)
        self.bounding_box_format = one_of("bounding_box_format", bounding_box_format, BOX_FORMATS)
        self.min_visibility = rate_below_one("min_visibility", min_visibility)
        self._compiled = None
        self._has_warned = False

    @property
    def needs_batch(self):
        """Whether an operation looks at other images of the batch."""
        return any(get_operation(name).needs_batch for name in self.operations)

    @property
    def num_steps(self):
        """How many steps each image gets at most."""
        raise NotImplementedError

    @property
    def state(self):
        """What a plan depends on besides the draws: tensors that may change between calls."""
        return [self.strength.value]

    def plan(self, drawn, state):
        """Returns the `Steps` for draws `(batch, num_draws)`, and nothing but them."""
        raise NotImplementedError

    @property
    def num_chances(self):
        """How many further numbers in [0, 1) a step draws for its operation."""
        return max(get_operation(name).num_chances for name in self.operations)

    def transform(self, batch, drawn):
        if self._compiled is None:
            # In a tuple, which Keras does not track.
            self._compiled = compiled(self._run), compiled(self._run_with_places)
        self._warn_of_values(batch["images"])
        run, run_with_places = self._compiled
        if not places.has_places(batch):
            return {**batch, "images": run(batch["images"], drawn, self.state)}
        places.check(batch, self)
        masks, boxes = places.masks_of(batch), places.boxes_of(batch, self)
        images, masks, matrices = run_with_places(batch["images"], masks, boxes, drawn, self.state)
        return {**batch, "images": images, **places.moved(batch, masks, matrices, self)}

    def _warn_of_values(self, images):
        """Warns once of floats outside the range, if their values are at hand."""
        if self._has_warned or is_whole(images):
            return
        low, high = self.value_range
        for values in values_at_hand([images]) or ():
            if values.size and (values.min() < low or values.max() > high):
                self._has_warned = True
                warnings.warn(
                    f"`images` must be in `value_range`={self.value_range}; what is outside is "
                    f"clipped. Received: values from {values.min()} to {values.max()}",
                    stacklevel=2,
                )

    def _run(self, images, drawn, state):
        return self._carried_out(images, self.plan(drawn, state))

    def _run_with_places(self, images, masks, boxes, drawn, state):
        """Changes images, moves masks as well, and returns the matrices for all other places."""
        steps, operations = self.plan(drawn, state), self.operations
        size = ops.shape(images)[1:3]
        matrices = program.matrices_of(steps, operations, *size)
        boxes = [boxes_before(b, matrices, *size) for b in boxes]
        moved = [program.run_on_masks(m, steps, operations, self.fill_label) for m in masks]
        return self._carried_out(images, steps, *boxes), moved, matrices

    def _carried_out(self, images, steps, boxes=None):
        operations, value_range = self.operations, self.value_range
        return program.run(images, steps, operations, self.fill, value_range, boxes)

    @property
    def fill(self):
        """The fill value, a number."""
        low, high = self.value_range
        return low + (high - low) * 128 / 255 if self.fill_value is None else self.fill_value

    @property
    def image_arguments(self):
        """The arguments that say what images and their labels are, by name."""
        names = ("value_range", "fill_value", "fill_label", "bounding_box_format")
        return {name: getattr(self, name) for name in (*names, "min_visibility")}

    def get_config(self):
        config = {**super().get_config(), **self.image_arguments}
        return {**config, "value_range": list(self.value_range)}

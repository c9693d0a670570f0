"""The base of all augmentations: what they draw, apart from what they do with it."""

import zlib

import keras
from keras import ops, tree

from kerasbook.arguments import natural_number
from kerasbook.augmentation.arguments import require_integers
from kerasbook.augmentation.features import as_batch, like, require_images
from kerasbook.layers.arguments import integer_seed, number_of
from kerasbook.ops import random_uniform


class Augmentation(keras.layers.Layer):
    """Base of the layers that change training images, and what belongs to them, at random.

    One object serves in three places. As a layer of a model it draws from its own seed, and is
    gone when the model predicts or is exported. In `Dataset.map` (TensorFlow) it may do the
    same; better is `augment`, whose draws depend on nothing but seed, epoch and the number of
    the example. On NumPy arrays `augment` is an ordinary function.

    A subclass says how many numbers in [0, 1) it needs for one example (`num_draws`), and
    what it does to a batch with them (`transform`), without any randomness of its own.

    A subclass scales its levels, or its rate, by the variable `strength`, which is 1 unless
    `set_strength` or a schedule changed it.

    Args:
        seed: Integer seed of the draws of a call; `None` takes a fresh one.
        **kwargs: Passed to `keras.layers.Layer`, e.g. `name`.

    Call arguments:
        inputs: Images `(batch, height, width, channels)` or one image `(height, width,
            channels)`, uint8 or floats; or a dictionary of `"images"` and any of `"labels"`,
            `"bounding_boxes"`, `"segmentation_masks"` and `"keypoints"`.
        training: Whether to augment. Defaults to `False`.

    Returns:
        What came in, of the same structure, shapes and dtypes.
    """

    is_planned = False  # whether it changes each image by itself, by steps of operations
    needs_batch = False  # whether a single image is an error
    mixes_samples = False  # whether it makes one image of several
    num_copies = 1  # how many examples of the result one example becomes
    mixes_labels = False  # whether labels must be one-hot, since they come out mixed

    def __init__(self, *, seed=None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.seed = integer_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.strength = self.add_weight(
            name="strength", initializer="ones", trainable=False, dtype="float32", autocast=False
        )

    def build(self, input_shape=None):
        self.built = True

    @property
    def children(self):
        """The augmentations that this one is made of, a list."""
        return []

    def leaves(self):
        """Returns what does the work: the augmentations without children, in their order."""
        return [leaf for child in self.children for leaf in child.leaves()] or [self]

    @property
    def num_draws(self):
        """How many numbers in [0, 1) each example needs."""
        raise NotImplementedError

    def set_strength(self, value):
        """Sets how much of the effect is left; what is compiled sees it at once.

        Args:
            value: Number in [0, 1]. 0 leaves images as they are.

        Raises:
            ValueError: If `value` is not in [0, 1].
        """
        self.strength.assign(number_of("value", value, "in [0, 1]", lambda v: 0 <= v <= 1))

    def set_epoch(self, epoch):
        """Sets the epoch of the layer's calls; `augment` and `draw` are told theirs.

        Only what follows a schedule depends on it. What is compiled sees it at once.

        Args:
            epoch: Number of the epoch, from 0.

        Raises:
            ValueError: If `epoch` is no integer of at least 0.
        """
        natural_number("epoch", epoch)
        for child in self.children:
            child.set_epoch(epoch)

    def dated(self, drawn, epoch):
        """Puts what depends on the epoch into draws; most augmentations leave them as they are.

        One that shares its draws out to others must share this out, too.

        Args:
            drawn: Float32 tensor `(batch, num_draws)` of numbers in [0, 1).
            epoch: Number of the epoch, an integer or a scalar tensor; `None` is that of
                `set_epoch`, or else 0.

        Returns:
            Float32 tensor `(batch, num_draws)` of numbers in [0, 1).
        """
        return drawn

    def transform(self, batch, drawn):
        """Changes a batch as drawn.

        Args:
            batch: Dictionary of the features; `batch["images"]` has rank 4.
            drawn: Float32 tensor `(batch, num_draws)` of numbers in [0, 1).

        Returns:
            Dictionary of the same keys.
        """
        raise NotImplementedError

    def draw(self, seed, epoch, index):
        """Draws for examples of the input pipeline, by their numbers alone (TensorFlow).

        Args:
            seed: Seed of the run, an integer.
            epoch: Number of the epoch, an integer or a scalar tensor.
            index: Numbers of the examples in the dataset, integers `(batch,)`, or a scalar.

        Returns:
            Float32 tensor `(batch, num_draws)` of numbers in [0, 1). Augmentations of another
            class, with other operations or another `seed` of their own draw other numbers;
            two that are alike in all of these draw the same.

        Raises:
            ValueError: If `seed`, `epoch` or `index` are not integers.
        """
        from kerasbook.augmentation import draws  # needs TensorFlow, which a model does not

        for name, value in (("seed", seed), ("epoch", epoch), ("index", index)):
            require_integers(name, value)
        kind = type(self).__name__, self.seed, getattr(self, "operations", ())
        salt = zlib.crc32(repr(kind).encode())
        return self.dated(draws.uniform(seed, epoch, index, self.num_draws, salt), epoch)

    def apply(self, inputs, drawn):
        """Changes images, or a dictionary of features, as drawn: the same for the same draws."""
        batch, restore = as_batch(inputs, self.needs_batch)
        drawn = ops.convert_to_tensor(drawn)
        drawn = ops.reshape(drawn, (-1, self.num_draws)) if self.num_draws else drawn
        count, needed = drawn.shape[0], batch["images"].shape[0]
        if None not in (count, needed) and count != needed:
            raise ValueError(
                f"`index` must be one number for each image. Received: {count} for {needed} images"
            )
        return restore(self.transform(batch, drawn))

    def augment(self, inputs, *, seed, index, epoch=0):
        """Draws and applies: a function of the inputs, seed, epoch and example numbers alone.

        Args:
            inputs: As in a call.
            seed: Seed of the run, an integer.
            index: Numbers of the examples in the dataset, integers `(batch,)`, or a scalar.
            epoch: Number of the epoch.

        Returns:
            What came in, augmented; NumPy arrays for NumPy arrays.
        """
        result = self.apply(inputs, self.draw(seed, epoch, index))
        return like(result, inputs)

    def call(self, inputs, training=False):
        if not training:
            require_images(inputs, self.needs_batch)
            return inputs
        batch, restore = as_batch(inputs, self.needs_batch)
        count = ops.shape(batch["images"])[0]
        drawn = random_uniform((count, self.num_draws), self.seed_generator)
        return restore(self.transform(batch, self.dated(drawn, None)))

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, inputs, training=False):
        # Keras' own would give integers the dtype of the layer.
        shapes = self.compute_output_shape(tree.map_structure(lambda x: x.shape, inputs))
        return tree.map_structure_up_to(
            inputs, lambda x, shape: keras.KerasTensor(shape, x.dtype), inputs, shapes
        )

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}

"""Weights and optimizer states by number, to train on from each: in memory, and in files."""

import contextlib
import pathlib
import zipfile

import keras
import numpy as np

from kerasbook.files import replacing

INITIAL = "initial"


class WeightSnapshots:
    """What a model and its optimizer were at several moments, by number, and at the beginning.

    Args:
        model: A compiled, built `keras.Model`; its optimizer is built if it is not.
        folder: Folder for a file `NUMBER.npz` of each and `initial.npz` of the beginning, or
            `None` to keep them in memory alone.
        goes_on: Whether to begin with what `initial.npz` holds, if there is one, instead of what
            the model is now.

    Raises:
        ValueError: If the model is not built, or the file is not one of this model.
    """

    def __init__(self, model, folder=None, *, goes_on=False):
        if not model.built:
            raise ValueError(
                "`model` must be built before `fit`, for trials to begin with its first weights: "
                f"give it an `Input`, or call `build`. Received: {model.name!r}, which is not"
            )
        if not model.optimizer.built:  # Keras does it in the first step only
            strategy = strategy_of(model)
            with contextlib.nullcontext() if strategy is None else strategy.scope():
                model.optimizer.build(model.trainable_variables)
        variables = model.variables
        if strategy_of(model) is not None and strategy_of(model).num_replicas_in_sync > 1:
            # The states of random layers differ from replica to replica, and stay as they are.
            variables = model.weights
        self._variables = [*variables, *model.optimizer.variables]
        self._folder = folder if folder is None else pathlib.Path(folder)
        self._taken = {}
        if goes_on and self._folder is not None and self._file(INITIAL).is_file():
            self._taken[INITIAL] = self._read(INITIAL)
        else:
            self.take(INITIAL)

    def take(self, number):
        """Keeps what the model and its optimizer are now."""
        values = [np.array(keras.ops.convert_to_numpy(v)) for v in self._variables]
        self._taken[number] = values
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            with replacing(self._file(number)) as draft:
                np.savez(draft, *map(_writable, values))

    def put_back(self, number=None):
        """Makes the model and its optimizer what they were then; `None` is the beginning.

        Raises:
            ValueError: If nothing was kept under this number, or its file is damaged or of another
                model; then nothing is changed.
        """
        number = INITIAL if number is None else number
        values = self._taken.get(number)
        if values is None:
            values = self._read(number)
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)

    def keep_only(self, numbers):
        """Forgets all numbers but these, in memory and in files."""
        numbers = {INITIAL, *numbers}
        for number in set(self._taken).difference(numbers):
            del self._taken[number]
        if self._folder is not None and self._folder.is_dir():
            kept = {self._file(number) for number in numbers}
            for file in set(self._folder.glob("*.npz")).difference(kept):
                file.unlink()

    def _file(self, number):
        return self._folder / f"{number}.npz"

    def _read(self, number):
        file = None if self._folder is None else self._file(number)
        if file is None or not file.is_file():
            raise ValueError(
                "The weights that a candidate goes on with must have been kept. "
                f"Received: candidate {number}, of which there are none in {self._folder}"
            )
        try:
            with np.load(file) as arrays:
                values = [arrays[name] for name in arrays.files]
        except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"{file} does not hold weights: {error}") from error
        shapes = [tuple(value.shape) for value in values]
        mine = [tuple(variable.shape) for variable in self._variables]
        if shapes != mine:
            raise ValueError(
                f"{file} must hold the {len(mine)} arrays of this model and its optimizer. "
                f"Received: {len(shapes)} arrays, or other shapes"
            )
        return values


def strategy_of(model):
    """Returns the tf.distribute strategy of a model; `None` on backends without any."""
    return getattr(model, "distribute_strategy", None)


def _writable(values):
    """Returns values in a dtype that NumPy's files know: bfloat16 becomes float32."""
    known = values.dtype.kind in "biuf"
    return values if known else values.astype("float32")

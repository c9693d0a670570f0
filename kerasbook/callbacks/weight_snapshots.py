"""Weights and optimizer states by number, to train on from each: in memory, and in files."""

import contextlib
import pathlib

import keras
import numpy as np

from kerasbook.files import replacing


class WeightSnapshots:
    """What a model and its optimizer were at several moments, by number.

    Args:
        model: A compiled, built `keras.Model`; its optimizer is built if it is not.
        folder: Folder for a file `NUMBER.npz` of each, or `None` to keep them in memory alone.
    """

    def __init__(self, model, folder=None):
        if not model.optimizer.built:  # Keras does it in the first step only
            strategy = getattr(model, "distribute_strategy", None)
            with strategy.scope() if strategy else contextlib.nullcontext():
                model.optimizer.build(model.trainable_variables)
        self._variables = [*model.variables, *model.optimizer.variables]
        self._folder = folder if folder is None else pathlib.Path(folder)
        self._taken = {}
        self.initial = self._values()

    def _values(self):
        return [np.array(keras.ops.convert_to_numpy(v)) for v in self._variables]

    def take(self, number):
        """Keeps what the model and its optimizer are now."""
        self._taken[number] = self._values()
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            with replacing(self._folder / f"{number}.npz") as draft:
                np.savez(draft, *self._taken[number])

    def put_back(self, number=None):
        """Makes the model and its optimizer what they were then; `None` is the beginning.

        Raises:
            ValueError: If nothing was kept under this number.
        """
        values = self.initial if number is None else self._taken.get(number)
        if values is None:
            values = self._read(number)
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)

    def keep_only(self, numbers):
        """Forgets all numbers but these, in memory and in files."""
        for number in set(self._taken).difference(numbers):
            del self._taken[number]
        if self._folder is not None and self._folder.is_dir():
            for file in self._folder.glob("*.npz"):
                if not file.stem.isdecimal() or int(file.stem) not in numbers:
                    file.unlink()

    def _read(self, number):
        file = None if self._folder is None else self._folder / f"{number}.npz"
        if file is None or not file.is_file():
            raise ValueError(
                "The weights that a candidate goes on with must have been kept. "
                f"Received: candidate {number}, of which there are none in {self._folder}"
            )
        with np.load(file) as arrays:
            return [arrays[name] for name in arrays.files]

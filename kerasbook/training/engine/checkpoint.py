"""Checkpoints: a `.keras` file with the optimizer's state, and where the run was.

A `.keras` file is a zip archive; the position of the run travels in it as one more member, so
that weights, optimizer and position appear in one rename or not at all. With it go the states
of the model's random layers, which Keras does not save, and arrays of the run's own. The last
member lists the checksums of all the others: a file is read whole, and found sound, before
anything of it is loaded. The last two checkpoints are kept; where the newer one is damaged, a run
goes on from the older one.
"""

import contextlib
import json
import math
import os
import pathlib
import warnings
import zipfile
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from kerasbook.files import replacing
from kerasbook.training.files import PREVIOUS

_ARRAYS = "kerasbook.arrays"
_STATE = "kerasbook.json"


class DamagedCheckpointError(ValueError):
    """A file is missing, or is not what `save` wrote."""

    def __init__(self, path: str | os.PathLike[str], why: str) -> None:
        super().__init__(f"The checkpoint {path} cannot be resumed from: {why}")


def save(
    model: keras.Model,
    path: str | os.PathLike[str],
    position: dict[str, Any] | None = None,
    arrays: dict[str, np.ndarray] | None = None,
) -> None:
    """Writes a model, with its optimizer's state if it is compiled, in one step.

    With a position, the file that stood at `path` is kept as `previous.keras` beside it. A write
    that fails, as on a full disk, touches neither.

    Args:
        model: The `keras.Model`; its optimizer must be built.
        path: The `.keras` file.
        position: Dictionary in plain JSON (numbers of NumPy are taken as Python's), or `None` for
            a model without its optimizer.
        arrays: Dictionary from names to NumPy arrays of numbers that `restore` gives back bit by
            bit; for a checkpoint with a position.
    """
    path = pathlib.Path(path)
    if position is None:
        with replacing(path) as draft:
            model.save(draft, include_optimizer=False)
        return
    with replacing(path, kept=path.with_name(PREVIOUS)) as draft:
        model.save(draft)
        with zipfile.ZipFile(draft, "a") as archive:
            state = {
                "position": position,
                "seeds": [seed.numpy().tolist() for seed in seed_states(model)],
                "variables": _kinds(model),
                "arrays": _write_arrays(archive, arrays or {}),
            }
            state["checksums"] = _checksums(archive)
            archive.writestr(_STATE, json.dumps(state, default=lambda number: number.item()))


def restore(
    model: keras.Model, path: str | os.PathLike[str]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Loads what `save` wrote into a compiled model of the same kind.

    If the file is missing or damaged, the one before it is loaded with a warning; a damaged file
    is set aside as `NAME.damaged`, lest the next checkpoint keep it in the place of the sound one.

    Returns:
        The position, and the dictionary of arrays.

    Raises:
        ValueError: If no sound file is there, or it is the checkpoint of another model; the model
            is then as it was.
    """
    path = pathlib.Path(path)
    try:
        return _load(model, path, read_state(path))
    except DamagedCheckpointError as error:
        damage = error
    before = path.with_name(PREVIOUS)
    try:
        state = read_state(before)
    except DamagedCheckpointError as error:
        raise damage from error
    restored = _load(model, before, state)
    with contextlib.suppress(FileNotFoundError):  # missing, or another worker was quicker
        os.replace(path, path.with_suffix(".damaged"))
    warnings.warn(f"{damage}. Going on from {before}", stacklevel=2)
    return restored


def drop_last(path: pathlib.Path) -> None:
    """Puts the checkpoint before the last one, if there is one, in its place."""
    with contextlib.suppress(FileNotFoundError):
        os.replace(path.with_name(PREVIOUS), path)


def read_state(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Returns what the last member of a checkpoint says, all bytes that matter being right.

    Returns:
        Dictionary of `position` and what `restore` needs beside.

    Raises:
        DamagedCheckpointError: If the file is missing or damaged; the message says how.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            if damaged is not None:
                raise zipfile.BadZipFile(f"{damaged} does not match its checksum")
            state = json.loads(archive.read(_STATE))
            if _checksums(archive) != state["checksums"]:
                raise zipfile.BadZipFile("its members are not those that were written")
    except FileNotFoundError as error:
        raise DamagedCheckpointError(path, "there is no such file") from error
    except Exception as error:  # a flipped bit may turn up as any error of the readers
        raise DamagedCheckpointError(path, str(error).partition("\n")[0]) from error
    return state


def named(name: str, arrays: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """Returns a list of arrays as a dictionary for `save`."""
    return {f"{name}/{number}": array for number, array in enumerate(arrays)}


def listed(arrays: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    """Returns the list that `named` took from the arrays that `restore` returns."""
    count = sum(key.startswith(f"{name}/") for key in arrays)
    return [arrays[f"{name}/{number}"] for number in range(count)]


def seed_states(model: keras.Model) -> list[keras.Variable]:
    """Returns the variables that hold the states of a model's random layers."""
    return [v for v in model.variables if v.name == "seed_generator_state"]


def _load(
    model: keras.Model, path: pathlib.Path, state: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if not model.optimizer.built:  # a second time would double its variables
        model.optimizer.build(model.trainable_variables)
    if state["variables"] != _kinds(model):
        raise ValueError(
            f"The checkpoint {path} cannot be resumed from: it is of another model or optimizer, "
            + _first_difference(state["variables"], _kinds(model))
        )
    model.load_weights(path)
    for seed, value in zip(seed_states(model), state["seeds"], strict=True):
        seed.assign(value)
    return state["position"], _read_arrays(path, state["arrays"])


def _kinds(model: keras.Model) -> list[list[Any]]:
    """Returns data type and shape of all variables; their names vary between equal models."""
    variables = [*model.variables, *model.optimizer.variables]
    return [[variable.dtype, list(variable.shape)] for variable in variables]


def _first_difference(saved: list[list[Any]], present: list[list[Any]]) -> str:
    if len(saved) != len(present):
        return f"with {len(saved)} variables where {len(present)} are expected"
    number = next(
        n for n, pair in enumerate(zip(saved, present, strict=True)) if pair[0] != pair[1]
    )
    (dtype, shape), (expected_dtype, expected_shape) = saved[number], present[number]
    return (
        f"whose variable {number} is {dtype} {tuple(shape)} where "
        f"{expected_dtype} {tuple(expected_shape)} is expected"
    )


def _checksums(archive: zipfile.ZipFile) -> dict[str, int]:
    """Returns the CRC-32 of all members but the one that lists them."""
    return {info.filename: info.CRC for info in archive.infolist() if info.filename != _STATE}


def _write_arrays(archive: zipfile.ZipFile, arrays: dict[str, np.ndarray]) -> dict[str, list[Any]]:
    """Writes the bytes of arrays end to end; returns what it takes to read them."""
    # Not as `.npz`, which forgets the data types that NumPy does not have itself, as bfloat16.
    described = {}
    with archive.open(_ARRAYS, "w", force_zip64=True) as member:
        for name, array in arrays.items():
            if array.dtype.hasobject:
                raise ValueError(f"`arrays` must hold numbers. Received: {name}={array!r}")
            dtype = array.dtype.name if array.dtype.kind == "V" else array.dtype.str
            member.write(array.tobytes())
            described[name] = [dtype, array.shape]
    return described


def _read_arrays(path: pathlib.Path, described: dict[str, list[Any]]) -> dict[str, np.ndarray]:
    arrays = {}
    with zipfile.ZipFile(path) as archive, archive.open(_ARRAYS) as member:
        for name, (dtype, shape) in described.items():
            size = math.prod(shape) * np.dtype(dtype).itemsize
            arrays[name] = np.frombuffer(bytearray(member.read(size)), dtype).reshape(shape)
    return arrays

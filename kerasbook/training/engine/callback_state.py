"""What Keras' callbacks remember, such as the patience they have left, in checkpoints.

Callbacks have no method for it. Kept are those plain attributes (numbers, strings, `None`, arrays,
and lists and dictionaries of them) that changed since training began, but for those that are
arguments of the constructor; `EarlyStopping`, `ReduceLROnPlateau` and `ModelCheckpoint` have all
they need there.
"""

import inspect
import json
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np


class CallbackStates:
    """The memory of a list of callbacks.

    Args:
        callbacks: The callbacks, as `on_train_begin` has left them.
    """

    def __init__(self, callbacks: Iterable[keras.callbacks.Callback]) -> None:
        self._callbacks = list(callbacks)
        self._before = [_plain_attributes(callback) for callback in self._callbacks]

    def read(self) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
        """Returns what changed: a list of dictionaries in plain JSON, and arrays by name."""
        states, arrays = [], {}  # type: list[dict[str, Any]], dict[str, np.ndarray]
        for number, (callback, before) in enumerate(
            zip(self._callbacks, self._before, strict=True)
        ):
            state = {}
            for name, value in _plain_attributes(callback).items():
                if name not in before or not _same(value, before[name]):
                    state[name] = _to_json(value, arrays, f"callbacks/{number}/{name}")
            states.append({"class": type(callback).__name__, "state": state})
        return states, arrays

    def write(self, states: Iterable[dict[str, Any]], arrays: dict[str, np.ndarray]) -> None:
        """Gives callbacks back what `read` found, as far as they are of the same classes."""
        together = zip(self._callbacks, self._before, states, strict=False)
        for callback, before, entry in together:
            if type(callback).__name__ == entry["class"]:
                for name, value in before.items():  # what was as it began is so again
                    setattr(callback, name, _copied(value))
                for name, value in entry["state"].items():
                    setattr(callback, name, _from_json(value, arrays))


def _plain_attributes(callback: keras.callbacks.Callback) -> dict[str, Any]:
    # Keras turns the sign of `min_delta` once, when the first epoch ends, and would do so again.
    given = {
        name
        for kind in type(callback).__mro__
        for name in inspect.signature(kind.__init__).parameters  # type: ignore[misc]  # each class's own
    }
    return {
        name: _copied(value)
        for name, value in vars(callback).items()
        if name not in {"params", *given} and _is_plain(value)
    }


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, (np.ndarray, list, dict)) else value


def _is_plain(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(each) for each in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(each) for key, each in value.items())
    return value is None or isinstance(value, (bool, int, float, str, np.ndarray, np.generic))


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.shape == other.shape and bool(np.all(one == other))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


def _to_json(value: Any, arrays: dict[str, np.ndarray], key: str) -> Any:
    """Returns a value in JSON; arrays go into a dictionary, and their keys in their place."""
    if isinstance(value, (np.ndarray, np.generic)):
        arrays[key] = np.asarray(value)
        return {"array": key, "scalar": isinstance(value, np.generic)}
    if isinstance(value, (list, tuple)):
        return [_to_json(each, arrays, f"{key}/{number}") for number, each in enumerate(value)]
    if isinstance(value, dict):
        return {"dict": {k: _to_json(each, arrays, f"{key}/{k}") for k, each in value.items()}}
    return json.loads(json.dumps(value))


def _from_json(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_from_json(each, arrays) for each in value]
    if isinstance(value, dict) and "dict" in value:
        return {key: _from_json(each, arrays) for key, each in value["dict"].items()}
    if isinstance(value, dict):
        array = arrays[value["array"]]
        return array[()] if value["scalar"] else array
    return value

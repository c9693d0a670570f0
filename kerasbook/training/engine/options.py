"""What the loop is asked for, checked before anything is written."""

from typing import Any

import keras

from kerasbook.arguments import natural_number, one_of, positive_integer


def checked_callbacks(callbacks: Any) -> list[keras.callbacks.Callback]:
    """Returns callbacks as a list.

    Raises:
        ValueError: If one is no Keras callback, or does what the engine does itself.
    """
    if callbacks is None:
        return []
    if isinstance(callbacks, keras.callbacks.Callback):
        callbacks = [callbacks]
    found = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
    for callback in found:
        if not isinstance(callback, keras.callbacks.Callback) or isinstance(
            callback, keras.callbacks.CallbackList
        ):
            raise ValueError(
                f"`callbacks` must be a list of Keras callbacks. Received: callbacks={callbacks!r}"
            )
        if isinstance(callback, keras.callbacks.BackupAndRestore):
            raise ValueError(
                "`callbacks` must leave it to `run_dir` and `resume` to go on with a run. "
                "Received: callbacks with BackupAndRestore"
            )
    return found


def checked_numbers(*, verbose: int | str, checkpoint_steps: int | None, recover: int) -> int:
    """Returns `verbose` as a number, having checked the others.

    Raises:
        ValueError: If one is outside its range.
    """
    if checkpoint_steps is not None:
        positive_integer("checkpoint_steps", checkpoint_steps)
    natural_number("recover", recover)
    verbose = one_of("verbose", verbose, (0, 1, 2, "auto"))
    return 1 if verbose == "auto" else int(verbose)

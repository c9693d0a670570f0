"""Options of the loop: what Keras takes, and what is refused."""

import keras
import pytest

from kerasbook.training.engine.options import checked_callbacks, checked_numbers


def test_callbacks_as_keras_takes_them():
    one = keras.callbacks.Callback()
    assert checked_callbacks(None) == []
    assert checked_callbacks(one) == [one]
    assert checked_callbacks((one,)) == [one]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: [None], "`callbacks` must be a list of Keras callbacks"),
        (lambda: 3, "`callbacks` must be a list of Keras callbacks"),
        (lambda: keras.callbacks.CallbackList(), "`callbacks` must be a list"),
        (lambda: [keras.callbacks.BackupAndRestore("x")], "leave it to `run_dir` and `resume`"),
    ],
)
def test_other_callbacks_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        checked_callbacks(make())


def test_numbers():
    good = {"verbose": "auto", "checkpoint_steps": None, "recover": 0}
    assert checked_numbers(**good) == 1
    assert checked_numbers(**{**good, "verbose": 2, "checkpoint_steps": 3}) == 2
    for name, values in (
        ("verbose", [3, "loud", None]),
        ("checkpoint_steps", [0, -2, 1.5]),
        ("recover", [-1, "x", None, 1.5]),
    ):
        for value in values:
            with pytest.raises(ValueError, match=f"`{name}` must be"):
                checked_numbers(**{**good, name: value})

"""The check of the backend."""

import keras
import pytest

from kerasbook.ops.backend import require_tensorflow


def test_tensorflow_passes_and_others_are_named(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    require_tensorflow("Training")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(
        ValueError, match="Training needs the TensorFlow backend.*KERAS_BACKEND=jax"
    ):
        require_tensorflow("Training")

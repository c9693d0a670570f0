"""Which of Keras' backends is in use."""

import keras


def require_tensorflow(what):
    """Raises a `ValueError` unless TensorFlow is the backend of Keras.

    Args:
        what: What needs it, the subject of the message.
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise ValueError(
            f"{what} needs the TensorFlow backend of Keras. Received: KERAS_BACKEND={backend}"
        )

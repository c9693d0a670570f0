"""The promises that every layer of the library keeps, public, so that anybody may run them.

`check_layer` runs all of them on a layer of your own. Each promise is one function of
`kerasbook.testing.promises`, which takes a `Case` and raises an `AssertionError` that says what
is broken. Promises that speak of TensorFlow (`Dataset.map`, replicas, SavedModel, float64
gradients) are checked where it is the backend of Keras; the others on every backend.
"""

import keras

from kerasbook.testing.case import Case, assert_close, call, replicas, two_replicas
from kerasbook.testing.promises import ON_TENSORFLOW, PROMISES
from kerasbook.testing.saved_models import check_saved_models, write_saved_model

__all__ = [
    "PROMISES",
    "Case",
    "assert_close",
    "call",
    "check_layer",
    "check_saved_models",
    "promises",
    "replicas",
    "two_replicas",
    "write_saved_model",
]


def check_layer(
    make,
    input_shape=None,
    *,
    channel_axes=(-1,),
    exceptions=None,
    gradient_error=1e-6,
    make_inputs=None,
):
    """Runs every promise on a layer and returns the names of those that were checked.

    Args:
        make: Function that returns a new layer and passes keyword arguments such as `dtype`
            on to its constructor; the class itself if it needs no others.
        input_shape: Shape of the random inputs, the batch (at least 2) first; a list of shapes
            for a layer of several inputs.
        channel_axes: Axes that must stay static in symbolic calls, besides the batch's.
        exceptions: Dictionary from the name of a promise that the layer does not make to the
            reason why.
        gradient_error: Greatest relative error of the gradient.
        make_inputs: Function from a NumPy generator to the inputs, an array or a list of them,
            for a layer that does not take normal numbers; then `input_shape` is left out.

    A layer may have several outputs, too, in any structure; integers among them have no gradient.

    On TensorFlow two logical CPUs are needed, which have to be made before its first operation;
    `examples/plugin/check.py` shows how.

    Raises:
        AssertionError: If a promise is broken; the message names the layer and the promise.

    Example:
        >>> promises = kerasbook.testing.check_layer(
        ...     lambda **kwargs: kerasbook.layers.ChannelShuffle(2, **kwargs), (2, 3, 5, 4)
        ... )
        >>> "config_is_signature" in promises
        True
    """
    case = Case(
        name=getattr(make(), "name", repr(make)),
        make=make,
        input_shape=input_shape,
        channel_axes=tuple(channel_axes),
        exceptions=dict(exceptions or {}),
        gradient_error=gradient_error,
        make_inputs=make_inputs,
    )
    unknown = set(case.exceptions) - set(PROMISES)
    if unknown:
        raise ValueError(f"`exceptions` must name promises. Received: {sorted(unknown)}")
    checked = []
    for name, promise in promises().items():
        if name not in case.exceptions:
            try:
                promise(case)
            except Exception as error:
                reason = str(error) if isinstance(error, AssertionError) else repr(error)
                raise AssertionError(f"{case.name} breaks {name}: {reason}") from error
            checked.append(name)
    return checked


def promises():
    """Returns the promises that the current backend can check, by name."""
    if keras.backend.backend() == "tensorflow":
        return dict(PROMISES)
    return {name: promise for name, promise in PROMISES.items() if promise not in ON_TENSORFLOW}

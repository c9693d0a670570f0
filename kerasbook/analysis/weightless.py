"""Models that have no values for their weights: to be looked at, not to be called."""

import concurrent.futures

import keras


def weightless(function):
    """Returns what a function builds, without memory for the weights.

    Keras keeps a list of the variables that wait for their values, one for each thread, and fills
    all of them at the next opportunity. So the function runs in a thread of its own, whose list
    ends with it; settings of the thread, such as the dtype policy, are Keras' defaults there.

    Args:
        function: Function without arguments, e.g. one that returns a model.

    Returns:
        What the function returns. Shapes and configs are there; values are not.

    Example:
        >>> model = kerasbook.analysis.weightless(kerasbook.applications.ResNet50)
        >>> model.count_params()
        25636712
    """

    def build():
        with keras.StatelessScope(initialize_variables=False):
            return function()

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(build).result()

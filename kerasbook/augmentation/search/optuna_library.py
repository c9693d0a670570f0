"""Optuna, an optional package: how it is imported, and how it keeps quiet."""

import contextlib
from collections.abc import Iterator
from typing import Any


def import_optuna() -> Any:
    """Returns Optuna, or raises an `ImportError` that says how to install it."""
    try:
        import optuna
    except ImportError as error:
        raise ImportError("This search needs Optuna: pip install 'kerasbook[search]'") from error
    return optuna


@contextlib.contextmanager
def quiet(optuna: Any) -> Iterator[None]:
    """Lets Optuna say nothing of trials; what a caller had set comes back."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)

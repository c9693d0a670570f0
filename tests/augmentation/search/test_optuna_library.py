"""Optuna as an optional package: what is said without it, and that it says nothing itself."""

import pytest

from kerasbook.augmentation.search.optuna_library import import_optuna, quiet


def test_is_the_package():
    import optuna

    assert import_optuna() is optuna


def test_without_it_the_error_says_what_to_install(without_optuna):
    with pytest.raises(ImportError, match=r"needs Optuna: pip install 'kerasbook\[search\]'"):
        import_optuna()


def test_quiet_brings_back_what_was_set():
    optuna = import_optuna()
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.DEBUG)

    def fail():
        with quiet(optuna):
            assert optuna.logging.get_verbosity() == optuna.logging.WARNING
            raise RuntimeError

    try:
        with pytest.raises(RuntimeError):
            fail()
        assert optuna.logging.get_verbosity() == optuna.logging.DEBUG
    finally:
        optuna.logging.set_verbosity(before)

"""The checks that every room shares."""

import pytest

from kerasbook.arguments import one_of, positive_integer, positive_integers


def test_positive_integer():
    assert positive_integer("groups", 3) == 3
    for value in (0, -1, 2.0, True, "2", None):
        with pytest.raises(ValueError, match=f"`groups` must be a positive .*groups={value!r}"):
            positive_integer("groups", value)


def test_positive_integers():
    assert positive_integers("strides", 2, 2) == (2, 2)
    assert positive_integers("strides", [1, 2], 2) == (1, 2)
    for value in (0, (1, 0), (1, 2, 3), "ab", (1, 2.0), (True, 1)):
        with pytest.raises(ValueError, match="`strides` must be a positive integer or 2.*strides="):
            positive_integers("strides", value, 2)


def test_one_of():
    assert one_of("padding", "Same", ("valid", "same")) == "same"
    with pytest.raises(ValueError, match=r"`padding` must be one of \('valid',.*padding=None"):
        one_of("padding", None, ("valid", "same"))

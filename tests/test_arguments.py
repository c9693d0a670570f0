"""The checks that every room shares."""

import pytest

from kerasbook.arguments import positive_integer


def test_positive_integer():
    assert positive_integer("groups", 3) == 3
    for value in (0, -1, 2.0, True, "2", None):
        with pytest.raises(ValueError, match=f"`groups` must be a positive .*groups={value!r}"):
            positive_integer("groups", value)

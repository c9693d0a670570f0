"""The arithmetic along one axis, against intervals followed position by position."""

import pytest

from kerasbook.analysis.field import Field, union


def follow(length, steps, position):
    """First and last pixel that a position sees, by going back through the windows."""
    first = last = position
    for extent, stride, before in reversed(steps):
        first = first * stride - before
        last = last * stride - before + extent - 1
    return first, last


def seen(field, position):
    first = field.start + position * field.stride
    return first, first + field.size - 1


def test_windows_one_after_the_other():
    field, steps = Field(50, 50), []
    for extent, stride, before, after in [(3, 1, 0, 0), (5, 2, 2, 1), (2, 3, 0, 4), (1, 1, -1, -2)]:
        field = field.step(extent, stride, (before, after))
        steps.append((extent, stride, before))
        for position in (0, 1, 4):
            assert seen(field, position) == follow(50, steps, position)
    assert (field.size, field.stride, field.length) == (9, 6, 6)


@pytest.mark.parametrize("length", [7, 8, 9])
@pytest.mark.parametrize(("extent", "stride"), [(3, 1), (4, 1), (3, 2), (4, 2), (2, 3), (1, 2)])
def test_same_padding_keeps_the_ceiling_of_the_size(length, extent, stride):
    field = Field(length, length).step(extent, stride, "same")
    assert field.length == -(-length // stride)
    last = seen(field, field.length - 1)[1]
    before, after = -seen(field, 0)[0], max(last - (length - 1), 0)
    # As even as can be, the odd one at the end; with no padding some pixels may be left over.
    assert after - before in (0, 1)


def test_paddings_by_name():
    start = Field(20, 20)
    assert (start.step(3, 1, "valid").start, start.step(3, 1, "valid").length) == (0, 18)
    assert (start.step(3, 1, "full").start, start.step(3, 1, "full").length) == (-2, 22)
    assert (start.step(3, 1, "causal").start, start.step(3, 1, "causal").length) == (-2, 20)
    assert (start.step(4, 1, "same").start, start.step(4, 1, "same").length) == (-1, 20)
    assert start.step(3, 2, "same").start == 0  # an even size pads at the end
    assert Field(21, 21).step(3, 2, "same").start == -1
    assert Field(None, None).step(3, 1, "same").start == -1
    with pytest.raises(ValueError, match="static size"):
        Field(None, None).step(3, 2, "same")
    with pytest.raises(ValueError, match="window of 5 does not fit into 4"):
        Field(4, 4).step(5, 1, "valid")


def test_collapse_sees_what_any_position_sees():
    field = Field(20, 20).step(4, 3, "valid")  # 6 positions: pixels 0 to 18
    whole = field.collapse()
    assert (whole.start, whole.size, whole.stride, whole.center) == (0, 19, 0, 9)
    assert whole.step(3, 2, "same") is whole
    assert Field(20, 20).step(7, 1, "full").collapse().size == 20  # without the padding
    assert Field(20, 20).step(None, 1, "valid") == Field(20, 20).collapse()
    unknown = Field(None, None).collapse()
    assert (unknown.size, unknown.center, unknown.stride) == (None, None, 0)
    assert union([unknown, Field(None, None)]).size is None


def test_union_spans_all_paths():
    start = Field(20, 20)
    both = union([start, start.step(5, 1, "same")])
    assert (both.start, both.size, both.aligned) == (-2, 5, True)
    shifted = union([start.step(2, 1, "same"), start.step(3, 1, (2, 0))])
    assert (shifted.start, shifted.size, shifted.aligned) == (-2, 4, False)
    assert not shifted.step(3, 1, "same").aligned
    gated = union([start.step(3, 1, "same"), start.collapse()])
    assert (gated.start, gated.size, gated.stride) == (0, 20, 0)
    with pytest.raises(ValueError, match=r"strides of the paths .* differ: \[1, 2\]"):
        union([start, start.step(1, 2, "valid")])
    with pytest.raises(ValueError, match=r"sizes of the maps .* differ: \[18, 20\]"):
        union([start, start.step(3, 1, "valid")])

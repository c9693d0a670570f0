"""The arithmetic of receptive fields along one axis."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Field:
    """What the positions of a tensor see of the input, along one axis.

    Position `i` sees the pixels from `start + i * stride` on, `size` of them; those outside the
    input are padding. A stride of 0 says that all positions see the same.

    Attributes:
        input_length: Pixels of the input, `None` if unknown.
        length: Positions of the tensor, `None` if unknown or of no meaning any more.
        size: Pixels seen by one position, `None` if it is the whole of an unknown input.
        stride: Pixels from one position's field to the next one's.
        start: First pixel that position 0 sees.
        aligned: Whether all paths that met so far had their fields' centers in one place.
    """

    input_length: int | None
    length: int | None
    size: int | None = 1
    stride: int = 1
    start: int = 0
    aligned: bool = True

    @property
    def center(self):
        """Middle of the field of position 0, pixels; `None` if its size is unknown."""
        return None if self.size is None else self.start + (self.size - 1) / 2

    def step(self, extent, stride, padding):
        """Returns the field after a sliding window.

        Args:
            extent: Positions from the window's first to its last, with both; `None` is all.
            stride: Positions from one window to the next.
            padding: `"valid"`, `"same"`, `"full"`, `"causal"`, or the padding before and after,
                two integers, negative if they crop.

        Raises:
            ValueError: If the padding depends on an unknown length, or the window does not fit.
        """
        if self.stride == 0:
            return self
        if extent is None:
            return self.collapse()
        before, after = self._padding(extent, stride, padding)
        length = self.length
        if length is not None:
            length = (length + before + after - extent) // stride + 1
            if length < 1:
                raise ValueError(f"its window of {extent} does not fit into {self.length}")
        return dataclasses.replace(
            self,
            length=length,
            size=self.size + (extent - 1) * self.stride,
            stride=self.stride * stride,
            start=self.start - before * self.stride,
        )

    def _padding(self, extent, stride, padding):
        if padding == "valid":
            return 0, 0
        if padding == "full":
            return extent - 1, extent - 1
        if padding == "causal":
            return extent - 1, 0
        if padding != "same":
            return padding
        if stride == 1:
            total = extent - 1
        elif self.length is None:
            raise ValueError('under "same" padding its strides need an input of static size')
        else:
            total = max((-(-self.length // stride) - 1) * stride + extent - self.length, 0)
        return total // 2, total - total // 2

    def collapse(self):
        """Returns the field of something that sees all positions."""
        if self.stride == 0:
            return self
        if self.input_length is None or self.length is None:
            return dataclasses.replace(self, length=None, size=None, stride=0, start=0)
        end = self.start + (self.length - 1) * self.stride + self.size
        start, end = max(self.start, 0), min(end, self.input_length)
        return dataclasses.replace(self, length=None, size=end - start, stride=0, start=start)


def union(fields):
    """Returns the field of something that sees what any of several fields of one input does.

    Raises:
        ValueError: If their strides or lengths differ.
    """
    fields = list(fields)
    moving = {field.stride for field in fields} - {0}
    lengths = {field.length for field in fields if field.stride} - {None}
    if len(moving) > 1:
        raise ValueError(f"the strides of the paths that meet in it differ: {sorted(moving)}")
    if len(lengths) > 1:
        raise ValueError(f"the sizes of the maps that meet in it differ: {sorted(lengths)}")
    if any(field.stride == 0 for field in fields):
        fields = [field.collapse() for field in fields]
    first = fields[0]
    aligned = all(field.aligned and field.center == first.center for field in fields)
    if any(field.size is None for field in fields):
        return dataclasses.replace(first, size=None, start=0, aligned=aligned)
    start = min(field.start for field in fields)
    end = max(field.start + field.size for field in fields)
    return dataclasses.replace(first, size=end - start, start=start, aligned=aligned)

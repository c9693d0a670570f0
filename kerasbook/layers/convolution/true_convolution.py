"""What the true convolutions share: the kernel is flipped before it is laid over the inputs."""

import keras


class TrueConvolution:
    """Mixed into `Conv1D`, `Conv2D` or `Conv3D`, flips the kernel along every axis of space."""

    def __init__(self, filters, kernel_size, **kwargs):
        super().__init__(filters, kernel_size, **kwargs)

    def taps(self):
        return keras.ops.flip(super().taps(), axis=tuple(range(self.rank)))

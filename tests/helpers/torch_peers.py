"""timm and torchvision, where torch is; torchvision's compiled operators need not load."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `bench` (torch, timm) is not installed")

_library = torch.library.Library("torchvision", "DEF")
for _schema in (
    "nms(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor boxes, Tensor scores, float iou_threshold) -> Tensor",
):
    try:
        _library.define(_schema)
    except RuntimeError:  # the compiled operators are there
        break

timm = pytest.importorskip("timm", reason="the extra `bench` (torch, timm) is not installed")


def of_torchvision(name, **arguments):
    """Returns a network of torchvision with kernels that keep the variance."""
    import torchvision

    module = getattr(torchvision.models, name)(weights=None, init_weights=False, **arguments)
    for value in module.parameters():
        if value.ndim > 1:
            torch.nn.init.kaiming_normal_(value)
    return module


def randomized(module, seed=0):
    """Returns a network in evaluation mode whose vectors, statistics too, are random."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if value.ndim == 1:
                low, high = (0.5, 1.5) if name.endswith(("var", "weight")) else (-0.2, 0.2)
                value.uniform_(low, high, generator=generator)
    return module.eval()


def arrays(module):
    """Returns a network's state dictionary as NumPy arrays."""
    return {name: value.numpy() for name, value in module.state_dict().items()}


def calibrate(module, images):
    """Gives the batch normalizations of a network the statistics of images."""
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = 1.0
    outputs(module.train(), images)
    module.eval()


def outputs(module, images):
    """Returns what a network makes of images `(batch, height, width, channels)`, one or many."""
    with torch.no_grad():
        result = module(torch.tensor(np.ascontiguousarray(images.transpose(0, 3, 1, 2))))
    return [one.numpy() for one in result] if isinstance(result, tuple) else result.numpy()

"""LeNet-5 in plain PyTorch, the peer of `engine.py`: trains for an epoch on each line it reads.

    python benchmarks/torch_lenet5.py ARRAYS.npz BATCH_SIZE

The tensors lie in memory, scaled, and are visited in a new random order each epoch. After each
epoch the loss and the accuracy on the test images are written, as the others do.
"""

import sys

import numpy as np
import torch
from torch import nn


def make_model():
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
        nn.Flatten(),
        *(nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )


def train(model, optimizer, loss_function, x, y, batch_size):
    """Trains for an epoch; returns the mean loss and the accuracy, as `fit` shows them."""
    model.train()
    loss_sum, right = torch.zeros(()), torch.zeros(())
    for batch in torch.randperm(len(x)).split(batch_size):
        labels = y[batch]
        optimizer.zero_grad()
        logits = model(x[batch])
        loss = loss_function(logits, labels)
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(batch)
        right += (logits.argmax(1) == labels).sum()
    return loss_sum.item() / len(x), right.item() / len(x)


@torch.no_grad()
def test(model, loss_function, x, y):
    model.eval()
    logits = model(x)
    return loss_function(logits, y).item(), (logits.argmax(1) == y).float().mean().item()


def main():
    torch.manual_seed(0)
    with np.load(sys.argv[1]) as arrays:
        x, x_test = (
            torch.from_numpy(arrays[name].transpose(0, 3, 1, 2).copy()) for name in ("x", "x_test")
        )
        y, y_test = (torch.from_numpy(arrays[name].copy()) for name in ("y", "y_test"))
    model, loss_function = make_model(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    print("ready", flush=True)
    for _ in sys.stdin:
        found = train(model, optimizer, loss_function, x, y, int(sys.argv[2]))
        print(*found, *test(model, loss_function, x_test, y_test), flush=True)


if __name__ == "__main__":
    main()

"""MixUp against its formula, its shares against their distribution, and what it refuses."""

import numpy as np
import pytest

from kerasbook.augmentation import MixUp


def partners_of(drawn):
    order = list(np.argsort(drawn[:, 0]))
    return np.array([order[(order.index(i) + 1) % len(order)] for i in range(len(order))])


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_apply_is_the_formula(dtype, rng):
    images = rng.integers(0, 256, (5, 4, 7, 3)).astype(dtype)
    labels = rng.dirichlet([1] * 4, 5).astype("float32")
    drawn = rng.uniform(size=(5, 3)).astype("float32")
    layer = MixUp(alpha=1, rate=0.7)  # Beta(1, 1) is the uniform distribution itself
    got = layer.apply({"images": images, "labels": labels}, drawn)
    share = np.where(drawn[:, 1] < np.float32(0.7), drawn[:, 2] + 2.0**-25, 1)
    assert 0 < (share == 1).sum() < 5
    partners = partners_of(drawn)
    s = share[:, None, None, None]
    expected = s * images + (1 - s) * images[partners]
    if dtype == "uint8":
        near_tie = np.abs(expected % 1 - 0.5) < 1e-3
        assert not near_tie.any()
        expected = np.floor(expected + 0.5)
    np.testing.assert_allclose(got["images"], expected, rtol=1e-5)
    assert np.array(got["images"]).dtype == dtype
    expected = share[:, None] * labels + (1 - share[:, None]) * labels[partners]
    np.testing.assert_allclose(got["labels"], expected, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_are_beta_numbers_each_image_its_own(alpha):
    images = np.zeros((20_000, 1, 1, 1), "float32")
    labels = np.eye(2, dtype="float32")[np.arange(20_000) % 2]
    layer = MixUp(alpha=alpha)
    drawn = np.array(layer.draw(0, 0, np.arange(20_000)))
    labels = np.array(layer.apply({"images": images, "labels": labels}, drawn)["labels"])
    other = partners_of_fast(drawn) % 2 != np.arange(20_000) % 2
    share = labels[np.arange(20_000), np.arange(20_000) % 2][other]
    variance = 1 / (4 * (2 * alpha + 1))
    assert abs(share.mean() - 0.5) < 5 * np.sqrt(variance / len(share))
    spread = ((share - 0.5) ** 2).std() / np.sqrt(len(share))
    assert abs(share.var() - variance) < 5 * spread
    assert abs(np.corrcoef(share[1:], share[:-1])[0, 1]) < 5 / np.sqrt(len(share))


def partners_of_fast(drawn):
    order = np.argsort(drawn[:, 0], kind="stable")
    partners = np.empty(len(order), int)
    partners[order] = np.roll(order, -1)
    return partners


def test_masks_are_refused_and_so_is_a_bad_alpha(rng):
    inputs = {"images": np.zeros((2, 4, 5, 1)), "segmentation_masks": np.zeros((2, 4, 5))}
    with pytest.raises(ValueError, match="takes images, labels only.*'segmentation_masks'"):
        MixUp()(inputs)
    for alpha in (0, -1, "a", float("inf")):
        with pytest.raises(ValueError, match=f"`alpha` must be above 0. Received: alpha={alpha!r}"):
            MixUp(alpha=alpha)

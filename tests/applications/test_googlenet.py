"""GoogLeNet: equal to torchvision's, the paper's parameters, further classifiers, bad input."""

import keras
import numpy as np
import pytest
from helpers import model_peers

from kerasbook.analysis import cost, weightless
from kerasbook.applications import create_model, feature_maps, from_timm

# Of the paper's table 1: channels in; 1 x 1; 3 x 3, reduced and made; 5 x 5 likewise; pooled.
PAPER = (
    *((192, 64, 96, 128, 16, 32, 32), (256, 128, 128, 192, 32, 96, 64)),
    *((480, 192, 96, 208, 16, 48, 64), (512, 160, 112, 224, 24, 64, 64)),
    *((512, 128, 128, 256, 24, 64, 64), (512, 112, 144, 288, 32, 64, 64)),
    *((528, 256, 160, 320, 32, 128, 128), (832, 256, 160, 320, 32, 128, 128)),
    (832, 384, 192, 384, 48, 128, 128),
)


def test_is_that_of_torchvision(rng):
    """On images of which many sizes are odd, with the classifiers beside, and without."""
    from helpers import torch_peers

    torch_peers.torch.manual_seed(0)
    module = torch_peers.of_torchvision("googlenet", num_classes=7, aux_logits=True)
    weights = torch_peers.arrays(torch_peers.randomized(module))
    arguments = {
        "input_shape": (64, 97, 3),
        "classifier_activation": None,
        "kernel_initializer": "zeros",
    }
    ours = from_timm(weights, "googlenet", auxiliary=True, **arguments)
    images = rng.normal(size=(2, 64, 97, 3)).astype("float32")
    module.training = True  # but not its layers: it returns all its logits, and drops nothing
    logits, second, first = torch_peers.outputs(module, images)
    found = ours(images)
    model_peers.assert_close(found["predictions"], logits)
    model_peers.assert_close(found["auxiliary1"], first)
    model_peers.assert_close(found["auxiliary2"], second)
    with pytest.raises(ValueError, match=r"nothing but the weights.*'aux1.conv.bn.bias'"):
        from_timm(weights, "googlenet", **arguments)


def test_has_as_many_parameters_as_torchvision_documents():
    assert model_peers.counts("googlenet")[1] == 6_624_904  # without auxiliary classifiers


def test_costs_of_auxiliary_classifiers_are_counted():
    """Means of cells are poolings, which count nothing; then 1 x 1, and two dense layers."""
    model = model_peers.built("googlenet_test", auxiliary=True, classes=5)
    costs = {layer.name: layer.multiply_adds for layer in cost(model).layers}
    own = {name: count for name, count in costs.items() if name.startswith("auxiliary1") and count}
    channels = model.get_layer("stage3_block1_concat").output.shape[-1]
    assert own == {
        "auxiliary1_conv": 16 * channels * 128,
        "auxiliary1_dense": 16 * 128 * 1024,
        "auxiliary1_predictions": 1024 * 5,
    }


def test_has_as_many_parameters_as_the_paper():
    """Those of the paper's table, with biases, some seven million (not the four of the notes)."""
    count = (7 * 7 * 3 + 1) * 64 + (64 + 1) * 64 + (3 * 3 * 64 + 1) * 192 + (1024 + 1) * 1000
    for given, point, reduced, medium, squeezed, large, pooled in PAPER:
        count += (given + 1) * (point + reduced + squeezed + pooled)
        count += (9 * reduced + 1) * medium + (25 * squeezed + 1) * large
    assert count == 6_998_552
    assert model_peers.counts("googlenet", normalization=None, large_kernel=5)[0] == count


def test_stages():
    model = weightless(lambda: create_model("googlenet"))
    assert [(m.name, m.layer, m.stride, m.channels) for m in feature_maps(model)] == [
        ("stem", "stem_act", 2, 64),
        ("stage1", "stage1_2_act", 4, 192),
        ("stage2", "stage2_block2_concat", 8, 480),
        ("stage3", "stage3_block5_concat", 16, 832),
        ("stage4", "stage4_block2_concat", 32, 1024),
    ]
    assert model.get_layer("stage4_block2_concat").output.shape[1:3] == (7, 7)
    assert model.get_layer("stage3_block5_concat").output.shape[1:3] == (14, 14)


@pytest.mark.parametrize("shape", [(24, 28, 3), (5, 9, 3)])
def test_auxiliary_classifiers_take_images_of_any_size(shape, rng, tmp_path):
    model = create_model("googlenet_test", auxiliary=True, classes=5, input_shape=shape)
    assert list(model.output) == ["predictions", "auxiliary1", "auxiliary2"]
    images = rng.normal(size=(2, *shape)).astype("float32")
    found = model(images)
    assert all(value.shape == (2, 5) for value in found.values())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")(images)
    for key, value in found.items():
        np.testing.assert_allclose(again[key], value, atol=1e-6)


def test_all_classifiers_learn_at_once(rng):
    model = create_model("googlenet_test", auxiliary=True, classes=5)
    model.compile(
        "sgd",
        dict.fromkeys(model.output, "sparse_categorical_crossentropy"),
        loss_weights={"predictions": 1.0, "auxiliary1": 0.3, "auxiliary2": 0.3},
    )
    before = np.array(model.get_layer("auxiliary1_predictions").kernel)
    images, labels = rng.normal(size=(4, 32, 32, 3)), np.arange(4)
    loss = model.train_on_batch(images, dict.fromkeys(model.output, labels))
    assert np.all(np.isfinite(loss))
    assert np.any(before != np.array(model.get_layer("auxiliary1_predictions").kernel))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": (8, 0, 8)}, "`filters` must .*0"),
        ({"blocks": 3}, "`blocks` must be a list of 3. Received: blocks=3"),
        ({"blocks": (8, 8, 8)}, "`blocks` must be a list. Received: blocks=8"),
        ({"blocks": (((8, 8, 8),),) * 3}, r"`blocks` must .*6 of them.*\(8, 8, 8\)"),
        ({"large_kernel": 7}, r"`large_kernel` must be one of \(3, 5\).*7"),
        ({"auxiliary": True, "input_shape": (None, 32, 3)}, "`input_shape` must be static with"),
        ({"auxiliary": True, "auxiliary_dropout": 1}, r"`auxiliary_dropout` must be in \[0, 1\)"),
        ({"input_shape": (3, 32, 3)}, r"at least 4 pixels.*\(3, 32, 3\)"),
        ({"input_shape": (31, 32, 3), "low_resolution": False}, r"at least 32 pixels"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("googlenet_test", **arguments)

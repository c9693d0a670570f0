"""Inception v3: equal to Keras', timm's and torchvision's, stages, options, bad input."""

import pytest
from helpers import model_peers

from kerasbook.analysis import weightless
from kerasbook.applications import create_model, feature_maps, from_timm

SHAPE = (76, 97, 3)  # the smallest are 75 pixels


@pytest.mark.parametrize("shape", [SHAPE, (80, 80, 3)])
def test_is_that_of_keras(shape, rng):
    model_peers.assert_like_keras("inceptionv3", rng, shape=shape, deviation=30.0)


def test_is_that_of_timm(rng):
    model_peers.assert_like_torch(
        "inceptionv3",
        rng,
        lambda torch: torch.timm.create_model("inception_v3", num_classes=7),
        shape=SHAPE,
    )


def test_auxiliary_classifier_is_that_of_torchvision(rng):
    from helpers import torch_peers

    shape = (299, 315, 3)
    module = torch_peers.of_torchvision("inception_v3", num_classes=7, aux_logits=True)
    weights = torch_peers.arrays(torch_peers.randomized(module))
    arguments = {"input_shape": shape, "classifier_activation": None}
    ours = from_timm(weights, "inceptionv3", auxiliary=True, **arguments)
    images = rng.normal(size=(2, *shape)).astype("float32")
    module.training = True  # but not its layers: it returns all its logits, and drops nothing
    logits, other = torch_peers.outputs(module, images)
    found = ours(images)
    model_peers.assert_close(found["predictions"], logits)
    model_peers.assert_close(found["auxiliary1"], other)


def test_stages():
    model = weightless(lambda: create_model("inceptionv3"))
    assert [(m.name, m.layer, m.stride, m.channels) for m in feature_maps(model)] == [
        ("stem", "stem_3_act", 2, 64),
        ("stage1", "stage1_2_act", 4, 192),
        ("stage2", "stage2_block3_concat", 8, 288),
        ("stage3", "stage3_block5_concat", 16, 768),
        ("stage4", "stage4_block3_concat", 32, 2048),
    ]
    assert model.get_layer("stage3_block5_concat").output.shape[1:3] == (17, 17)
    assert model.get_layer("stage4_block3_concat").output.shape[1:3] == (8, 8)


def test_options_set_the_size():
    model = create_model("inceptionv3_test", alpha=0.5, depths=(2, 3, 1))
    channels = {layer.name: layer.output.shape[-1] for layer in model.layers}
    assert channels["stage2_block2_concat"] == 144
    assert [channels[f"stage3_block{n}_7x7_1_conv"] for n in (2, 3, 4)] == [64, 80, 96]
    assert channels["stage4_block2_concat"] == 1024
    assert "stage4_block3_concat" not in channels


def test_smallest_images_leave_a_pixel():
    for arguments in (
        {"alpha": 0.1, "low_resolution": False, "input_shape": (75, 80, 3)},
        {"alpha": 0.1, "low_resolution": False, "auxiliary": True, "input_shape": (299, 305, 3)},
        {"input_shape": (7, 8, 3)},
        {"auxiliary": True, "input_shape": (35, 36, 3)},
    ):
        model = model_peers.built("inceptionv3_test", **arguments)
        last = model.get_layer("stage4_block2_concat").output.shape
        if "auxiliary" in arguments:
            assert model.get_layer("auxiliary1_2_conv").output.shape[1] == 1
        else:
            assert last[1] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0}, "`alpha` must be a positive number. Received: alpha=0"),
        ({"alpha": True}, "`alpha` must be a positive number.*True"),
        ({"depths": (1, 2)}, r"`depths` must .*3 of them.*\(1, 2\)"),
        ({"low_resolution": False, "input_shape": (74, 80, 3)}, "at least 75 pixels"),
        (
            {"low_resolution": False, "auxiliary": True, "input_shape": (298, 299, 3)},
            "at least 299",
        ),
        ({"auxiliary": True}, "at least 35 pixels"),
        ({"input_shape": (6, 9, 3)}, "at least 7 pixels"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_model("inceptionv3_test", **arguments)

"""The number of weights of every size, against its peers or, where there is none, its paper."""

import json
import re

import pytest
from helpers import model_peers

from kerasbook import registry
from kerasbook.applications import information, list_models

GATES = "the same without gates, and 2 c c / 16 + c / 16 + c for each branch of c channels"
# Where no peer has the network: what the paper says, or what follows from its tables.
PAPER = {
    "alexnet": (60_965_224, "Krizhevsky et al., 2012, sum of figure 2; 60 million in the abstract"),
    "allconvolutionala": (1_254_250, "Springenberg et al., 2015, sum of tables 1 and 2"),
    "allconvolutionalb": (1_300_618, "Springenberg et al., 2015, sum of tables 1 and 2"),
    "allconvolutionalc": (1_369_738, "Springenberg et al., 2015, sum of tables 1 and 2"),
    "lenet5": (61_706, "LeCun et al., 1998, with full connections, pooling without weights"),
    "mlp": (118_282, "Murphy, 2022, section 13.2.4.2"),
    "nin": (7_595_176, "sum of the authors' configuration for Caffe"),
    "nincifar": (966_986, "sum of the authors' configuration for cuda-convnet"),
    "resnet1001v2": (
        10_327_706,
        "He et al., 2016 (identity mappings), 10.2 million without normalizations",
    ),
    "resnet110": (1_727_962, "He et al., 2016, sum of section 4.2; 1.7 million in table 6"),
    "resnet164v2": (1_703_258, "He et al., 2016 (identity mappings), 1.7 million"),
    "resnet20": (269_722, "He et al., 2016, sum of section 4.2; 0.27 million in table 6"),
    "resnet32": (464_154, "He et al., 2016, sum of section 4.2; 0.46 million in table 6"),
    "resnet44": (658_586, "He et al., 2016, sum of section 4.2; 0.66 million in table 6"),
    "resnet56": (853_018, "He et al., 2016, sum of section 4.2; 0.85 million in table 6"),
    "seresnet101": (49_326_872, GATES),
    "seresnet110": (1_742_200, GATES),
    "seresnet152": (66_821_848, GATES),
    "seresnet18": (11_778_592, GATES),
    "seresnet20": (272_095, GATES),
    "seresnet32": (468_109, GATES),
    "seresnet34": (21_958_868, GATES),
    "seresnet44": (664_123, GATES),
    "seresnet56": (860_137, GATES),
    "seresnext101": (48_955_416, GATES),
    "shufflenetv1": (1_865_728, "Zhang et al., 2018, sum of table 1"),
    "shufflenetv1x0_5": (718_324, "Zhang et al., 2018, sum of table 1, scaled"),
    "shufflenetv1x1_5": (3_442_168, "Zhang et al., 2018, sum of table 1, scaled"),
    "shufflenetv1x2_0": (5_450_776, "Zhang et al., 2018, sum of table 1, scaled"),
    "wideresnet16_2": (691_674, "Zagoruyko and Komodakis, 2016, sum of table 1; 0.7 million"),
    "wideresnet28_10": (36_479_194, "Zagoruyko and Komodakis, 2016, sum of table 1; 36.5 million"),
    "vgg13bn": (133_053_736, "VGG13, and two weights for each of 2,944 channels"),
    "vgg19bn": (143_678_248, "VGG19, and two weights for each of 5,504 channels"),
    "zfnet": (62_357_608, "Zeiler and Fergus, 2014, sum of figure 3"),
}

# What is counted with its auxiliary classifiers.
WITH_AUXILIARY = {("torchvision", "googlenet"), ("torchvision", "inception_v3")}


@pytest.fixture(scope="module")
def published():
    """Returns the counts read off the peers: library, name there, numbers."""
    from conftest import ROOT

    file = ROOT.parent / "shared" / "data" / "parameter_counts.json"
    if not file.is_file():
        pytest.skip(
            "needs the peers' counts beside the checkout: shared/data/parameter_counts.json"
        )
    counts = {}
    for title, table in json.loads(file.read_text()).items():
        if isinstance(table, dict):  # a library may have several tables, of different tasks
            counts.setdefault(title.split()[0], {}).update(table)
    return counts


def of_peers(name, published):
    """Returns what the libraries publish of a model's twins, by library."""
    peers = registry.get("model", name).size.peers
    return {
        library: published[library][twin]
        for library, twin in peers.items()
        if twin in published.get(library, {})
    }


def smallest_of_families():
    """Returns the name of the size of fewest weights in each family."""
    smallest = {}
    for name in sorted(list_models(), key=lambda name: information.recorded(name)["parameters"]):
        smallest.setdefault(registry.get("model", name).size.family.name, name)
    return set(smallest.values())


def sizes():
    """Returns all names, those that are not the smallest of their families marked slow."""
    slow = pytest.mark.slow(
        "building all sizes takes over two minutes; the quick set builds the smallest of each "
        "family, and test_the_recorded_count_is_that_of_the_peers_or_the_paper covers all sizes"
    )
    quick = smallest_of_families()
    return [name if name in quick else pytest.param(name, marks=slow) for name in list_models()]


@pytest.mark.parametrize("name", list_models())
def test_the_recorded_count_is_that_of_the_peers_or_the_paper(name, published):
    size, counts = registry.get("model", name).size, of_peers(name, published)
    assert counts or name in PAPER, f"{name} has no source for its number of weights"
    recorded = information.recorded(name)
    if name in PAPER:
        assert recorded["trainable_parameters"] == PAPER[name][0]
    for library, count in counts.items():
        convention = "keras" if library == "keras" else "torch"
        if convention == size.conventions[0] and (library, size.peers[library]) not in (
            WITH_AUXILIARY
        ):
            assert recorded["trainable_parameters"] == count.get("trainable", count["parameters"])
    if "keras" in counts:
        scaling = 7 if re.fullmatch("efficientnetb[0-7]", name) else 0  # Keras' `Normalization`
        assert recorded["parameters"] == counts["keras"]["parameters"] - scaling


@pytest.mark.parametrize("name", sizes())
def test_the_model_has_the_recorded_count_and_its_other_forms_that_of_the_peers(name, published):
    size = registry.get("model", name).size
    assert information.measure(name) == information.recorded(name), "run tools/write_measures.py"
    for library, count in of_peers(name, published).items():
        convention = "keras" if library == "keras" else "torch"
        options = {"auxiliary": True} if (library, size.peers[library]) in WITH_AUXILIARY else {}
        if options or convention != size.conventions[0]:
            _, trainable = model_peers.counts(name, convention=convention, **options)
            assert trainable == count.get("trainable", count["parameters"])

"""The number of weights of every size, against its peers or, where there is none, its paper."""

import json

import model_peers
import pytest

from kerasbook import registry
from kerasbook.applications import list_models, model_info

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
    "vgg13bn": (133_053_736, "VGG13, and two weights for each of 2,944 channels"),
    "vgg19bn": (143_678_248, "VGG19, and two weights for each of 5,504 channels"),
    "zfnet": (62_357_608, "Zeiler and Fergus, 2014, sum of figure 3"),
}


@pytest.fixture(scope="module")
def published():
    """Returns the counts read off the peers: library, name there, numbers."""
    from conftest import ROOT

    file = ROOT.parent / "shared" / "data" / "parameter_counts.json"
    if not file.is_file():
        pytest.skip(
            "needs the peers' counts beside the checkout: shared/data/parameter_counts.json"
        )
    tables = json.loads(file.read_text())
    return {
        library.split()[0]: table for library, table in tables.items() if isinstance(table, dict)
    }


@pytest.mark.parametrize("name", list_models())
def test_the_count_is_that_of_the_peers_or_the_paper(name, published):
    peers = registry.get("model", name).size.peers
    counts = {
        library: published[library][twin]
        for library, twin in peers.items()
        if twin in published.get(library, {})
    }
    assert counts or name in PAPER, f"{name} has no source for its number of weights"
    for library, count in counts.items():
        convention = "keras" if library == "keras" else "torch"
        _, trainable = model_peers.counts(name, convention=convention)
        assert trainable == count.get("trainable", count["parameters"])
    if "keras" in counts:
        assert model_info(name).parameters == counts["keras"]["parameters"]
    if name in PAPER:
        assert model_info(name).trainable_parameters == PAPER[name][0]

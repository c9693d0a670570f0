"""The number of weights of every size, against its peers or, where there is none, its paper."""

import json
import math

import keras
import pytest

from kerasbook import registry
from kerasbook.applications import create_model, list_models, model_info

# Where no peer has the network: what the paper says, or what follows from its tables.
PAPER = {}


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


def trainable(name, **arguments):
    """Returns the number of trainable weights, without memory for them."""
    with keras.StatelessScope(initialize_variables=False):
        model = create_model(name, **arguments)
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


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
        assert trainable(name, convention=convention) == count.get("trainable", count["parameters"])
    if "keras" in counts:
        assert model_info(name).parameters == counts["keras"]["parameters"]
    if name in PAPER:
        assert model_info(name).trainable_parameters == PAPER[name][0]

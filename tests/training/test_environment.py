"""What a record says of its machine."""

import json

import tensorflow as tf

import kerasbook
from kerasbook.training import environment


def test_versions_and_machine_in_plain_json():
    found = environment.describe()
    assert json.loads(json.dumps(found)) == found
    assert found["kerasbook"] == kerasbook.__version__
    assert found["tensorflow"] == tf.__version__
    assert found["cores"] >= 1
    assert found["devices"] == ["CPU"] * 3  # logical ones in these tests
    assert found["processor"]

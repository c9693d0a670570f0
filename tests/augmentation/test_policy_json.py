"""Policies as JSON: files, versions, what is refused."""

import json

import pytest

from kerasbook.augmentation import (
    RandAugment,
    RandomOperation,
    Sequence,
    from_json,
    get_policy,
    to_json,
)

POLICY = {"version": 1, "type": "RandAugment", "arguments": {"level": 4}}


def test_there_and_back_through_a_file(tmp_path):
    policy = Sequence([RandomOperation("rotate", level=(1, 3)), RandAugment(1, 4)])
    path = tmp_path / "policy.json"
    described = to_json(policy, path)
    assert json.loads(path.read_text()) == described
    assert described["version"] == 1
    assert [child["type"] for child in described["arguments"]["augmentations"]] == [
        "RandomOperation",
        "RandAugment",
    ]
    for again in (from_json(path), get_policy(str(path)), get_policy(described)):
        assert to_json(again) == described


def test_what_is_left_out_has_its_default():
    assert from_json(POLICY).num_operations == 2
    assert from_json(POLICY).level == 4


def test_a_policy_is_its_own_policy():
    policy = RandAugment()
    assert get_policy(policy) is policy
    assert get_policy("none") is None


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ({**POLICY, "version": 2}, "must have version 1. Received: version=2"),
        ({"type": "RandAugment", "arguments": {}}, "version=None"),
        ({"version": 1, "type": "RandAugment"}, "must have 'type' and 'arguments'"),
        ({**POLICY, "levels": 3}, "must have 'type' and 'arguments'"),
        ({**POLICY, "type": "RandAugmnt"}, "type='RandAugmnt'.*RandAugment"),
        ({**POLICY, "arguments": [4]}, "`arguments` must be a dictionary"),
        ({**POLICY, "arguments": {"levle": 4}}, "levle"),
        ({**POLICY, "arguments": {"level": 40}}, r"`level` must be in \[0, 10\]"),
        ({**POLICY, "type": ["RandAugment"]}, "type=\\['RandAugment'\\]"),
        ({**POLICY, "type": "ImageAugmentation"}, "type='ImageAugmentation'"),
        ({**POLICY, "type": "Sequence", "arguments": {"augmentations": 3}}, "is not valid"),
        ({**POLICY, "arguments": {"ranges": [1]}}, "is not valid"),
        ({**POLICY, "type": "Sequence", "arguments": {"augmentations": [3]}}, "Received: 3"),
    ],
)
def test_wrong_dictionaries(described, message):
    with pytest.raises(ValueError, match=message):
        from_json(described)


def test_wrong_files(tmp_path):
    with pytest.raises(ValueError, match=r"nothing.json cannot be read: No such file"):
        from_json(tmp_path / "nothing.json")
    path = tmp_path / "broken.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"broken.json is no JSON"):
        from_json(path)
    path.write_text("[]")
    with pytest.raises(ValueError, match=r"broken.json must have version 1"):
        get_policy(str(path))


def test_nothing_is_written_of_what_is_no_json(tmp_path):
    path = tmp_path / "policy.json"
    path.write_text("before")
    with pytest.raises(AttributeError):
        to_json("RandAugment", path)
    assert path.read_text() == "before"

"""Lazy attributes, and what importing the library costs."""

import subprocess
import sys
import types

import pytest

from kerasbook import lazy


def test_attributes_load_on_first_use():
    get, names = lazy.attach("kerasbook", {"registry": None, "register": "registry"})
    assert isinstance(get("registry"), types.ModuleType)
    assert get("register") is get("registry").register
    assert names() == ["register", "registry"]
    with pytest.raises(AttributeError, match="'kerasbook' has no attribute 'nothing'"):
        get("nothing")


def test_importing_kerasbook_imports_neither_keras_nor_any_room():
    code = (
        "import sys, kerasbook\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('keras', 'tensorflow')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_layers_do_not_import_datasets_or_pictures():
    # Keras itself imports matplotlib where it is installed; what counts is what we add to that.
    code = (
        "import sys, keras\n"
        "before = set(sys.modules)\n"
        "import kerasbook.layers, kerasbook.applications\n"
        "added = {m.split('.')[0] for m in set(sys.modules) - before}\n"
        "print(sorted(added & {'tensorflow_datasets', 'matplotlib'}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"

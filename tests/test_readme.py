"""The README: its tables are those of the records, its lists those of the library."""

import pathlib
import re
import subprocess
import sys

from kerasbook import applications, layers
from kerasbook.applications import list_models

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_tables_are_made_from_the_records():
    command = [sys.executable, ROOT / "benchmarks" / "tables.py", "--check"]
    subprocess.run(command, check=True, timeout=60)
    pages = [README, (ROOT / "benchmarks" / "README.md").read_text()]
    assert [page.count("<!-- table: ") for page in pages] == [4, 3]


def test_every_layer_and_model_has_its_row():
    for name in layers.__all__:
        assert re.search(rf"^\| `{name}` \|", README, re.MULTILINE), name
    for name in set(list_models()) & set(map(str.lower, applications.__all__)):
        assert f"`{name}`" in README


def test_files_that_it_names_are_there():
    for path in re.findall(r"`((?:benchmarks|examples|kerasbook|tests)/[\w/.]+)`", README):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"\]\(([\w./]+)\)", README):
        assert (ROOT / path).exists(), path

"""Writes the embedded dataset `kerasbook/data/digits` from scikit-learn's `load_digits`.

    pip install scikit-learn zopfli && python tools/write_digits.py

The splits are stratified and fixed: within each class, in the order of the source, every fifth
image goes to the test split, every tenth to validation, and the rest to training. Grey levels 0
to 16 become `round(level * 255 / 16)`, from which the level can be had back exactly.
"""

import pathlib
import shutil
import struct
import tempfile
import zlib

import numpy as np
import tensorflow_datasets as tfds
import zopfli.zlib
from sklearn.datasets import load_digits

FOLDER = pathlib.Path(__file__).parent.parent / "kerasbook" / "data" / "digits" / "1.0.0"
SPLITS = {"train": (0, 1, 3, 5, 6, 8, 9), "validation": (2,), "test": (4, 7)}
CITATION = """@misc{alpaydin1998optical,
  author = {Alpaydin, E. and Kaynak, C.},
  title = {Optical Recognition of Handwritten Digits},
  publisher = {UCI Machine Learning Repository},
  year = {1998},
  doi = {10.24432/C50P49}
}"""


class Digits(tfds.core.GeneratorBasedBuilder):
    """The 1,797 handwritten digits of 8 x 8 pixels."""

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = None

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Handwritten digits of 43 people, 8 x 8 pixels, the test part of the "
            "UCI set 'Optical Recognition of Handwritten Digits'. Licence: CC BY 4.0.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(8, 8, 1), encoding_format="png"),
                    "label": tfds.features.ClassLabel(names=[str(i) for i in range(10)]),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://archive.ics.uci.edu/dataset/80",
            citation=CITATION,
            license="CC BY 4.0",
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(split) for split in SPLITS}

    def _generate_examples(self, split):
        digits = load_digits()
        for label in range(10):
            places = np.flatnonzero(digits.target == label)
            for rank, place in enumerate(places):
                if rank % 10 in SPLITS[split]:
                    pixels = np.round(digits.images[place] * 255 / 16).astype("uint8")
                    yield int(place), {"image": _png(pixels), "label": label}


def _png(pixels):
    """Encodes an image as a small PNG: the filter of each row is chosen by trying them all."""
    candidates = [
        _filtered(row, above) for above, row in zip([None, *pixels], pixels, strict=False)
    ]
    data = min((_search(candidates, first) for first in range(5)), key=len)
    height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _search(candidates, first):
    """Returns the compressed rows, from one filter for all to the best that row by row finds."""
    choice = [first] * len(candidates)
    for _ in range(2):
        for row, filtered in enumerate(candidates):
            sizes = []
            for kind in range(len(filtered)):
                choice[row] = kind
                sizes.append(len(_deflate(candidates, choice)))
            choice[row] = int(np.argmin(sizes))
    raw = b"".join(filtered[kind] for filtered, kind in zip(candidates, choice, strict=True))
    return min(_deflate(candidates, choice), zopfli.zlib.compress(raw), key=len)


def _filtered(row, above):
    """Returns a row under each of the five PNG filters, the filter's number in front."""
    row = row.astype(int)
    above = np.zeros_like(row) if above is None else above.astype(int)
    left = np.concatenate([[0], row[:-1]])
    corner = np.concatenate([[0], above[:-1]])
    neighbours = np.stack([left, above, corner])
    nearest = np.abs(left + above - corner - neighbours).argmin(0)  # ties go to the first
    paeth = np.take_along_axis(neighbours, nearest[None], 0)[0]
    rows = (row, row - left, row - above, row - (left + above) // 2, row - paeth)
    return [bytes([kind]) + (r % 256).astype("uint8").tobytes() for kind, r in enumerate(rows)]


def _deflate(candidates, choice):
    raw = b"".join(filtered[kind] for filtered, kind in zip(candidates, choice, strict=True))
    packed = []
    for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_RLE, zlib.Z_HUFFMAN_ONLY):
        compressor = zlib.compressobj(9, zlib.DEFLATED, 9, 9, strategy)
        packed.append(compressor.compress(raw) + compressor.flush())
    return min(packed, key=len)


def main():
    with tempfile.TemporaryDirectory() as folder:
        builder = Digits(data_dir=folder)
        builder.download_and_prepare()
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        for file in pathlib.Path(builder.data_dir).iterdir():
            shutil.copyfile(file, FOLDER / file.name)
    size = sum(f.stat().st_size for f in FOLDER.iterdir())
    print({k: v.num_examples for k, v in builder.info.splits.items()}, f"{size} bytes")


if __name__ == "__main__":
    main()

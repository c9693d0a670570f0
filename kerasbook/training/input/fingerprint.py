"""Fingerprints of datasets: whether what a run reads is what it read before."""

import hashlib
import pathlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

# Files of up to so many bytes in all are read whole.
WHOLE_LIMIT = 256 * 2**20
# Of files beyond that, so many blocks each are read, the first and the last among them.
BLOCKS = 4
BLOCK_BYTES = 64 * 2**10


def fingerprint(builder: "tfds.core.DatasetBuilder", splits: Iterable[str]) -> dict[str, Any]:
    """Returns the fingerprint of splits of a dataset, for JSON.

    It holds the SHA-256 of every file that the splits are read from if these have 256 MiB or less
    in all. Of larger datasets each file gives its size and four blocks of 64 KiB, spread evenly
    from its beginning to its end: files that are cut, exchanged or written anew are noticed, and a
    change of single bytes is not. Where the files lie, and when they were written, does not
    count.

    Args:
        builder: TFDS builder.
        splits: TFDS splits such as `"train[:1000]"`.

    Returns:
        Dictionary with the `dataset`, its `version`, a digest of its `features` and names of
        classes, the number of examples of each of the `splits`, whether files are `sampled`, and
        the digest of each of the `files`. A file that is missing has the digest `None`.
    """
    info = builder.info
    paths = sorted(
        {
            pathlib.Path(instruction.filename)
            for split in splits
            for instruction in info.splits[split].file_instructions
        }
    )
    sampled = sum(path.stat().st_size for path in paths if path.is_file()) > WHOLE_LIMIT
    return {
        "dataset": info.name,
        "version": str(info.version),
        "features": _digest([_features(info.features).encode()]),
        "splits": {split: info.splits[split].num_examples for split in splits},
        "sampled": sampled,
        "files": {path.name: _digest_of_file(path, sampled) for path in paths},
    }


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Returns what differs between two fingerprints, a phrase for each difference.

    Of splits and files only those are compared that both have: an evaluation may read another
    split than the training did.
    """
    found = [
        f"its {name} {before[name]!r} became {now[name]!r}"
        for name in ("dataset", "version")
        if before[name] != now[name]
    ]
    if before["features"] != now["features"]:
        found.append("its features or the names of its classes changed")
    for split in _common(before, now, "splits"):
        counts = before["splits"][split], now["splits"][split]
        if counts[0] != counts[1]:
            found.append(f"the {counts[0]} examples of {split!r} became {counts[1]}")
    if before["sampled"] != now["sampled"]:
        found.append("the size of its files changed")
        return found
    for file in _common(before, now, "files"):
        if before["files"][file] != now["files"][file]:
            found.append(f"{file} {'changed' if now['files'][file] else 'is missing'}")
    return found


def require_same(before: dict[str, Any], now: dict[str, Any]) -> None:
    """Raises a ValueError that says what changed, if two fingerprints differ.

    Raises:
        ValueError: If so.
    """
    found = changes(before, now)
    if found:
        raise ValueError(
            "`dataset` must be what the run read before. "
            f"Received: dataset={now['dataset']!r}, but {', '.join(found)}"
        )


def _common(before: dict[str, Any], now: dict[str, Any], name: str) -> list[str]:
    return [key for key in before[name] if key in now[name]]


def _features(features: "tfds.features.FeaturesDict") -> str:
    """Says what matters of features, in words that do not depend on the release of TFDS."""
    return str(
        [
            (name, list(feature.shape), list(getattr(feature, "names", None) or ()))
            for name, feature in sorted(features.items())
        ]
    )


def _digest_of_file(path: pathlib.Path, sampled: bool) -> str | None:
    if not path.is_file():
        return None
    size = path.stat().st_size
    with path.open("rb") as file:
        if not sampled or size <= BLOCKS * BLOCK_BYTES:
            return hashlib.file_digest(file, "sha256").hexdigest()
        blocks = [str(size).encode()]
        for number in range(BLOCKS):
            file.seek(number * (size - BLOCK_BYTES) // (BLOCKS - 1))
            blocks.append(file.read(BLOCK_BYTES))
    return _digest(blocks)


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()

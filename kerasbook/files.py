"""Files that are replaced in one step: the old one, or the new one, never half of it."""

import contextlib
import glob
import os
import pathlib
from collections.abc import Iterator


@contextlib.contextmanager
def replacing(
    path: str | os.PathLike[str], kept: str | os.PathLike[str] | None = None
) -> Iterator[pathlib.Path]:
    """Yields a path beside `path` that takes its place if the block ends without an error.

    Args:
        path: The file to write.
        kept: Where to keep the file that stood at `path`, if it is to be kept. For a moment between
            two renames there is no file at `path`, and this one is whole.
    """
    path = pathlib.Path(path)
    stem, dot, suffix = path.name.partition(".")
    draft = path.with_name(f".{stem}.{os.getpid()}.partial{dot}{suffix}")
    for left in path.parent.glob(f".{glob.escape(stem)}.*.partial{dot}{glob.escape(suffix)}"):
        left.unlink(missing_ok=True)  # by a process that was killed
    try:
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())  # or a machine that goes down may keep the name alone
        if kept is not None and path.exists():
            os.replace(path, kept)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)

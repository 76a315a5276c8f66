"""Write beside, then rename: a reader never meets half a map."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yield a path with the same name in a new folder beside; move it to ``path`` at the end.

    The folder of ``path`` is made where it is missing. After an error ``path`` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".map-") as folder:
        draft = Path(folder) / path.name
        yield draft
        draft.replace(path)

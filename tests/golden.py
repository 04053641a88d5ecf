"""Golden files: compared with what is made now; `REGENERATE=1 pytest …` writes them anew, to be read as a diff."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def expect(name: str, actual: str) -> None:
    path = FOLDER / name
    if os.environ.get("REGENERATE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(actual)
    assert path.read_text() == actual

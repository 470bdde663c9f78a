"""Which tests belong to a module."""

from pathlib import Path


def room_tests(module: str) -> list[str]:
    """Return the test files of a module's room, those of the module itself first.

    Parameters
    ----------
    module
        Path from the root of the project, such as ``geo/coverage/sight/optics.py``.

    Returns
    -------
    list of str
        All test files of the innermost folder under ``tests/`` that mirrors the module's folder.
    """
    path = Path(module)
    parts = path.parent.parts[1:] if path.parts[0] == "geo" else path.parent.parts
    while not (folder := Path("tests", *parts)).is_dir():
        parts = parts[:-1]
    files = sorted(folder.rglob("test_*.py"))
    return [str(file) for file in sorted(files, key=lambda file: path.stem not in file.stem)]

"""The command line, run in the process of the test."""

import os
import sys

import pytest

from geo.cli import main


def commands(monkeypatch, capfd):
    """Return what runs ``govgrid``, checks its exit code, and returns what it printed."""

    def run(*args, code=0):
        monkeypatch.setattr(sys, "argv", ["govgrid", *map(str, args)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capfd.readouterr()
        assert (ended.value.code or 0) == code, printed.err
        return printed

    return run


def alone(monkeypatch):
    """Take the settings of this machine out of the environment."""
    for name in [n for n in os.environ if n.startswith("GOVGRID_")]:
        monkeypatch.delenv(name)

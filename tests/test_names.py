"""Names are verbs, parameters are explained, and what docstrings say of the code is true."""

import doctest
import importlib

import pytest

from scripts import names
from tests import ROOT

ONE_WORD = {
    "api.server.gate.admit": "of a gate: let a request through or refuse it",
    "geo.access.accounts.accounts.disable": "verb; the account is its argument",
    "geo.access.accounts.accounts.enable": "verb; the account is its argument",
    "geo.access.accounts.accounts.unlock": "verb; the account is its argument",
    "geo.access.accounts.api_keys.revoke": "verb; the key is its argument",
    "geo.access.audit.record.record": "verb; the entry is its arguments",
    "geo.base.clock.follow": "verb; called as clock.follow",
    "geo.base.clock.now": "as in datetime.now",
    "geo.base.clock.today": "as in date.today",
    "geo.base.crs.project": "the verb of cartography",
    "geo.base.polygons.dissolve": "the verb of GIS, as in geopandas",
    "geo.base.polygons.subtract": "verb; polygons are its arguments",
    "geo.base.secrets.decrypt": "the verb of cryptography",
    "geo.base.secrets.encrypt": "the verb of cryptography",
    "geo.base.words.say": "verb; in almost every file, as gettext is elsewhere",
    "geo.cli.output.translate": "verb; the sentence is its argument",
    "geo.coverage.compute.compute": "verb; called as compute.compute",
    "geo.exchange.imports.prefetch.prefetch": "the verb for reading ahead",
    "geo.store.db.connect": "as in every database library",
    "geo.store.db.migrate": "the verb for changing tables",
    "geo.store.doctor.examine": "verb; called as doctor.examine",
    "geo.store.statements.execute": "as in every database library",
}
"""Public functions used by other modules whose name is one word, each with the reason."""
MOST_ONE_WORD = 50

EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for folder in (*names.PACKAGES, "scripts")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if ">>> " in path.read_text("utf-8")
]


def test_functions_that_others_import_are_named_by_more_than_one_word():
    assert names.shared_words() == set(ONE_WORD)
    assert len(ONE_WORD) <= MOST_ONE_WORD


def test_functions_of_two_or_more_parameters_explain_them():
    bare = [each for each in names.explained() if each.documented is None]
    assert [f"{each.path}: {each.name}" for each in bare] == []


def test_every_explained_parameter_is_one_of_the_function():
    wrong = {
        f"{each.path}: {each.name}": sorted(unknown)
        for each in names.functions().values()
        if (unknown := set(each.documented or ()) - set(each.parameters))
    }
    assert wrong == {}


def test_every_name_that_a_docstring_refers_to_exists():
    assert list(names.dangling()) == []


@pytest.mark.parametrize("module", EXAMPLES)
def test_examples_in_docstrings_are_true(module):
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted
    assert not found.failed

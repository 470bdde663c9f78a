"""Names are verbs, parameters are explained, and what docstrings say of the code is true."""

import ast
import doctest
import importlib
import re

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

RIDDLES = re.compile(r"_?(told|untold|taking|twins|heaps|strays)", re.IGNORECASE)
"""Words that named many different things here once."""

_ROW = "an incident with its category, of which each rule reads other columns"
_SENT = "a dispatch with all its columns, of which each step reads others"
_ANSWER = "what is shown depends on who asks: whole parts are left out"
_VIEW = "a view with the columns of its layer, as it is edited"
_SET = "columns that one statement sets"
_WORDS = "a row of any vocabulary, by the columns of its table"
OPEN_KEYS = {
    "api.routes.incidents.moves.list_dispatches": _SENT,
    "api.routes.incidents.moves.list_incidents": _ANSWER,
    "api.routes.incidents.moves.list_moves": _ANSWER,
    "api.routes.incidents.plain_pages.filled_fields": "fields of a move, by its table",
    "api.routes.incidents.plain_pages.offered_moves": "what a template shows",
    "api.routes.incidents.routing.try_place": _ANSWER,
    "api.routes.incidents.vocabularies.list_rows": _WORDS,
    "api.routes.people.login.login_context": "what a template shows",
    "geo.cameras.rules.filing.filing_snapshot": "what is filed, by the fields that are known",
    "geo.cameras.store.views.read_view": _VIEW,
    "geo.cameras.view_rows.read_view": _VIEW,
    "geo.cli.data.status.as_plain": "goes into the report of the import",
    "geo.cli.incidents.fields.parse_fields": "fields of a move, by its table",
    "geo.exchange.publish.map_content.read_content": "fields of a class of maps, unknown to geo",
    "geo.incidents.alarms.write_own_move": _SET,
    "geo.incidents.answer.describe_incident": _ANSWER,
    "geo.incidents.case.sent_dispatch": _SET,
    "geo.incidents.case_reading.lock_row": _ROW,
    "geo.incidents.case_reading.seen_parameters": "parameters of a statement",
    "geo.incidents.clocks.settled_clock": _SET,
    "geo.incidents.clocks.stricter_limit": _SET,
    "geo.incidents.limits.find_due": _SET,
    "geo.incidents.listing.list_incidents": _ANSWER,
    "geo.incidents.listing.read_dispatches": _SENT,
    "geo.incidents.listing.read_incident": _ANSWER,
    "geo.incidents.listing.read_moves": _ANSWER,
    "geo.incidents.listing.seen_by": "parameters of a statement",
    "geo.incidents.routing_trial.try_routing": _ANSWER,
    "geo.incidents.rules.vocabulary.check_values": _WORDS,
    "geo.incidents.show.show_incident": _ANSWER,
    "geo.incidents.step_effects.history_of": _SET,
    "geo.incidents.store.events.read_place": _ROW,
    "geo.incidents.store.incident_cameras.answered_cameras": "columns of a camera's line",
    "geo.incidents.store.ledger.ledger_rows": _ROW,
    "geo.incidents.store.listing.list_incidents": _ROW,
    "geo.incidents.store.listing.read_shown": _ROW,
    "geo.incidents.store.moves.lock_incident": _ROW,
    "geo.incidents.store.moves.read_approvals": "an approval with all its columns",
    "geo.incidents.store.moves.read_dispatches": _SENT,
    "geo.incidents.store.moves.read_incident": _ROW,
    "geo.incidents.store.moves.read_moves": "a move with all its columns",
    "geo.incidents.store.whistles.asked_whistles": "goes whole into its answer's class",
    "geo.incidents.store.whistles.open_whistles": "a whistle with all its columns",
    "geo.incidents.store.whistles.read_called": _SENT,
    "geo.incidents.store.whistles.read_dispatch": _SENT,
    "geo.incidents.store.whistles.read_open_whistle": "a whistle with all its columns",
    "geo.incidents.store.whistles.read_whistles": "a whistle with all its columns",
    "geo.operations.checklist_report.as_json_values": "the checklist, a part for each room",
}
"""Public functions whose dictionaries have no class for their keys, each with the reason."""
MOST_OPEN_KEYS = 50

EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for folder in (*names.PACKAGES, "scripts")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if ">>> " in path.read_text("utf-8")
]


def test_functions_that_others_import_are_named_by_more_than_one_word():
    assert names.shared_words() == set(ONE_WORD)
    assert len(ONE_WORD) <= MOST_ONE_WORD


def test_nothing_is_named_by_a_word_that_says_not_what_it_holds():
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("geo", "api", "maps")
        for path in (ROOT / folder).rglob("*.py")
        for name in defined_names(ast.parse(path.read_text("utf-8")))
        if RIDDLES.fullmatch(name)
    }
    assert found == set()


def defined_names(tree):
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.arg():
                yield node.arg


def test_dictionaries_that_functions_take_or_return_have_a_class_or_a_reason():
    assert names.loosely_typed() == set(OPEN_KEYS)
    assert len(OPEN_KEYS) <= MOST_OPEN_KEYS


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

"""Declarations: the options of imports from one source, saved under its name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine

from geo.access.principal import RESTRICTED_LAYERS, Principal
from geo.base.errors import InputError, NotFoundError
from geo.base.json_objects import SavedOptions
from geo.exchange.store import declarations as stored
from geo.store import db

if TYPE_CHECKING:
    import pandas as pd

    from geo.exchange.imports.options import ImportOptions

SAVED: Final = (
    *("crs", "mapping", "level", "sheet", "all_sheets", "header_row"),
    *("encoding", "heading_scheme"),
)
_ALSO: Final = ("complete_under", "certain", "demo")


def declared_values(options: ImportOptions) -> SavedOptions:
    """Return what `options` declare, as values of JSON, without what they leave open."""
    said = {name: getattr(options, name) for name in (*SAVED, *_ALSO)}
    said["mapping"] = dict(options.mapping)
    if options.valid_from is not None:
        said["valid_from"] = options.valid_from.isoformat()
    return {name: value for name, value in said.items() if value}


def complete_options(
    engine: Engine, layer: str, options: ImportOptions, *, who: Principal
) -> ImportOptions:
    """Return options with what they leave open filled from their saved source, if they name one.

    Parameters
    ----------
    layer
        Layer that is imported: sources are saved by layer.
    options
        As typed; without ``source`` they come back unchanged.
    who
        The sources of the layer are named in the error if this principal may know them.

    Raises
    ------
    NotFoundError
        If no declarations are saved under that name.
    """
    if options.source is None:
        return options
    with db.open_transaction(engine) as connection:
        known = stored.declarations_of(connection, layer)
    if options.source not in known:
        raise _unknown(layer, options.source, known, who)
    return fill_options(options, known[options.source])


def fill_options(options: ImportOptions, declared: SavedOptions) -> ImportOptions:
    """Return options with what they leave open taken from saved declarations.

    Parameters
    ----------
    options
        As typed: whatever differs from the default is kept; mappings are merged and its entries
        win.
    declared
        Saved declarations, as from :func:`declared_values`.
    """
    mapping = {**declared.get("mapping", {}), **options.mapping}
    usual = type(options)()
    open_ = {
        name: value
        for name, value in declared.items()
        if name in SAVED and getattr(options, name) == getattr(usual, name)
    }
    return replace(options, **{**open_, "mapping": mapping})


def save_source(
    connection: Connection, layer: str, options: ImportOptions, *, by_whom: str
) -> None:
    """Save the declarations of options under the name that they give in ``remember``.

    Parameters
    ----------
    connection
        Open transaction; an older source of that name is replaced.
    layer
        Layer that was imported.
    options
        Only what :func:`declared_values` names is saved.
    by_whom
        Account or local user.

    Raises
    ------
    InputError
        If the name is blank.
    """
    name = (options.remember or "").strip()
    if not name:
        raise InputError("import.source_blank")
    said = {key: value for key, value in declared_values(options).items() if key in SAVED}
    stored.store_declaration(connection, layer, name, said, by_whom=by_whom)


def list_sources(engine: Engine, *, who: Principal) -> pd.DataFrame:
    """Return the saved sources of the layers that are open to `who`.

    Parameters
    ----------
    engine
        The database.
    who
        Who asks.

    Returns
    -------
    pandas.DataFrame
        `layer`, `source`, `options`, `by_whom`, `at`.
    """
    with db.open_transaction(engine) as connection:
        return stored.list_declarations(connection, without=_closed(who))


def forget_source(engine: Engine, layer: str, source: str, *, who: Principal) -> None:
    """Delete the saved declarations of a source.

    Parameters
    ----------
    layer
        Layer of the source.
    source
        Its name.
    who
        Others of the layer are named in the error if this principal may know them.

    Raises
    ------
    NotFoundError
        If there are none of that name.
    """
    with db.open_transaction(engine) as connection:
        known = stored.declarations_of(connection, layer)
        if source not in known:
            raise _unknown(layer, source, known, who)
        stored.delete_declaration(connection, layer, source)


def _closed(who: Principal) -> frozenset[str]:
    """Return the layers whose sources must not be named."""
    return frozenset() if who.sees_restricted else RESTRICTED_LAYERS


def _unknown(layer: str, source: str, known: Collection[str], who: Principal) -> NotFoundError:
    """Return the error that a source is not saved, with those saved ones that may be named."""
    names = "、".join(() if layer in _closed(who) else known) or "—"
    return NotFoundError("import.no_source", source=source, layer=layer, known=names)

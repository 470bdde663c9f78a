"""Events of import runs: one a run, which tells the layer and the number of the run."""

from sqlalchemy import Connection

from geo.access.principal import RESTRICTED, RESTRICTED_LAYERS
from geo.store import outbox
from geo.store.outbox import Event


def add_run_event(connection: Connection, layer: str, kind: str, run: int | None) -> None:
    """Tell who listens that a run changed a layer, or that it was undone.

    Parameters
    ----------
    connection
        Transaction of the run.
    layer
        Layer of the run, as imports name it.
    kind
        "imported" or "undone".
    run
        Number of the run; None for a dry run.
    """
    action = RESTRICTED if layer in RESTRICTED_LAYERS else "map"
    outbox.add_event(connection, Event(layer, kind, action=action, data={"run": run}))

"""Who receives an event: decided by the grants at the moment it is sent."""

from geo.access.principal import RESTRICTED, Grant, Principal
from geo.access.roles import CLASSES, PERMISSIONS, depth_no
from geo.store.outbox import StoredEvent


def may_receive(reader: Principal, event: StoredEvent) -> bool:
    """Return whether a principal may know that something happened.

    Events of a camera go to grants that open its class and show where cameras stand; what may be
    known of the camera follows from its row, as everywhere.

    Parameters
    ----------
    reader
        Principal with the grants of this moment.
    event
        As from :func:`geo.store.outbox.read_events`.
    """
    if event.action == RESTRICTED:
        return bool(reader.sees_restricted)
    if reader.system:
        return True
    if reader.unit_code in event.units and reader.actions:
        return True
    return reader.may(event.action) and any(_opens(grant, event) for grant in reader.grants)


def _opens(grant: Grant, event: StoredEvent) -> bool:
    if event.action not in PERMISSIONS[grant.role]:
        return False
    if grant.area is not None and event.areas is not None and grant.area not in event.areas:
        return False
    return event.owner_kind is None or _opens_camera(grant, event.owner_kind)


def _opens_camera(grant: Grant, kind: str) -> bool:
    opened = kind in grant.classes or (kind not in CLASSES and grant.classes >= set(CLASSES))
    return opened and depth_no(grant.depth) >= depth_no("position")

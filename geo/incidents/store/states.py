"""Conditions on the state of an incident, called ``i`` in a statement."""

from typing import Final

IS_OPEN: Final = "i.state NOT IN ('closed', 'not_accepted', 'duplicate', 'cancelled')"
"""As the index of open incidents has it, which is used for no other wording."""
IS_OVERDUE: Final = (
    "(i.due_at < govgrid.now() AND NOT i.on_hold AND i.state NOT IN ('done', 'checked'))"
)
"""Of an open one; null where nothing is due."""

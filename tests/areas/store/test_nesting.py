"""What areas belong to is found by its index however often it was written."""

import pytest
from sqlalchemy import text

from geo.areas.store import nesting
from geo.store import db

pytestmark = pytest.mark.postgis

OFTEN = 24  # entries of 12 areas fill a page of the index at the eighteenth time


def test_every_area_is_found_by_the_index_however_often_rows_were_written(incident_town):
    for _ in range(OFTEN):
        with db.open_transaction(incident_town) as connection:
            connection.execute(text("DELETE FROM govgrid.area_nesting"))
            nesting.link_parents(connection)
        with db.open_transaction(incident_town) as connection:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            found = connection.execute(text("SELECT count(*), count(path) FROM govgrid.area_now"))
            assert found.one() == (12, 12)

"""What goes out of a camera is all that is known of it, or left out for a reason."""

import pytest
from sqlalchemy import text

from geo.cameras.store import layers
from geo.files.schema.layers import LAYERS
from geo.store import db

FORMED = {
    "code": "the key of the layer",
    "geom": "the shape of the layer",
    "coarse_geom": "the shape where no more is granted",
    "attributes": "spread into the columns of the source",
    "grid_code": "derived; told where the place is",
    "position_source": "told as coarse where it is",
    "reported_geom": "told as reported_lon and reported_lat",
    "verified_on": "told as position_verified_on and heading_verified_on",
    "import_run": "of the house, no matter of the camera",
    "camera_code": "the key of views",
    "no": "the key of views",
    "retention_reason": "kept for compliance; no file brings it in",
    "sign_checked_on": "kept for compliance; no file brings it in",
    "focal_mm": "no file brings it in: the angle of view is what it is for",
    "sensor_w_mm": "no file brings it in: the angle of view is what it is for",
    "reported_heading_deg": "an export is of what counts",
    "reported_heading_source": "an export is of what counts",
}
"""Columns that go out in another form or not at all, and why."""


def test_every_field_of_a_file_of_cameras_goes_out_again():
    fields = {field.name for field in LAYERS["cameras"].fields} - {"code"}
    assert fields - {*layers.PLACED, *layers.SEEN} == set()


@pytest.mark.postgis
def test_no_column_of_cameras_is_forgotten(engine):
    columns = text(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'govgrid' AND table_name IN ('camera', 'camera_view')"
    )
    with db.open_transaction(engine) as connection:
        there = set(connection.execute(columns).scalars())
    exported = {*layers.PLACED, *layers.SEEN}
    assert there - exported == set(FORMED)
    assert exported <= there


def test_words_of_a_place_are_columns_that_go_out():
    assert set(layers.PLACED) >= layers.WORDS

"""SQL statements of the published layers of coverage, limited to the principal."""

from typing import Final

from geo.access import predicates
from geo.access.roles import depth_no

# Of a camera that is not exact there is a row without a shape, for its cells.
VIEWSHEDS: Final = (
    "SELECT s.camera_code || '/' || s.view_no || '/' || s.certainty AS code, s.camera_code,"
    " s.view_no, s.detail, s.certainty, CASE WHEN g.exact THEN s.geom END AS geom"
    f" FROM {predicates.CAMERAS} g JOIN govgrid.viewshed s ON s.camera_code = g.code"
    f" AND g.depth >= {depth_no('direction')} AND (g.exact OR s.certainty = 'possible')"
    " WHERE s.camera_code || '/' || s.view_no || '/' || s.certainty > :after"
    " ORDER BY 1 LIMIT :limit"
)

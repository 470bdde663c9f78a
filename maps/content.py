"""What one page of the map shows: frames and facts, ready to be drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from geopandas import GeoDataFrame
from pandas import DataFrame


@dataclass(frozen=True)
class MapContent:
    """Everything on one self-contained page.

    All frames are EPSG:4326, lon/lat. Any may be empty, any figure NaN, any text hostile; a column
    that is absent counts as unknown. Columns read, beside the geometry:

    - `areas` (polygons): level (district, township, community, grid), code, name, kind,
      parent_code, unit_name, area_m2, open_ground_m2, demand_m2, covered_demand_m2,
      covered_demand_share, covered_open_ground_m2, covered_share, both shares again with
      ``_certain`` and ``_possible`` behind, the official criteria places, entrances, road_m,
      junctions, crossings (how much there is), each with what is seen of it in columns like
      places_certain and places_possible, longest_blind_m, obstacles_known (False: no buildings are
      loaded where they matter, so its shares are upper bounds), closed (owner kinds, joined by
      commas, of which no camera there may be shown: they are not none);
    - `water`, `farmland` (polygons): name, kind; `buildings` (polygons); `roads` (lines): class,
      name;
    - `cameras` (points): code, name, owner_kind (skynet, social; any other is a kind of its own),
      form, status (in_use, repair, removed, or online, offline, unknown), connection (online,
      offline, unknown; if it has an own column), indoor, heading_deg, heading_source, hfov_deg,
      range_m, grid_code;
    - `gaps` (polygons): rank, grid_code, area_m2, weight, and what weighs: road_m, entrances,
      incidents;
    - `centres` (points): code, name, level, duty_phone; `places` (points): name, kind;
    - `incidents` (points, may be empty): code, title, category, state, reported_at, status
      (inside, border, outside), grid_code, unit_name, duty_phone, reason, withheld (how many
      cameras may see it that may not be shown);
    - `seeing` (a row per incident and camera): incident_code, rank (1, 2, …), camera_code,
      relation (sees, possible, near), why, distance_m, bearing_deg (camera to place), heading_deg,
      px_per_m, online (true, false, none), own (false: a camera of others, whose distance is that
      from the shown areas), exact (false: shown at a coarse place). A camera that stands here alone
      is listed by its code and never placed on the map.

    `counted` says by owner_kind how many more cameras there are that only count: they stand in the
    figures of the whole, and nowhere on the map. `closed` are the owner kinds of which no camera
    may be shown anywhere. Without `figures` no shares may be shown. `left_out` says how many
    cameras and gaps are not drawn because so many would have to be asked for with a reason.

    `mark`, `synthetic` and `notice` ("": the line that this system is not cleared for secrets) are
    printed on the page whatever is shown. `computed_at` carries a zone;
    None means that nothing has been computed yet. Incidents reported after `incidents_until` are
    in no share. Times are shown in `timezone`.
    """

    title: str
    mark: str
    synthetic: bool
    computed_at: datetime | None
    device_set: str
    detail: int
    certainty: str
    areas: GeoDataFrame
    water: GeoDataFrame
    farmland: GeoDataFrame
    roads: GeoDataFrame
    cameras: GeoDataFrame
    gaps: GeoDataFrame
    centres: GeoDataFrame
    places: GeoDataFrame
    incidents: GeoDataFrame
    seeing: DataFrame
    buildings: GeoDataFrame = field(default_factory=GeoDataFrame)
    timezone: str = "Asia/Shanghai"
    incidents_until: datetime | None = None
    counted: Mapping[str, int] = field(default_factory=dict)
    closed: Sequence[str] = ()
    figures: bool = True
    left_out: Mapping[str, int] = field(default_factory=dict)
    notice: str = ""

"""What each plot of the town is used for, how much of it may be built on, where its gate is."""

from functools import cache

import numpy as np
import pandas as pd
import shapely

from geo.demo.land import terrain
from geo.demo.land.lattice import SETBACK_M, WIDTH_M, make_plan
from geo.demo.land.terrain import Floats, Shapes, make_points

SPECIAL = (  # use, in the old town, elsewhere, smallest width (m): one plot each, spread out
    ("school", 16, 26, 75),
    ("hospital", 4, 5, 75),
    ("square", 3, 3, 75),
    ("park", 5, 8, 80),
    ("market", 9, 9, 55),
    ("mall", 4, 6, 75),
    ("office", 7, 8, 65),
    ("station", 1, 2, 80),
    ("hotel", 5, 6, 60),
)
_INDUSTRY_COLUMN = 13


@cache
def make_plots(seed: int) -> pd.DataFrame:
    """Return the plots with use, size in metres, building area and the side that faces the street.

    Columns beside the plan's: ``use``; ``s``, ``t`` (middle); ``scale_s``, ``scale_t``; ``x0``,
    ``x1``, ``y0``, ``y1``: the building area in metres from the middle; ``gate``: the side with
    the main entrance.
    """
    rng = np.random.default_rng([seed, 1])
    frame = make_plan().plots.copy()
    frame["s"], frame["t"] = (frame["s0"] + frame["s1"]) / 2, (frame["t0"] + frame["t1"]) / 2
    scale = terrain.town_scale(frame["s"].to_numpy(), frame["t"].to_numpy())
    frame["scale_s"], frame["scale_t"] = scale
    half_s = (frame["s1"] - frame["s0"]) / 2 * frame["scale_s"]
    half_t = (frame["t1"] - frame["t0"]) / 2 * frame["scale_t"]
    clear = {name: WIDTH_M[name] / 2 + SETBACK_M[name] for name in SETBACK_M}
    frame["x0"] = -half_s + frame["west"].map(clear)
    frame["x1"] = half_s - frame["east"].map(clear)
    frame["y0"] = -half_t + frame["south"].map(clear)
    frame["y1"] = half_t - frame["north"].map(clear)
    frame["gate"] = _gates(frame)
    frame["use"] = _uses(frame, rng)
    return frame


def _gates(frame: pd.DataFrame) -> pd.Series:
    order = {name: k for k, name in enumerate(("secondary", "primary", "residential", "trunk"))}
    sides = frame[["south", "east", "north", "west"]]
    ranks = sides.apply(lambda column: column.map(order)).to_numpy()
    return pd.Series(np.array(sides.columns)[ranks.argmin(axis=1)], index=frame.index)


def _uses(frame: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    """Give the common plots a use by place and chance, then pick the special ones apart."""
    chance = rng.random(len(frame))
    old = frame["old"].to_numpy()
    industry = ~old & (frame["column"] >= _INDUSTRY_COLUMN).to_numpy() & (chance < 0.62)
    use = np.where(
        old,
        np.select(
            [chance < 0.46, chance < 0.70, chance < 0.94], ["perimeter", "lanes", "slabs"], "mixed"
        ),
        np.select(
            [chance < 0.44, chance < 0.74, chance < 0.88, chance < 0.95],
            ["slabs", "towers", "mixed", "villas"],
            "empty",
        ),
    )
    use = np.where(industry, "sheds", use).astype(object)
    use[frame["lane"].to_numpy() & np.isin(use, ["mixed", "empty"])] = "slabs"
    lake = shapely.union_all([*terrain.make_lakes().values(), terrain.make_canal()])
    middle = make_points(terrain.town_plane(frame["s"].to_numpy(), frame["t"].to_numpy()))
    use[shapely.contains(lake, middle)] = "empty"
    _pick_special(frame, use, rng)
    return pd.Series(use, index=frame.index)


def _width(frame: pd.DataFrame) -> Floats:
    along, across = frame["x1"] - frame["x0"], frame["y1"] - frame["y0"]
    return np.asarray(np.minimum(along.to_numpy(float), across.to_numpy(float)))


def _pick_special(frame: pd.DataFrame, use: Shapes, rng: np.random.Generator) -> None:
    place = frame[["s", "t"]].to_numpy()
    width = _width(frame)
    on_street = (frame[["south", "east", "north", "west"]] != "residential").any(axis=1).to_numpy()
    free = on_street & (use != "empty") & ~frame["lane"].to_numpy()
    for name, in_old, elsewhere, least in SPECIAL:
        for old, count in ((True, in_old), (False, elsewhere)):
            taken: list[int] = []
            room = free & (frame["old"].to_numpy() == old) & (width >= least)
            for _ in range(count):
                options = np.flatnonzero(room & free)
                if not len(options):
                    break
                draw = rng.choice(options, min(12, len(options)), replace=False)
                away = [
                    min((float(np.hypot(*(place[d] - place[o]))) for o in taken), default=1.0)
                    for d in draw
                ]
                best = int(draw[int(np.argmax(away))])
                taken.append(best)
                free[best] = False
                use[best] = name

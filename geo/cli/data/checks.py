"""``govgrid check``: whether what is loaded holds together."""

from pathlib import Path
from typing import Annotated, Any

import typer

from geo.cli.app import app, read_settings, require_unlimited
from geo.cli.choices import ForceOption
from geo.cli.room import Room

room = Room()
app.add_typer(room, name="check")

COLUMNS = ("kind", "level", "codes", "area_m2", "lon", "lat")
SUMMARY = ("kind", "level", "count", "area_m2")


@room.command()
def partition(
    context: typer.Context,
    limit: int = 20,
    out: Path | None = None,
    force: ForceOption = False,
    as_json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Say where areas overlap, leave gaps, cross the areas above them, or are invalid.

    Defects are reported; the exit code stays 0.
    """
    from geo.areas import district
    from geo.cli.output import as_json, print_note, require_new, translate
    from geo.files import writers
    from geo.operations import database

    require_new(out, force=force)
    with database.open_database(read_settings(context)) as engine:
        require_unlimited(engine, "import")
        if out is not None:
            writers.require_ending(out, known=writers.LAYER_ENDINGS)
        from geo.areas.partition import check_partition

        count, found = check_partition(engine)
        remark = district.export_remark(engine)
    plain = found.drop(columns="geometry")
    if out is not None:
        flat = found.assign(codes=found["codes"].map(";".join))
        writers.write_file(flat, out, layer="defects", remark=remark)
        print_note(translate("export.written", file=out, count=len(found)))
    if as_json_:
        defects = plain.assign(codes=plain["codes"].map(list))
        invalid = int((plain["kind"] == "invalid").sum())
        valid = count - invalid
        as_json({"areas": count, "valid": valid, "defects": defects.to_dict("records")})
        return
    key = "partition.counts" if len(found) else "partition.clean"
    print_note(translate(key, count=count, defects=len(found)))
    if out is None and len(found):
        _tell(plain, limit)


def _tell(defects: Any, limit: int) -> None:  # noqa: ANN401 - a frame
    """Print how many there are of each kind, then the largest ones; slivers come last."""
    from geo.cli.output import print_note, print_table, translate

    kinds = defects.groupby(["kind", "level"])["area_m2"].agg(["count", "sum"]).reset_index()
    rows = [
        [translate(f"partition.{kind}"), translate(f"level.{level}"), int(count), float(area_m2)]
        for kind, level, count, area_m2 in kinds.itertuples(index=False)
    ]
    print_table([translate(f"column.{name}") for name in SUMMARY], rows)
    thin = defects["kind"] == "sliver"
    order = defects.assign(thin=thin).sort_values(
        ["thin", "area_m2"], ascending=[True, False], kind="stable"
    )
    shown = order.head(limit) if limit else order
    print_table(
        [translate(f"column.{name}") for name in COLUMNS], [_row(row) for row in shown.itertuples()]
    )
    if len(shown) < len(defects):
        print_note(translate("partition.more", count=len(defects) - len(shown)))


def _row(defect: Any) -> list[Any]:  # noqa: ANN401 - a row of a frame
    from geo.cli.output import translate

    return [
        translate(f"partition.{defect.kind}"),
        translate(f"level.{defect.level}"),
        "、".join(defect.codes),
        defect.area_m2,
        f"{defect.lon:.6f}",
        f"{defect.lat:.6f}",
    ]

"""The line above all figures: certain and possible, rounded once, a bound only where it is one."""

from geo.coverage.headline import make_headlines


def row(certainty, share, **changes):
    base = {
        **{"level": "district", "code": "340802", "name": "迎江区", "device_set": "all"},
        **{"detail": 20, "certainty": certainty, "demand_m2": 5.0, "covered_demand_share": share},
        **{"covered_share": 0.5, "obstacles_known": True},
    }
    return {**base, **changes}


def test_the_line_names_certain_and_possible_of_all_cameras():
    rows = [
        row("certain", 0.14649),
        row("expected", 0.2),
        row("possible", 0.34551),
        row("certain", 0.01, device_set="online"),
        row("certain", 0.9, level="grid", code="g"),
    ]
    (line,) = make_headlines(rows)
    assert line.text("zh") == (
        "迎江区（20 像素/米）：应覆盖面积的 14.6 %（确定可见）～34.6 %（可能可见）"
    )
    assert line.plain("zh")["certain"] == 0.14649


def test_missing_buildings_make_it_an_upper_bound_and_no_demand_shares_of_open_ground():
    rows = [
        row("certain", None, demand_m2=0.0),
        row("possible", None, demand_m2=0.0, covered_share=0.75, obstacles_known=False),
    ]
    (line,) = make_headlines(rows)
    assert line.text("en") == (
        "迎江区 (20 px/m): of open ground ≤ 50.0 % (certain) ～ 75.0 % (possible)"
    )


def test_there_is_no_line_without_both_certainties_or_of_many_areas():
    assert make_headlines([row("certain", 0.1)]) == []
    assert make_headlines([row("certain", None), row("possible", None)]) == []
    many = [row(name, 0.1, code=str(n)) for n in range(10) for name in ("certain", "possible")]
    assert make_headlines(many) == []
    assert len(make_headlines(many[:18])) == 9

"""What is said first of an emergency, and what goes upwards."""

from dataclasses import replace
from datetime import UTC, datetime

from geo.incidents.rules.emergency import Emergency, emergency_notice, report_lines, short_text

ZONE = "Asia/Shanghai"
GAS = Emergency(
    code="20260930-0002",
    category="燃气异味",
    reported_at=datetime(2026, 9, 30, 13, 42, tzinfo=UTC),
    area="街道 B 社区 C1",
    address="人民路 3 号",
    facts="楼道有异味",
    measures=("已转燃气抢修 21:42",),
    post="区综治中心值班岗",
)


def test_the_answer_begins_with_whom_to_call():
    assert emergency_notice("zh") == "请先转 110/119/120/抢修"


def test_the_short_text_has_time_place_facts_measures_and_post():
    assert short_text(GAS, ZONE, "zh") == (
        "2026-09-30 21:42，街道 B 社区 C1 人民路 3 号发生燃气异味：楼道有异味。"
        "已采取措施：已转燃气抢修 21:42。报告岗位：区综治中心值班岗。"
    )


def test_without_a_measure_it_says_so():
    assert "已采取措施：正在处置。" in short_text(replace(GAS, measures=()), ZONE, "zh")


def test_the_duty_report_has_seven_rows():
    rows = report_lines(GAS, ZONE, "zh")
    assert [label for label, _ in rows] == [
        *("编号", "时间", "地点", "类别", "情况", "已采取措施", "报告岗位")
    ]
    assert dict(rows)["已采取措施"] == "已转燃气抢修 21:42"

"""What people read about the cameras of an incident."""

from datetime import UTC, datetime, timedelta

import pytest

from geo.incidents.rules import camera_words
from geo.incidents.rules.camera_words import describe_detail, describe_position, find_footage
from geo.incidents.rules.online import describe_spell, find_spell

ZONE = "Asia/Shanghai"
THEN = datetime(2026, 9, 30, 13, 40, tzinfo=UTC)  # 21:40 in Shanghai


def test_a_camera_due_west_is_said_to_stand_west_of_the_place():
    # from the camera the place lies due east
    assert describe_position(20.0, 90.0, "zh") == "位于事发点西侧 20 米"
    assert describe_position(20.0, 90.0, "en") == "20 m west of the place"


@pytest.mark.parametrize(
    ("bearing", "side"),
    [(0, "南"), (180, "北"), (270, "东"), (45, "西南"), (337.6, "南"), (359.9, "南"), (200, "北")],
)
def test_the_bearing_is_read_in_reverse(bearing, side):
    assert describe_position(7.2, bearing, "zh") == f"位于事发点{side}侧 7 米"


def test_without_a_direction_the_distance_is_told():
    assert describe_position(50.0, None, "zh") == "距事发点 50 米"
    assert describe_position(0.3, 12.0, "zh") == "位于事发点"


@pytest.mark.parametrize(
    ("px_per_m", "words"),
    [(20, "只见轮廓"), (79.9, "只见轮廓"), (80, "看得清动作"), (250, "看得清细节"), (None, None)],
)
def test_what_can_be_made_out_is_said_without_a_word_of_recognition(px_per_m, words):
    assert describe_detail(px_per_m, "zh") == words


def footage(share, days):
    ask_by = None if days is None else THEN + timedelta(days=days)
    return find_footage(share, ask_by, occurred=THEN, zone=ZONE, lang="zh")


def test_footage_is_asked_for_before_the_registered_days_are_over():
    assert footage(1.0, 30).text == "按登记天数推算，请于 10-30 21:40 前申请"
    assert footage(1.0, 30).light == "green"


def test_fewer_days_than_the_law_asks_for_are_marked():
    assert footage(1.0, 15).text == "按登记天数推算，请于 10-15 21:40 前申请（低于 30 日）"
    assert (footage(1.0, 15).light, footage(1.0, 15).short) == ("amber", True)


def test_of_a_camera_that_was_offline_no_date_and_no_green_is_told():
    found = footage(0.0, 30)
    assert (found.ask_by, found.light) == (None, "amber")
    assert found.text == "是否有录像须向管理单位核实"


def test_unregistered_days_promise_nothing():
    assert footage(1.0, None).ask_by is None
    assert footage(1.0, None).light == "amber"


def test_unknown_or_partly_online_is_never_green():
    assert footage(None, 30).light == "amber"
    assert footage(0.5, 30).light == "amber"


def at(hour, minute=0, day=30):
    return datetime(2026, 9, day, hour, minute, tzinfo=UTC)


def test_the_share_online_is_taken_over_the_window():
    states = [(at(8), "online"), (at(15, 10), "offline"), (at(16, 40), "online")]
    spell = find_spell(states, at(13, 40), at(22))  # 500 minutes, 90 of them offline
    assert describe_spell(spell, ZONE, "zh") == "在线 82 %，离线 23:10–00:40"


def test_a_moment_has_the_state_reported_last():
    states = [(at(8), "online"), (at(12), "offline"), (at(15), "online")]
    assert [find_spell(states, at(h), at(h)).then for h in (11, 13, 15)] == [True, False, True]
    assert find_spell(states, at(7), at(7)).then is None


def test_a_window_with_an_unknown_part_has_no_share():
    assert find_spell([(at(12), "online")], at(11), at(13)).share is None
    assert describe_spell(find_spell([], at(11), at(13)), ZONE, "zh") == ""


def test_no_camera_is_a_full_answer():
    told = camera_words.describe_none("K3", 62.4, "turned_away", "zh")
    assert told == "无摄像机可见该处；最近的 K3 相距 62 米（背向）"
    assert camera_words.describe_none(None, None, None, "zh").startswith("无摄像机可见该处")

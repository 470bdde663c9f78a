"""The short text of a dispatch: what is cut so that it fits into one message."""

from datetime import UTC, datetime

from geo.incidents.rules.dispatch_text import MOST, dispatch_text

DUE = datetime(2026, 9, 30, 15, 40, tzinfo=UTC)


def told(place="人民路口", matter="井盖缺失", due=DUE, phone="12345", lang="zh"):
    return dispatch_text(
        "B202609301", place, matter, due, phone, timezone="Asia/Shanghai", lang=lang
    )


def test_a_short_one_is_told_whole():
    assert told() == "【B202609301】人民路口：井盖缺失。9-30 23:40前办结。回电12345"
    assert told(due=None, phone=None) == "【B202609301】人民路口：井盖缺失。"
    assert told(phone="", due=None, lang="en") == "[B202609301] 人民路口: 井盖缺失."


def test_the_place_is_cut_before_the_matter():
    # 35 of 70 letters are taken by number, limit and telephone
    text = told(place="甲" * 40, matter="乙" * 20)
    assert text == f"【B202609301】{'甲' * 14}…：{'乙' * 20}。9-30 23:40前办结。回电12345"
    assert len(text) == MOST == 70


def test_of_the_place_eight_letters_stay_where_the_matter_is_long():
    text = told(place="甲" * 40, matter="乙" * 40)
    assert text == f"【B202609301】{'甲' * 7}…：{'乙' * 26}…。9-30 23:40前办结。回电12345"
    assert len(text) == 70


def test_what_just_fits_is_not_cut():
    assert "…" not in told(place="甲" * 15, matter="乙" * 20)
    assert told(place="甲" * 16, matter="乙" * 20).count("…") == 1
    assert "…" not in told(place="甲" * 8, matter="乙" * 27)
    assert told(place="甲" * 8, matter="乙" * 28).count("…") == 1


def test_blanks_and_line_breaks_are_one_blank():
    assert "：井盖 缺失。" in told(matter=" 井盖\n  缺失 ")


def test_where_nothing_else_has_room_number_limit_and_telephone_stay():
    text = told(place="甲" * 9, matter="乙" * 9, phone="1" * 40)
    assert text == f"【B202609301】：。9-30 23:40前办结。回电{'1' * 40}"

"""Markings of state secrets, as people write them; the bare words are none."""

import pytest

from geo.base import marking, notice
from geo.base.errors import MarkedError


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("秘密★", "秘密"),
        ("机密★10年", "机密"),
        ("绝密★长期", "绝密"),
        ("会议纪要（机 密 ★ 10 年）", "机密"),
        ("秘　密　☆", "秘密"),
        ("絕密⭐", "绝密"),
        ("機密★", "机密"),
        ("机密\u200b\n★", "机密"),
        ("机密*10年", "机密"),
        ("秘密＊ 六月", "秘密"),
        ("秘密＊六年", "秘密"),
    ],
)
def test_a_marking_is_known_in_whatever_way_it_is_written(text, grade):
    found = marking.find_marking(text)
    assert found is not None
    assert found[0] == grade


@pytest.mark.parametrize(
    "text",
    [
        "秘密",
        "保守国家秘密",
        "商业秘密保护中心",
        "机密*",
        "机密文件10年",
        "★机密",
        "秘密花园 ★★★★",
        "机要 ★",
        "密★",
        "人民路10号 ★",
    ],
)
def test_words_without_a_star_and_stars_without_the_words_pass(text):
    assert marking.find_marking(text) is None
    marking.require_unmarked(text, "text")


def test_the_refusal_says_grade_and_place_and_nothing_of_the_text():
    with pytest.raises(MarkedError) as caught:
        marking.require_unmarked("甲字第七号 机 密★10年", "cell", sheet=2, row=7)
    for lang, place in (("zh", "第 2 张工作表第 7 行"), ("en", "sheet 2, row 7")):
        said = caught.value.text(lang)
        assert said.startswith("MARKED_SECRET")
        assert place in said
        assert marking.find_marking(said) is None
        assert "甲字" not in said
        assert "10年" not in said


def test_the_line_is_the_sites_own_where_it_has_one(monkeypatch):
    monkeypatch.delenv("GOVGRID_NOTICE", raising=False)
    assert notice.notice_line("zh") == "本系统为非涉密系统，严禁存储、处理、传输国家秘密"
    assert notice.notice_line("en") in notice.on_paper()
    assert notice.notice_line("zh") in notice.on_paper()
    monkeypatch.setenv("GOVGRID_NOTICE", "本机非密")
    assert notice.on_paper() == notice.notice_line("zh", own="本机非密") == "本机非密"

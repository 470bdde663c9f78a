"""Numbers of persons are found however they are written; numbers of things are not."""

import pytest

from geo.base.personal_numbers import (
    find_named,
    find_numbers,
    is_identity_number,
    number_digits,
    redact_spans,
)

IDENTITY = "340802199001011234"  # by hand: the weighted sum is 206, which leaves 8, whose sign is 4


def kinds(text, known=()):
    return [(text[s.start : s.end], s.kind) for s in find_numbers(text, known)]


def test_the_checksum_of_an_identity_number_decides():
    assert is_identity_number(IDENTITY)
    assert not is_identity_number(IDENTITY[:-1] + "5")
    assert not is_identity_number("340802199013011239")


@pytest.mark.parametrize(
    "written",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "１３８１２３４５６７８",
        "一三八一二三四五六七八",
        "幺三八一二三四五六七八",
        "138–1234–5678",
        "1 3 8 1 2 3 4 5 6 7 8",
        "+86 13812345678",
        "0086-13812345678",
        "86138 1234 5678",
        "013812345678",
        "138１２３４五六七八",
    ],
)
def test_a_mobile_number_is_found_as_people_write_it(written):
    assert kinds(f"找他打{written}，急") == [(written, "mobile")]


@pytest.mark.parametrize(
    "written",
    [IDENTITY, "340802 19900101 1234", "３４０８０２１９９００１０１１２３４", "340802900101123"],
)
def test_an_identity_number_is_found_with_18_and_with_15_digits(written):
    assert kinds(f"证号{written}") == [(written, "identity")]


def test_an_identity_number_may_end_in_x():
    first = next(
        f"34080219900101{n:03}X"
        for n in range(1000)
        if is_identity_number(f"34080219900101{n:03}X")
    )
    assert kinds(f"证号{first.lower()}。") == [(first.lower(), "identity")]


@pytest.mark.parametrize(
    "text",
    [
        "灯杆 13912345678 不亮",
        "灯杆号：13912345678",
        "坐标 117.13812345678",
        "编码 34080200001320000001",
        "座机 0556-5512345",
        "12345678901 号工单",
        "A13812345678",
        "23:40 到 00:30，第 3 栋 5 层",
        "一共三十八户，一二三四五六七八九十",
    ],
)
def test_numbers_of_things_pass(text):
    assert find_numbers(text) == ()


def test_a_known_code_passes_though_it_looks_like_a_number_of_a_person():
    assert kinds("网格 340802201206001") == [("340802201206001", "identity")]
    assert kinds("网格 340802201206001", {"340802201206001"}) == []
    assert kinds("值班 13812345678", {"13812345678"}) == []


def test_a_lamp_post_named_elsewhere_excuses_no_number():
    assert kinds("灯杆旁的人，电话 13812345678") == [("13812345678", "mobile")]
    assert kinds(f"灯杆 {IDENTITY}") == [(IDENTITY, "identity")]


def test_a_chinese_numeral_in_front_hides_nothing():
    assert kinds("第一13812345678") == [("13812345678", "mobile")]


def test_several_numbers_are_left_out_each_in_its_place():
    text = f"甲 13812345678，乙 {IDENTITY}，丙 139 1234 5678。"
    assert (
        redact_spans(text, find_numbers(text))
        == "甲 〔号码已略〕，乙 〔号码已略〕，丙 〔号码已略〕。"
    )
    assert find_numbers(redact_spans(text, find_numbers(text))) == ()


def test_the_digits_are_told_for_looking_up_codes():
    assert number_digits("１３８-１２３４-５６７８") == {"13812345678"}


def test_plates_and_surnames_are_named_and_not_blocked():
    text = "皖H·12345 旁，王先生与欧阳女士争执"
    assert find_numbers(text) == ()
    assert [(n.text, n.kind) for n in find_named(text)] == [
        ("皖H·12345", "plate"),
        ("王先生", "person"),
        ("欧阳女士", "person"),
    ]

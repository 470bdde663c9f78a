"""Orders of the hotline: what is new of a text, and what differs from its list."""

from geo.incidents.rules.hotline import (
    OrderState,
    add_supplement,
    find_header,
    list_differences,
)


def test_a_new_text_of_the_same_order_is_added_and_a_known_one_is_not():
    once = add_supplement("井盖没了", "还有一处")
    assert once == "井盖没了\n补充诉求：还有一处"
    assert add_supplement(once, "还有一处") == once
    assert add_supplement(once, "井盖没了") == once
    assert add_supplement(None, " 井盖没了 ") == "井盖没了"


def test_each_way_in_which_lists_differ_has_its_kind():
    here = [
        OrderState(number, f"I{number}", state)
        for number, state in (("1", "closed"), ("2", "done"), ("3", "assigned"), ("4", "accepted"))
    ]
    theirs = {"1": "已办结", "2": "办理中", "3": "已归档", "5": "未办结"}
    found = {each.number: each.kind for each in list_differences(here, theirs)}
    assert found == {
        "2": "finished_here",
        "3": "finished_there",
        "4": "absent_there",
        "5": "unknown_here",
    }
    assert list_differences([OrderState("9", "x", "closed")], {}) == ()
    assert list_differences([OrderState("9", "x", "accepted")], {"9": "未办结"}) == ()


def test_the_best_known_header_is_found_however_it_is_spaced():
    assert find_header(["编号", " 工单号 "], ("工单编号", "工单号", "编号")) == " 工单号 "
    assert find_header(["x"], ("工单号",)) is None

"""Numbers of receipts: as printed, as typed through an input method, with the unit behind them."""

from geo.incidents.rules.receipt_number import (
    MOST,
    MOST_DOTS,
    normalize_number,
    possible_readings,
    receipt_number,
)


def test_a_number_is_read_as_it_was_printed():
    assert normalize_number("\t20260930-0001\r\n") == "20260930-0001"
    assert normalize_number("先锋〔２０２６〕１２号") == "先锋〔2026〕12号"
    assert len(normalize_number("9" * 999)) == MOST


def test_the_unit_stands_behind_the_number_where_several_were_sent():
    assert receipt_number("20260930-0001", "U2", several=False) == "20260930-0001"
    number = receipt_number("20260930-0001", "U2", several=True)
    assert ("20260930-0001", "U2") in list(possible_readings(number))


def test_a_number_has_few_readings_however_many_dots_it_holds():
    assert len(list(possible_readings("." * MOST))) <= MOST_DOTS + 1
    assert list(possible_readings("A.U")) == [("A.U", None), ("A", "U")]
    assert list(possible_readings("A.")) == [("A.", None)]

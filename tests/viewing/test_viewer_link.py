"""The site's own viewer opens live, or at the footage around an occurrence."""

from datetime import UTC, datetime

import pytest

from geo.base.errors import StateError
from geo.viewing.viewer_link import viewer_link

TEMPLATE = "https://video.example/play?c={code}&from={start}&to={end}"
AT = datetime(2026, 9, 30, 13, 40, tzinfo=UTC)


def test_footage_is_played_from_five_minutes_before_to_ten_after():
    assert viewer_link(TEMPLATE, "K 1&x", (AT, AT), "Asia/Shanghai") == (
        "https://video.example/play?c=K%201%26x"
        "&from=2026-09-30T21%3A35%3A00%2B08%3A00&to=2026-09-30T21%3A50%3A00%2B08%3A00"
    )


def test_without_an_occurrence_it_is_live():
    assert viewer_link(TEMPLATE, "K1", None, "UTC") == ("https://video.example/play?c=K1&from=&to=")


def test_without_a_viewer_there_is_no_link():
    assert viewer_link("", "K1", None, "UTC") is None


@pytest.mark.parametrize(
    "wrong", ["javascript:alert('{code}')", "https://video.example/", "/x/{code}"]
)
def test_another_setting_is_refused(wrong):
    with pytest.raises(StateError):
        viewer_link(wrong, "K1", None, "UTC")

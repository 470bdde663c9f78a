"""Categories of a site carry their class of GB/T 30428, in and out."""

import pytest

from geo.exchange.publish import export
from tests.incidents.moving_town import SYSTEM, ZONE
from tests.toy_town import bring_in

pytestmark = pytest.mark.postgis


def test_the_class_of_the_standard_is_brought_in_changed_and_given_out(town, tmp_path):
    file = tmp_path / "categories.csv"

    def take(name):
        file.write_text(f"编码,名称,国标类别\n0101,井盖缺失,{name}\n", encoding="utf-8")
        return bring_in(town, "categories", file).change

    assert take("上水井盖").inserted == 1
    assert take("雨水井盖").updated == 1
    out = export.read_layer(town, SYSTEM, "categories", srid=4326, timezone=ZONE)
    row = out.set_index("code").loc["0101"]
    assert (row["name"], row["gbt30428_class"]) == ("井盖缺失", "雨水井盖")

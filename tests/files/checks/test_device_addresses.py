"""Network: addresses and accounts of devices stay out, whatever their column is called."""

import pandas as pd
import pytest

from geo.files.checks.cells.column_mapping import is_personal
from geo.files.checks.cells.device_addresses import holds_address, is_network, network_columns


@pytest.mark.parametrize(
    "header",
    [
        "IP", "IP地址", "设备IP", "IPAddress", "ip_address", "IPv4", "ＩＰ地址", "MAC", "MAC地址",
        "mac_addr", "端口", "端口号", "Port", "http port", "RTSP地址", "取流地址", "流地址",
        "stream_url", "StreamURL", "播放地址", "视频流", "账号", "设备账号", "用户名", "username",
        "网关", "子网掩码",
    ],
)  # fmt: skip
def test_headers_of_addresses_and_accounts_are_known(header):
    assert is_network(header)


@pytest.mark.parametrize(
    "header",
    [
        "IPC型号", "设备型号", "安装地址", "地址", "airport", "港口", "device_id", "machine",
        "StreamNumberList", "管理单位", "备注", "report", "video_type", "工程", "description",
    ],
)  # fmt: skip
def test_other_headers_are_left_alone(header):
    assert not is_network(header)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://example/1", "RTSP://x", "http://admin:pw@host/a", "192.0.2.1", "IP 192.0.2.1:5060",
        "00-00-5E-00-53-00", "00:00:5e:00:53:ff", "2001:db8::1", "fe80::1", "见 192.0.2.77，弱电间",
    ],
)  # fmt: skip
def test_addresses_are_seen_in_the_cells(text):
    assert holds_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "V5.5.0.1", "5.5.0.1.2", "1.2.3", "300.1.1.1", "12:30:00", "2021-05-01 08:30:15",
        "http://example.org/photo.jpg", "117.05,30.50", "https://example.org/a@b", "::", "3:2:1",
        "34080200001320000001", "B-2", "std::vector",
    ],
)  # fmt: skip
def test_times_versions_and_plain_pages_are_no_addresses(text):
    assert not holds_address(text)


def test_columns_are_refused_by_header_or_content_and_named_once():
    rows = pd.DataFrame(
        {
            "IP地址": [None, None],
            "备注": ["弱电间 192.0.2.7", None],
            "用途": ["治安", 3.5],
            "Password": ["192.0.2.1", None],
        },
        dtype=object,
    )
    refused, findings = network_columns(rows, list(rows), header_row=2)
    assert refused == {"IP地址", "备注"}
    assert [(f.row, f.column, f.code, f.severity, f.value) for f in findings] == [
        (2, "IP地址", "COLUMN_NETWORK", "note", ""),
        (2, "备注", "COLUMN_NETWORK", "note", ""),
    ]
    assert "未导入" in findings[0].advice("zh")


def test_columns_found_out_before_stay_out():
    rows = pd.DataFrame({"备注": ["好"]}, dtype=object)
    assert network_columns(rows, ["备注"], header_row=1)[0] == frozenset()
    assert network_columns(rows, ["备注"], header_row=1, known=frozenset({"备注"}))[0] == {"备注"}


@pytest.mark.parametrize("header", ["ContactInfo", "contact_info", "Password", "设备密码"])
def test_contacts_and_passwords_of_catalogs_are_personal(header):
    assert is_personal(header)


@pytest.mark.parametrize("header", ["管理单位联系方式", "值班电话", "ManagementUnit"])
def test_office_numbers_are_not(header):
    assert not is_personal(header)

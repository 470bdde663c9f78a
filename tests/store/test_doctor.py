"""The doctor on a whole database, on poor ones, and on addresses that lead nowhere."""

import re
import shutil
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from geo.base.errors import ClusterError
from geo.base.words import LANGUAGES, load_catalogue
from geo.store import doctor
from geo.store.cluster.binaries import find_binaries
from geo.store.cluster.cluster import start_cluster, stop_cluster
from geo.store.doctor import Check, examine
from tests import scratch


@pytest.fixture(scope="module")
def cluster():
    try:
        find_binaries()
    except ClusterError as error:
        pytest.skip(str(error))
    folder = Path(tempfile.mkdtemp(prefix="govgrid-test-", dir=scratch()))
    folder.chmod(0o755)
    yield start_cluster(folder / "home")
    stop_cluster(folder / "home")
    shutil.rmtree(folder)


def run(url, *statements):
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


@pytest.fixture
def poor(cluster):
    """The address, for the superuser, of a fresh database without any extension."""
    run(cluster.admin_url(), "CREATE DATABASE poor TEMPLATE template0")
    yield cluster.admin_url("poor")
    run(cluster.admin_url(), "DROP DATABASE poor WITH (FORCE)")


def as_ordinary(url):
    return url.replace("postgres@", "govgrid@")


def by_name(checks):
    return {check.name: check for check in checks}


def faults(checks):
    return {check.name: check.advice for check in checks if not check.ok}


@pytest.mark.postgis
class TestWholeDatabases:
    def test_the_private_cluster_lacks_nothing(self, cluster):
        checks = examine(cluster.url)
        assert faults(checks) == {}
        assert [check.name for check in checks if check.advice] == []
        assert [check.name for check in checks] == [
            "server", "encoding", "postgis", "ltree", "btree_gist", "pg_trgm", "tiles", "rights",
            "fence", "timezone", "disk",
        ]  # fmt: skip

    def test_what_was_found_are_versions_and_names(self, cluster):
        found = by_name(examine(cluster.url))
        assert re.fullmatch(r"\d+\.\d+", found["server"].found)
        assert re.match(r"\d+\.\d+", found["postgis"].found)
        assert found["encoding"].found == "UTF8"
        assert found["rights"].found == "govgrid"
        assert re.fullmatch(r"\d+ MB", found["disk"].found)

    @pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
    def test_the_short_schemes_mean_the_same_driver(self, cluster, scheme):
        url = cluster.url.replace("postgresql+psycopg2", scheme)
        assert faults(examine(url)) == {}

    def test_a_superuser_is_a_hint_and_no_fault(self, cluster):
        checks = examine(cluster.admin_url())
        assert faults(checks) == {}
        assert by_name(checks)["fence"].advice == "doctor.fence"

    def test_nothing_is_changed_by_looking(self, poor):
        assert examine(poor)
        run(poor, "CREATE EXTENSION postgis")  # it would fail if looking had made it
        run(poor, "DROP EXTENSION postgis")

    def test_an_unknown_time_zone_is_a_fault(self, cluster):
        checks = examine(cluster.url, timezone="Asia/Nirgendwo")
        assert faults(checks) == {"timezone": "doctor.timezone"}


@pytest.mark.postgis
class TestPoorDatabases:
    def test_a_superuser_could_switch_the_extensions_on(self, poor):
        checks = examine(poor)
        assert faults(checks) == {}
        ready = [check.name for check in checks if check.advice == "doctor.extension_ready"]
        assert ready == ["postgis", "ltree", "btree_gist", "pg_trgm"]

    def test_an_ordinary_account_is_told_who_must(self, poor):
        assert faults(examine(as_ordinary(poor))) == {
            "postgis": "doctor.extension_forbidden",
            "ltree": "doctor.extension_forbidden",
            "btree_gist": "doctor.extension_forbidden",
            "pg_trgm": "doctor.extension_forbidden",
            "rights": "doctor.rights",
        }

    def test_an_owner_may_switch_trusted_ones_on_but_not_postgis(self, poor):
        run(poor, "GRANT CREATE ON DATABASE poor TO govgrid")
        checks = examine(as_ordinary(poor))
        assert faults(checks) == {"postgis": "doctor.extension_forbidden"}
        assert by_name(checks)["ltree"].advice == "doctor.extension_ready"

    def test_postgis_off_the_search_path_is_a_fault_and_its_tiles_are_still_tried(self, poor):
        run(poor, "CREATE SCHEMA gis", "CREATE EXTENSION postgis SCHEMA gis")
        checks = examine(poor)
        assert faults(checks) == {"postgis": "doctor.postgis_hidden"}
        assert by_name(checks)["tiles"].ok
        run(poor, "ALTER DATABASE poor SET search_path = public, gis")
        assert faults(examine(poor)) == {}

    def test_another_encoding_is_a_fault(self, cluster):
        run(
            cluster.admin_url(),
            "CREATE DATABASE old TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
        )
        found = by_name(examine(cluster.admin_url("old")))["encoding"]
        run(cluster.admin_url(), "DROP DATABASE old WITH (FORCE)")
        assert (found.ok, found.found, found.advice) == (False, "LATIN1", "doctor.encoding")

    def test_an_own_schema_is_right_enough(self, poor):
        run(poor, "CREATE SCHEMA govgrid AUTHORIZATION govgrid")
        assert by_name(examine(as_ordinary(poor)))["rights"].ok


class TestAddresses:
    @pytest.mark.parametrize(
        ("url", "found"),
        [("sqlite://", "sqlite"), ("nonsense", "—"), ("postgresql://a@b:port/c", "—"), ("", "—")],
    )
    def test_an_address_of_something_else_is_the_only_finding(self, url, found):
        expected = "postgresql+psycopg2"
        assert examine(url) == [Check("address", False, found, expected, "doctor.address")]

    def test_no_answer_is_the_only_finding_and_keeps_the_password(self):
        (check,) = examine("postgresql://someone:geheim@127.0.0.1:1/nowhere")
        assert (check.name, check.ok) == ("connection", False)
        assert "geheim" not in check.text("zh") + check.text("en")

    def test_every_sentence_stands_in_the_catalogue_and_none_is_idle(self):
        code = Path(doctor.__file__).read_text()
        named = set(re.findall(r'"(doctor\.\w+)"', code))
        formed = {f"doctor.{name}" for name in re.findall(r'_check\("(\w+)"', code)}
        known = {key for key in load_catalogue() if re.fullmatch(r"doctor\.\w+", key)}
        assert named | formed == known

    def test_every_check_has_its_label_and_text_in_both_languages(self):
        labels = {key for key in load_catalogue() if key.startswith("doctor.label.")}
        for key in labels:
            name = key.rpartition(".")[2]
            check = Check(name, False, "1", "2", "doctor.extension_absent")
            assert all(check.label(lang) and name in check.text(lang) for lang in LANGUAGES)
        assert Check("server", True, "1", "2").text("zh") == ""

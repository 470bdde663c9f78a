"""The key of the installation: made once, kept from others, not used where others can read it."""

import stat
from multiprocessing.pool import ThreadPool

import pytest

from geo.base import secrets
from geo.base.errors import InputError, StateError
from geo.base.settings import Settings


@pytest.fixture
def config(tmp_path):
    return Settings(home=tmp_path)


def test_the_key_is_made_once_for_its_owner_alone(config):
    key = secrets.installation_key(config)
    assert len(key) == 32
    assert secrets.installation_key(config) == key
    assert stat.S_IMODE(config.secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(config.secrets.parent.stat().st_mode) == 0o700


def test_of_several_that_begin_at_once_all_have_the_same_key(config):
    with ThreadPool(16) as pool:
        keys = pool.map(secrets.installation_key, [config] * 64)
    assert len(set(keys)) == 1
    assert [path.name for path in config.secrets.parent.iterdir()] == [config.secrets.name]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o622])
def test_a_key_that_others_can_read_is_refused(config, mode):
    secrets.installation_key(config)
    config.secrets.chmod(mode)
    with pytest.raises(InputError, match="chmod 600") as caught:
        secrets.installation_key(config)
    assert f"{mode:04o}" in caught.value.text("zh")


@pytest.mark.parametrize("content", ["", "x", "zz" * 32, "ab" * 31, "ab" * 33, "é" * 64])
def test_what_is_no_key_is_refused(config, content):
    config.secrets.parent.mkdir()
    config.secrets.write_text(content, encoding="utf-8")
    config.secrets.chmod(0o600)
    with pytest.raises(InputError):
        secrets.installation_key(config)


def test_a_folder_in_place_of_the_key_is_refused(config):
    config.secrets.mkdir(parents=True)
    with pytest.raises(InputError):
        secrets.installation_key(config)


def test_where_no_key_can_be_made_it_is_said(tmp_path):
    (tmp_path / "secrets").write_text("a file", encoding="utf-8")
    with pytest.raises(StateError, match=r"installation\.key"):
        secrets.installation_key(Settings(home=tmp_path))


def test_each_purpose_has_a_key_of_its_own(config):
    one, other = secrets.derive_key(config, "a"), secrets.derive_key(config, "b")
    assert len({one, other, secrets.installation_key(config)}) == 3
    assert secrets.derive_key(config, "a") == one


def test_what_is_encrypted_is_read_with_the_same_key_and_purpose_only(config, tmp_path):
    token = secrets.encrypt(config, "JBSWY3DP", purpose="totp")
    assert "JBSWY3DP" not in token
    assert secrets.decrypt(config, token, purpose="totp") == "JBSWY3DP"
    for other, purpose in ((config, "x"), (Settings(home=tmp_path / "b"), "totp")):
        with pytest.raises(StateError):
            secrets.decrypt(other, token, purpose=purpose)
    with pytest.raises(StateError):
        secrets.decrypt(config, token[:-8] + "AAAAAAA=", purpose="totp")

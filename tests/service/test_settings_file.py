# SPDX-License-Identifier: GPL-2.0-or-later
from pathlib import Path

import pytest

from mnclient.errors import ConfigError
from service import settings_file
from service.settings import Settings
from service.settings_file import SettingsFile, with_value, without_value

KEY = "autoconfiguration.responsiveness"
TEXT = """\
# The laptop of the front desk.
version = 1

[autoconfiguration]
responsiveness = 10   # they do not travel
# asking only confuses them
ask_first = false

[[mobile_node.home_addresses]]
address = "2001:db8:1::100"
"""


def no_damage(name, reason):
    raise AssertionError(f"{name} is damaged: {reason}")


@pytest.fixture
def place(tmp_path):
    (tmp_path / "etc").mkdir()
    result = SettingsFile(tmp_path / "etc" / "mnclient.toml", tmp_path / "state", set_aside=no_damage)
    result.path.write_text(TEXT)
    return result


@pytest.fixture
def read_only(place, monkeypatch):
    """The administrator's file cannot be written; root may write everywhere, so the write itself is made to fail."""
    write = settings_file.write_atomically

    def refuse(path, content, mode):
        if path == place.path:
            raise PermissionError(30, "Read-only file system")
        write(path, content, mode)

    monkeypatch.setattr(settings_file, "write_atomically", refuse)
    return place


def test_a_value_is_written_and_everything_else_stays(place):
    settings = place.store(place.load(), KEY, 80)
    assert settings.get(KEY) == 80
    assert place.path.read_text() == TEXT.replace("responsiveness = 10", "responsiveness = 80")
    assert place.load() == settings
    assert not place.overlay_path.exists()


def test_the_mode_of_the_file_stays(place):
    place.path.chmod(0o640)
    place.store(place.load(), KEY, 80)
    assert place.path.stat().st_mode & 0o777 == 0o640


def test_a_missing_file_is_made(place):
    place.path.unlink()
    settings = place.store(place.load(), KEY, 80)
    assert place.path.read_text() == "version = 1\n\n[autoconfiguration]\nresponsiveness = 80\n"
    assert place.load() == settings


def test_what_cannot_be_written_goes_into_the_overlay_and_stands_above(read_only):
    settings = read_only.store(read_only.load(), KEY, 80)
    assert settings.get(KEY) == 80
    assert settings.get("autoconfiguration.ask_first") is False
    assert read_only.path.read_text() == TEXT
    assert read_only.load() == settings


def test_a_key_that_can_be_written_again_leaves_the_overlay(read_only, monkeypatch):
    read_only.store(read_only.load(), KEY, 80)
    current = read_only.store(read_only.load(), "mobile_node.identifier", "eui64")
    monkeypatch.undo()
    settings = read_only.store(current, KEY, 90)
    assert settings.get(KEY) == 90
    assert "responsiveness" not in read_only.overlay_path.read_text()
    assert read_only.load() == settings
    assert settings.get("mobile_node.identifier") == "eui64"


def test_without_any_place_the_change_holds_for_this_run(place, monkeypatch, caplog):
    def refuse(*_arguments):
        raise OSError(28, "No space left on device")

    current = place.load()
    monkeypatch.setattr(settings_file, "write_atomically", refuse)
    assert place.store(current, KEY, 80).get(KEY) == 80
    assert "holds until the service ends" in caplog.text


def test_what_contradicts_itself_is_not_written(place):
    rows = tuple({"address": "2001:db8:1::7", "preferred": True} for _ in range(2))
    with pytest.raises(ConfigError, match="listed twice"):
        place.store(place.load(), "mobile_node.home_addresses", rows)
    assert place.path.read_text() == TEXT


def test_a_wrong_value_in_the_file_can_be_set_right(place):
    current = place.load()
    place.path.write_text(TEXT.replace("= 10", "= 1000"))
    with pytest.raises(ConfigError, match="1000 is out of range"):
        place.store(current, "autoconfiguration.ask_first", True)
    assert place.store(current, KEY, 20).get(KEY) == 20
    assert place.load().get(KEY) == 20


def test_a_file_that_is_not_toml_is_not_touched(place):
    current = place.load()
    place.path.write_text("version = [")
    with pytest.raises(ConfigError, match="this is not TOML"):
        place.store(current, KEY, 20)
    assert place.path.read_text() == "version = ["


def test_the_last_good_settings_survive_a_slip_of_the_pen_and_a_restart(place):
    good = place.store(place.load(), KEY, 33)
    place.path.write_text("version = [")
    after_restart = SettingsFile(place.path, place.overlay_path.parent, no_damage)
    with pytest.raises(ConfigError):
        after_restart.load()
    assert after_restart.load_last_good() == good


def test_without_last_good_settings_there_are_the_defaults(place):
    assert place.load_last_good() == Settings()
    place.last_good_path.parent.mkdir()
    place.last_good_path.write_text("version = 99")
    assert place.load_last_good() == Settings()


def test_a_damaged_overlay_is_set_aside_and_stops_nothing(place):
    place.overlay_path.parent.mkdir()
    place.overlay_path.write_text("[autoconfiguration]\nresponsiveness = 1000\n")
    damaged = []
    again = SettingsFile(place.path, place.overlay_path.parent, lambda *what: damaged.append(what))
    assert again.load().get(KEY) == 10
    assert damaged == [("settings.toml", "autoconfiguration.responsiveness: 1000 is out of range")]


ROWS = {
    "mobile_node.home_addresses": (
        {"address": "2001:db8:1::100", "preferred": False},
        {"address": "2001:db8:2::1", "prefix": "2001:db8:2::/64", "home_agent": "2001:db8:2::2", "preferred": True},
    ),
    "known_home_agents": ({"address": "2001:db8:1::1", "pinned": False, "preference": 9},),
}


@pytest.mark.parametrize("key", ROWS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "# words\n",
        TEXT,
        "[home_agent]\nenabled = true\n",
        "mobile_node.enabled = true\n",
        "[[mobile_node.home_addresses]]\naddress = '2001:db8::9'\n",
        "mobile_node = { enabled = true }\n",
        "known_home_agents = [\n  { address = '2001:db8::9' }, # why\n]\n[mobile_node]\nenabled = true # because\n",
    ],
)
def test_arrays_can_be_written_into_files_of_any_shape(text, key):
    before = Settings.parse(text)
    after = Settings.parse(with_value(text, key, ROWS[key]))
    assert after == before.with_given({key: ROWS[key]})
    again = Settings.parse(with_value(with_value(text, key, ROWS[key]), key, ()))
    assert again == before.with_given({key: ()})
    assert Settings.parse(without_value(with_value(text, key, ROWS[key]), key)).get(key) == []


PRIVACY = "mobile_node.route_optimization.location_privacy"
POLICIES = "mobile_node.route_optimization.correspondents"
ROUTE_OPTIMIZATION = "[mobile_node.route_optimization]\nuse = 'never'\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# words\n",
        TEXT,
        "[mobile_node]\nenabled = true # yes\n",
        "mobile_node.enabled = true\n",
        "mobile_node.route_optimization.use = 'never'\n",
        "mobile_node.route_optimization = { use = 'never' }\n",
        "mobile_node = { enabled = true, route_optimization = { location_privacy = true } }\n",
        "mobile_node = { enabled = true }\n",
        ROUTE_OPTIMIZATION,
        "[mobile_node]\nroute_optimization.use = 'never'\n[home_agent]\n",
        f"[mobile_node]\nenabled = true\n[home_agent]\nenabled = true\n{ROUTE_OPTIMIZATION}",
        f"{ROUTE_OPTIMIZATION}[[{POLICIES}]]\nprefix = '2001:db8::/48'\n[mobile_node]\nverify = false\n",
        "[[mobile_node.interfaces]]\nname = 'a'\n[[mobile_node.traffic_rules]]\nprotocol = 'tcp'\n",
    ],
)
def test_sections_inside_sections_can_be_written_into_files_of_any_shape(text):
    before = Settings.parse(text)
    private = with_value(text, PRIVACY, False)
    assert Settings.parse(private) == before.with_given({PRIVACY: False})
    assert Settings.parse(without_value(private, PRIVACY)).get(PRIVACY) is True
    rows = ({"prefix": "2001:db8:5::/48", "allow": False},)
    both = with_value(private, POLICIES, rows)
    assert Settings.parse(both) == before.with_given({PRIVACY: False, POLICIES: rows})
    assert Settings.parse(without_value(both, POLICIES)).get(POLICIES) == []


def test_taking_out_what_is_not_there_changes_nothing():
    assert without_value(TEXT, PRIVACY) == TEXT


def test_the_folder_of_the_state_is_made_for_the_service_alone(read_only):
    read_only.store(Settings(), KEY, 80)
    assert Path(read_only.overlay_path).parent.stat().st_mode & 0o777 == 0o700

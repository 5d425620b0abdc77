"""What a site tells a pipeline: checked without its class where that can be, then handed over."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest

import pipelines
from config.loader import load
from config.settings import Settings
from dicom_node.cli import config as commands
from dicom_node.cli.doctor import workings
from dicom_node.preflight import option_problems, problems
from pipelines import BUILT_IN, Installed, configure
from pipelines.contract import Configurable, Pipeline
from pipelines.intake_check import IntakeCheck

MODELS = Path("/nowhere/models")
OURS = Installed(
    name="ours",
    version="1.0.0",
    framework="torch",
    source="a_module_that_is_not_there:Ours",
    options=f"{__name__}:read",
)


def read(options: Mapping[str, Any]) -> float:
    """What a built-in pipeline and the node's start read its options with."""
    if set(options) - {"level"}:
        raise ValueError("The options are: level.")
    return float(options.get("level", 0.5))


class Tuned(IntakeCheck):
    """A third party's pipeline that can be told something, and makes other kinds of results."""

    name = "tuned"
    results = ("sr", "report")

    def __init__(self) -> None:
        self.told: list[tuple[Mapping[str, Any], Path]] = []

    def configure(self, options: Mapping[str, Any], models: Path) -> None:
        """Take what `read` takes."""
        read(options)
        self.told.append((options, models))


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A built-in pipeline whose class cannot be imported, and three of others."""
    points = {
        "tuned": f"{__name__}:Tuned",
        "plain": "pipelines.intake_check:IntakeCheck",
        "broken": "no_such_module:Thing",
    }
    made = EntryPoints(
        EntryPoint(name=n, value=v, group=pipelines.GROUP) for n, v in points.items()
    )
    monkeypatch.setattr(pipelines, "entry_points", lambda **_: made)
    monkeypatch.setattr(pipelines, "BUILT_IN", (*BUILT_IN, OURS))


def _site(tmp_path: Path, text: str, **variables: str) -> Settings:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return load({"DICOM_NODE_CONFIG": str(path), **variables})


def test_the_kinds_that_a_pipeline_makes_are_known() -> None:
    """A report, unless it says more."""
    found = pipelines.installed()
    assert found["tuned"].results == ("sr", "report")
    assert {found[name].results for name in ("intake-check", "plain", "broken")} == {("sr",)}


def test_a_pipeline_is_told_its_options_and_where_models_are() -> None:
    """Also where there are no options."""
    pipeline = Tuned()
    assert isinstance(pipeline, Pipeline)
    assert isinstance(pipeline, Configurable)
    configure(pipeline, {}, MODELS)
    configure(pipeline, {"level": 0.25}, MODELS)
    assert pipeline.told == [({}, MODELS), ({"level": 0.25}, MODELS)]


def test_a_pipeline_that_takes_no_options_refuses_them() -> None:
    """By the names that were given."""
    configure(IntakeCheck(), {}, MODELS)
    with pytest.raises(ValueError, match=r"takes no options, and is given level, size\."):
        configure(IntakeCheck(), {"level": 1, "size": 2}, MODELS)


@pytest.mark.parametrize(
    ("name", "option", "wrong"),
    [
        ("ours", "level = 0.25", None),
        ("ours", "levl = 0.25", "pipelines.ours.options: The options are: level."),
        ("intake-check", "", None),
        (
            "intake-check",
            "level = 1",
            "pipelines.intake-check.options: The pipeline takes no options, and is given level.",
        ),
        ("tuned", "levl = 1", None),  # a worker hears what it says, and so does `doctor`
        ("broken", "level = 1", None),  # that it is broken is told elsewhere
        ("absent", "level = 1", None),  # and so is that it is not there
    ],
)
def test_options_are_checked_before_the_start(
    tmp_path: Path, name: str, option: str, wrong: str | None
) -> None:
    """Those of ours, without the pipeline's class."""
    settings = _site(tmp_path, f"[pipelines.{name}.options]\n{option}\n")
    assert option_problems(settings) == ([] if wrong is None else [wrong])
    assert problems(settings) == option_problems(settings)


def test_the_commands_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`config check` also beside what else is wrong, and `doctor` with what to do."""
    text = "[pipelines.ours.options]\nlevl = 1\n"
    told = "pipelines.ours.options: The options are: level."
    findings = list(workings.configuration(_site(tmp_path, text)))
    assert [(f.level, f.what, f.told) for f in findings] == [("fail", "options", told)]
    monkeypatch.setenv("DICOM_NODE_CONFIG", str(tmp_path / "site.toml"))
    for rest in ("", "[node]\nport = 'x'\n"):
        (tmp_path / "site.toml").write_text(text + rest, encoding="utf-8")
        assert commands.check(Namespace(json=False)) == 2
        assert f"Error: {told}\n" in capsys.readouterr().err


def test_doctor_asks_a_pipeline_that_alone_can_say(tmp_path: Path) -> None:
    """One of others is made and told its options."""
    route = '[[routes]]\nname = "r"\npipelines = ["tuned"]\n'
    for option, level in (("level = 0.25", "ok"), ("levl = 1", "fail")):
        settings = _site(tmp_path, f"[pipelines.tuned.options]\n{option}\n{route}")
        (finding,) = workings.pipelines(settings)
        assert finding.level == level
    assert finding.told == "pipelines.tuned.options: The options are: level."


class Unready(Tuned):
    """A third party's pipeline that knows beforehand that it cannot be loaded."""

    name = "tuned"

    def problems(self) -> list[str]:
        """Say what `load` would."""
        return [] if "level" in self.told[0][0] else ["Its weights are not there."]


def test_what_load_would_fail_for_is_said_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By `config check` and `doctor`; a node starts with it all the same, to take images in."""
    point = EntryPoint(name="tuned", value=f"{__name__}:Unready", group=pipelines.GROUP)
    monkeypatch.setattr(pipelines, "entry_points", lambda **_: EntryPoints([point]))
    route = '[[routes]]\nname = "r"\npipelines = ["tuned"]\n'
    settings = _site(tmp_path, route)
    (finding,) = workings.pipelines(settings)
    assert (finding.level, finding.told) == ("fail", "Its weights are not there.")
    assert problems(settings) == []
    monkeypatch.setenv("DICOM_NODE_CONFIG", str(tmp_path / "site.toml"))
    assert commands.check(Namespace(json=False)) == 2
    assert "Error: pipeline tuned: Its weights are not there.\n" in capsys.readouterr().err
    (finding,) = workings.pipelines(_site(tmp_path, f"{route}[pipelines.tuned.options]\nlevel=1"))
    assert finding.level == "ok"


def test_another_pipeline_by_the_name_of_ours_has_its_own_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the place of ours, whose reader is not asked."""
    point = EntryPoint(name="ours", value=f"{__name__}:Tuned", group=pipelines.GROUP)
    monkeypatch.setattr(pipelines, "entry_points", lambda **_: EntryPoints([point]))
    assert option_problems(_site(tmp_path, "[pipelines.ours.options]\nlevl = 1\n")) == []


def test_an_option_is_set_by_a_variable(tmp_path: Path) -> None:
    """As any setting is; what is no TOML is text."""
    text = "[pipelines.ours.options]\nlevel = 0.25\nkind = 'a'\n"
    name = "DICOM_NODE_PIPELINES__OURS__OPTIONS__"
    settings = _site(tmp_path, text, **{f"{name}LEVEL": "0.75", f"{name}MODEL": "large-2"})
    assert settings.options_of("ours") == {"level": 0.75, "kind": "a", "model": "large-2"}
    assert settings.options_of("intake-check") == {}


def test_our_readers_import_no_framework() -> None:
    """Nor numpy, which the node's start keeps away."""
    code = (
        "import sys\nfrom dicom_node.lean import hide_pixel_libraries\nhide_pixel_libraries()\n"
        "from pipelines import BUILT_IN, check\n"
        "for one in BUILT_IN:\n    check(one.name, {})\n"
        "sys.exit(bool({'torch', 'tensorflow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_ours_take_options_where_they_name_a_reader() -> None:
    """A built-in pipeline that can be configured names a reader, and one that names it can be."""
    for one in BUILT_IN:
        assert isinstance(one.make(), Configurable) == bool(one.options)

"""`dicom-node config check` and `config show`."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from dicom_node.cli import config
from dicom_node.cli.exits import USAGE

PEOPLE, MACHINES = Namespace(json=False), Namespace(json=True)


@pytest.fixture(autouse=True)
def site_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site's file with a route to a pipeline that is not here."""
    path = tmp_path / "site.toml"
    path.write_text('[[routes]]\nname = "r"\npipelines = ["theirs"]\n', encoding="utf-8")
    monkeypatch.setenv("DICOM_NODE_CONFIG", str(path))
    return path


def test_check_warns_and_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    """A missing pipeline is a warning, and the configuration can be used."""
    assert config.check(PEOPLE) == 0
    out, err = capsys.readouterr()
    assert out == "The configuration can be used.\n"
    assert err == (
        "Warning: route r: pipeline theirs is not installed; "
        "its studies are recorded as not processed.\n"
    )


def test_check_says_everything_wrong(site_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Errors are printed one a line, and the exit code says that the configuration is bad."""
    site_file.write_text("[node]\nport = 'x'\nprt = 1\n", encoding="utf-8")
    assert config.check(PEOPLE) == USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("Error: ") == 2
    assert err.endswith("The configuration cannot be used.\n")


def test_check_asks_the_router(site_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A condition that means nothing is an error like any other."""
    with site_file.open("a", encoding="utf-8") as file:
        file.write('when = { Modalty = "CT" }\n')
    assert config.check(MACHINES) == USAGE
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert "Modality" in error


def test_check_asks_the_router_whatever_else_is_wrong(
    site_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong conditions are told beside wrong settings, each route's own."""
    with site_file.open("a", encoding="utf-8") as file:
        file.write('when = { Modalty = "CT" }\n')
        file.write('[[routes]]\nname = "s"\npipelines = ["x"]\nwhen = { BodyPrt = "HEAD" }\n')
        file.write('[[routes]]\nname = "t"\npipelines = []\n[node]\nport = "x"\n')
    assert config.check(MACHINES) == USAGE
    errors = json.loads(capsys.readouterr().out)["errors"]
    assert len(errors) == 4
    for word in ("Modalty", "BodyPrt", "routes[2]", "node.port"):
        assert sum(word in error for error in errors) == 1


def test_check_for_machines(site_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the errors are a list."""
    site_file.write_text("[node]\nport = 'x'\n", encoding="utf-8")
    assert config.check(MACHINES) == USAGE
    found = json.loads(capsys.readouterr().out)
    assert not found["ok"]
    assert len(found["errors"]) == 1


@pytest.mark.parametrize("route", ['[[routes]]\nname = "r"\npipelines = ["fracture"]\n', ""])
@pytest.mark.parametrize(
    ("option", "told"),
    [
        ('model = "mine"', "There is no model mine; registered are: "),
        ('operating_point = "best"', "has no operating point best; it has "),
        ("threshold = true", "true and false are no numbers"),
    ],
)
def test_check_asks_a_pipeline_whether_it_can_be_loaded(
    site_file: Path, capsys: pytest.CaptureFixture[str], option: str, told: str, route: str
) -> None:
    """A model or an operating point that is not there is found before a study is lost to it."""
    site_file.write_text(f"[pipelines.fracture.options]\n{option}\n{route}", encoding="utf-8")
    assert config.check(MACHINES) == USAGE
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert told in error


def test_check_imports_no_framework(site_file: Path) -> None:
    """Looking for a model takes no seconds."""
    site_file.write_text('[[routes]]\nname = "r"\npipelines = ["fracture"]\n', encoding="utf-8")
    code = (
        "import sys\nfrom argparse import Namespace\nfrom dicom_node.cli import config\n"
        "assert config.check(Namespace(json=False)) == 0\n"
        "sys.exit(bool({'torch', 'tensorflow', 'onnxruntime'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_show_prints_both_forms(capsys: pytest.CaptureFixture[str]) -> None:
    """TOML for people, JSON for machines."""
    assert config.show(PEOPLE) == 0
    assert capsys.readouterr().out.startswith("[node]\n")
    assert config.show(MACHINES) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["routes"][0]["name"] == "r"


@pytest.mark.parametrize("args", [PEOPLE, MACHINES])
def test_show_of_a_bad_configuration(
    site_file: Path, capsys: pytest.CaptureFixture[str], args: Namespace
) -> None:
    """What cannot be used is not shown; the error is."""
    site_file.write_text("[node]\nport = 'x'\n", encoding="utf-8")
    assert config.show(args) == USAGE
    assert "node.port is" in "".join(capsys.readouterr())


def test_importing_it_is_cheap() -> None:
    """The module brings no pydantic, so that --help stays quick."""
    code = "import sys, dicom_node.cli.config; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

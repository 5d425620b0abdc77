"""Other people's validators: what they say about a file, as lists of sentences."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pydicom import dcmread

PIXELMED = Path("/usr/share/java/pixelmed.jar")
# Newer Java limits the size of the style sheets that PixelMed's validator is made of.
_JAVA_LIMITS = (
    "-Djdk.xml.xpathExprGrpLimit=0",
    "-Djdk.xml.xpathExprOpLimit=0",
    "-Djdk.xml.xpathTotalOpLimit=0",
)
# It runs for seconds only: compiling well and collecting in parallel cost more than they bring.
_JAVA_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")

_HELD_AGAINST = re.compile(
    r"Error: Template 1410 .* within ([0-9.]+): .*Missing conditional content item$"
)


def _lines(command: Sequence[str], seconds: float = 60.0) -> list[str]:
    """What a program prints, both streams together; its exit status says nothing reliable."""
    done = subprocess.run(
        command,
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return [line.strip() for line in done.stdout.decode(errors="replace").splitlines()]


def dciodvfy(path: Path) -> list[str]:
    """The errors that dicom3tools' dciodvfy finds in a file; warnings are left out."""
    return [line for line in _lines(["dciodvfy", str(path)]) if line.startswith("Error")]


def dcentvfy(paths: Sequence[Path]) -> list[str]:
    """The errors that dcentvfy finds between files of one patient, study or series."""
    return [line for line in _lines(["dcentvfy", *map(str, paths)]) if line.startswith("Error")]


def dciodvfy_warnings(path: Path) -> list[str]:
    """The warnings of dciodvfy, for people to read."""
    return [line for line in _lines(["dciodvfy", str(path)]) if line.startswith("Warning")]


def sr_errors(path: Path) -> list[str]:
    """The errors that PixelMed finds in a structured report, templates included; takes seconds.

    A validator that did not get to its end is an error too, never a clean bill. One kind is left
    out, where it is wrong: in a report that has a planar region (TID 1410) it holds every other
    measurement group to that template, too, and misses the region in it; TID 1500 has groups of
    TID 1501 beside them, which have none, and ours say that they are such.
    """
    validator = "com.pixelmed.validate.DicomSRValidator"
    lines = _lines(
        ["java", *_JAVA_QUICK, *_JAVA_LIMITS, "-cp", str(PIXELMED), validator, str(path)]
    )
    errors = [line for line in lines if "error" in line.lower() or "illegal" in line.lower()]
    if not any("alidation complete" in line for line in lines):
        errors.append("PixelMed's validator did not finish: " + " ".join(lines[-3:]))
    return [error for error in errors if not _is_mistaken(path, error)]


def _is_mistaken(path: Path, error: str) -> bool:
    found = _HELD_AGAINST.match(error)
    if not found:
        return False
    item = dcmread(path)
    for position in found[1].split(".")[1:]:
        item = item.ContentSequence[int(position) - 1]
    return bool(item.ContentTemplateSequence[0].TemplateIdentifier == "1501")


def dcmdump(path: Path) -> str:
    """The file as DCMTK shows it; raises `subprocess.CalledProcessError` when it cannot be read."""
    done = subprocess.run(
        ["dcmdump", "--quiet", str(path)],
        timeout=60,
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    return done.stdout.decode(errors="replace")


def dsrdump(path: Path) -> str:
    """A report as DCMTK shows it; raises `subprocess.CalledProcessError` when it cannot be read."""
    done = subprocess.run(
        ["dsrdump", "--quiet", "+Pc", "+Pu", "+Pl", str(path)],
        timeout=60,
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    return done.stdout.decode(errors="replace")

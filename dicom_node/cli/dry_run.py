"""How the configured routes would decide about files, without sending or running anything."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from dicom_node.cli.exits import DONE, USAGE, WRONG, Stop

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

    from config.settings import Settings
    from dicom_node.cli.files import Found
    from pipelines.contract import Instance, Study


def explain(found: Settings, path: Path, *, for_machines: bool) -> int:
    """Try the routes on every study under a path and print what each would do."""
    from dicom_node.cli.files import Gathered, gather
    from dicom_node.cli.out import as_json, many

    gathered = Gathered()
    for gathered in gather([path]):  # noqa: B007 - the last answer is the whole one
        pass
    if not gathered.found:
        raise Stop(f"There is no DICOM file in {path}.")
    routes = _routes(found)
    with ExitStack() as copies:
        told = [_decided(routes, study) for study in _studies(routes, gathered.found, copies)]
    if for_machines:
        as_json({"dry_run": True, "studies": told, "skipped": len(gathered.skipped)})
        return DONE if told else WRONG
    for one in told:
        print(f"Study {one['StudyInstanceUID']}: {many(one['instances'], 'instance')} in files")
        print("A dry run of the configured routes; nothing is sent and nothing runs.")
        print("\n".join(f"  {line}" for line in one["explanation"].splitlines()))
        print()
    return DONE if told else WRONG


def _routes(found: Settings) -> Any:
    from pipelines.router import RouteError, compile_routes

    try:
        return compile_routes(found.routes)
    except RouteError as error:
        raise Stop(str(error), USAGE) from None


def _decided(routes: Any, study: Study) -> dict[str, Any]:
    from pipelines import installed
    from pipelines.router import decide
    from pipelines.router import explain as in_words

    decision = decide(study, routes, installed())
    return {
        "StudyInstanceUID": study.StudyInstanceUID,
        "instances": len(study.instances),
        "decision": decision.to_dict(),
        "explanation": in_words(decision),
    }


def _studies(routes: Any, files: Iterable[Found], copies: ExitStack) -> list[Study]:
    """The files as the router sees a stored study; those without a study are left out."""
    from dicom_node.assembly.header import CORE
    from pipelines.contract import Series, Study
    from pipelines.router import keywords

    wanted = CORE | keywords(routes)
    grouped: dict[str, dict[str, dict[str, Instance]]] = {}
    for file in files:
        read = _instance(file, wanted, copies)
        if read is not None:
            study, series, instance = read
            members = grouped.setdefault(study, {}).setdefault(series, {})
            members.setdefault(instance.SOPInstanceUID, instance)
    return [
        Study(
            StudyInstanceUID=uid,
            revision=1,
            series=tuple(
                Series(SeriesInstanceUID=name, instances=tuple(members.values()))
                for name, members in sorted(of_study.items())
            ),
            received_instances=sum(map(len, of_study.values())),
        )
        for uid, of_study in grouped.items()
    ]


def _instance(
    file: Found, wanted: frozenset[str], copies: ExitStack
) -> tuple[str, str, Instance] | None:
    from dicom_node.assembly.header import as_json, read_header
    from dicom_node.cli.files import as_file
    from pipelines.contract import Instance

    path = copies.enter_context(as_file(file))
    ds = read_header(path, wanted)
    if not ds.get("StudyInstanceUID") or not ds.get("SeriesInstanceUID"):
        return None
    instance = Instance(
        SOPClassUID=file.SOPClassUID,
        SOPInstanceUID=file.SOPInstanceUID,
        TransferSyntaxUID=file.TransferSyntaxUID,
        path=path,
        header=as_json(ds, wanted),
    )
    return str(ds.StudyInstanceUID), str(ds.SeriesInstanceUID), instance

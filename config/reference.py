"""Write docs/configuration.md from the model and from the comments of node.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from config.layers import DEFAULTS, FILE_VARIABLE
from config.origins import Key
from config.problems import variable_name
from config.show import toml
from config.words import allowed, is_secret, names_at, schema_at

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"
REQUIRED = "(required)"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A setting as node.toml explains it; `table` is the kind of table, such as `peers`."""

    table: str
    name: str
    value: Any
    """What stands there: the default, or in an example what a site might write."""
    default: str
    """The default as TOML, "none" where leaving it out means something, or "(required)"."""
    help: str
    line: int
    is_example: bool

    @property
    def key(self) -> Key:
        """The key in the model, with a name or a number where a site puts its own."""
        return example_key(self.table, self.name)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of node.toml: its header, the comment above it and its settings."""

    header: str
    name: str
    comment: str
    entries: tuple[Entry, ...]


def example_key(table: str, *names: str) -> Key:
    """The key of a setting in an entry that stands for all entries of its kind."""
    middles: dict[str, Key] = {"peers": ("NAME",), "pipelines": ("NAME",), "routes": (0,)}
    return (table, *middles.get(table, ()), *names)


def read_tables(text: str) -> list[Table]:
    """Read node.toml with its comments, the examples that are commented out among them."""
    tables: list[Table] = []
    comment: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.removeprefix("# ")
        is_example = bare != line
        if header := re.fullmatch(r"\[{1,2}([a-z_.]+)\]{1,2}", bare):
            name = header[1].partition(".")[0]
            tables.append(Table(header=bare, name=name, comment=" ".join(comment), entries=()))
            comment = []
        elif re.match(r"[a-z_]+ = ", bare):
            entry = _entry(tables[-1].name, number, bare, is_example=is_example)
            tables[-1] = replace(tables[-1], entries=(*tables[-1].entries, entry))
        else:
            comment = [*comment, bare] if is_example else []
    return tables


def _entry(table: str, number: int, line: str, *, is_example: bool) -> Entry:
    """Split a line into key, value, help and the default it states."""
    for match in re.finditer(r"\s+# |$", line):  # the first "#" may be inside a text
        try:
            [(name, value)] = tomllib.loads(line[: match.start()]).items()
        except tomllib.TOMLDecodeError:
            continue
        break
    explained = line[match.end() :].strip()
    stated = re.search(r" \((required|default: (.+))\)$", explained)
    default = toml(value)
    if is_example and stated is not None:
        default = stated[2] or REQUIRED
        explained = explained[: stated.start()]
    return Entry(
        table=table,
        name=name,
        value=value,
        default=default,
        help=explained,
        line=number,
        is_example=is_example,
    )


def documented(tables: list[Table]) -> dict[Key, Entry]:
    """Every setting with the entry that explains it."""
    return {entry.key: entry for table in tables for entry in table.entries if entry.help}


def known() -> Iterator[Key]:
    """Every setting the model has, one entry standing for all of its kind."""
    for section in names_at(()):
        at = example_key(section)
        yield from ((*at, name) for name in names_at(at))


def render(text: str) -> str:
    """The reference as Markdown, from the text of node.toml."""
    tables = [table for table in read_tables(text) if any(entry.help for entry in table.entries)]
    return "\n".join([INTRODUCTION, *(_section(table) for table in tables)])


def _section(table: Table) -> str:
    schema = schema_at(example_key(table.name)) or {}
    summary = table.comment or schema.get("description", "")
    header = table.header.replace(".pacs]", ".NAME]").replace(".fracture]", ".NAME]")
    rows = "".join(_row(entry) for entry in table.entries)
    note = ROUTES_NOTE if table.name == "routes" else ""
    return (
        f"## {header}\n\n{summary}\n{note}\n"
        f"| Setting | What it is | Allowed | Default | Environment variable |\n"
        f"|---|---|---|---|---|\n{rows}"
    )


def _row(entry: Entry) -> str:
    schema: Mapping[str, Any] = schema_at(entry.key) or {}
    default = {REQUIRED: "required", "none": "none"}.get(entry.default, f"`{entry.default}`")
    variable = f"`{variable_name(entry.key)}`"
    if entry.table == "routes":
        variable = "`DICOM_NODE_ROUTES`"
    elif is_secret(entry.key) or entry.key == ("node", "database"):
        variable += f" or `{variable_name(entry.key)}_FILE`"
    cells = (f"`{entry.name}`", entry.help, allowed(schema), default, variable)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


INTRODUCTION = f"""\
# Configuration

<!-- Written by `python -m config.reference` from config/node.toml and config/settings.py. -->

Every setting has a default. To change some, write them into a TOML file of your own and name it in
the environment variable `{FILE_VARIABLE}`; environment variables are laid over that file.

- Tables are laid over each other key by key. `routes` is a list: yours takes the place of the
  default one.
- A variable is called `DICOM_NODE_`, the section, two underscores and the key, for example
  `DICOM_NODE_NODE__PORT=104` or `DICOM_NODE_PEERS__PACS__PORT=4242`. Its value is read as TOML
  where that fits the setting, and is otherwise text: `DICOM_NODE_NODE__HOST=0.0.0.0` and
  `DICOM_NODE_PEERS__PACS__RESULTS='["sr", "seg"]'` both work.
- In a variable, the name of a peer or a pipeline is written in any case, with underscores for
  hyphens and dots, where a file has named it already; a new name is taken in lower case.
- A secret may be read from a file: `DICOM_NODE_NOTICES__WEBHOOK_FILE=/run/secrets/webhook`.
- A relative `data_dir` or `models.folder` begins where the node is started. The relative path of a
  TLS file begins in the folder of the file that names it.
- A key that does not exist, or a value that is not allowed, stops the node at start, with
  everything that is wrong at once. A reload with such a file is refused, and what runs goes on.

`dicom-node config check` says what is wrong or risky, `dicom-node config show` prints every setting
with its origin, with secrets masked.

`dicom-node reload` takes over peers, routes, retention, assembly, notices and `logging.level`, and
reads the files of TLS again. Other settings wait for a restart, and the reload says so.
"""

ROUTES_NOTE = """
Routes have no names in the environment: `DICOM_NODE_ROUTES` sets all of them, as a TOML array of
inline tables.
"""


def main() -> None:
    """Write the reference."""
    REFERENCE.parent.mkdir(exist_ok=True)
    REFERENCE.write_text(render(DEFAULTS.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

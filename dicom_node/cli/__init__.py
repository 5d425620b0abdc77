"""The command line: `dicom-node COMMAND`. One module per noun, one function per command.

Modules of this package import nothing heavy when they are imported: `--help` has to be there at
once. What a command needs is imported inside its function.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from dicom_node.cli.exits import INTERRUPTED, READER_GONE, USAGE, WRONG, Stop

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status that `--help` documents."""
    from dicom_node.cli.parser import make

    args = make().parse_args(argv)
    if argv is None and not getattr(args, "pixels", True):
        # This process is ours alone and sees no pixel: pydicom is imported in half its time.
        from dicom_node.lean import hide_pixel_libraries

        hide_pixel_libraries()
    try:
        status: int = args.run(args)
        sys.stdout.flush()
    except Stop as error:
        print(f"dicom-node: {error}", file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left: nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except Exception as error:
        known = _known(error)
        if known is None:
            raise
        return known
    return status


def _known(error: Exception) -> int | None:
    """Say in a sentence what is wrong with the configuration or the database; None: it is a bug."""
    from config.errors import ConfigError

    if isinstance(error, ConfigError):
        print(error, file=sys.stderr)
        return USAGE
    from dicom_node.cli.node import trouble_with_database

    told = trouble_with_database(error)
    if told is None:
        return None
    print(f"dicom-node: {told}", file=sys.stderr)
    return WRONG

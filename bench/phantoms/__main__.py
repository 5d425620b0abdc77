"""`python -m bench.phantoms FOLDER` writes a phantom study of each kind, a folder each."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.phantoms import KINDS, TRANSFER_SYNTAXES, encode, write


def main() -> None:
    """Write the phantoms that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.phantoms", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write; made if it is not there")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this kind")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other patients")
    parser.add_argument("--transfer-syntax", choices=list(TRANSFER_SYNTAXES), default="native")
    wanted = parser.parse_args()
    for kind in wanted.kind or KINDS:
        made = KINDS[kind](wanted.seed)
        paths = write(encode(made, wanted.transfer_syntax), wanted.folder / kind)
        print(f"{kind}: {len(paths)} files in {wanted.folder / kind}")


if __name__ == "__main__":
    main()

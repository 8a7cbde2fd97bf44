"""Generate `node/comity/v1` from `proto/`; `--check` fails when the committed code is not fresh."""

import filecmp
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

REPO = Path(__file__).resolve().parent.parent
PROTO = REPO / "proto"
TARGET = REPO / "node" / "comity" / "v1"


def generate(root: Path) -> None:
    """Write the generated package below `root`."""
    sources = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("comity/v1/*.proto"))
    includes = [f"-I{PROTO}", f"-I{files('grpc_tools') / '_proto'}"]
    outputs = [f"--python_out={root}", f"--mypy_out=quiet:{root}"]
    if protoc.main(["protoc", *includes, *outputs, *sources]) != 0:
        sys.exit("protoc failed")
    package = root / "comity" / "v1"
    (package / "__init__.py").write_text('"""Code generated from proto/comity/v1 by `make proto`; do not edit."""\n')


def main() -> None:
    """Generate, or compare with what is committed."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh = Path(folder) / "comity" / "v1"
        names = sorted(path.name for path in fresh.iterdir())
        if "--check" not in sys.argv:
            TARGET.mkdir(exist_ok=True)
            for name in names:
                (TARGET / name).write_bytes((fresh / name).read_bytes())
            return
        held = sorted(path.name for path in TARGET.iterdir() if path.is_file())
        _, mismatch, errors = filecmp.cmpfiles(fresh, TARGET, names, shallow=False)
        if held != names or mismatch or errors:
            sys.exit(f"node/comity/v1 is not fresh ({mismatch or errors or set(held) ^ set(names)}): run `make proto`")


main()

#!/usr/bin/env python3
"""Builds a connector: `build.py SOURCE.py OUTPUT.wasm [CONTRACT_FOLDER]`.

The component imports just the interfaces of the contract that the source imports from `wit_world.imports`, so that an
operator sees what it can reach. What the Python interpreter needs of WASI is linked without effect by the host.
"""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "purser:connector"
VERSION = "0.1.0"
HERE = Path(__file__).resolve().parent


def imported_interfaces(source: Path) -> set[str]:
    """The interfaces that `from wit_world.imports import ...` names; `types` reaches nothing."""
    tree = ast.parse(source.read_text(encoding="utf-8"), str(source))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = {name.name for node in imports if node.module == "wit_world.imports" for name in node.names}
    return names - {"types"}


def write_world(folder: Path, interfaces: set[str], contract: Path) -> None:
    """Writes the world of this connector: what it imports, and `provisioning`."""
    dependency = folder / "deps" / "purser-connector"
    dependency.mkdir(parents=True)
    for file in sorted(contract.glob("*.wit")):
        shutil.copy(file, dependency)
    imports = "".join(f"    import {PACKAGE}/{name}@{VERSION};\n" for name in sorted(interfaces))
    world = f"world plugin {{\n{imports}    export {PACKAGE}/provisioning@{VERSION};\n}}\n"
    (folder / "world.wit").write_text(f"package purser:plugin;\n\n{world}", encoding="utf-8")


def main() -> int:
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    source, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    contract = Path(sys.argv[3]).resolve() if len(sys.argv) == 4 else HERE.parent.parent / "wit"
    output.parent.mkdir(parents=True, exist_ok=True)
    tool = shutil.which("componentize-py", path=str(Path(sys.executable).parent)) or "componentize-py"
    with tempfile.TemporaryDirectory(prefix="purser-py-") as scratch:
        wit = Path(scratch) / "wit"
        write_world(wit, imported_interfaces(source), contract)
        command = [tool, "--wit-path", str(wit), "--world", "plugin", "componentize", source.stem]
        given = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
        for folder in [str(source.parent), str(HERE), *given]:
            command += ["--python-path", folder]
        command += ["--output", str(output)]
        return subprocess.run(command, check=False, cwd=scratch).returncode


if __name__ == "__main__":
    sys.exit(main())

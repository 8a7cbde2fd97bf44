"""Get the pinned tools that no Python registry carries into `.tools`.

Each tool by the first way that works: already there, `go install`, `PATH`, a download whose SHA-256 is pinned here.
`buf` comes from its npm package. A tool that cannot be had is named with its remedy; whoever needs it decides
whether that is a failure (in CI it is, for opa and buf).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
TOOLS = REPO / ".tools"


@dataclass(frozen=True)
class GoTool:
    """A Go program: module path, version, and where its Linux amd64 binary and checksum are published."""

    name: str
    module: str
    version: str
    version_args: tuple[str, ...]
    url: str
    checksum_url: str
    required: bool


GO_TOOLS = (
    GoTool(
        "opa",
        "github.com/open-policy-agent/opa",
        "v1.21.3",
        ("version",),
        "https://github.com/open-policy-agent/opa/releases/download/v1.21.3/opa_linux_amd64_static",
        "https://github.com/open-policy-agent/opa/releases/download/v1.21.3/opa_linux_amd64_static.sha256",
        required=True,
    ),
    GoTool(
        "regal",
        "github.com/open-policy-agent/regal",
        "v0.42.0",
        ("version",),
        "https://github.com/open-policy-agent/regal/releases/download/v0.42.0/regal_Linux_x86_64",
        "https://github.com/open-policy-agent/regal/releases/download/v0.42.0/checksums.txt",
        required=False,
    ),
)
BUF = "@bufbuild/buf@1.75.0"


def main() -> None:
    """Get every tool; exit 1 in CI where a required one is missing."""
    TOOLS.mkdir(exist_ok=True)
    missing = [tool.name for tool in GO_TOOLS if not _have(tool) and tool.required]
    if not _have_buf():
        missing.append("buf")
    if missing and os.environ.get("CI") == "true":
        sys.exit(f"tools: {', '.join(missing)} could not be had; CI needs them")


def _have(tool: GoTool) -> bool:
    target = TOOLS / tool.name
    stamp = TOOLS / f"{tool.name}.version"
    if target.exists() and stamp.exists() and stamp.read_text() == tool.version:
        return True
    target.unlink(missing_ok=True)
    way = _go_install(tool, target) or _from_path(tool, target) or _download(tool, target)
    if not way:
        print(
            f"tools: {tool.name} {tool.version} cannot be had here: install Go, or put {tool.name} on PATH; "
            f"what needs it is skipped",
            file=sys.stderr,
        )
        return False
    stamp.write_text(tool.version)
    print(f"tools: {tool.name} {tool.version} ({way})")
    return True


def _go_install(tool: GoTool, target: Path) -> str:
    if not shutil.which("go"):
        return ""
    environment = {**os.environ, "GOBIN": str(TOOLS), "CGO_ENABLED": "0", "GOFLAGS": "-trimpath"}
    done = subprocess.run(
        ["go", "install", f"{tool.module}@{tool.version}"], env=environment, capture_output=True, check=False
    )
    return "go install" if done.returncode == 0 and target.exists() else ""


def _from_path(tool: GoTool, target: Path) -> str:
    search = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if Path(p).resolve() != TOOLS)
    found = shutil.which(tool.name, path=search)
    if not found:
        return ""
    said = subprocess.run([found, *tool.version_args], capture_output=True, text=True, check=False).stdout
    if tool.version.removeprefix("v") not in said:
        print(f"tools: {found} is not {tool.version}; using it as the machine's own", file=sys.stderr)
    target.symlink_to(found)
    return f"from {found}"


def _download(tool: GoTool, target: Path) -> str:
    """Fetch the published binary and hold it against the checksum published beside it."""
    try:
        with urllib.request.urlopen(tool.checksum_url, timeout=20) as reply:  # noqa: S310  https, fixed here
            listed = reply.read().decode()
        with urllib.request.urlopen(tool.url, timeout=300) as reply:  # noqa: S310
            content = reply.read()
    except (urllib.error.URLError, TimeoutError, OSError):
        return ""
    wanted = next((line.split()[0] for line in listed.splitlines() if tool.url.rsplit("/", 1)[1] in line), "")
    if hashlib.sha256(content).hexdigest() != wanted:
        print(f"tools: the download of {tool.name} does not match its checksum", file=sys.stderr)
        return ""
    target.write_bytes(content)
    target.chmod(0o755)
    return "verified download"


def _have_buf() -> bool:
    target = TOOLS / "buf"
    if target.exists():
        return True
    npm = shutil.which("npm")
    if npm:
        command = [npm, "install", "--no-save", "--silent", "--prefix", str(TOOLS / "npm"), BUF]
        subprocess.run(command, check=False, capture_output=True)
        binary = TOOLS / "npm" / "node_modules" / ".bin" / "buf"
        if binary.exists():
            target.symlink_to(binary)
            print(f"tools: {BUF} (npm)")
            return True
    found = shutil.which("buf")
    if found:
        target.symlink_to(found)
        return True
    print("tools: buf cannot be had here: install Node.js with npm; buf checks are skipped", file=sys.stderr)
    return False


main()

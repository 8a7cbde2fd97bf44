"""A sandbox whose making was cut short is made anew, not stumbled over."""

from pathlib import Path

import pytest
from support.shell import Shell

from comity.sandbox import federation
from comity.sandbox.layout import find_sandbox
from comity.sandbox.processes import marked_processes


def test_up_after_an_attempt_that_was_cut_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shell, path = Shell(tmp_path), tmp_path / "sandbox"

    def cut(line: str) -> None:
        raise KeyboardInterrupt(line)

    with pytest.raises(KeyboardInterrupt):
        federation.make(path, ["EE", "FI"], people=20, engine="embedded", say=cut)
    assert not find_sandbox(path).rows["complete"]
    shell.good("sandbox", "up", "--dir", str(path), "--countries", "EE,FI", "--people", "20")
    assert find_sandbox(path).rows["complete"]
    shell.good("sandbox", "down", "--dir", str(path), "--delete")
    assert marked_processes(str(path)) == []

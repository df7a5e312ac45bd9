"""The commands that README.md and the docs give to root, run as printed."""

import os
import re
import subprocess
from pathlib import Path

from tests.servers import ROOT

# Replacements for programs that need systemd or the site's own user: `systemctl` and `chown` only
# log their arguments, and `setpriv` runs its command as the user who runs the tests.
STAND_INS = {
    "chown": 'echo "chown $*" >>"$CALLS"',
    "systemctl": 'echo "systemctl $*" >>"$CALLS"',
    "setpriv": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
}


def commands_of(document: str, heading: str) -> list[str]:
    """Return the commands for root from the section of `document` called `heading`."""
    text = (ROOT / document).read_text().partition(f"\n{heading}\n")[2]
    block = re.search(r"^```console\n(.*?)^```$", text.partition("\n## ")[0], re.M | re.S)[1]
    return re.findall(r"^# (.*)$", block, re.M)


class Shell:
    """Shell that runs such lines with replaced folders. `calls` is the log of the STAND_INS."""

    def __init__(self, folder: Path, places: dict[str, object], **variables: str) -> None:
        self.places = places
        self.log = folder / "calls.log"
        programs = folder / "programs"
        programs.mkdir()
        for name, body in STAND_INS.items():
            (programs / name).write_text(f"#!/bin/sh\n{body}\n")
            (programs / name).chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        self.environment = kept | variables | {"PATH": path, "CALLS": str(self.log)}

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def run(self, *lines: str) -> str:
        """Run all lines in one shell, up to the first that fails, and return their output."""
        # `set -e` alone would ignore a failure of the first command in `a && b`.
        script = "set -euo pipefail\n" + "\n".join(f"{{ {line}\n}} || exit" for line in lines)
        for place, other in self.places.items():
            script = script.replace(place, str(other))
        command = ["bash", "-c", script]
        own = {"env": self.environment, "capture_output": True, "text": True}
        run = subprocess.run(command, **own, timeout=120)
        assert run.returncode == 0, f"{script}\n{run.stdout}{run.stderr}"
        return run.stdout + run.stderr

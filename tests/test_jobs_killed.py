"""Jobs whose processes are killed: none is lost. The whole test is `tests.killing 2000 200`."""

import os
import subprocess
import sys

import pytest

from benchmarks.servers import ROOT
from tests.servers import new_database

pytestmark = pytest.mark.program


def test_no_job_is_lost_if_the_processes_that_run_jobs_are_killed(tmp_path):
    with new_database("killing") as url:
        own = os.environ | {"INSTANCE_DIR": str(tmp_path), "DATABASE_URL": url}
        for command in ("manage.py prepare", "-m tests.killing 150 15"):
            arguments = [sys.executable, *command.split()]
            finished = subprocess.run(arguments, cwd=ROOT, env=own, capture_output=True, text=True)
            assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "150 jobs of 150 ran" in finished.stdout

"""The benchmarks from end to end, with real servers. The figures do not matter."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import redis

from benchmarks.machines import redis_server
from benchmarks.meter import Processes
from benchmarks.ports import free_port
from benchmarks.servers import COUNTER, cache_of

pytestmark = pytest.mark.program
ROOT = Path(__file__).parent.parent


NEEDS_PROC = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="it reads Linux's /proc"
)


def run(*options: str, module: str = "run") -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", f"benchmarks.{module}", "--posts=30", *options]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120
    )


@NEEDS_PROC
@pytest.mark.parametrize(("how", "queries"), [([], [0, 0, 1, 0]), (["--uncached"], [0, 4, 7, 0])])
def test_a_page_is_measured_beside_its_lower_bound(tmp_path, how, queries):
    options = ["--cases=index", "--seconds=0.1", "--rounds=1", f"--output={tmp_path}"]
    finished = run(*options, *how)
    assert finished.returncode == 0, finished.stderr
    points = json.loads(next(tmp_path.glob("*.json")).read_text())["points"]
    measured = [(point["case"], point["visitor"]) for point in points]
    visitors = ("anonymous", "rendered", "author", "again")
    assert measured[3:] == [("index", visitor) for visitor in visitors]
    bare, _, _, index, *_ = points
    assert bare["ratio"] == 1
    assert bare["bytes"] == pytest.approx(index["bytes"], rel=0.2)
    assert [point["queries"] for point in points[3:]] == queries
    for point in points:
        assert min(point["cpu_ms"], point["p50_ms"], point["private_mb"]) > 0, point
        assert f"| {point['case']}" in finished.stdout
    assert next(tmp_path.glob("*.svg")).read_text().startswith("<svg")


def test_an_unknown_case_gives_a_one_line_error(tmp_path):
    finished = run("--cases=index,indx", f"--output={tmp_path}")
    assert finished.returncode == 2
    assert "no case is called indx; there are index, " in finished.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("jobs", "is_enough"), [("1000", True), ("1", False)])
def test_the_home_page_is_measured_while_jobs_run(jobs, is_enough):
    options = ["--rounds=1", "--seconds=0.3", "--connections=1", f"--jobs={jobs}"]
    finished = run(*options, module="jobs")
    assert (finished.returncode == 0) == is_enough, finished.stderr
    assert ("| author " in finished.stdout) == is_enough
    assert ("Use more jobs" in finished.stderr) != is_enough


def report(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "benchmarks.report", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_results_are_printed_as_tables_of_their_file():
    kept = next((ROOT / "benchmarks/results").glob("*.json"))
    assert report(str(kept)).stdout.startswith("| case ")
    assert "usage: python -m benchmarks.report" in report("--help").stdout


@pytest.mark.parametrize("text", [None, "no results"])
def test_unreadable_results_give_a_one_line_error(tmp_path, text):
    path = tmp_path / "results.json"
    if text:
        path.write_text(text)
    finished = report(str(path))
    assert finished.returncode == 2
    assert "error: argument results: " in finished.stderr.splitlines()[-1]


def test_the_first_request_of_a_worker_is_measured_and_the_next():
    finished = run("--starts=1", module="starting")
    assert finished.returncode == 0, finished.stderr
    rows = [line.split("|")[1:-1] for line in finished.stdout.splitlines()[2:]]
    first = ["index", "index", "index-middle", "index-middle", "detail", "detail"]
    assert [row[0].strip() for row in rows] == first
    assert all(float(cell) > 0 for row in rows for cell in row[3:])


@pytest.mark.parametrize(
    ("module", "option"),
    [
        ("run", "--seconds=0"),
        ("run", "--seconds=nan"),
        ("run", "--rounds=0"),
        ("run", "--posts=5,0"),
        ("soak", "--requests=0"),
        ("writing", "--seconds=-1"),
        ("many", "--rounds=0"),
    ],
)
def test_a_bad_option_gives_a_one_line_error(module, option):
    finished = run(option, module=module)
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1].endswith(" is not more than 0")


def test_a_measurement_without_an_end_is_refused():
    finished = run("--seconds=inf")
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1].endswith("inf is infinite")


@pytest.mark.parametrize(
    "url", ["postgres://nobody:x@127.0.0.1:1/nothing", "mysql://x@127.0.0.1/x"]
)
def test_a_database_that_does_not_respond_gives_a_one_line_error(url):
    finished = run("--posts=5", f"--database={url}")
    assert finished.returncode == 1
    assert "The database in --database does not respond" in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.skipif(not shutil.which("redis-server"), reason="it starts a Redis")
@pytest.mark.parametrize("was_there", [False, True])
def test_a_redis_keeps_a_counter_that_was_there_and_no_other(was_there):
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with redis_server(port), redis.from_url(url) as client:
        if was_there:
            client.incr(COUNTER)
        with cache_of(url):
            client.incr(COUNTER)
        assert client.exists(COUNTER) == was_there


@NEEDS_PROC
def test_the_soak_test_measures_memory():
    finished = run("--posts=200", "--requests=300", module="soak")
    assert finished.returncode == 0, finished.stderr
    row = [cell.strip() for cell in finished.stdout.splitlines()[-1].split("|")[1:-1]]
    assert row[0] == "300"
    assert [float(size) > 0 for size in row[3].split(", ")] == [True, True]


def test_a_sample_too_small_for_the_soak_test_gives_a_one_line_error():
    finished = run("--posts=199", module="soak")
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1].endswith("--posts takes 200 and more")


@pytest.mark.parametrize(
    ("options", "queries"), [([], 1), (["--changed"], 1), (["--uncached", "--stats=tottime"], 7)]
)
def test_a_page_is_measured_inside_the_process(options, queries):
    command = [sys.executable, "-m", "benchmarks.profiling", "index", "--posts=30", "--requests=2"]
    finished = subprocess.run(
        [*command, *options], cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120
    )
    assert finished.returncode == 0, finished.stderr
    last = finished.stdout.splitlines()[-1]
    assert '"/" author ' in last
    assert last.endswith(f" {queries} queries warm")
    assert ("tottime" in finished.stdout) == ("--stats=tottime" in options)


def test_the_pages_that_lighthouse_looks_at_are_whole(tmp_path):
    command = [sys.executable, "-m", "benchmarks.browsed", str(tmp_path / "pages.json")]
    own = {"INSTANCE_DIR": str(tmp_path), "DATABASE_URL": ""}
    subprocess.run(command, cwd=ROOT, env=os.environ | own, check=True, timeout=120)
    site = json.loads((tmp_path / "pages.json").read_text())
    assert list(site["pages"]) == ["index", "detail", "editor"]
    names = {cookie.partition("_")[0] for cookie in site["cookie"].split("; ")}
    assert names == {"sessionid", "csrftoken", "person", "editor"}
    assert re.search("(^|; )sessionid_[0-9a-f]{8}=[a-z0-9]+(;|$)", site["cookie"])
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as connection:
        query = "SELECT comment_count, cover, body FROM posts_post ORDER BY id DESC LIMIT 1"
        comments, cover, body = connection.execute(query).fetchone()
    assert (comments, bool(cover)) == (100, True)
    assert "```python" in body and "![" in body


@NEEDS_PROC
def test_people_write_alone_and_at_once(tmp_path):
    options = ["--requests=1", "--rounds=1", "--seconds=1", f"--instance={tmp_path}"]
    # The second run uses the data of the first.
    for _ in range(2):
        finished = run(*options, "--pause=0.3", module="writing")
        assert finished.returncode == 0, finished.stderr
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in finished.stdout.splitlines()
        if line.startswith("|") and "---" not in line
    ]
    alone, together = rows[1:6], rows[7:]
    acts = ["publish", "publish, new tags", "autosave", "like", "comment"]
    assert [act for act, *_ in alone] == acts
    assert all(0 < int(queries) <= 20 for *_, queries in alone)
    assert [act for act, *_ in together] == [*acts, "all"]
    assert int(together[-1][2]) > 0
    assert {failed for _, _, _, failed, *_ in together} == {"0"}


@NEEDS_PROC
def test_a_process_that_ended_meanwhile_costs_nothing():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert Processes(process.pid).cpu_seconds() == 0

"""The secret key: set by SECRET_KEY, or generated once per instance and private to its owner."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from blogsite.secret_key import generate_secret_key, load_secret_key
from blogsite.tests.conftest import SETTINGS

GOOD_KEY = "a-key-of-fifty-characters-0123456789-abcdefghijklm"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o022, 0o000, 0o077])
def umask(request):
    previous = os.umask(request.param)
    yield
    os.umask(previous)


def test_a_generated_key_is_for_its_owner_alone(load, instance, umask):
    key = load()["SECRET_KEY"]
    assert len(key) >= 64
    assert (instance / "secret_key").read_text() == key
    assert mode_of(instance / "secret_key") == 0o600
    assert mode_of(instance) == 0o700
    # No temporary file remains.
    assert [path.name for path in instance.iterdir()] == ["secret_key"]


def test_the_second_start_uses_the_key_of_the_first(load):
    assert load()["SECRET_KEY"] == load()["SECRET_KEY"]


def test_each_instance_has_its_own_key(load, tmp_path):
    first, second = (load(INSTANCE_DIR=str(tmp_path / name)) for name in ("first", "second"))
    assert first["SECRET_KEY"] != second["SECRET_KEY"]


def test_a_process_that_was_quicker_wins(load, instance):
    settings = load()
    generate_secret_key(instance / "secret_key")
    assert load_secret_key(instance) == settings["SECRET_KEY"]
    assert [path.name for path in instance.iterdir()] == ["secret_key"]


def test_processes_that_start_at_once_agree_on_one_key(instance):
    command = [sys.executable, "-c", "from blogsite.settings import *; print(SECRET_KEY)"]
    processes = [
        subprocess.Popen(
            command,
            cwd=SETTINGS.parent.parent,
            env={"INSTANCE_DIR": str(instance)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(4)
    ]
    printed = {process.communicate()[0].strip() for process in processes}
    assert printed == {(instance / "secret_key").read_text()}


def test_a_key_from_the_environment_leaves_no_file(load, instance):
    url = "postgres://db.example/blog"
    assert load(SECRET_KEY=GOOD_KEY, DATABASE_URL=url)["SECRET_KEY"] == GOOD_KEY
    assert not instance.exists()


def test_a_key_from_the_environment_wins_over_the_file(load, instance):
    load()
    assert load(SECRET_KEY=GOOD_KEY)["SECRET_KEY"] == GOOD_KEY


@pytest.mark.parametrize("key", ["hunter2", GOOD_KEY[:49], "a" * 60, "ab" * 30, " " * 60])
@pytest.mark.parametrize("source", ["environment", "file"])
def test_a_weak_key_is_refused_and_not_shown(refusal, instance, source, key):
    path = instance / "secret_key"
    if source == "file":
        instance.mkdir(parents=True)
        path.write_text(key + "\n")
    line = refusal(**({"SECRET_KEY": key} if source == "environment" else {}))
    assert line.startswith("SECRET_KEY is " if source == "environment" else f"{path} is ")
    assert line.endswith("expected at least 50 random characters.")
    assert key not in line


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.mkdir(),
        lambda path: path.write_bytes(b"\xff\xfe" * 50),
        lambda path: path.symlink_to(path),
    ],
    ids=["folder", "binary", "loop"],
)
def test_a_key_file_that_can_not_be_read_is_refused_in_one_line(refusal, instance, spoil):
    instance.mkdir(parents=True)
    spoil(instance / "secret_key")
    assert str(instance) in refusal()

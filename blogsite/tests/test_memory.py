"""Return of unused memory from a worker to the system."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MEMORY_AFTER_A_LARGE_BLOCK = """
import ctypes, os, sys
from blogsite import serving

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
size = 20 * 1024 * 1024

def touched():
    block = ctypes.c_void_p(libc.malloc(size))
    ctypes.memset(block, 1, size)
    return block

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

if sys.argv[1] == "returned":
    serving.return_large_blocks()
libc.free(touched())
before, block = resident(), touched()
# A small block behind the large one keeps the heap from shrinking.
kept = libc.malloc(64 * 1024)
libc.free(block)
print(resident() - before > size // 2)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do as they like")
@pytest.mark.parametrize(("how", "is_kept"), [("returned", "False"), ("glibc's way", "True")])
def test_memory_of_large_blocks_goes_back_to_the_system(how, is_kept):
    command = [sys.executable, "-c", MEMORY_AFTER_A_LARGE_BLOCK, how]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == is_kept

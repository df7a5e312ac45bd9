"""The job that `benchmarks.jobs` runs: `python -m benchmarks.busy 1000`.

Run with the settings of the site. Replaces all such jobs with new ones, and prints how many waited.
"""

import os
import sys
import time

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "blogsite.settings"
    django.setup()

from django_tasks import task

SECONDS = 0.005


@task
def compute() -> None:
    """Use the processor for 5 ms."""
    end = time.thread_time() + SECONDS
    while time.thread_time() < end:
        pass


def main() -> None:
    # A job names its module, which here would be `__main__`.
    from benchmarks import busy
    from jobs.models import Job

    waiting, _ = Job.objects.filter(task=busy.compute.module_path).delete()
    for _number in range(int(sys.argv[1])):
        busy.compute.enqueue()
    print(waiting)


if __name__ == "__main__":
    main()

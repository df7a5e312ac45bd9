"""`manage.py work`: run background jobs until it is stopped."""

import signal
import threading

from django.core.management.base import BaseCommand

from jobs import runner
from jobs.backend import created


class Command(BaseCommand):
    help = (
        "Runs background jobs, such as sending email, until it is stopped. A site with WORK=apart "
        "needs it; otherwise a web worker runs the jobs."
    )

    def handle(self, **options) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: (stop.set(), created.set()))
        self.stdout.write("Running jobs (Ctrl-C stops after the current one)")
        runner.work(stop, rest=0)

"""Gunicorn's worker with threads, which leaves to other workers what it has no thread for."""

from concurrent.futures import Future

from gunicorn.workers.gthread import TConn, ThreadWorker


class Worker(ThreadWorker):
    """Takes no more new connections at once than it has threads.

    Gunicorn's own takes whatever comes and lets it wait, though the threads of another worker may
    have nothing to do. What no worker takes waits at the port, in the order in which it came. Who
    asks again on a connection that is kept does not count, or new ones would wait for ever.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.new: set[TConn] = set()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        if self.alive:
            self.set_accept_enabled(self.nr_conns < self.worker_connections)
        super().wait_for_and_dispatch_events(timeout)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled and len(self.new) < self.cfg.threads)
        if not self.alive:
            self.take_all()

    def take_all(self) -> None:
        """Take what waits at the port, which may close: it was told that somebody listens.

        Not more than half of what it may have at once, which leaves enough descriptors to answer.
        """
        for listener in self.sockets:
            before = -1
            while before < self.nr_conns < self.worker_connections // 2:
                before = self.nr_conns
                self.accept(listener)

    def enqueue_req(self, conn: TConn) -> None:
        if not conn.initialized:
            self.new.add(conn)
        super().enqueue_req(conn)

    def finish_request(self, conn: TConn, fs: Future) -> None:
        self.new.discard(conn)
        super().finish_request(conn, fs)

"""Gunicorn's threaded worker, but it takes no new connections while its threads are busy."""

from concurrent.futures import Future

from gunicorn.workers.gthread import TConn, ThreadWorker


class Worker(ThreadWorker):
    """Threaded worker that accepts at most as many new connections at once as it has threads.

    Gunicorn's own worker accepts every connection and lets it wait, even if another worker has idle
    threads. Connections that no worker accepts wait at the port, in order of arrival. Further
    requests on a kept connection do not count, or new connections would wait forever.
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
        """Accept all connections that wait at the port, because closing it would drop them.

        Stop at half of `worker_connections`, which leaves enough descriptors for the responses.
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

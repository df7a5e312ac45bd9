"""A mail server for tests."""

import socketserver


class MailServer(socketserver.ThreadingTCPServer):
    """An SMTP server with the commands that Django needs; it refuses one of them."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, refuse: str) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.refuse, self.commands, self.mails = refuse, [], []


class Talk(socketserver.StreamRequestHandler):
    def respond(self, command: str, text: str) -> None:
        is_refused = command == self.server.refuse
        self.wfile.write(f"{'554 No' if is_refused else text}\r\n".encode())

    def handle(self) -> None:
        self.respond("CONNECT", "220 mail.example")
        while line := self.rfile.readline().decode().strip():
            command = line.partition(" ")[0].upper().partition(":")[0]
            self.server.commands.append(line)
            self.respond(command, "354 Go on" if command == "DATA" else "250 Yes")
            if command == "DATA" and self.server.refuse != "DATA":
                self.read_mail()
            if command == "QUIT":
                return

    def read_mail(self) -> None:
        lines = list(iter(lambda: self.rfile.readline().rstrip(), b"."))
        self.server.mails.append(b"\n".join(lines))
        self.respond("BODY", "250 Taken")

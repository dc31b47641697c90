"""A PostgreSQL server for tests: its own folder, a Unix socket and nothing else.

    tests/tools/postgres_server.py COMMAND...    run a command with PGHOST and PGUSER pointing at such a server
"""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SETTINGS = {"listen_addresses": "", "fsync": "off", "shared_buffers": "16MB", "max_connections": "120",
            "log_min_messages": "fatal", "dynamic_shared_memory_type": "mmap"}


def find_programs():
    """The folder of initdb and postgres (Debian keeps them out of PATH); None: not installed."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    found = shutil.which("initdb")
    for place in places + ([os.path.dirname(os.path.realpath(found))] if found else []):
        if os.access(f"{place}/initdb", os.X_OK) and os.access(f"{place}/postgres", os.X_OK):
            return place
    return None


def other_user():
    """PostgreSQL refuses to be run by root: whose name to take then."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            who = pwd.getpwnam(name)
            return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
    return {}


class Server:
    def __init__(self):
        self.programs = find_programs()
        self.folder = tempfile.mkdtemp(prefix="co-pg-", dir="/tmp")  # a socket's path is short
        self.identity = other_user()
        if self.identity:
            os.chown(self.folder, self.identity["user"], self.identity["group"])
        os.chmod(self.folder, 0o755)
        self.env = {"PGHOST": self.folder, "PGUSER": "tester", "PGDATABASE": "postgres"}
        self.process = None
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self):
        data = f"{self.folder}/data"
        self.call("initdb", "-D", data, "-U", "tester", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C",
                  "--no-instructions")
        with open(f"{data}/pg_hba.conf", "w") as access:
            access.write("local all locked scram-sha-256\nlocal all all trust\n")
        settings = [f"-c{name}={value}" for name, value in {**SETTINGS, "unix_socket_directories": self.folder}.items()]
        with open(f"{self.folder}/log", "w") as log:
            self.process = subprocess.Popen([f"{self.programs}/postgres", "-D", data, *settings], cwd=self.folder,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                            **self.identity)
        self.wait()
        self.call("createdb", "-h", self.folder, "-U", "tester", "shop")

    def wait(self):
        """Until it answers."""
        for _ in range(600):
            with contextlib.suppress(OSError):
                return self.call("pg_isready", "-q", "-h", self.folder)
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        with open(f"{self.folder}/log") as log:
            raise OSError(f"the server does not start: {log.read()[-1000:]}")

    def call(self, program, *args):
        done = subprocess.run([f"{self.programs}/{program}", *args], cwd=self.folder, capture_output=True, text=True,
                              timeout=120, **self.identity)
        if done.returncode:
            raise OSError(f"{program}: {done.stdout}{done.stderr}")

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGINT)  # fast: whoever is connected is sent away
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    if not find_programs():
        sys.exit("no PostgreSQL server here (Debian: postgresql)")
    server = Server()
    try:
        return subprocess.call(sys.argv[1:], env={**os.environ, **server.env})
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())

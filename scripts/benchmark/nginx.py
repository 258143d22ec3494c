"""nginx that serves a folder."""

import contextlib

from . import processes

CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off; sendfile on; default_type application/octet-stream;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen {address}:{port}; root "{root}"; }}
}}
"""


@contextlib.contextmanager
def serving(bench, root, machine=None):
    """The URL of a folder; on this machine or on one of `network.machines`."""
    here = "127.0.0.1", processes.free_port()
    address, port = here if machine is None else (machine.address, 80)
    with bench.kept("nginx") as folder:
        file = folder / "nginx.conf"
        file.write_text(
            CONFIGURATION.format(folder=folder, address=address, port=port, root=root)
        )
        command = ["/usr/sbin/nginx", "-p", folder, "-c", file]
        process = processes.start(
            command if machine is None else machine.inside(command),
            stderr=processes.subprocess.DEVNULL,
        )
        url = f"http://{address}:{port}/"
        try:
            if machine is None:
                processes.wait_for("nginx", lambda: processes.accepts(port))
            else:
                retries = ["--retry", "50", "--retry-delay", "0", "--retry-connrefused"]
                processes.run(machine.inside(["curl", "-s", "-o", "/dev/null", *retries, url]))
            yield url
        finally:
            processes.end(process)

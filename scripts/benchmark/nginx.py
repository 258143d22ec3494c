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
    server {{ listen 127.0.0.1:{port}; root "{root}"; }}
}}
"""


@contextlib.contextmanager
def serving(bench, root):
    """The URL of a folder."""
    port = processes.free_port()
    with bench.kept("nginx") as folder:
        file = folder / "nginx.conf"
        file.write_text(CONFIGURATION.format(folder=folder, port=port, root=root))
        process = processes.start(
            ["/usr/sbin/nginx", "-p", folder, "-c", file], stderr=processes.subprocess.DEVNULL
        )
        try:
            processes.wait_for("nginx", lambda: processes.accepts(port))
            yield f"http://127.0.0.1:{port}/"
        finally:
            processes.end(process)

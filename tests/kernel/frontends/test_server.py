"""A real JupyterLab, as `hatch run lab` starts it, finds and starts the kernel."""

from __future__ import annotations

import json

KERNEL = "datalab-kernel"


def test_the_launcher_shows_the_kernel_with_its_name_and_logos(server) -> None:
    listed = json.loads(server.ask("/api/kernelspecs"))["kernelspecs"][KERNEL]

    assert listed["spec"]["display_name"] == "DataLab Kernel"
    assert listed["spec"]["metadata"]["debugger"] is True
    assert set(listed["resources"]) == {"logo-32x32", "logo-64x64", "logo-svg"}
    assert server.ask(listed["resources"]["logo-64x64"]).startswith(b"\x89PNG")
    assert b"<svg" in server.ask(listed["resources"]["logo-svg"])


def test_a_kernel_is_started_restarted_and_shut_down(server) -> None:
    kernel = json.loads(server.ask("/api/kernels", "POST", {"name": KERNEL}))
    path = f"/api/kernels/{kernel['id']}"

    assert kernel["name"] == KERNEL
    assert json.loads(server.ask(f"{path}/restart", "POST"))["id"] == kernel["id"]
    assert server.ask(path, "DELETE") == b""
    running = json.loads(server.ask("/api/kernels"))
    assert kernel["id"] not in [other["id"] for other in running]

"""Runs one notebook in a kernel of its own, and writes what came of it as .ipynb and .html.

    execute.py RESULTS/<name>/<name>.ipynb KERNEL SOCKETS LOG    (in the kernel's working folder)

Events go to stdout, one JSON object a line:
    {"event": "start", "cells": 18, "kernel": 4242}   the kernel answers; 4242 leads its process group
    {"event": "cell", "cell": 3}                      the third code cell starts
    {"event": "error", "cell": 3, "index": 7, "name": ..., "message": ..., "traceback": [...], "late": false}
    {"event": "dead", "cell": 3, "reason": ...}       the kernel is gone; in cell 0: it never came
SOCKETS is an empty folder of a short path: unlike TCP ports, what lies there cannot be taken by another kernel.
The executed notebook takes the place of the given one, also after an error; the .html comes beside it.
Whoever starts this process holds its stdin open: when that closes, for whatever reason, kernel and process end.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

starting = threading.Lock()  # held while the kernel's process is made, so that its end cannot miss it
kernel_pid = None
sockets = sys.argv[3]


def end_with_the_runner():
    """Waits for stdin to close, then kills the kernel and leaves."""
    while os.read(0, 4096):
        pass
    with starting:
        if kernel_pid is not None:
            try:
                os.killpg(kernel_pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(sockets, ignore_errors=True)
        os._exit(1)


threading.Thread(target=end_with_the_runner, daemon=True).start()

# jsonschema would build a grammar of IRIs at import, which takes a second: no field of a notebook's schema is one.
sys.modules["rfc3987_syntax"] = None

import nbformat  # noqa: E402 (these imports take a while, in which the thread above must watch already)
from jupyter_client import AsyncKernelManager  # noqa: E402
from jupyter_client.kernelspec import NoSuchKernel  # noqa: E402
from nbclient import NotebookClient  # noqa: E402
from nbclient.exceptions import CellExecutionError, DeadKernelError  # noqa: E402

STRAGGLERS = 0.3  # seconds in which errors may still come after the last cell


def tell(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


class Execution:
    """The cells of one notebook in one kernel; `run` ends after the first cell that fails."""

    def __init__(self, notebook, manager):
        self.notebook = notebook
        self.client = NotebookClient(
            notebook, km=manager, record_timing=False, startup_timeout=600, on_cell_executed=self.note_reply
        )
        self.code = [
            index
            for index, cell in enumerate(notebook.cells)
            if cell.cell_type == "code" and cell.source.strip()
        ]
        self.reached = 0
        self.index_of_request = {}
        self.late_errors = []

    async def start_client(self):
        """Also notes the kernel's description of its language in the notebook, as a front end does."""
        await self.client.async_start_new_kernel_client()
        reply = await self.client.async_wait_for_reply(self.client.kc.kernel_info())
        self.notebook.metadata.language_info = reply["content"]["language_info"]
        tell("start", cells=len(self.code), kernel=kernel_pid)

    def note_reply(self, cell, cell_index, execute_reply):
        self.index_of_request[execute_reply["parent_header"]["msg_id"]] = cell_index
        self.late_errors += execute_reply["content"].get("late_errors", [])

    def tell_error(self, index, error, late):
        tell(
            "error",
            cell=self.code.index(index) + 1,
            index=index,
            name=error["ename"],
            message=error["evalue"],
            traceback=error["traceback"],
            late=late,
        )

    async def run_cell(self, index):
        """Returns whether the cell went through."""
        cell = self.notebook.cells[index]
        self.reached += 1
        tell("cell", cell=self.reached)
        try:
            await self.client.async_execute_cell(cell, index, execution_count=self.reached)
            return True
        except CellExecutionError:
            errors = [output for output in cell.outputs if output.output_type == "error"]
            self.tell_error(index, errors[-1], late=False)
            return False

    def blame_late_errors(self):
        """Errors in what a cell had left running are that cell's. Returns whether there were none."""
        for error in self.late_errors:
            index = self.index_of_request.get(error["msg_id"], self.code[-1])
            shown = {key: error[key] for key in ("ename", "evalue", "traceback")}
            self.notebook.cells[index].outputs.append(nbformat.v4.new_output("error", **shown))
            self.tell_error(index, error, late=True)
        return not self.late_errors

    async def ask_for_stragglers(self):
        await asyncio.sleep(STRAGGLERS)
        request = self.client.kc.execute("", silent=True)
        reply = await self.client.async_wait_for_reply(request)
        self.late_errors += reply["content"].get("late_errors", [])

    async def run(self):
        await self.start_client()
        for index in self.code:
            went_through = await self.run_cell(index)
            if not (self.blame_late_errors() and went_through):
                return
        await self.ask_for_stragglers()
        self.blame_late_errors()


async def cause_of_death(manager):
    code = await manager.provisioner.poll()
    if code is None:
        return "no answer"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


async def execute(notebook, kernel, log):
    """Runs the notebook's cells in a new kernel, whose process is gone at the end."""
    global kernel_pid
    manager = AsyncKernelManager(
        kernel_name=kernel, transport="ipc", connection_file=os.path.join(sockets, "kernel.json")
    )
    try:
        with starting:
            await manager.start_kernel(cwd=os.getcwd(), stdout=log, stderr=log)
            kernel_pid = manager.provisioner.pid
    except (NoSuchKernel, OSError) as error:
        return tell("dead", cell=0, reason=str(error))
    execution = Execution(notebook, manager)
    try:
        await execution.run()
    except (DeadKernelError, RuntimeError):
        tell("dead", cell=execution.reached, reason=await cause_of_death(manager))
    finally:
        if execution.client.kc is not None:
            execution.client.kc.stop_channels()
        await manager.shutdown_kernel(now=True)


def write(path, text):
    """The file is whole or not there, whenever this process is killed."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def main(path, kernel, log):
    notebook = nbformat.v4.reads(path.read_text(encoding="utf-8"))
    with open(log, "ab") as log_file:
        asyncio.run(execute(notebook, kernel, log_file))
    # The notebook ran with its results in a temporary folder (…/.running-1234/0); it is to name their final one.
    running, number, name, _ = path.parts[-4:]
    text = nbformat.v4.writes(notebook).replace(f"/{running}/{number}", "")
    write(path, text)
    from to_html import to_html  # takes half a second, which no cell should have to wait for

    final_folder = path.parents[3] / name
    write(path.with_suffix(".html"), to_html(nbformat.v4.reads(text), name, final_folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[4])

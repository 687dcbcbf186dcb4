"""How long a notebook's kernel takes, from its start to its first answer, its imports and its first figure.

    kernel_start.py KERNEL NOTEBOOK STARTS    (in the project's folder)

The imports are those of the notebook's cell that has the most. One JSON object a line on stdout: {"progress": TEXT},
and {"row": {"moment", "ms"}} with the milliseconds since that kernel's start.
"""

import json
import re
import sys
from pathlib import Path
from time import perf_counter

from jupyter_client.manager import KernelManager

DEADLINE = 120

FIGURE = """
import { lineFigure } from './lib/notebook/figures/lineFigure';
import { show } from './lib/notebook/show';
const rows = [{ step: 1, reward: 0 }, { step: 2, reward: 1 }];
await show(lineFigure(rows, { title: 'A figure', x: 'step', xTitle: 'step', y: 'reward', yTitle: 'reward' }));
"""


def tell(**fields):
    print(json.dumps(fields), flush=True)


def imports_of(notebook):
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return max(sources, key=lambda source: len(re.findall(r"^import ", source, re.MULTILINE)))


def answer(client, request):
    """Waits for the reply to a request, and refuses one that tells an error."""
    while True:
        message = client.get_shell_msg(timeout=DEADLINE)
        if message["parent_header"].get("msg_id") == request:
            break
    if message["content"]["status"] != "ok":
        raise SystemExit(f"a cell failed: {message['content'].get('evalue')}")


def measure(kernel, cells):
    manager = KernelManager(kernel_name=kernel)
    start = perf_counter()
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        # what a front end asks before it sends a cell
        answer(client, client.kernel_info())
        for moment, source in cells.items():
            answer(client, client.execute(source))
            tell(row={"moment": moment, "ms": 1000 * (perf_counter() - start)})
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def main(kernel, notebook, starts):
    cells = {
        "first cell answered": "1 + 1",
        "imports answered": imports_of(notebook),
        "first figure shown": FIGURE,
    }
    for number in range(starts):
        tell(progress=f"{number + 1} of {starts}")
        measure(kernel, cells)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

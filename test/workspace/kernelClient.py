"""Drives one kernel over Jupyter's own protocol, for kernel.test.ts.

Reads commands as JSON lines and answers each with one. A command is a list of requests, sent at once:
{"requests": [{"type", "content"}], "interruptAt": text}; the kernel is interrupted once a cell printed that text.
The answer holds the replies' contents and ids in the order of the requests, and all messages of iopub meanwhile.
The command {"interrupt": true} only interrupts, and ends when the kernel says that it has taken the interrupt.
"""

import json
import queue
import sys
import time

from jupyter_client.manager import KernelManager

DEADLINE = 60


def ask(manager, client, requests, interrupt_at):
    messages = [client.session.msg(request["type"], request["content"]) for request in requests]
    ids = [message["header"]["msg_id"] for message in messages]
    for message in messages:
        client.shell_channel.send(message)

    replies, idle, heard = {}, set(), []
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and not (set(ids) <= idle and set(ids) <= replies.keys()):
        try:
            message = client.get_iopub_msg(timeout=0.02)
            content, parent = message["content"], message["parent_header"].get("msg_id")
            heard.append({"type": message["msg_type"], "parent": parent, "content": content})
            if content.get("execution_state") == "idle":
                idle.add(parent)
            if interrupt_at and interrupt_at in content.get("text", ""):
                manager.interrupt_kernel()
                interrupt_at = None
        except queue.Empty:
            pass
        try:
            reply = client.get_shell_msg(timeout=0)
            replies[reply["parent_header"]["msg_id"]] = reply["content"]
        except queue.Empty:
            pass
    return {"ids": ids, "replies": [replies.get(id) for id in ids], "messages": heard}


def main():
    manager = KernelManager(kernel_name="tslab-workspace")
    manager.start_kernel(cwd=sys.argv[1])
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=DEADLINE)
        for line in sys.stdin:
            command = json.loads(line)
            if command.get("interrupt"):
                client.control_channel.send(client.session.msg("interrupt_request", {}))
                answer = client.get_control_msg(timeout=DEADLINE)["content"]
            else:
                answer = ask(manager, client, command["requests"], command.get("interruptAt"))
            print(json.dumps(answer), flush=True)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


main()

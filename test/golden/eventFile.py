"""Golden bytes of event files: as tensorboard's and tensorboardX's own writers make them, and what TensorBoard's reader
makes of them.

    pip install tensorboard==2.21.0 tensorboardX==2.6.5
    python eventFile.py > eventFile.json
"""
import json
import os
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event as EventX
from tensorboardX.summary import scalar

START = 1700000000.25
# the steps around those whose varint has one byte more; a value that float32 rounds, 0, and one of float32's smallest
ROWS = [
    {"step": 1, "wallTime": 1700000001.5, "numbers": {"rollout/ep_rew_mean": 0.1, "train/loss": -2.5}},
    {"step": 127, "wallTime": 1700000002.75, "numbers": {"rollout/ep_rew_mean": 0.0}},
    {"step": 128, "wallTime": 1700000003.125, "numbers": {"größe/μ": 1e-45}},
    {"step": 2**40 + 3, "wallTime": 1700000004.0, "numbers": {"train/loss": 3e38}},
]


def value(tag, number):
    return Summary.Value(tag=tag, simple_value=number)


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "events.out.tfevents.golden")
    with open(path, "wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=START, file_version="brain.Event:2").SerializeToString())
        for row in ROWS:
            summary = Summary(value=[value(tag, number) for tag, number in row["numbers"].items()])
            event = Event(wall_time=row["wallTime"], step=row["step"], summary=summary)
            writer.write(event.SerializeToString())
    with open(path, "rb") as file:
        content = file.read()
    accumulator = EventAccumulator(folder).Reload()
    read = {
        tag: [[event.wall_time, event.step, event.value] for event in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
    }

with tempfile.TemporaryDirectory() as folder:
    writer = EventsWriter(os.path.join(folder, "events"))
    event = EventX(wall_time=ROWS[1]["wallTime"], step=7, summary=scalar("train/loss", 0.5))
    writer.write_event(event)
    writer.close()
    with open(os.path.join(folder, os.listdir(folder)[0]), "rb") as file:
        whole = file.read()
    # the first event is the version's, with the time of this run
    first = 16 + int.from_bytes(whole[:8], "little")
    one = whole[first:]

print(json.dumps({
    "tensorboard": {
        "source": "tensorboard 2.21.0: RecordWriter, Event; read by EventAccumulator (eventFile.py)",
        "start": START,
        "rows": ROWS,
        "hex": content.hex(),
        "read": read,
    },
    "tensorboardX": {
        "source": "tensorboardX 2.6.5: EventsWriter, summary.scalar (eventFile.py)",
        "wallTime": ROWS[1]["wallTime"],
        "step": 7,
        "numbers": {"train/loss": 0.5},
        "hex": one.hex(),
    },
}, indent=1, ensure_ascii=False))

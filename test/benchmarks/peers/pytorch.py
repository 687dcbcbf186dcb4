"""
A peer for the benchmark: the lab's steps as they are written by hand in PyTorch. Takes commands on stdin:

  {"command": "loss", "batch": FILE}  GRPO's loss of a batch at the weights loaded, and the norm of its gradient
  {"command": "grpo"}, {"command": "ppo"}, {"command": "sft"}, {"command": "trpo"}  one step, in milliseconds
  {"command": "quit"}

The variant `compile` trains by torch.compile's version of each objective, but for TRPO: it has no second derivatives.
"""

from pathlib import Path

from protocol import Protocol, arguments, avx512_is_on

protocol = Protocol()
parser = arguments("Hand-written PyTorch, one step a command.")
parser.add_argument("--variant", choices=["eager", "compile"], default="eager")
parser.add_argument("--weights", type=Path, help="a policy's safetensors; random weights where there is no such file")
options = parser.parse_args()
avx512 = avx512_is_on()

import torch  # noqa: E402
from model import SIZES, Gpt, Parameters, new_policy  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from steps import Rollout, Trainer  # noqa: E402
from trpo import trpo  # noqa: E402


def weights() -> Parameters:
    fresh = new_policy(SIZES[options.size])
    if not (options.weights and options.weights.exists()):
        return fresh
    loaded = load_file(options.weights)
    if {name: part.shape for name, part in loaded.items()} != {name: part.shape for name, part in fresh.items()}:
        raise SystemExit(f"{options.weights} holds no policy of size {options.size}.")
    return loaded


def compiled(objective):
    return torch.compile(objective, fullgraph=True, dynamic=False) if options.variant == "compile" else objective


def loss(batch: str) -> dict[str, float]:
    tensors = load_file(batch)
    rollout = Rollout(tensors["ids"].long(), tensors["actions"].long(), tensors["oldLogProbs"], tensors["mask"])
    return trainer.loss(rollout, tensors["refLogProbs"], tensors["advantages"])


torch.set_num_threads(options.threads)
torch.manual_seed(1)
trainer = Trainer(Gpt(SIZES[options.size], weights()), compiled)
protocol.answer({"ready": True, "torch": torch.__version__, "threads": torch.get_num_threads(), "avx512": avx512})
protocol.serve(
    {
        "loss": loss,
        "grpo": trainer.grpo,
        "ppo": trainer.ppo,
        "sft": trainer.sft,
        "trpo": lambda: trpo(trainer.policy),
    }
)

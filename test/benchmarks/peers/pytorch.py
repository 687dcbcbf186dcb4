"""
A peer for the benchmark: the lab's steps as they are written by hand in PyTorch. Takes commands on stdin:

  {"command": "losses", "batch": FILE, "critic": FILE}  the losses of a batch at the weights loaded and the critic's
  {"command": "grpo"}, {"command": "ppo"}, {"command": "sft"}, {"command": "trpo"}  one step, in milliseconds
  {"command": "quit"}

The variant `compile` trains by torch.compile's version of each objective, but for TRPO: it has no second derivatives.
"""

from pathlib import Path

from protocol import Protocol, arguments, avx512_is_on

protocol = Protocol()
parser = arguments("Hand-written PyTorch, one step a command.")
parser.add_argument("--variant", choices=["eager", "compile"], default="eager")
parser.add_argument("--weights", type=Path, help="a policy's safetensors; random weights unless given")
options = parser.parse_args()
avx512 = avx512_is_on()

import torch  # noqa: E402
from model import SIZES, Gpt, Parameters, new_critic, new_policy  # noqa: E402
from safetensors.torch import load_file  # noqa: E402
from steps import Rollout, Trainer  # noqa: E402
from trpo import trpo  # noqa: E402


def weights(path: Path | None, fresh: Parameters) -> Parameters:
    """Those of a file, which must be of the same shapes; the fresh ones without a file."""
    if path is None:
        return fresh
    loaded = load_file(path)
    if {name: part.shape for name, part in loaded.items()} != {name: part.shape for name, part in fresh.items()}:
        raise SystemExit(f"{path} holds no model of size {options.size}.")
    return loaded


def compiled(objective):
    return torch.compile(objective, fullgraph=True, dynamic=False) if options.variant == "compile" else objective


def losses(batch: str, critic: str) -> dict[str, float]:
    parts = load_file(batch)
    rollout = Rollout(parts["ids"].long(), parts["actions"].long(), parts["oldLogProbs"], parts["mask"])
    return trainer.losses(
        rollout, parts | {"texts": parts["texts"].long()}, Gpt(size, weights(Path(critic), new_critic(size)))
    )


torch.set_num_threads(options.threads)
torch.manual_seed(1)
size = SIZES[options.size]
trainer = Trainer(Gpt(size, weights(options.weights, new_policy(size))), compiled)
protocol.answer({"ready": True, "torch": torch.__version__, "threads": torch.get_num_threads(), "avx512": avx512})
protocol.serve(
    {
        "losses": losses,
        "grpo": trainer.grpo,
        "ppo": trainer.ppo,
        "sft": trainer.sft,
        "trpo": lambda: trpo(trainer.policy),
    }
)

"""
A peer for the benchmark: TRL's GRPOTrainer on a GPT-2 of the lab's size. Takes commands on stdin:

  {"command": "grpo"}  one training step, in milliseconds
  {"command": "quit"}

The trainer owns the loop; a callback holds it before each step until a command comes. What TRL does between steps
(drawing prompts, logging, saving) is outside the time measured or turned off.
"""

import os
import random
import warnings
from tempfile import TemporaryDirectory

from protocol import Protocol, Stopwatch, arguments, avx512_is_on

protocol = Protocol()
options = arguments("TRL's GRPOTrainer, one step a command.").parse_args()
avx512 = avx512_is_on()
os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")
warnings.simplefilter("ignore")

import torch  # noqa: E402
import trl  # noqa: E402
from datasets import Dataset  # noqa: E402
from model import CONTEXT, SIZES, VOCABULARY  # noqa: E402
from steps import GROUP, KL_IN_LOSS, PROMPT_LENGTH, PROMPTS, RESPONSE_LENGTH  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast, TrainerCallback  # noqa: E402
from transformers.utils.logging import disable_progress_bar  # noqa: E402
from trl import GRPOConfig, GRPOTrainer  # noqa: E402

END = "<end>"
WORDS = [f"w{number}" for number in range(VOCABULARY)]


def word_tokenizer() -> PreTrainedTokenizerFast:
    """The end token stands beyond the model's vocabulary: no response has it, so all are of full length."""
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate([*WORDS, END])}))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=END, eos_token=END)


def language_model() -> GPT2LMHeadModel:
    layers, width, heads = SIZES[options.size]
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=CONTEXT,
        n_layer=layers,
        n_embd=width,
        n_head=heads,
        activation_function="gelu",
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=None,
        eos_token_id=VOCABULARY,
        pad_token_id=VOCABULARY,
    )
    return GPT2LMHeadModel(config)


class OnCommand(TrainerCallback):
    """One step for each command."""

    def __init__(self) -> None:
        self.commands = protocol.commands()

    def on_step_begin(self, args, state, control, **_):
        if next(self.commands, None) is None:
            raise SystemExit
        self.watch = Stopwatch()

    def on_step_end(self, args, state, control, **_):
        protocol.answer({"total": self.watch.total()})


def random_rewards(completions, **_) -> list[float]:
    return [random.gauss(0, 1) for _ in completions]


def train(folder: str) -> None:
    # the reference model is read from where the policy came from
    language_model().save_pretrained(folder)
    config = GRPOConfig(
        output_dir=folder,
        use_cpu=True,
        bf16=False,
        activation_checkpointing=False,
        per_device_train_batch_size=PROMPTS * GROUP,
        num_generations=GROUP,
        max_completion_length=RESPONSE_LENGTH,
        beta=KL_IN_LOSS,
        learning_rate=1e-4,
        lr_scheduler_type="constant",
        max_grad_norm=0,
        max_steps=1_000_000,
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    prompts = [" ".join(random.choices(WORDS, k=PROMPT_LENGTH)) for _ in range(64 * PROMPTS)]
    trainer = GRPOTrainer(
        model=folder,
        reward_funcs=random_rewards,
        args=config,
        train_dataset=Dataset.from_dict({"prompt": prompts}),
        processing_class=word_tokenizer(),
        callbacks=[OnCommand()],
    )
    versions = {"torch": torch.__version__, "trl": trl.__version__}
    protocol.answer({"ready": True, **versions, "threads": torch.get_num_threads(), "avx512": avx512})
    trainer.train()


torch.set_num_threads(options.threads)
random.seed(1)
torch.manual_seed(1)
disable_progress_bar()
with TemporaryDirectory() as folder:
    train(folder)

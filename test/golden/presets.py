"""Golden values of the presets: each peer's own code on one batch, with its own defaults. Advantages, the policy's loss
and its gradient by the log-probs, and for PPO and TRPO what the critic is to learn, its loss and the gradient by the
values: all of a first update on the whole batch. Beside them the settings, read from the peers' own configurations.

    pip install torch==2.13.0 transformers==5.10.0 accelerate datasets gymnasium hydra-core orjson tensorboard torchdata \
        tensordict==0.10.0 ray==2.49.0 codetiming scipy
    pip install --no-deps trl==1.16.0 verl==0.9.1 stable-baselines3==2.9.2 sb3-contrib==2.9.2
    git clone into one FOLDER, under these last names: OpenRLHF/OpenRLHF, openai/spinningup, vwxyzjn/cleanrl,
        sail-sg/understand-r1-zero, sail-sg/oat, huggingface/trl, volcengine/verl, verl-project/verl-recipe
    python presets.py FOLDER > presets.json

What is not an importable function is cut from the peer's file, by its name or between two of its lines, and executed
as it stands. Numbers are float64, but for Spinning Up's buffers, which are float32 by themselves.
"""
import argparse
import ast
import contextlib
import dataclasses
import inspect
import io
import itertools
import json
import os
import re
import subprocess
import sys
import textwrap
from collections import defaultdict
from functools import partial
from types import SimpleNamespace

import numpy as np
import scipy.signal
import torch

SOURCES = {
    "OpenRLHF": "3c3be62",
    "spinningup": "038665d",
    "cleanrl": "fe8d8a0",
    "understand-r1-zero": "dfca49d",
    "oat": "v0.1.3.post2",
    "trl": "f2cd577",
    "verl": "b178a3c",
    "verl-recipe": "48ea0a7",
}
FOLDER = sys.argv[1]
torch.set_default_dtype(torch.float64)
torch.Tensor.float = torch.Tensor.double  # OpenRLHF rounds to float32 on its way

# Three groups of four responses of up to six tokens; the last group's scores are all equal. What stands after a
# response's end is TRL's alone: the value of its position after the last token.
B, T, GROUP = 12, 6, 4
LENGTHS = [6, 3, 5, 6, 1, 4, 6, 2, 6, 5, 3, 6]
SCORES = torch.tensor([1.0, 0.0, 0.35, 1.25, 0.0, 0.5, -0.75, 2.0, 0.6, 0.6, 0.6, 0.6])
random = np.random.default_rng(20260601)


def noise(scale, digits=4):
    return np.round(scale * random.standard_normal((B, T)), digits)


old = np.minimum(-1.6 + noise(0.5), -0.6)
old[1, 1], old[6, 2] = -2.5, -3.2
new = old + noise(0.2)
new[3] = old[3] + noise(1e-4, 5)[3]  # within GSPO's narrow clip
new[1, 1], new[6, 2] = old[1, 1] + 1.4, old[6, 2] + 2.6  # beyond dual clips of 3 and 10
OLD, LOG_PROBS, REFERENCE = (torch.tensor(np.round(x, 5)) for x in (old, new, old + noise(0.3)))
OLD_VALUES = torch.tensor(noise(0.6))
VALUES = torch.tensor(np.round(OLD_VALUES.numpy() + noise(0.5), 4))
MASK = (torch.arange(T) < torch.tensor(LENGTHS)[:, None]).double()
REWARDS = torch.zeros(B, T)
REWARDS[torch.arange(B), torch.tensor(LENGTHS) - 1] = SCORES


# ------------------------------------------------------------------------------------------ the peers' code, and rows
def source(repository, path):
    show = ["git", "-C", os.path.join(FOLDER, repository), "show", f"{SOURCES[repository]}:{path}"]
    return subprocess.run(show, capture_output=True, text=True, check=True).stdout


def definitions(text, *names):
    """Functions, classes and methods of these names, wherever they stand, as one program."""
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.setdefault(node.name, node)
    return "from __future__ import annotations\n" + "\n".join(ast.unparse(found[name]) for name in names)


def between(text, first, last):
    """The lines from the one that has `first` up to the one that has `last`."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if first in line)
    end = next(i for i, line in enumerate(lines) if i > start and last in line)
    return textwrap.dedent("\n".join(lines[start:end]))


def run(program, **scope):
    scope |= {"torch": torch, "np": np}
    exec(program, scope)
    return SimpleNamespace(**{name: value for name, value in scope.items() if name.isidentifier()})


def leaf(values):
    return values.clone().requires_grad_()


def rows(values, lengths=LENGTHS):
    return [[float(value) for value in row[:n]] for row, n in zip(values, lengths)]


def flat(values):
    return torch.cat([row[:n] for row, n in zip(values, LENGTHS)])


def unflat(values):
    return rows(torch.as_tensor(np.asarray(values, dtype=np.float64)).split(LENGTHS))


def spread(advantages):
    return advantages[:, None].expand(B, T)


def policy(source, advantages, loss, log_probs, lengths=LENGTHS):
    gradient = torch.autograd.grad(loss, log_probs, retain_graph=True)[0]
    return {"source": source, "advantages": rows(advantages, lengths), "loss": loss.item(),
            "gradient": rows(gradient, lengths)}


def critic(returns, loss, values, lengths=LENGTHS):
    gradient = torch.autograd.grad(loss, values, retain_graph=True)[0]
    return {"returns": rows(returns, lengths), "value_loss": loss.item(), "value_gradient": rows(gradient, lengths)}


# ---------------------------------------------------------------------------------------------------------------- TRL
import trl.trainer.grpo_trainer as trl_grpo
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer
from trl.trainer.base_config import _BaseConfig

TRL_ARGUMENTS = {"output_dir": "/tmp/presets", "bf16": False, "use_cpu": True, "report_to": "none"}
TRL_ACCELERATOR = SimpleNamespace(num_processes=1, sync_gradients=True, gather=lambda x: x,
                                  reduce=lambda x, reduction: x)


def trl_inputs(advantages):
    ids = {"prompt_ids": torch.zeros(B, 1).long(), "prompt_mask": torch.ones(B, 1).long(),
           "completion_ids": torch.zeros(B, T).long(), "completion_mask": MASK.long()}
    return ids | {"advantages": advantages, "old_per_token_logps": OLD, "ref_per_token_logps": REFERENCE,
                  "old_logps": (OLD * MASK).sum(1), "num_items_in_batch": MASK.sum()}


def trl_trainer(arguments, log_probs):
    """A trainer with the settings alone: of the model only its log-probs are asked for."""
    named = ("loss_type", "importance_sampling_level", "scale_rewards", "multi_objective_aggregation",
             "normalize_advantages", "reward_clip_range", "beta")
    return SimpleNamespace(
        **{name: getattr(arguments, name) for name in named if hasattr(arguments, name)},
        _get_per_token_logps_and_entropies=lambda *a, **k: (log_probs, torch.zeros(B, T), None),
        args=arguments, accelerator=TRL_ACCELERATOR, model=SimpleNamespace(training=True),
        epsilon_low=arguments.epsilon, epsilon_high=arguments.epsilon_high or arguments.epsilon,
        max_completion_length=T, current_gradient_accumulation_steps=1, top_entropy_quantile=1.0,
        aux_loss_enabled=False, use_vllm=False, _entropy_bonus_enabled=False, off_policy_mask_threshold=None,
        _metrics=defaultdict(lambda: defaultdict(list)), reward_weights=torch.ones(1))


def trl_settings(arguments):
    return {"learningRate": arguments.learning_rate, "beta1": arguments.adam_beta1, "beta2": arguments.adam_beta2,
            "epsilon": arguments.adam_epsilon, "weightDecay": arguments.weight_decay,
            "schedule": arguments.lr_scheduler_type.value, "warmupSteps": arguments.warmup_steps,
            "temperature": arguments.temperature}


def trl_group_settings(arguments):
    return trl_settings(arguments) | {
        "maxGradNorm": arguments.max_grad_norm, "epochs": arguments.num_iterations, "clipLow": arguments.epsilon,
        "clipHigh": arguments.epsilon_high or arguments.epsilon, "klCoefficient": arguments.beta}


def trl_grpo_numbers(said, **changes):
    arguments = GRPOConfig(**TRL_ARGUMENTS, steps_per_generation=1, **changes)
    log_probs = leaf(LOG_PROBS)
    trainer = trl_trainer(arguments, log_probs)
    advantages = run(
        between(inspect.getsource(GRPOTrainer._generate_and_score_completions),
                "if self.multi_objective_aggregation ==", "# Slice to keep only the local part"),
        self=trainer, rewards_per_func=SCORES[:, None], num_generations=GROUP, device="cpu", nanstd=trl_grpo.nanstd,
        unscorable_mask=torch.zeros(B, dtype=torch.bool)).advantages
    loss = GRPOTrainer._compute_loss(trainer, None, trl_inputs(advantages))
    return policy(f"TRL 1.16.0: GRPOTrainer, {said}", spread(advantages), loss, log_probs), arguments


def trl_rloo_numbers():
    arguments = RLOOConfig(**TRL_ARGUMENTS)
    log_probs = leaf(LOG_PROBS)
    trainer = trl_trainer(arguments, log_probs)
    advantages = run(
        between(inspect.getsource(RLOOTrainer._generate_and_score_completions),
                "# Include the KL penalty in the reward", "# Slice to keep only the local part"),
        self=trainer, rewards=SCORES.clone(), old_per_token_logps=OLD, ref_per_token_logps=REFERENCE,
        completion_mask=MASK, gather=lambda x: x, num_generations=GROUP, nanstd=trl_grpo.nanstd).advantages
    loss = RLOOTrainer._compute_loss(trainer, None, trl_inputs(advantages))
    settings = trl_group_settings(arguments)
    return policy("TRL 1.16.0: RLOOTrainer", spread(advantages), loss, log_probs) | {"settings": settings}


def trl_ppo_numbers(lengths):
    """`lengths` that are not full show where TRL's PPO puts the score: after the last token."""
    text = source("trl", "trl/experimental/ppo/ppo_trainer.py")
    config = definitions(source("trl", "trl/experimental/ppo/ppo_config.py"), "PPOConfig")
    from dataclasses import dataclass, field
    from typing import Literal
    arguments = run(config, _BaseConfig=_BaseConfig, dataclass=dataclass, field=field, Literal=Literal,
                    __name__="trl").PPOConfig(**TRL_ARGUMENTS)
    tools = vars(run(definitions(text, "masked_mean", "masked_var", "masked_whiten")))
    last = torch.tensor(lengths) - 1
    index = torch.arange(T).expand(B, T)
    padding, padding_p1 = index > last[:, None], index > last[:, None] + 1
    fill = lambda x, where, value: torch.masked_fill(x, where, value)
    made = run(
        between(text, "# 4. compute rewards", "empty_cache()"), **tools, args=arguments, responses=torch.zeros(B, T),
        logprobs=fill(OLD, padding, 1.0), ref_logprobs=fill(REFERENCE, padding, 1.0), scores=SCORES,
        values=fill(OLD_VALUES, padding_p1, 0), sequence_lengths=last, sequence_lengths_p1=last + 1,
        padding_mask=padding, padding_mask_p1=padding_p1)
    log_probs, values = leaf(LOG_PROBS), leaf(VALUES)
    step = run(
        between(text, "vpredclipped = torch.clamp(", "accelerator.backward(loss)"), **tools, args=arguments,
        vpred=fill(values, padding_p1, 0), mb_values=made.values, mb_return=made.returns,
        mb_advantage=made.advantages, mb_logprobs=made.logprobs, new_logprobs=fill(log_probs, padding, 1.0),
        padding_mask=padding, padding_mask_p1=padding_p1, micro_batch_inds=slice(None))
    longer = [min(n + 1, T) for n in lengths]
    settings = trl_settings(arguments) | {
        "valueLearningRate": arguments.learning_rate, "epochs": arguments.num_ppo_epochs,
        "minibatches": arguments.num_mini_batches, "clipLow": arguments.cliprange, "clipHigh": arguments.cliprange,
        "klCoefficient": arguments.kl_coef, "valueClipRange": arguments.cliprange_value,
        "valueCoefficient": arguments.vf_coef, "discount": arguments.gamma, "lambda": arguments.lam}
    return (policy("TRL, commit f2cd577: trl/experimental/ppo/ppo_trainer.py, PPOTrainer.train", made.advantages,
                   step.pg_loss, log_probs, lengths)
            | critic(made.returns, arguments.vf_coef * step.vf_loss, values, longer) | {"settings": settings})


# --------------------------------------------------------------------------------------------------------------- verl
import verl.workers.utils.losses as verl_losses
from omegaconf import OmegaConf
from verl.trainer.ppo.core_algos import (compute_gae_advantage_return, compute_grpo_outcome_advantage,
                                         compute_value_loss)
from verl.workers.config import ActorConfig
from verl.workers.config.actor import PolicyLossConfig

verl_losses.no_padding_2_padding = lambda values, data: values  # the batch is padded already
VERL = OmegaConf.load(os.path.join(os.path.dirname(inspect.getfile(verl_losses)), "../../trainer/config",
                                   "_generated_ppo_trainer.yaml"))
GROUPS = np.repeat(np.arange(B // GROUP), GROUP)


class VerlData(dict):
    def select(self, *names):
        return VerlData({name: self[name] for name in names})

    def to_padded_tensor(self):
        return self


def verl_policy(said, advantages, **changes):
    config = ActorConfig(strategy="fsdp", rollout_n=GROUP, ppo_micro_batch_size_per_gpu=1, **changes)
    log_probs = leaf(LOG_PROBS)
    data = VerlData(dp_size=1, batch_num_tokens=None, global_batch_size=None, response_mask=MASK,
                    old_log_probs=OLD, advantages=advantages, ref_log_prob=REFERENCE)
    loss, _ = verl_losses.ppo_loss(config, {"log_probs": log_probs}, data)
    return policy(f"verl 0.9.1: {said}", advantages, loss, log_probs)


def verl_settings():
    actor = VERL.actor_rollout_ref.actor
    return {"learningRate": actor.optim.lr, "beta1": actor.optim.betas[0], "beta2": actor.optim.betas[1],
            "weightDecay": actor.optim.weight_decay, "schedule": actor.optim.lr_scheduler_type,
            "maxGradNorm": actor.grad_clip, "epochs": actor.ppo_epochs,
            "minibatches": VERL.data.train_batch_size // actor.ppo_mini_batch_size,
            "temperature": VERL.actor_rollout_ref.rollout.temperature, "clipLow": actor.clip_ratio_low,
            "clipHigh": actor.clip_ratio_high, "dualClip": actor.clip_ratio_c, "aggregation": actor.loss_agg_mode}


def verl_group_advantages():
    return compute_grpo_outcome_advantage(REWARDS.clone(), MASK, GROUPS)[0]


def verl_grpo_numbers():
    numbers = verl_policy("compute_grpo_outcome_advantage, ppo_loss with use_kl_loss", verl_group_advantages(),
                          use_kl_loss=True)
    actor = VERL.actor_rollout_ref.actor
    return numbers | {"settings": verl_settings() | {"klCoefficient": actor.kl_loss_coef}}


def verl_ppo_numbers():
    advantages, returns = compute_gae_advantage_return(REWARDS, OLD_VALUES, MASK, VERL.algorithm.gamma,
                                                       VERL.algorithm.lam)
    values = leaf(VALUES)
    loss, _ = compute_value_loss(values, returns, OLD_VALUES, MASK, VERL.critic.cliprange_value)
    control = VERL.algorithm.kl_ctrl
    settings = verl_settings() | {
        "valueLearningRate": VERL.critic.optim.lr, "valueClipRange": VERL.critic.cliprange_value,
        "discount": VERL.algorithm.gamma, "lambda": VERL.algorithm.lam, "klControl": control.type,
        "klTarget": control.target_kl, "klHorizon": control.horizon,
        "entropyCoefficient": VERL.actor_rollout_ref.actor.entropy_coeff}
    return (verl_policy("compute_gae_advantage_return, ppo_loss, compute_value_loss", advantages)
            | critic(returns, loss, values) | {"settings": settings})


def script_settings(text):
    """The settings of one of verl's shell scripts; a variable stands for its value, after names as before signs."""
    text = re.sub(r" #.*", "", text)
    known = dict(re.findall(r"^(\w+)=[\"']?([\w.-]+)[\"']?\s*$", text, re.M))
    given = dict(re.findall(r"^ +([\w.]+)=[\"']?([\w.${}-]+)[\"']?", text, re.M))
    value = lambda name: re.sub(r"\$\{(\w+)\}", lambda match: known[match[1]], given[name])
    actor = lambda name: value(f"actor_rollout_ref.actor.{name}")
    return {"clipLow": float(actor("clip_ratio_low")), "clipHigh": float(actor("clip_ratio_high")),
            "klCoefficient": float(actor("kl_loss_coef")), "aggregation": actor("loss_agg_mode"),
            "learningRate": float(actor("optim.lr")), "weightDecay": float(actor("optim.weight_decay")),
            "maxGradNorm": float(actor("grad_clip")),
            "minibatches": int(value("data.train_batch_size")) // int(actor("ppo_mini_batch_size")),
            "temperature": float(value("actor_rollout_ref.rollout.temperature"))}, value


def dapo_numbers():
    settings, value = script_settings(source("verl-recipe", "dapo/run_dapo_qwen2.5_32b.sh"))
    settings |= {"dualClip": float(value("actor_rollout_ref.actor.clip_ratio_c")),
                 "warmupSteps": int(value("actor_rollout_ref.actor.optim.lr_warmup_steps")),
                 "maxRollouts": int(value("algorithm.filter_groups.max_num_gen_batches"))}
    numbers = verl_policy(
        "compute_grpo_outcome_advantage, ppo_loss; settings of verl-recipe, commit 48ea0a7, "
        "dapo/run_dapo_qwen2.5_32b.sh", verl_group_advantages(), clip_ratio_low=settings["clipLow"],
        clip_ratio_high=settings["clipHigh"], clip_ratio_c=settings["dualClip"],
        loss_agg_mode=settings["aggregation"])
    return numbers | {"settings": settings}


def gspo_numbers():
    settings, _ = script_settings(source("verl", "examples/gspo_trainer/test_gspo_3b_math.sh"))
    numbers = verl_policy(
        "compute_grpo_outcome_advantage, ppo_loss with compute_policy_loss_gspo; settings of verl, commit b178a3c, "
        "examples/gspo_trainer/test_gspo_3b_math.sh", verl_group_advantages(), clip_ratio_low=settings["clipLow"],
        clip_ratio_high=settings["clipHigh"], loss_agg_mode=settings["aggregation"],
        policy_loss=PolicyLossConfig(loss_mode="gspo"))
    return numbers | {"settings": settings}


# ----------------------------------------------------------------------------------------------------------- OpenRLHF
def openrlhf_arguments():
    text = source("OpenRLHF", "openrlhf/cli/train_ppo_ray.py")
    program = between(text, 'if __name__ == "__main__":', "args = parser.parse_args()").split("\n", 1)[1]
    from datetime import datetime
    parser = run(textwrap.dedent(program), argparse=argparse, datetime=datetime).parser
    return run(source("OpenRLHF", "openrlhf/utils/config.py")).hierarchize(parser.parse_args([]))


def openrlhf_numbers(estimator):
    args = openrlhf_arguments()
    args.algo.advantage.estimator = estimator
    grouped = estimator == "group_norm"
    args.rollout.n_samples_per_prompt = GROUP if grouped else 1
    if grouped:
        args.algo.kl.use_loss, args.algo.kl.estimator = True, "k3"
    tools = vars(run(definitions(source("OpenRLHF", "openrlhf/models/utils.py"), "masked_mean", "compute_approx_kl",
                                 "compute_reward")))
    losses = run(definitions(source("OpenRLHF", "openrlhf/models/loss.py"), "aggregate_loss", "PolicyLoss",
                             "ValueLoss"), **tools, nn=torch.nn)
    maker = run(definitions(source("OpenRLHF", "openrlhf/trainer/ppo_utils/experience_maker.py"),
                            "compute_advantages_and_returns", "get_advantages_and_returns", "get_cumulative_returns"),
                **tools, itertools=itertools, apply_length_penalties=lambda *a: None)
    # as make_experience has it
    kl = torch.zeros(B, T) if grouped else tools["compute_approx_kl"](OLD, REFERENCE, args.algo.kl.estimator)
    experience = SimpleNamespace(index=list(range(B)), rewards=SCORES.clone(), kl=kl, action_mask=MASK,
                                 values=OLD_VALUES, info={})
    this = SimpleNamespace(strategy=SimpleNamespace(args=args), kl_ctl=SimpleNamespace(value=args.algo.kl.init_coef),
                           advantage_estimator=estimator,
                           get_advantages_and_returns=partial(maker.get_advantages_and_returns, None),
                           get_cumulative_returns=partial(maker.get_cumulative_returns, None))
    maker.compute_advantages_and_returns(this, [experience])

    clip = args.actor.eps_clip
    log_probs, values = leaf(LOG_PROBS), leaf(VALUES)
    actor = SimpleNamespace(args=args, actor_loss_fn=losses.PolicyLoss(clip, clip, args.actor.dual_clip))
    experience.rollout_log_probs = None
    loss = run(between(source("OpenRLHF", "openrlhf/trainer/ray/ppo_actor.py"),
                       "actor_loss, clip_ratio, ppo_kl, vllm_kl = self.actor_loss_fn(", "# mixtral"),
               **tools, aggregate_loss=losses.aggregate_loss, self=actor, action_log_probs=log_probs,
               old_action_log_probs=OLD, base_action_log_probs=REFERENCE, advantages=experience.advantages,
               experience=experience, loss_batch_info={}, kl_ctl=args.algo.kl.init_coef).loss
    adam = args.actor.adam
    settings = {
        "learningRate": adam.lr, "beta1": adam.betas[0], "beta2": adam.betas[1], "epsilon": adam.eps,
        "weightDecay": adam.weight_decay, "minimumShare": args.actor.min_lr_ratio, "maxGradNorm": args.actor.max_norm,
        "epochs": args.train.max_epochs, "minibatches": args.rollout.batch_size // args.train.batch_size,
        "temperature": args.rollout.temperature, "clipLow": clip, "clipHigh": clip, "dualClip": args.actor.dual_clip,
        "klCoefficient": args.algo.kl.init_coef}
    assert args.actor.lr_scheduler == "cosine_with_min_lr"
    name = "OpenRLHF, commit 3c3be62: compute_advantages_and_returns, PolicyLoss"
    numbers = policy(name, experience.advantages, loss, log_probs)
    if grouped:
        return numbers | {"settings": settings}
    value_loss = losses.ValueLoss(args.critic.value_clip)(values, OLD_VALUES, experience.returns, MASK)
    settings |= {"valueLearningRate": args.critic.adam.lr, "valueClipRange": args.critic.value_clip,
                 "discount": args.algo.advantage.gamma, "lambda": args.algo.advantage.lambd,
                 "klHorizon": args.algo.kl.horizon}
    return numbers | critic(experience.returns, value_loss, values) | {
        "source": f"{name}, ValueLoss", "settings": settings}


# ----------------------------------------------------------------------------------------------------------- Dr. GRPO
def dr_grpo_numbers():
    text = source("understand-r1-zero", "train_zero_math.py")
    learner = run(definitions(text, "compute_monte_carlo_advantages"))
    args = SimpleNamespace(num_samples=GROUP, critic_type="drgrpo", generate_max_length=T, cliprange=0.2)
    advantages = learner.compute_monte_carlo_advantages(SimpleNamespace(args=args), REWARDS, MASK)
    tools = run(definitions(source("oat", "oat/utils/ops.py"), "masked_sum"))
    ppo = source("oat", "oat/algorithms/ppo.py")
    this = SimpleNamespace(args=args, masked_aggregator=partial(tools.masked_sum,
                                                                constant_normalizer=args.generate_max_length))
    log_probs = leaf(LOG_PROBS)
    clipped = run(between(ppo, "logprobs_diff = new_logps - mb_logps", 'stats["logprobs_diff_max"]'), self=this,
                  args=args, new_logps=log_probs, mb_logps=OLD, mb_advantage=advantages[:, None])
    loss = run(between(ppo, "pg_loss = self.masked_aggregator(", 'infos["pg_loss"]'), self=this,
               pg_loss_max=clipped.pg_loss_max, mb_response_masks=MASK, mb_loss_masks=torch.ones(B)).pg_loss
    flags = dict(re.findall(r"--([\w-]+) ([\w.]+)", source("understand-r1-zero", "examples/qwen2.5-math-7b.sh")))
    simple = lambda name, text: ast.literal_eval(re.search(rf"^    {name}: \w+ = (\S+)", text, re.M)[1])
    arguments = source("oat", "oat/args.py")
    settings = {
        "learningRate": float(flags["learning_rate"]), "schedule": flags["lr_scheduler"],
        "epochs": int(flags["num_ppo_epochs"]), "klCoefficient": float(flags["beta"]),
        "temperature": float(flags["temperature"]),
        "minibatches": int(flags["rollout_batch_size"]) * 8 // int(flags["train_batch_size"]),  # N_SAMPLE=8
        "beta1": simple("adam_beta_1", arguments), "beta2": simple("adam_beta_2", arguments),
        "weightDecay": simple("l2", arguments), "maxGradNorm": simple("max_norm", arguments),
        "clipLow": float(re.search(r"cliprange: float = field\(\s*default=([\d.]+)", ppo)[1])}
    return policy("understand-r1-zero, commit dfca49d: compute_monte_carlo_advantages; oat 0.1.3.post2: learning_step",
                  spread(advantages), loss, log_probs) | {"settings": settings}


# -------------------------------------------------------------------------------------------------------- Spinning Up
def spinning_up_buffer(text, name, core, *more):
    tools = run(definitions(core, "combined_shape", "discount_cumsum", *more), scipy=scipy)
    statistics = run(definitions(source("spinningup", "spinup/utils/mpi_tools.py"), "mpi_statistics_scalar"),
                     mpi_sum=lambda x: np.asarray(x, dtype=np.float32))
    buffer = run(definitions(text, name), core=tools, mpi_statistics_scalar=statistics.mpi_statistics_scalar)
    return getattr(buffer, name)


def fill_buffer(buffer, *more):
    for b, length in enumerate(LENGTHS):
        for t in range(length):
            buffer.store(0, 0, REWARDS[b, t].item(), OLD_VALUES[b, t].item(), OLD[b, t].item(), *more)
        buffer.finish_path(0)


def signature_defaults(text, name, **scope):
    core = SimpleNamespace(MLPActorCritic=None, mlp_actor_critic=None)
    function = getattr(run(definitions(text, name), core=core, **scope), name)
    return SimpleNamespace(**{key: p.default for key, p in inspect.signature(function).parameters.items()})


def spinning_up_ppo_numbers():
    text = source("spinningup", "spinup/algos/pytorch/ppo/ppo.py")
    defaults = signature_defaults(text, "ppo")
    buffer = spinning_up_buffer(text, "PPOBuffer", source("spinningup", "spinup/algos/pytorch/ppo/core.py"))(
        (), (), sum(LENGTHS), defaults.gamma, defaults.lam)
    fill_buffer(buffer)
    data = buffer.get()
    log_probs, values = leaf(LOG_PROBS), leaf(VALUES)
    distribution = SimpleNamespace(entropy=lambda: torch.zeros(1))
    actor_critic = SimpleNamespace(pi=lambda obs, act: (distribution, flat(log_probs)), v=lambda obs: flat(values))
    losses = run(definitions(text, "compute_loss_pi", "compute_loss_v"), ac=actor_critic,
                 clip_ratio=defaults.clip_ratio)
    settings = {
        "learningRate": defaults.pi_lr, "valueLearningRate": defaults.vf_lr, "epochs": defaults.train_pi_iters,
        "discount": defaults.gamma, "lambda": defaults.lam, "clipLow": defaults.clip_ratio,
        "klStop": 1.5 * defaults.target_kl}
    assert defaults.train_pi_iters == defaults.train_v_iters
    loss, _ = losses.compute_loss_pi(data)
    return (policy("Spinning Up, commit 038665d: PPOBuffer, compute_loss_pi, compute_loss_v",
                   torch.tensor(padded(unflat(data["adv"]))), loss, log_probs)
            | critic(padded(unflat(data["ret"])), losses.compute_loss_v(data), values) | {"settings": settings})


def padded(ragged):
    return [row + [0.0] * (T - len(row)) for row in ragged]


def spinning_up_trpo_numbers():
    text = source("spinningup", "spinup/algos/tf1/trpo/trpo.py")
    core = source("spinningup", "spinup/algos/tf1/trpo/core.py")
    defaults = signature_defaults(text, "trpo")
    buffer = spinning_up_buffer(text, "GAEBuffer", core, "keys_as_sorted_list", "values_as_sorted_list")(
        (), (), sum(LENGTHS), {}, defaults.gamma, defaults.lam)
    fill_buffer(buffer, [])
    _, _, advantages, returns, old_log_probs = (torch.as_tensor(x, dtype=torch.float64) for x in buffer.get())
    log_probs, values = leaf(LOG_PROBS), leaf(VALUES)
    # its losses are TensorFlow's exp and reduce_mean alone, which torch has under other names
    losses = run(between(text, "# TRPO losses", "# Optimizer for value function"),
                 tf=SimpleNamespace(exp=torch.exp, reduce_mean=torch.mean), logp=flat(log_probs), v=flat(values),
                 logp_old_ph=old_log_probs, adv_ph=advantages, ret_ph=returns)
    settings = {
        "maxKl": defaults.delta, "damping": defaults.damping_coeff, "conjugateGradientSteps": defaults.cg_iters,
        "lineSearchSteps": defaults.backtrack_iters, "backtrackFactor": defaults.backtrack_coeff,
        "discount": defaults.gamma, "lambda": defaults.lam, "valueSteps": defaults.train_v_iters,
        "valueLearningRate": defaults.vf_lr}
    return (policy("Spinning Up, commit 038665d: GAEBuffer, trpo; torch 2.13.0 in TensorFlow's place",
                   torch.tensor(padded(unflat(advantages))), losses.pi_loss, log_probs)
            | critic(padded(unflat(returns)), losses.v_loss, values) | {"settings": settings})


# ------------------------------------------------------------------------------------------------------ SB3 and CleanRL
import torch.nn.functional as F
from gymnasium import spaces
from sb3_contrib import TRPO
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import RolloutBufferSamples

TOKENS = sum(LENGTHS)
STARTS = np.array([float(t == 0) for length in LENGTHS for t in range(length)])


def sb3_defaults(algorithm):
    box, discrete = spaces.Box(-1, 1, (1,)), spaces.Discrete(2)
    adam = ActorCriticPolicy(box, discrete, lambda _: 1e-3).optimizer.defaults
    given = {name: p.default for name, p in inspect.signature(algorithm.__init__).parameters.items()}
    return SimpleNamespace(**given, adam=adam)


def sb3_rollout(defaults):
    buffer = RolloutBuffer(TOKENS, spaces.Box(-1, 1, (1,)), spaces.Discrete(2), gamma=defaults.gamma,
                           gae_lambda=defaults.gae_lambda)
    column = lambda values: flat(values).numpy()[:, None].copy()
    buffer.rewards, buffer.values, buffer.advantages = column(REWARDS), column(OLD_VALUES), np.zeros((TOKENS, 1))
    buffer.episode_starts = STARTS[:, None]
    buffer.compute_returns_and_advantage(last_values=torch.zeros(1), dones=np.ones(1))
    advantages, returns = (torch.tensor(x[:, 0]) for x in (buffer.advantages, buffer.returns))
    nothing = torch.zeros(TOKENS)
    return RolloutBufferSamples(nothing, nothing, flat(OLD_VALUES), flat(OLD), advantages, returns)


def sb3_settings(defaults):
    return {"epsilon": defaults.adam["eps"], "beta1": defaults.adam["betas"][0], "beta2": defaults.adam["betas"][1],
            "weightDecay": defaults.adam["weight_decay"], "discount": defaults.gamma, "lambda": defaults.gae_lambda,
            "valueLearningRate": defaults.learning_rate}


def sb3_ppo_numbers():
    defaults = sb3_defaults(PPO)
    data = sb3_rollout(defaults)
    log_probs, values = leaf(LOG_PROBS), leaf(VALUES)
    told = {}
    optimizer = SimpleNamespace(zero_grad=lambda: None, step=lambda: None)
    model = SimpleNamespace(
        set_training_mode=lambda mode: None, optimizer=optimizer, parameters=lambda: [],
        evaluate_actions=lambda obs, actions: (flat(values), flat(log_probs), torch.zeros(TOKENS)))
    # all of train() as it stands, for one epoch of one minibatch
    PPO.train(SimpleNamespace(
        policy=model, _update_learning_rate=lambda optimizer: None, clip_range=lambda left: defaults.clip_range,
        clip_range_vf=defaults.clip_range_vf, _current_progress_remaining=1, n_epochs=1, batch_size=TOKENS,
        action_space=spaces.Discrete(2), normalize_advantage=defaults.normalize_advantage, target_kl=defaults.target_kl,
        ent_coef=defaults.ent_coef, vf_coef=defaults.vf_coef, max_grad_norm=defaults.max_grad_norm, _n_updates=0,
        rollout_buffer=SimpleNamespace(get=lambda size: [data], values=data.old_values.numpy(),
                                       returns=data.returns.numpy()),
        logger=SimpleNamespace(record=lambda name, value, exclude=None: told.update({name: value}))))
    settings = sb3_settings(defaults) | {
        "learningRate": defaults.learning_rate, "epochs": defaults.n_epochs,
        "minibatches": defaults.n_steps // defaults.batch_size, "clipLow": defaults.clip_range,
        "clipHigh": defaults.clip_range, "maxGradNorm": defaults.max_grad_norm, "valueCoefficient": defaults.vf_coef,
        "entropyCoefficient": defaults.ent_coef, "valueClipRange": defaults.clip_range_vf,
        "klStop": defaults.target_kl}
    # the advantages that train() makes are its own: whitened as it whitens them
    whitened = run(between(inspect.getsource(PPO.train), "advantages = rollout_data.advantages", "# ratio between"),
                   rollout_data=data, self=SimpleNamespace(normalize_advantage=True)).advantages
    return {"source": "stable-baselines3 2.9.2: RolloutBuffer, PPO.train", "advantages": unflat(whitened),
            "loss": float(told["train/policy_gradient_loss"]), "gradient": rows(log_probs.grad),
            "returns": unflat(data.returns), "value_loss": defaults.vf_coef * float(told["train/value_loss"]),
            "value_gradient": rows(values.grad), "settings": settings}


def sb3_trpo_numbers():
    defaults = sb3_defaults(TRPO)
    data = sb3_rollout(defaults)
    log_probs, values = leaf(LOG_PROBS), leaf(VALUES)
    text = inspect.getsource(TRPO.train)
    made = run(between(text, "advantages = rollout_data.advantages", "# KL divergence"), th=torch, rollout_data=data,
               log_prob=flat(log_probs), self=SimpleNamespace(normalize_advantage=defaults.normalize_advantage))
    predict = SimpleNamespace(policy=SimpleNamespace(predict_values=lambda obs: flat(values)))
    fit = run(between(text, "values_pred = self.policy.predict_values", "value_losses.append"), F=F, self=predict,
              rollout_data=data)
    settings = sb3_settings(defaults) | {
        "maxKl": defaults.target_kl, "damping": defaults.cg_damping, "conjugateGradientSteps": defaults.cg_max_steps,
        "lineSearchSteps": defaults.line_search_max_iter, "backtrackFactor": defaults.line_search_shrinking_factor,
        "valueSteps": defaults.n_critic_updates, "valueMinibatches": defaults.n_steps // defaults.batch_size}
    return (policy("sb3-contrib 2.9.2: TRPO.train", torch.tensor(padded(unflat(made.advantages.detach()))),
                   -made.policy_objective, log_probs)
            | critic(padded(unflat(data.returns)), fit.value_loss, values) | {"settings": settings})


def cleanrl_numbers():
    text = source("cleanrl", "cleanrl/ppo.py")
    args = run(definitions(text, "Args"), dataclass=dataclasses.dataclass, os=os, __file__="ppo.py",
               __name__="__main__").Args()
    args.num_steps = TOKENS
    column = lambda values: flat(values)[:, None]
    log_probs, values = leaf(LOG_PROBS), leaf(VALUES)
    agent = SimpleNamespace(
        get_value=lambda obs: torch.zeros(1),
        get_action_and_value=lambda obs, action: (None, flat(log_probs), torch.zeros(TOKENS), flat(values)))
    made = run(between(text, "next_value = agent.get_value(next_obs)", "# flatten the batch"), agent=agent, args=args, next_obs=None, next_done=torch.ones(1),
               rewards=column(REWARDS), values=column(OLD_VALUES), dones=torch.tensor(STARTS)[:, None], device="cpu")
    step = run(between(text, "_, newlogprob, entropy, newvalue =", "optimizer.zero_grad()"), agent=agent, args=args,
               mb_inds=torch.arange(TOKENS), b_obs=torch.zeros(TOKENS), b_actions=torch.zeros(TOKENS), clipfracs=[],
               b_logprobs=flat(OLD), b_advantages=made.advantages[:, 0], b_returns=made.returns[:, 0],
               b_values=flat(OLD_VALUES))
    settings = {
        "learningRate": args.learning_rate, "valueLearningRate": args.learning_rate, "discount": args.gamma,
        "lambda": args.gae_lambda, "epochs": args.update_epochs, "minibatches": args.num_minibatches,
        "clipLow": args.clip_coef, "clipHigh": args.clip_coef, "valueClipRange": args.clip_coef,
        "entropyCoefficient": args.ent_coef, "valueCoefficient": args.vf_coef, "maxGradNorm": args.max_grad_norm,
        "klStop": args.target_kl, "epsilon": float(re.search(r"eps=([\de.-]+)\)", text)[1])}
    return (policy("CleanRL, commit fe8d8a0: cleanrl/ppo.py", torch.tensor(padded(unflat(step.mb_advantages))),
                   step.pg_loss, log_probs)
            | critic(padded(unflat(made.returns[:, 0])), args.vf_coef * step.v_loss, values) | {"settings": settings})


# ---------------------------------------------------------------------------------------------------------------- all
with contextlib.redirect_stdout(io.StringIO()):
    grpo, grpo_arguments = trl_grpo_numbers("its defaults")
    weighted, _ = trl_grpo_numbers("beta=0.04", beta=0.04)
    deepseek, _ = trl_grpo_numbers("loss_type='grpo', beta=0.04, use_bias_correction_kl=False", loss_type="grpo",
                                   beta=0.04, use_bias_correction_kl=False)
    results = {
        "trl.grpo": grpo | {"settings": trl_group_settings(grpo_arguments)},
        "trl.rloo": trl_rloo_numbers(),
        "trl.ppo": trl_ppo_numbers([T] * B),
        "verl.grpo": verl_grpo_numbers(),
        "verl.ppo": verl_ppo_numbers(),
        "openrlhf.grpo": openrlhf_numbers("group_norm"),
        "openrlhf.ppo": openrlhf_numbers("gae"),
        "deepseekMath.grpo": deepseek | {"settings": {"klCoefficient": 0.04}},
        "drGrpo.grpo": dr_grpo_numbers(),
        "dapo.grpo": dapo_numbers(),
        "gspo.grpo": gspo_numbers(),
        "spinningUp.ppo": spinning_up_ppo_numbers(),
        "spinningUp.trpo": spinning_up_trpo_numbers(),
        "sb3.ppo": sb3_ppo_numbers(),
        "sb3.trpo": sb3_trpo_numbers(),
        "cleanrl.ppo": cleanrl_numbers(),
    }
    variants = {"trl.grpo with klCoefficient 0.04": weighted,
                "trl.ppo of responses that end early": trl_ppo_numbers(LENGTHS)}

text = json.dumps({
    "batch": {"group_size": GROUP, "lengths": LENGTHS, "scores": SCORES.tolist(), "log_probs": LOG_PROBS.tolist(),
              "old_log_probs": OLD.tolist(), "ref_log_probs": REFERENCE.tolist(), "values": VALUES.tolist(),
              "old_values": OLD_VALUES.tolist()},
    "presets": results,
    "variants": variants,
}, indent=1)
# a row of numbers is one line
print(re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda row: "[" + re.sub(r"\s+", " ", row[1]) + "]", text))

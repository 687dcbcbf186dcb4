"""Golden values of estimators by the peers' own functions, in float64.

    pip install torch==2.13.0 verl==0.9.1 stable-baselines3==2.9.2 tensordict ray peft cachetools
    python estimators.py > estimators.json
"""
import json
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from stable_baselines3.common.utils import explained_variance
from verl import DataProto
from verl.trainer.ppo.core_algos import (AdaptiveKLController, compute_policy_loss_gpg, compute_policy_loss_vanilla,
                                         kl_penalty)
from verl.trainer.ppo.ray_trainer import apply_kl_penalty

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
ROWS, STEPS, ACTIONS = 3, 4, 5
lengths = torch.tensor([4, 1, 3])
mask = (torch.arange(STEPS) < lengths[:, None]).double()


def entry(source, params, inputs, outputs):
    plain = lambda part: {name: v.tolist() if torch.is_tensor(v) else v for name, v in part.items()}
    return {"source": source, "params": params, "inputs": plain(inputs), "outputs": plain(outputs)}


def adaptive_coefficient():
    params = {"init_kl_coef": 0.05, "target_kl": 0.1, "horizon": 100}
    controller = AdaptiveKLController(**params)
    kl, trajectories = [0.3, 0.115, 0.1, 0.099, 0.02, 0.0, 0.09], [8, 8, 16, 64, 8, 8, 500]
    values = []
    for one, n in zip(kl, trajectories):
        controller.update(one, n)
        values.append(float(controller.value))
    return entry("verl 0.9.1: AdaptiveKLController", params, {"kl": kl, "trajectories": trajectories}, {"coefficients": values})


def penalized_rewards():
    log_probs, ref_log_probs = -torch.rand(ROWS, STEPS) * 3, -torch.rand(ROWS, STEPS) * 3
    rewards = torch.zeros(ROWS, STEPS)
    rewards[torch.arange(ROWS), lengths - 1] = torch.tensor([1.0, -0.5, 0.25])
    data = DataProto.from_dict(tensors={"response_mask": mask, "token_level_scores": rewards,
                                        "old_log_probs": log_probs, "ref_log_prob": ref_log_probs})
    controller = AdaptiveKLController(0.05, 6.0, 10000)
    data, _ = apply_kl_penalty(data, controller, "kl")
    return entry("verl 0.9.1: apply_kl_penalty('kl')", {"coefficient": 0.05},
                 {"rewards": rewards, "log_probs": log_probs, "ref_log_probs": ref_log_probs, "lengths": lengths},
                 {"rewards": data.batch["token_level_rewards"]})


def kl_estimate(name):
    # beyond both of verl's bounds on either side
    d = torch.tensor([-25.0, -8.0, -2.6, -2.0, -0.4, -1e-3, 0.0, 1e-3, 0.7, 3.0, 9.0, 12.0, 25.0], requires_grad=True)
    kl = kl_penalty(d, torch.zeros_like(d), name)
    (gradient,) = torch.autograd.grad(kl.sum(), d)
    return entry(f"verl 0.9.1: kl_penalty('{name}')", {"log_ratio": 20, "estimate": 10},
                 {"log_ratios": d.detach()}, {"kl": kl.detach(), "gradient": gradient})


def cross_entropy():
    logits = (2 * torch.randn(ROWS, STEPS, ACTIONS)).requires_grad_()
    targets = torch.randint(ACTIONS, (ROWS, STEPS))
    ignored = torch.where(mask > 0, targets, -100)
    loss = F.cross_entropy(logits.flatten(0, 1), ignored.flatten(), ignore_index=-100)
    (gradient,) = torch.autograd.grad(loss, logits)
    return entry("torch 2.13.0: F.cross_entropy(ignore_index)", {},
                 {"logits": logits.detach(), "targets": targets, "mask": mask}, {"loss": loss.item(), "gradient": gradient})


def dual_clip():
    # advantages of both signs, and ratios on either side of every bound
    ratios = torch.tensor([[0.1, 0.79, 0.9, 1.1], [1.21, 2.5, 4.0, 9.0]])
    log_probs = ratios.log().repeat(2, 1).requires_grad_()
    advantages = torch.cat([torch.full((2, 4), 0.7), torch.full((2, 4), -1.3)])
    everywhere = torch.ones(4, 4)
    config = SimpleNamespace(clip_ratio=0.2, clip_ratio_low=0.2, clip_ratio_high=0.3, global_batch_info={},
                             get=lambda _, default: default)  # clip_ratio_c is 3 by default
    loss, metrics = compute_policy_loss_vanilla(torch.zeros(4, 4), log_probs, advantages, everywhere, "token-mean", config)
    (gradient,) = torch.autograd.grad(loss, log_probs)
    return entry("verl 0.9.1: compute_policy_loss_vanilla", {"clip_low": 0.2, "clip_high": 0.3, "dual_clip": 3.0},
                 {"log_probs": log_probs.detach(), "advantages": advantages},
                 {"loss": loss.item(), "gradient": gradient, "clip_fraction": metrics["actor/pg_clipfrac"],
                  "approx_kl_k1": metrics["actor/ppo_kl"]})


def variance_explained():
    returns, values = np.random.default_rng(3).normal(size=(2, 12))
    values = 0.6 * returns + 0.3 * values + 1
    return entry("stable-baselines3 2.9.2: explained_variance", {}, {"returns": returns.tolist(), "values": values.tolist()},
                 {"explained_variance": explained_variance(values, returns)})


def value_loss_of_the_cut():
    """The lines of stable-baselines3's PPO.train."""
    rollout = SimpleNamespace(old_values=torch.randn(8), returns=torch.randn(8))
    values = (rollout.old_values + 0.4 * torch.randn(8)).requires_grad_()
    values_pred = rollout.old_values + torch.clamp(values - rollout.old_values, -0.2, 0.2)
    loss = F.mse_loss(rollout.returns, values_pred)
    (gradient,) = torch.autograd.grad(loss, values)
    return entry("stable-baselines3 2.9.2: PPO.train, value_loss", {"clip": 0.2},
                 {"values": values.detach(), "old_values": rollout.old_values, "returns": rollout.returns},
                 {"loss": loss.item(), "gradient": gradient})


def whitening():
    """One line of each peer on the same advantages."""
    x = 3 * torch.randn(9) + 1
    variance = ((x - x.mean()) ** 2).mean()
    return entry("stable-baselines3 2.9.2: PPO.train; OpenRLHF 3c3be62: get_advantages_and_returns; Spinning Up 038665d: PPOBuffer.get",
                 {"epsilon": 1e-8}, {"advantages": x},
                 {"stable_baselines3": (x - x.mean()) / (x.std() + 1e-8),
                  "open_rlhf": (x - x.mean()) * variance.clamp(min=1e-8).rsqrt(),
                  "spinning_up": (x - x.mean()) / variance.sqrt()})


def on_the_batch(source, loss_of):
    log_probs = (-3 * torch.rand(ROWS, STEPS)).requires_grad_()
    old_log_probs = log_probs.detach() + 0.5 * torch.randn(ROWS, STEPS)
    advantages = torch.randn(ROWS, STEPS)
    loss = loss_of(log_probs, old_log_probs, advantages)
    (gradient,) = torch.autograd.grad(loss, log_probs)
    return entry(source, {}, {"log_probs": log_probs.detach(), "old_log_probs": old_log_probs, "advantages": advantages,
                              "mask": mask}, {"loss": loss.item(), "gradient": gradient})


def policy_gradient():
    config = SimpleNamespace(global_batch_info={})
    return on_the_batch("verl 0.9.1: compute_policy_loss_gpg", lambda new, old, advantages: compute_policy_loss_gpg(
        old, new, advantages, mask, "token-mean", config)[0])


def surrogate():
    """The lines of sb3-contrib's TRPO.train on the actions that count, whose negative is the loss."""
    def loss(new, old, advantages):
        on = mask > 0
        ratio = torch.exp(new[on] - old[on])
        return -(advantages[on] * ratio).mean()
    return on_the_batch("sb3-contrib 2.9.2: TRPO.train, policy_objective", loss)


print(json.dumps({
    "adaptive_coefficient": adaptive_coefficient(), "penalized_rewards": penalized_rewards(),
    "k3": kl_estimate("k3"), "k3+": kl_estimate("k3+"), "cross_entropy": cross_entropy(), "dual_clip": dual_clip(),
    "explained_variance": variance_explained(), "value_loss_of_the_cut": value_loss_of_the_cut(), "whitening": whitening(),
    "policy_gradient": policy_gradient(), "surrogate": surrogate(),
}, indent=1))

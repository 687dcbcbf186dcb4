"""One step of GRPO, of PPO and of supervised learning, with rewards and texts at random."""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from model import VOCABULARY, Gpt, action_logits, critic_values, log_probs_of, new_critic, sample
from protocol import Stopwatch
from torch import Tensor

PROMPTS, GROUP, PROMPT_LENGTH, RESPONSE_LENGTH = 8, 8, 8, 16
CLIP, KL_IN_LOSS, KL_IN_REWARD, VALUE_CLIP = 0.2, 0.04, 0.05, 0.2
DISCOUNT, LAMBDA = 1.0, 0.95
LEARNING_RATE = 1e-4


class Rollout(NamedTuple):
    ids: Tensor
    """[B, P + T − 1] the prompt, and all but the response's last token"""
    actions: Tensor
    """[B, T] the response"""
    old_log_probs: Tensor
    mask: Tensor


def roll_out(policy: Gpt) -> Rollout:
    """A group of responses to each of some prompts at random."""
    prompts = torch.randint(VOCABULARY, (PROMPTS, PROMPT_LENGTH)).repeat_interleave(GROUP, 0)
    # clones, since autograd takes no tensor that was made in inference mode
    actions, old_log_probs = (sampled.clone() for sampled in sample(policy, prompts, RESPONSE_LENGTH))
    ids = torch.cat([prompts, actions[:, :-1]], 1)
    return Rollout(ids, actions, old_log_probs, torch.ones_like(old_log_probs))


def group_advantages(rewards: Tensor) -> Tensor:
    """[groups · G, T] from rewards [groups, G]: z-scores in each group, at each of a response's tokens."""
    deviation = rewards.std(1, keepdim=True)
    scores = (rewards - rewards.mean(1, keepdim=True)) / (deviation + 1e-4)
    return scores.view(-1, 1).repeat(1, RESPONSE_LENGTH)


def generalized_advantages(rewards: Tensor, values: Tensor) -> Tensor:
    """[B, T] GAE(γ, λ) of responses that end."""
    later = next_value = torch.zeros_like(rewards[:, 0])
    advantages = []
    for reward, value in zip(reversed(rewards.unbind(1)), reversed(values.unbind(1)), strict=True):
        later = reward + DISCOUNT * next_value - value + DISCOUNT * LAMBDA * later
        next_value = value
        advantages.append(later)
    return torch.stack(advantages[::-1], 1)


def whiten(values: Tensor) -> Tensor:
    variance, mean = torch.var_mean(values)
    return (values - mean) * (variance + 1e-8).rsqrt()


def token_mean(values: Tensor, mask: Tensor) -> Tensor:
    return (values * mask).sum() / mask.sum()


def clipped_surrogate(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor) -> Tensor:
    """[B, T] the loss of each token."""
    ratio = (log_probs - old_log_probs).exp()
    return -torch.minimum(ratio * advantages, ratio.clamp(1 - CLIP, 1 + CLIP) * advantages)


def grpo_loss(policy: Gpt, rollout: Rollout, ref_log_probs: Tensor, advantages: Tensor) -> Tensor:
    """The clipped surrogate, and k3 = e^d − d − 1 with d = log π_ref − log π."""
    ids, actions, old_log_probs, mask = rollout
    log_probs = log_probs_of(actions, action_logits(policy, ids, actions.shape[1]))
    d = ref_log_probs - log_probs
    k3 = d.expm1() - d
    return token_mean(clipped_surrogate(log_probs, old_log_probs, advantages) + KL_IN_LOSS * k3, mask)


def ppo_loss(policy: Gpt, rollout: Rollout, advantages: Tensor) -> Tensor:
    ids, actions, old_log_probs, mask = rollout
    log_probs = log_probs_of(actions, action_logits(policy, ids, actions.shape[1]))
    return token_mean(clipped_surrogate(log_probs, old_log_probs, advantages), mask)


def value_loss(critic: Gpt, rollout: Rollout, old_values: Tensor, returns: Tensor) -> Tensor:
    values = critic_values(critic, rollout.ids, returns.shape[1])
    near = old_values + (values - old_values).clamp(-VALUE_CLIP, VALUE_CLIP)
    return 0.5 * token_mean(torch.maximum((values - returns).square(), (near - returns).square()), rollout.mask)


def supervised_loss(policy: Gpt, texts: Tensor) -> Tensor:
    """Cross-entropy of each text's tokens but the first."""
    logits = action_logits(policy, texts[:, :-1], texts.shape[1] - 1)
    return F.cross_entropy(logits.flatten(0, 1), texts[:, 1:].flatten())


class Trainer:
    """A policy in training, with its reference and a critic."""

    def __init__(self, start: Gpt, compiled: Callable[[Callable], Callable]) -> None:
        """`compiled` makes of each objective what is trained by: torch.compile's version, or the function itself."""
        self.reference = start.copy(requires_grad=False)
        self.policy = start.copy(requires_grad=True)
        self.critic = Gpt(start.size, new_critic(start.size)).copy(requires_grad=True)
        self.optimizer, self.critic_optimizer = map(adam, (self.policy, self.critic))
        self.grpo_loss, self.ppo_loss = compiled(grpo_loss), compiled(ppo_loss)
        self.value_loss, self.supervised_loss = compiled(value_loss), compiled(supervised_loss)

    def grpo(self) -> dict[str, float]:
        watch = Stopwatch()
        rollout = roll_out(self.policy)
        rollout_ms = watch.lap()
        ref_log_probs = self.reference_log_probs(rollout)
        reference_ms = watch.lap()
        advantages = group_advantages(torch.randn(PROMPTS, GROUP))
        descend(self.optimizer, self.grpo_loss(self.policy, rollout, ref_log_probs, advantages))
        return {"rollout": rollout_ms, "reference": reference_ms, "train": watch.lap(), "total": watch.total()}

    def ppo(self) -> dict[str, float]:
        watch = Stopwatch()
        rollout = roll_out(self.policy)
        rollout_ms = watch.lap()
        ref_log_probs = self.reference_log_probs(rollout)
        with torch.no_grad():
            values = critic_values(self.critic, rollout.ids, RESPONSE_LENGTH)
        reference_ms = watch.lap()
        rewards = -KL_IN_REWARD * (rollout.old_log_probs - ref_log_probs)
        rewards[:, -1] += torch.randn(len(rewards))
        raw = generalized_advantages(rewards, values)
        descend(self.optimizer, self.ppo_loss(self.policy, rollout, whiten(raw)))
        descend(self.critic_optimizer, self.value_loss(self.critic, rollout, values, raw + values))
        return {"rollout": rollout_ms, "reference": reference_ms, "train": watch.lap(), "total": watch.total()}

    def sft(self) -> dict[str, float]:
        texts = torch.randint(VOCABULARY, (PROMPTS * GROUP, PROMPT_LENGTH + RESPONSE_LENGTH))
        watch = Stopwatch()
        descend(self.optimizer, self.supervised_loss(self.policy, texts))
        return {"total": watch.total()}

    def losses(self, rollout: Rollout, parts: dict[str, Tensor], critic: Gpt) -> dict[str, float]:
        """At the weights that training started from, and a critic's; nothing is updated."""
        policy, critic = self.reference.copy(requires_grad=True), critic.copy(requires_grad=True)
        grpo = self.grpo_loss(policy, rollout, parts["refLogProbs"], parts["scores"])
        gradient = torch.autograd.grad(grpo, list(policy.parameters.values()))
        return {
            "grpo": grpo.item(),
            "grpoGradNorm": torch.nn.utils.get_total_norm(gradient).item(),
            "ppo": self.ppo_loss(policy, rollout, parts["advantages"]).item(),
            "value": self.value_loss(critic, rollout, parts["oldValues"], parts["returns"]).item(),
            "sft": self.supervised_loss(policy, parts["texts"]).item(),
        }

    @torch.no_grad()
    def reference_log_probs(self, rollout: Rollout) -> Tensor:
        return log_probs_of(rollout.actions, action_logits(self.reference, rollout.ids, RESPONSE_LENGTH))


def adam(model: Gpt) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters.values(), lr=LEARNING_RATE, weight_decay=0.0, fused=True)


def descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> float:
    """One update without clipping; returns the loss before it."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

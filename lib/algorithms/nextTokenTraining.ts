/** Learning to predict the next token of given sequences, by cross-entropy: what pre-training and fine-tuning share. */
import { checkInterrupt } from '../engine/interrupt';
import { tf } from '../engine/tensorflow';
import { crossEntropyLoss } from '../losses/crossEntropy';
import { minibatches } from '../math/minibatches';
import type { Random } from '../math/random';
import type { GptPolicy } from '../models/gptPolicy';
import { longest, padSequences, type Sequence } from '../models/sequences';
import { createAdamW } from './adamW';
import { gradientStep } from './gradientStep';
import { learningRateAt } from './learningRate';
import type { OptimizerConfig } from './reinforcementConfig';

export interface NextTokenConfig extends OptimizerConfig {
  /** Sequences in a minibatch. */
  readonly batchSize: number;
}

export interface NextTokenRow {
  readonly step: number;
  readonly epoch: number;
  /** Mean cross-entropy of the response tokens and the end, in nats. */
  readonly loss: number;
  /** Before clipping. */
  readonly grad_norm: number;
  readonly learning_rate: number;
}

interface NextTokenBatch {
  /** [B, T] all tokens but the last */
  readonly ids: tf.Tensor2D;
  /** [B] 0: sequences are padded on the right */
  readonly starts: tf.Tensor1D;
  /** [B, T] the token after each */
  readonly targets: tf.Tensor2D;
  /** [B, T] 1 where the target belongs to the response */
  readonly mask: tf.Tensor2D;
}

/** One row a step. The policy is trained in place; an interrupt leaves it as the last step left it. */
export async function* trainNextToken(
  policy: GptPolicy,
  sequences: readonly Sequence[],
  config: NextTokenConfig,
  random: Random,
): AsyncGenerator<NextTokenRow, void> {
  const { parameters } = policy;
  const optimizer = createAdamW(parameters.vector, config);
  const batches = minibatches(sequences.length, config.batchSize, random);
  const length = longest(sequences);
  const objective = ({ ids, starts, targets, mask }: NextTokenBatch) => ({
    loss: crossEntropyLoss(policy.logits({ ids, starts }, length - 1), targets, mask),
  });
  const descent = { parameters, optimizer, maxGradNorm: config.maxGradNorm, objective };
  try {
    for (let step = 1; step <= config.steps; step++) {
      const { epoch, indices } = batches.next().value;
      const batch = nextTokenBatch(
        indices.map((i) => sequences[i]!),
        length,
      );
      const learningRate = learningRateAt(step, config);
      const { loss, grad_norm } = await gradientStep(descent, batch, { step, learningRate });
      tf.dispose(batch as unknown as tf.TensorContainer);
      yield { step, epoch, loss, grad_norm, learning_rate: learningRate };
      await checkInterrupt();
    }
  } finally {
    optimizer.dispose();
  }
}

function nextTokenBatch(sequences: readonly Sequence[], length: number): NextTokenBatch {
  return tf.tidy(() => {
    const all = padSequences(sequences, length);
    const shape: [number, number] = [sequences.length, length - 1];
    const counts = new Float32Array(sequences.length * (length - 1));
    sequences.forEach(({ ids, responseStart }, row) => {
      const start = row * (length - 1);
      counts.fill(1, start + responseStart - 1, start + ids.length - 1);
    });
    return {
      ids: all.slice([0, 0], shape),
      starts: tf.zeros<tf.Rank.R1>([sequences.length], 'int32'),
      targets: all.slice([0, 1], shape),
      mask: tf.tensor2d(counts, shape),
    };
  });
}

/**
 * Measures the engine in use and prints one line of JSON: run once for each number of threads, since TensorFlow
 * reads that number when it is loaded.
 */
import { engine, ready, tf } from './tensorflow';

/** The least time of several runs, in milliseconds: what the machine can do when nothing else disturbs it. */
function fastest(repetitions: number, work: () => tf.Tensor): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < repetitions; i++) {
    const start = performance.now();
    const result = work();
    result.dataSync();
    best = Math.min(best, performance.now() - start);
    result.dispose();
  }
  return best;
}

/** Numbers from −1 to 1, all different: what they are does not matter to the time, as long as none is subnormal. */
function numbers(...shape: [number, number]): tf.Tensor2D {
  return tf.tidy(() =>
    tf
      .range(1, 1 + shape[0] * shape[1])
      .sin()
      .reshape(shape),
  );
}

/** float32 GFLOP/s of a product of square matrices; pure JavaScript gets a smaller one, to end in time. */
function matMulRate(): number {
  const size = engine.name === 'cpu' ? 256 : 1024;
  const matrix = numbers(size, size);
  const milliseconds = fastest(8, () => tf.matMul(matrix, matrix));
  return (2 * size ** 3) / milliseconds / 1e6;
}

/** Milliseconds for forward and backward of a feed-forward block at the notebooks' sizes: 1,500 tokens, width 64. */
function smallStepTime(): number {
  const [tokens, width] = [1536, 64];
  const input = numbers(tokens, width);
  const up = numbers(width, 4 * width);
  const down = numbers(4 * width, width);
  const block = (x: tf.Tensor) =>
    tf.sum(tf.square(tf.matMul(tf.tanh(tf.matMul(x as tf.Tensor2D, up)), down)));
  const gradient = tf.grad(block);
  return fastest(30, () => tf.tidy(() => gradient(input)));
}

async function main(): Promise<void> {
  await ready;
  const matMulGflops = matMulRate();
  console.log(JSON.stringify({ ...engine, matMulGflops, smallStepMs: smallStepTime() }));
}

main();

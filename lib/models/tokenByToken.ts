/**
 * Sampling where there are no fused kernels: the prompts' pass and the first token, and then one step for each further
 * token, whose graph is the same wherever in a response it stands. It ends when all responses have.
 */
import { compiledOnce, compileEvaluation } from '../engine/compile';
import { tf } from '../engine/tensorflow';
import { drawTokens } from './drawTokens';
import { type DecodingPlace, gptDecode, gptLogits, repeated } from './gpt';
import type { GptPolicy } from './gptPolicy';
import { unpack } from './parameters';
import { type Prompts, promptPass, type SampledResponses, type SamplingOptions } from './sampling';

/** One token of each row, [B, 1] each. */
type SampledColumn = {
  readonly token: tf.Tensor2D;
  readonly mask: tf.Tensor2D;
  readonly logProb: tf.Tensor2D;
};

/** What goes from one token to the next. */
type Decoding = {
  readonly column: SampledColumn;
  /** [B, 1] 1 where the response has not ended */
  readonly open: tf.Tensor2D;
  /** 0 when all have ended */
  readonly anyOpen: tf.Scalar;
};

/** As `sampleResponses`, of options that have been checked. */
export function sampleTokenByToken(
  policy: GptPolicy,
  prompts: Prompts,
  noise: tf.Tensor2D,
  options: SamplingOptions,
): SampledResponses {
  const { layers, width } = policy.config;
  const { maxTokens } = options;
  const [batch] = noise.shape;
  const { begin, goOn } = compiledOnce(policy, `token by token ${JSON.stringify(options)}`, () =>
    compileSteps(policy, options),
  );
  return tf.tidy(() => {
    const noiseAt = (t: number) => noise.slice([0, t], [batch, 1]);
    const { queryKeyValue, ...first } = begin(prompts, noiseAt(0));
    let state: Decoding = first;
    const columns = [state.column];
    let caches =
      maxTokens > 1
        ? Array.from({ length: layers }, () => tf.zeros<tf.Rank.R3>([batch, maxTokens - 1, 2 * width]))
        : [];
    for (let t = 1; t < maxTokens && state.anyOpen.dataSync()[0] !== 0; t++) {
      const place = { queryKeyValue, starts: prompts.starts, caches, position: tf.scalar(t - 1, 'int32') };
      const next = goOn(state.column.token, state.open, place, noiseAt(t));
      tf.dispose(caches);
      ({ caches, ...state } = next);
      columns.push(state.column);
    }
    const joined = (part: keyof SampledColumn) => {
      const sampled = tf.concat(
        columns.map((column) => column[part]),
        1,
      );
      return sampled.pad<tf.Tensor2D>([
        [0, 0],
        [0, maxTokens - columns.length],
      ]);
    };
    return { tokens: joined('token').toInt(), mask: joined('mask'), logProbs: joined('logProb') };
  });
}

function compileSteps(policy: GptPolicy, options: SamplingOptions) {
  const { config, parameters } = policy;
  const draw = (logits: tf.Tensor2D, open: tf.Tensor2D, noise: tf.Tensor2D): Decoding => {
    const { token, logProb } = drawTokens(logits, noise, options);
    // the number of the padding token is 0
    const column = { token: token.mul<tf.Tensor2D>(open.toInt()), mask: open, logProb: logProb.mul(open) };
    const stillOpen = open.mul<tf.Tensor2D>(column.token.notEqual(options.stopToken));
    return { column: column as SampledColumn, open: stillOpen, anyOpen: stillOpen.max() };
  };
  const begin = compileEvaluation((prompts: Prompts, noise: tf.Tensor2D) => {
    const { logits, queryKeyValue } = promptPass(policy, unpack(parameters), prompts);
    const [rows] = noise.shape;
    return {
      queryKeyValue,
      ...draw(repeated(logits, rows / prompts.ids.shape[0]), tf.ones([rows, 1]), noise),
    };
  });
  const goOn = compileEvaluation(
    (token: tf.Tensor2D, open: tf.Tensor2D, place: DecodingPlace, noise: tf.Tensor2D) => {
      const parameter = unpack(parameters);
      const { hidden, caches } = gptDecode(parameter, config, token.flatten(), place);
      return { caches, ...draw(gptLogits(parameter, config, hidden), open, noise) };
    },
  );
  return { begin, goOn };
}

/**
 * The parameters of a model: one flat variable, and a name and shape for each part of it.
 *
 * One variable rather than one for each weight: the gradient comes as one vector, so that clipping and Adam take a
 * dozen operations for the whole model instead of a dozen for each weight (an operation costs 13–60 µs), and
 * conjugate gradient, copying and comparing need no flattening.
 */
import { tf } from '../engine/tensorflow';
import type { Random } from '../math/random';

export type Initializer = 'zeros' | 'ones' | { readonly normal: number };

/** Name → shape and how it starts; `normal` gives the standard deviation. */
export type ParameterSpecification = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly initial: Initializer }>
>;

export interface ParameterValues {
  readonly specification: ParameterSpecification;
  /** [P] all parameters, in the order of the specification. */
  readonly vector: tf.Tensor1D;
  /** Further parts of the model, such as a trunk taken from another, which are not trained. */
  readonly frozen?: Parameters;
}

export interface Parameters extends ParameterValues {
  readonly vector: tf.Variable<tf.Rank.R1>;
}

export type ParameterLookup = (name: string) => tf.Tensor;

const sizeOf = (shape: readonly number[]) => shape.reduce((size, length) => size * length, 1);

/** Each parameter draws from a stream of its own name: adding one leaves the others as they were. */
export function createParameters(specification: ParameterSpecification, random: Random): Parameters {
  const values: number[] = [];
  for (const [name, { shape, initial }] of Object.entries(specification)) {
    const stream = random.split(name);
    for (let i = 0; i < sizeOf(shape); i++) {
      if (initial === 'zeros') values.push(0);
      else if (initial === 'ones') values.push(1);
      else values.push(stream.normal() * initial.normal);
    }
  }
  const vector = tf.tidy(() => tf.variable(tf.tensor1d(values)));
  return { specification, vector };
}

/** The named tensors of a model. Differentiable: a gradient flows back into `vector`, and into nothing that is frozen. */
export function unpack({ specification, vector, frozen }: ParameterValues): ParameterLookup {
  const entries = Object.entries(specification);
  const pieces = tf.split(
    vector,
    entries.map(([, { shape }]) => sizeOf(shape)),
  );
  const tensors = new Map(entries.map(([name, { shape }], i) => [name, pieces[i]!.reshape([...shape])]));
  const others = frozen && unpack(frozen);
  return (name) => {
    const tensor = tensors.get(name) ?? others?.(name);
    if (!tensor) throw new Error(`the model has no parameter "${name}".`);
    return tensor;
  };
}

/** The same parameters in variables of their own: a policy to refer to, while the other is trained. */
export function copyParameters({ specification, vector, frozen }: Parameters): Parameters {
  const copy = tf.tidy(() => tf.variable(vector.clone()));
  return { specification, vector: copy, ...(frozen && { frozen: copyParameters(frozen) }) };
}

export function disposeParameters({ vector, frozen }: Parameters): void {
  vector.dispose();
  if (frozen) disposeParameters(frozen);
}

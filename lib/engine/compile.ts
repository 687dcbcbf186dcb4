/**
 * compile(step): the same function, faster. On the native engine each operation of TensorFlow.js takes 13–60 µs by
 * itself, and a step of reinforcement learning is a thousand of them. The first call runs the step as it is while its
 * operations are written down; later calls replay them as one TensorFlow graph. On wasm and cpu, and inside a gradient
 * or another compiled step, it is the function itself.
 *
 * A step is a function of tensors: what differs from call to call comes in as a tensor, state lives in tf.Variables,
 * which are read and assigned as ever, and no value is read back inside. Any other tensor or number that the step takes
 * from outside is a constant: it stays as it was in the first call.
 */
import { InputError } from '../errors/inputError';
import { defineGraph, type GraphDefinition } from './graph/graphDefinition';
import { type NativeTensor, nativeBackend, nativeId } from './graph/nativeBackend';
import { copyOf, record, recordingNow } from './graph/recording';
import { openSession, type Session } from './graph/session';
import { formOf, leavesOf, type TensorTree, treeLike } from './graph/tensorTree';
import { refusalByXla, XlaRefusal } from './graph/xla';
import { withComposites } from './kernels/fused';
import { engine, tf } from './tensorflow';

export type { TensorTree } from './graph/tensorTree';

export interface CompileOptions {
  /** For messages. */
  readonly name?: string;
  /** How many forms of its inputs a step may meet: each takes a graph of its own. 8 unless said. */
  readonly maxForms?: number;
  /** What becomes of one form more: it is refused unless said, or the form used longest ago is forgotten. */
  readonly beyond?: 'refuse' | 'forget';
  /** Replays that are compared with the step itself, and refused where they differ; `LAB_CHECK_COMPILED` unless said. */
  readonly checkedCalls?: number;
  /**
   * The step as one program of XLA's, of TensorFlow's own operations: what the fused kernels do is composed of those.
   * Compiling takes seconds, at the second call, and the step is then slower than with the fused kernels (npm run
   * bench). An index out of range is moved into it, where a plain graph refuses it. A step that XLA cannot compile is
   * refused. Not unless said, but where LAB_COMPILE=xla: there a step that XLA cannot compile is a plain graph.
   */
  readonly xla?: boolean;
}

export interface Compiled<I extends readonly TensorTree[], O extends TensorTree> {
  /** The caller disposes of what it gets. */
  (...inputs: I): O;
  /** Frees the graphs; what the step made stays. */
  dispose(): void;
}

const ways = ['on', 'off', 'xla'];

/** How LAB_COMPILE asks for steps to be compiled: off runs each as it is; on unless said. */
export function compilingBy(way: string | undefined): { enabled: boolean; xla: boolean } {
  if (way && !ways.includes(way))
    throw new Error(`LAB_COMPILE is "${way}"; expected one of ${ways.join(', ')}.`);
  return { enabled: way !== 'off', xla: way === 'xla' };
}

/** Whether steps are compiled at all, and whether by XLA those that say nothing of it. */
export const compiling = compilingBy(process.env.LAB_COMPILE);

let firstCallsAreReplayed = false;

/**
 * From now on a compiled step's first call, too, gives what its graph makes of the inputs: the step runs as it is to be
 * recorded, its variables get their values back, and the graph runs. A graph adds in another order than the step itself,
 * so that without this the last digits of a training would depend on where it was interrupted and taken up again. The
 * first call takes longer by one.
 */
export function replayFirstCalls(): void {
  firstCallsAreReplayed = true;
}

interface Replay {
  /** Opened at the second call: a form that is met once takes no graph. */
  session: Session | null;
  readonly graph: GraphDefinition;
  readonly xla: boolean;
  readonly assigned: readonly tf.Variable[];
  /** The result of the first call, disposed of: its form. */
  readonly form: TensorTree;
  readonly outputs: number;
  checksLeft: number;
}

export function compile<I extends readonly TensorTree[], O extends TensorTree>(
  step: (...inputs: I) => O,
  options: CompileOptions = {},
): Compiled<I, O> {
  const { name = step.name || 'step', maxForms = 8, beyond = 'refuse' } = options;
  const { checkedCalls = Number(process.env.LAB_CHECK_COMPILED ?? 0) } = options;
  let { xla = compiling.xla } = options;
  const replays = new Map<string, Replay>();
  const asItIs = (...inputs: I): O => tf.tidy(() => owned(() => step(...inputs)) as tf.TensorContainer) as O;

  function recordStep(inputs: I, form: string): O {
    if (replays.size === maxForms) {
      if (beyond === 'refuse') throw tooManyForms(name, [...replays.keys(), form]);
      const [oldest, { session }] = [...replays][0]!;
      session?.release();
      replays.delete(oldest);
    }
    return tf.tidy(() => {
      const leaves = separated(leavesOf(inputs).map(({ tensor }) => tensor));
      const separate = treeLike(inputs, leaves.values());
      const run = () => owned(() => step(...separate));
      const recording = record(name, leaves, xla ? () => withComposites(run) : run);
      const results = leavesOf(recording.result).map(({ tensor }) => tensor);
      const graph = defineGraph(recording, leaves, results, { xla });
      replays.set(form, {
        session: null,
        graph,
        xla,
        assigned: recording.assigned,
        form: recording.result,
        outputs: results.length,
        checksLeft: checkedCalls,
      });
      return recording.result as tf.TensorContainer;
    }) as O;
  }

  function firstRun(one: Replay, ids: readonly number[]): NativeTensor[] {
    const session = openSession(one.graph);
    try {
      const made = session.run(ids);
      one.session = session;
      return made;
    } catch (error) {
      session.release();
      throw one.xla ? refusalByXla(name, error) : error;
    }
  }

  function replay(one: Replay, inputs: I): O {
    const { session, graph, assigned, outputs, form } = one;
    const given = leavesOf(inputs);
    const ids = graph.feeds.map((feed) =>
      nativeId('input' in feed ? given[feed.input]!.tensor : alive(feed.variable, name)),
    );
    const tensors = session ? session.run(ids) : firstRun(one, ids);
    const made = tensors.map((tensor) => nativeBackend().createOutputTensor(tensor));
    assigned.forEach((variable, i) => {
      const value = made[outputs + i]!;
      variable.assign(value);
      value.dispose();
    });
    return treeLike(form, made.values()) as O;
  }

  function checkedReplay(one: Replay, inputs: I): O {
    one.checksLeft--;
    const read = one.graph.feeds.flatMap((feed) => ('variable' in feed ? [feed.variable] : []));
    const state = [...new Set([...read, ...one.assigned])];
    const before = state.map((variable) => variable.clone());
    const expected = asItIs(...inputs);
    const expectedState = state.map((variable) => variable.clone());
    state.forEach((variable, i) => {
      variable.assign(before[i]!);
    });
    try {
      const result = replay(one, inputs);
      compare(name, expected, result);
      state.forEach((variable, i) => {
        compare(`${name}, variable ${variable.name}`, expectedState[i]!, variable);
      });
      return result;
    } finally {
      tf.dispose([before, expectedState, expected as tf.TensorContainer]);
    }
  }

  /** Where nobody but the environment asked for XLA, a step that it cannot compile is recorded anew, in this call. */
  function replayElseRecord(one: Replay, inputs: I, form: string): O {
    try {
      return one.checksLeft > 0 ? checkedReplay(one, inputs) : replay(one, inputs);
    } catch (error) {
      if (options.xla || !(error instanceof XlaRefusal)) throw error;
      xla = false;
      replays.delete(form);
      return recordStep(inputs, form);
    }
  }

  function recordThenReplay(inputs: I, form: string): O {
    const variables = Object.values(tf.engine().registeredVariables);
    const before = new Map(variables.map((variable) => [variable, variable.clone()]));
    try {
      tf.dispose(recordStep(inputs, form) as tf.TensorContainer);
      const one = replays.get(form)!;
      for (const variable of one.assigned) variable.assign(before.get(variable)!);
      return replayElseRecord(one, inputs, form);
    } finally {
      tf.dispose([...before.values()]);
    }
  }

  const compiled = (...inputs: I): O => {
    if (!compiling.enabled || engine.name !== 'native' || isInsideAnother()) return asItIs(...inputs);
    const form = formOf(inputs);
    const known = replays.get(form);
    if (!known) return firstCallsAreReplayed ? recordThenReplay(inputs, form) : recordStep(inputs, form);
    // the form used last stands last
    if (beyond === 'forget' && replays.delete(form)) replays.set(form, known);
    return replayElseRecord(known, inputs, form);
  };
  const dispose = () => releaseAll(replays);
  forgotten.register(compiled, replays);
  return Object.assign(compiled, { dispose });
}

function releaseAll(replays: Map<string, Replay>): void {
  for (const { session } of replays.values()) session?.release();
  replays.clear();
}

/** A compiled step that nobody can call any more gives its graphs back. */
const forgotten = new FinalizationRegistry(releaseAll);

/**
 * A compiled step that is asked about batches of any number of shapes, such as a model's answer to them; never by XLA,
 * which takes seconds for each.
 */
export function compileEvaluation<I extends readonly TensorTree[], O extends TensorTree>(
  step: (...inputs: I) => O,
): Compiled<I, O> {
  return compile(step, { name: 'evaluation', beyond: 'forget', xla: false });
}

const stepsOf = new WeakMap<object, Map<string, unknown>>();

/**
 * The compiled step of an owner, such as a model: made when it is first asked for, and gone with its owner.
 * @param key what sets it apart from the owner's other steps
 */
export function compiledOnce<C extends object>(owner: object, key: string, make: () => C): C {
  const steps = stepsOf.get(owner) ?? new Map<string, unknown>();
  stepsOf.set(owner, steps);
  if (!steps.has(key)) steps.set(key, make());
  return steps.get(key) as C;
}

/** A gradient, or forward mode, follows the operations of TensorFlow.js one by one: a graph would hide them. */
function isInsideAnother(): boolean {
  const followed = tf.engine() as unknown as { state: { gradientDepth: number } };
  return recordingNow() || followed.state.gradientDepth > 0 || Object.hasOwn(followed, 'runKernel');
}

/** Inputs that share data, with each other or with a variable, could not be told apart: those are copied. */
function separated(inputs: readonly tf.Tensor[]): tf.Tensor[] {
  return inputs.map((tensor, i) => {
    const isShared =
      tensor instanceof tf.Variable ||
      nativeBackend().refCount(tensor.dataId) > 1 ||
      inputs.indexOf(tensor) < i;
    return isShared ? copyOf(tensor) : tensor;
  });
}

/** What a step hands on and has not made, such as an input or a variable, becomes a tensor of the caller's own. */
function owned<O extends TensorTree>(step: () => O): O {
  // tensors are numbered in the order in which they are made
  const { id: last } = tf.scalar(0);
  const result = step();
  const given = new Set<tf.Tensor>();
  const tensors = leavesOf(result).map(({ tensor }) => {
    const isOwn = tensor.id > last && !given.has(tensor);
    given.add(tensor);
    return isOwn ? tensor : tensor.clone();
  });
  return treeLike(result, tensors.values());
}

function alive(variable: tf.Variable, name: string): tf.Variable {
  if (!variable.isDisposed) return variable;
  throw new InputError(
    `the compiled step "${name}" uses the variable "${variable.name}", which was disposed of.`,
  );
}

function tooManyForms(name: string, forms: readonly string[]): InputError {
  return new InputError(
    `the compiled step "${name}" met ${forms.length} forms of its inputs, and each takes a graph of its own; give it tensors of the same shapes, or raise maxForms. The last two were ${forms.at(-2)} and ${forms.at(-1)}.`,
  );
}

/** How far a graph may be from the step itself: it adds in another order. */
const tolerance = { absolute: 1e-5, relative: 1e-4 };

function compare(name: string, expected: TensorTree, got: TensorTree): void {
  const others = leavesOf(got);
  leavesOf(expected).forEach(({ path, tensor }, i) => {
    const [wanted, found] = [tensor.dataSync(), others[i]!.tensor.dataSync()];
    for (let k = 0; k < wanted.length; k++) {
      const [w, f] = [wanted[k]!, found[k]!];
      const allowed = tolerance.absolute + tolerance.relative * Math.abs(w);
      if (Object.is(w, f) || Math.abs(w - f) <= allowed) continue;
      throw new InputError(
        `the compiled step "${name}" gives ${f} where the step itself gives ${w}${path && ` (${path}, number ${k})`}: it takes something from outside that has changed since its first call.`,
      );
    }
  });
}

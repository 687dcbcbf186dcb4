/** Which responses a figure of tokens shows. */
import { InputError, requireCount } from '../errors/inputError';
import { nearestName } from '../errors/nearestName';
import { groupRows, type KeyOf } from './figure';

/** One token of a response, such as a training loop's TokenRow; its other numeric columns are what can be shown. */
export interface TokenOfResponse {
  readonly token: string;
  /** Its place in the response. */
  readonly position: number;
  readonly step?: number;
  /** What the response answers; responses to the same query that follow each other are drawn as a group. */
  readonly query?: string;
  /** Summed over a response, it stands before it. */
  readonly reward?: number | null;
}

/** Numeric columns that tell where a token stands. */
export const places = ['step', 'trajectory', 'response', 'position'] as const;

export interface TokenOptions<Row> {
  /** What is to be seen in the tokens, or the question that they answer. */
  readonly title: string;
  /** The column that colours at first: `advantage` unless said, or the first there is. */
  readonly color?: Exclude<KeyOf<Row, number>, (typeof places)[number]>;
  /** The step whose responses are shown: that of the last row unless said. */
  readonly step?: number;
  /** How many responses are shown at most, from the first on; or which, by their `line`. */
  readonly responses?: number | readonly (number | string)[];
  /** The column that tells the responses apart; `trajectory` unless said, or `response` where there is none. */
  readonly line?: keyof Row & string;
}

const usualLines = ['trajectory', 'response'] as const;
const defaultResponses = 12;

export interface Response<Row> {
  readonly name: string;
  /** Empty where the tokens have none. */
  readonly query: string;
  readonly tokens: readonly Row[];
}

/** The column that tells the responses apart. */
export function lineColumn<Row extends TokenOfResponse>(
  rows: readonly Row[],
  { line, title }: TokenOptions<Row>,
): keyof Row & string {
  const [first] = rows;
  if (!first) throw new InputError(`there is no token to show in the figure "${title}".`);
  const name = line ?? usualLines.find((usual) => Object.hasOwn(first, usual)) ?? usualLines[0];
  if (Object.hasOwn(first, name)) return name as keyof Row & string;
  const nearest = nearestName(name, Object.keys(first));
  throw new InputError(`the tokens have no column "${name}"; did you mean line: "${nearest}"?`);
}

/** The responses that are asked for, and a sentence that says which of how many. */
export function chooseResponses<Row extends TokenOfResponse>(
  rows: readonly Row[],
  line: keyof Row & string,
  options: TokenOptions<Row>,
) {
  const step = options.step ?? rows.at(-1)!.step;
  const all = [...groupRows(rowsOfStep(rows, step), line)].map(([name, tokens]) => ({
    name,
    query: tokens[0]!.query ?? '',
    tokens: inOrder(tokens, line, name),
  }));
  const responses = pick(all, line, options.responses ?? defaultResponses);
  const share = responses.length < all.length ? `${responses.length} of ${all.length}` : all.length;
  const counted = `${share} ${all.length === 1 ? 'response' : 'responses'}`;
  return { responses, caption: step === undefined ? counted : `${counted} of step ${step}` };
}

function rowsOfStep<Row extends TokenOfResponse>(rows: readonly Row[], step: number | undefined): Row[] {
  const found = rows.filter((row) => row.step === step);
  if (found.length > 0) return found;
  const steps = new Set(rows.map((row) => row.step).filter((one) => one !== undefined));
  const there = steps.size > 0 ? `there are ${[...steps].join(', ')}` : 'they have no column "step"';
  throw new InputError(`none of the tokens is of step ${step}; ${there}.`);
}

function pick<Row>(
  all: readonly Response<Row>[],
  line: string,
  asked: number | readonly (number | string)[],
): Response<Row>[] {
  if (typeof asked === 'number') {
    requireCount('responses', asked);
    return all.slice(0, asked);
  }
  if (asked.length === 0) throw new InputError('responses is empty; expected at least one, or how many.');
  return [...new Set(asked.map(String))].map((one) => {
    const found = all.find(({ name }) => name === one);
    if (found) return found;
    throw new InputError(`there is no ${line} ${one}; expected ${all[0]!.name} to ${all.at(-1)!.name}.`);
  });
}

/** Two tokens at one place are two responses that the column does not tell apart. */
function inOrder<Row extends TokenOfResponse>(tokens: readonly Row[], line: string, name: string): Row[] {
  const sorted = [...tokens].sort((a, b) => a.position - b.position);
  const twice = sorted.find(({ position }, i) => position === sorted[i + 1]?.position);
  if (!twice) return sorted;
  throw new InputError(
    `${line} ${name} has position ${twice.position} twice; expected a line column that tells the responses apart.`,
  );
}

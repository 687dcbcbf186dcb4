/** What happens while runs train, in this process, in others or on other machines alike. */
import type { TrainingRow } from '../definitions/algorithmDefinition';
import type { RunSummary } from '../run/runFolder';

export type SweepEvent = {
  /** The run's name; empty where a notice is of the whole sweep. */
  readonly run: string;
} & (
  | {
      readonly kind: 'started';
      /** The step that it goes on from; 0 where it begins. */
      readonly from: number;
    }
  | { readonly kind: 'row'; readonly row: TrainingRow }
  | { readonly kind: 'checkpoint'; readonly step: number }
  | {
      readonly kind: 'notice';
      /** Something that the researcher should know, and that stops nothing. */
      readonly sentence: string;
    }
  | { readonly kind: 'ended'; readonly summary: RunSummary }
);

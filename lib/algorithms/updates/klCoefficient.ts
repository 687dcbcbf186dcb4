/** The coefficient of the KL penalty: fixed, or steered so that the KL comes to a target. */
export interface KlCoefficientConfig {
  /** β at the first step. */
  readonly klCoefficient: number;
  /** 'fixed'; 'proportional' is Ziegler et al.'s controller; 'doubling' is the PPO paper's. */
  readonly klControl: 'fixed' | 'proportional' | 'doubling';
  /** The KL that β is steered to, in nats; of no use where β is fixed. */
  readonly klTarget: number;
  /**
   * Of what that KL is: a whole trajectory, as in Ziegler et al., unless said; or a token, the mean over those of each
   * trajectory (verl, OpenRLHF).
   */
  readonly klPer?: 'trajectory' | 'token';
  /**
   * Trajectories over which the proportional controller may change β by a fifth; verl's and OpenRLHF's is 10,000. A step
   * of five horizons could bring β to 0, or below it.
   */
  readonly klHorizon: number;
}

/**
 * β for the next step.
 *   proportional: β (1 + clip(KL/target − 1, ±0.2) n / horizon).  Ziegler et al. 2019, section 2.2, arXiv:1909.08593
 *   doubling:     2β above 1.5 target, β/2 below target/1.5.  Schulman et al. 2017, section 4, arXiv:1707.06347
 * @param coefficient  β of the step before
 * @param kl           its mean KL, in nats
 * @param trajectories n, over which it was measured
 */
export function nextKlCoefficient(
  coefficient: number,
  kl: number,
  trajectories: number,
  { klControl, klTarget, klHorizon }: KlCoefficientConfig,
): number {
  switch (klControl) {
    case 'fixed':
      return coefficient;
    case 'proportional': {
      const error = Math.max(-0.2, Math.min(0.2, kl / klTarget - 1));
      return coefficient * (1 + (error * trajectories) / klHorizon);
    }
    case 'doubling':
      if (kl > 1.5 * klTarget) return 2 * coefficient;
      return kl < klTarget / 1.5 ? coefficient / 2 : coefficient;
  }
}

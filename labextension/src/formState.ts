/** What was typed of a notebook that is about to be scheduled or exported, and what it comes to. */

import type { Extras, Order, Values } from './desk';
import type {
  CatchUp,
  Checked,
  FireTimes,
  Made,
  Parameter,
  Parameters,
  Problem,
  Target
} from './jobs';
import type { Asked } from './navigation';
import type { Notebook } from './tokens';

/** A job of this machine, rather than files for another system. */
export const HERE = 'here';

/** Something that takes its time. */
export interface Work<Answer> extends Asked<Answer> {
  readonly isRunning: boolean;
  /** What it told last. */
  readonly progress: string;
  readonly task: string | null;
}

export interface FormState {
  readonly notebook: Notebook;
  readonly known: Asked<Parameters>;
  /** What was typed instead of the defaults, by name. */
  readonly values: Values;
  /** Why values would be refused, by name. */
  readonly problems: Readonly<Record<string, Problem>>;
  readonly targets: Asked<readonly Target[]>;
  /** A target's name, or here. */
  readonly place: string;
  readonly schedule: string;
  readonly timezone: string;
  /** What the schedule means; null: nothing was typed, or nobody answered yet. */
  readonly times: FireTimes | null;
  readonly isDryRun: boolean;
  readonly more: More;
  readonly check: Work<Checked>;
  readonly making: Work<Made>;
}

/** What few jobs need, as it was typed. */
export interface More {
  /** Empty: what the system does by itself. */
  readonly catchUp: '' | CatchUp;
  /** Where a job of this machine has its variables from. */
  readonly credentials: string;
  /** Names, with blanks or commas between. */
  readonly secrets: string;
  readonly image: string;
  readonly isOnPush: boolean;
}

/** What a form is filled with. */
export type Filled = Partial<
  Pick<FormState, 'place' | 'schedule' | 'timezone' | 'isDryRun' | 'more'>
>;

/** Whether all that is needed was typed, and can be meant. */
export function isWhole(state: FormState): boolean {
  const { known, values, problems, place, schedule, times } = state;
  const isMissing = (known.answer?.parameters ?? []).some(
    ({ name, is_required }) => is_required && !(name in values)
  );
  const isTimed = schedule.trim() === '' ? place !== HERE : times !== null && !times.problem;
  return known.answer !== null && !isMissing && Object.keys(problems).length === 0 && isTimed;
}

/** A parameter's default as a person would type it. */
export function showDefault({ default: value, default_source: source }: Parameter): string {
  return typeof value === 'string' ? value : (source ?? '');
}

/** What is asked of a job, as far as it means something for the chosen place. */
export function orderOf(state: FormState): Order {
  const { values, place, schedule, timezone, isDryRun } = state;
  const extras = extrasOf(state);
  return { values, target: place, schedule: schedule.trim(), timezone, isDryRun, extras };
}

/** Whether the chosen place keeps to something, as the command line spells it. */
export function keepsTo({ place, targets }: FormState, wish: string): boolean {
  const target = targets.answer?.find(({ name }) => name === place);
  return place === HERE ? wish.startsWith('--catch-up') : (target?.takes.includes(wish) ?? false);
}

/** Of what was typed, that which means something for the chosen place. */
function extrasOf(state: FormState): Extras {
  const { place, schedule, more } = state;
  const secrets = more.secrets.split(/[\s,]+/).filter(name => name !== '');
  const credentials = more.credentials.trim();
  const image = more.image.trim();
  const { catchUp } = more;
  const isCaughtUp = schedule.trim() !== '' && keepsTo(state, `--catch-up ${catchUp}`);
  return {
    ...(catchUp !== '' && isCaughtUp && { catch_up: catchUp }),
    ...(place === HERE && credentials !== '' && { credentials }),
    ...(place !== HERE && secrets.length > 0 && { secrets }),
    ...(keepsTo(state, '--image') && image !== '' && { image }),
    ...(keepsTo(state, '--on push') && more.isOnPush && { event: 'push' as const })
  };
}

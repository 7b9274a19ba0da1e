/** What a person does with jobs in the panel, and who does it. */

import type { Cast } from './actions';
import type { Actions } from './tokens';
import { asTrouble } from './trouble';

type JobActions = Pick<
  Actions,
  | 'schedule'
  | 'fillForm'
  | 'setValue'
  | 'checkJob'
  | 'makeJob'
  | 'cancelJob'
  | 'closeForm'
  | 'orderJob'
  | 'readLog'
  | 'runAgain'
  | 'openExecuted'
>;

/** @param say - Tells a person something once; empty: nothing any more. */
export function orderJobs(cast: Cast, say: (text: string) => void): JobActions {
  const { model, jobs, form, desk, front, navigation, trans } = cast;
  const path = () => model.state.notebook?.path ?? '';
  const complain = (reason: unknown) => {
    const { message, hint } = asTrouble(reason);
    say(`${message} ${hint}`.trim());
  };
  /** The command line reads the file: what is on the screen has to be in it. */
  const afterSaving = (act: () => unknown) => {
    say('');
    void front.save().then(act).catch(complain);
  };
  return {
    schedule:
      form &&
      (() => {
        const { notebook } = model.state;
        if (notebook) {
          navigation.choose('notebook');
          afterSaving(() => {
            form.open(notebook);
          });
        }
      }),
    fillForm: change => form?.fill(change),
    setValue: (parameter, text) => form?.setValue(parameter, text),
    checkJob: () => {
      afterSaving(() => form?.check());
    },
    makeJob: () => {
      afterSaving(async () => {
        await form?.make();
        await jobs?.readScheduled();
      });
    },
    cancelJob: () => form?.cancel(),
    closeForm: () => {
      say('');
      form?.close();
    },
    orderJob: async (job, verb) => {
      await jobs?.order(job, verb);
    },
    readLog: job => desk?.log(path(), job) ?? Promise.resolve(''),
    runAgain: ({ id, name }) => {
      say(trans.__('%1 is started again; it will appear in this list.', name));
      void desk?.runAgain(path(), id).catch(complain);
    },
    openExecuted:
      cast.openExecuted &&
      (row => {
        cast.openExecuted?.(row, path());
      })
  };
}

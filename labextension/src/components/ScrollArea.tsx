import * as React from 'react';

import { h } from '../h';
import { Anchored } from './Anchored';
import { useKeptPlace } from './useKeptPlace';

interface ScrollAreaProps {
  /** Something else is in its place; it comes back as it was left. */
  readonly isHidden: boolean;
  readonly children: React.ReactNode;
}

/** What scrolls below the bars of a tab. */
export function ScrollArea({ isHidden, children }: ScrollAreaProps): React.JSX.Element {
  return <Anchored scrollRef={useKeptPlace(isHidden)}>{children}</Anchored>;
}

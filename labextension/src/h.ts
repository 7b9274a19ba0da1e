import * as React from 'react';

/**
 * What JSX becomes: under a name of our own it is two letters in the bundle, seven hundred times.
 * A button is one that submits nothing.
 */
export function h(
  type: React.ElementType,
  props: object | null,
  ...children: readonly React.ReactNode[]
): React.ReactElement {
  return React.createElement(type, type === 'button' ? { type, ...props } : props, ...children);
}

import * as React from 'react';

/** What JSX becomes: under a name of our own it is two letters in the bundle, seven hundred times. */
export const h = React.createElement;

import { LabIcon } from '@jupyterlab/ui-components';

/** Two runs: A dashed, B full, and the step between them. */
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g fill="none" stroke-width="2">
    <circle class="jp-icon3" cx="6.5" cy="17" r="4.5" stroke="#616161" stroke-dasharray="2.7 2"/>
    <path class="jp-icon3" d="M10 13.7 L14 10.3" stroke="#616161"/>
  </g>
  <circle class="jp-icon3" cx="17" cy="7" r="5.5" fill="#616161"/>
</svg>`;

export const nbopsIcon = new LabIcon({ name: 'nbops:panel', svgstr: SVG });

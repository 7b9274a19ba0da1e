/** What is used of React's own way into a page; JupyterLab's components need none. */
declare module 'react-dom/client' {
  import type { ReactNode } from 'react';

  export function createRoot(container: Element): {
    render(node: ReactNode): void;
    unmount(): void;
  };
}

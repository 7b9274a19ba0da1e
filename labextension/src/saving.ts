/** One HTML file of what is shown, which needs nothing else and runs nothing. */

/** Policy of the file: only what stands in it, and no scripts. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";
/** What would run or be fetched, and what can only be used where something runs. */
const LEFT_OUT = 'script, iframe, object, embed, link, .nbops-Views, .nbops-Overlay-share > input';
const PAGE = `
html, body { height: auto; overflow: auto; }
body { max-width: 1100px; margin: 24px auto; background: var(--jp-layout-color1); font-family: var(--jp-ui-font-family); }
.nbops-Panel { height: auto; overflow: visible; }
.nbops-Matrix { max-height: none; }
button { pointer-events: none; }
`;

/** Download what an element shows. */
export function saveHtml(shown: HTMLElement, title: string): void {
  const url = URL.createObjectURL(new Blob([asHtml(shown, title)], { type: 'text/html' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${title.replace(/[^\p{L}\p{N}]+/gu, '-')}.html`;
  link.click();
  URL.revokeObjectURL(url);
}

export function asHtml(shown: HTMLElement, title: string): string {
  const saved = document.implementation.createHTMLDocument(title);
  const policy = saved.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = POLICY;
  const charset = saved.createElement('meta');
  charset.setAttribute('charset', 'utf-8');
  const style = saved.createElement('style');
  style.textContent = `:root {${readVariables()}}\n${readRules()}\n${PAGE}`;
  saved.head.prepend(charset, policy);
  saved.head.append(style);
  const panel = saved.createElement('div');
  panel.className = 'nbops-Panel';
  const copy = shown.cloneNode(true) as HTMLElement;
  for (const element of copy.querySelectorAll(LEFT_OUT)) {
    element.remove();
  }
  for (const moment of copy.querySelectorAll('time')) {
    moment.textContent = moment.title; // "today" is another day when the file is read
  }
  panel.append(copy);
  saved.body.append(panel);
  return `<!DOCTYPE html>\n${saved.documentElement.outerHTML}`;
}

/** The theme as it is: its variables, with their values. */
function readVariables(): string {
  const computed = getComputedStyle(document.body);
  const names = new Set(
    [...`${readRules()}${PAGE}`.matchAll(/var\((--jp-[\w-]+)/g)].map(match => match[1])
  );
  return [...names].map(name => `${name}: ${computed.getPropertyValue(name ?? '')};`).join(' ');
}

/** Our own rules, and those of drawn outputs. */
function readRules(): string {
  const rules = [...document.styleSheets].flatMap(sheet => {
    try {
      return [...sheet.cssRules];
    } catch {
      return []; // another site's sheet may not be read
    }
  });
  return rules
    .map(rule => rule.cssText)
    .filter(text => /nbops|jp-Rendered|jp-OutputArea|dataframe/.test(text))
    .join('\n');
}

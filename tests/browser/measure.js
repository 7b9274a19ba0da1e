// What a person with weaker eyes or a narrow panel would stumble over. Returns
// {contrast: [[ratio, text], ...] lowest first, overflowing: [text, ...]}.
panel => {
  const parse = text => {
    const [, space, inside] = /(rgba?|color)\(([^)]+)\)/.exec(text);
    const numbers = inside.replace('srgb', '').split(/[\s,/]+/).filter(Boolean).map(Number);
    const scale = space === 'color' ? 255 : 1;
    const [r, g, b, alpha = 1] = numbers;
    return { rgb: [r * scale, g * scale, b * scale], alpha };
  };
  const over = (front, alpha, back) => front.map((value, i) => value * alpha + back[i] * (1 - alpha));
  const luminance = rgb => {
    const [r, g, b] = rgb
      .map(value => value / 255)
      .map(value => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrastOf = element => {
    const chain = [];
    for (let each = element; each; each = each.parentElement) chain.unshift(getComputedStyle(each));
    let back = [255, 255, 255];
    let opacity = 1;
    for (const style of chain) {
      const { rgb, alpha } = parse(style.backgroundColor);
      opacity *= Number(style.opacity);
      back = over(rgb, alpha, back);
    }
    const { rgb, alpha } = parse(chain.at(-1).color);
    const [low, high] = [luminance(over(rgb, alpha * opacity, back)), luminance(back)].sort(
      (a, b) => a - b
    );
    return (high + 0.05) / (low + 0.05);
  };
  const { left, right } = panel.getBoundingClientRect();
  const contrast = [];
  const overflowing = [];
  const walker = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (text === '' || !element.checkVisibility({ visibilityProperty: true })) continue;
    contrast.push([contrastOf(element), text]);
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.left < left - 1 || box.right > right + 1)) overflowing.push(text);
  }
  contrast.sort((a, b) => a[0] - b[0]);
  return { contrast, overflowing };
};

import type { Page } from 'playwright-core';

/** Controls that a screen reader would announce by their kind alone. */
export function namelessControls(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('button, a, input, textarea, select, img, table, nav')]
    .filter((each) => !(each.ariaLabel || each.labels?.length || each.textContent?.trim() || each.alt))
    .map((each) => each.outerHTML)`);
}

/** Texts with a contrast below 4.5 to 1 against what lies behind them, the bound of WCAG AA for text of usual size. */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const behind = (element) => {
      for (let each = element; each; each = each.parentElement) {
        const [r, g, b, alpha = 1] = parts(getComputedStyle(each).backgroundColor);
        if (alpha === 1) return [r, g, b];
      }
      return [255, 255, 255];
    };
    return [...document.querySelectorAll('body *')]
      .filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
      .filter((each) => each.checkVisibility() && !each.closest(':disabled, noscript, script'))
      .map((each) => {
        const [text, ground] = [luminance(parts(getComputedStyle(each).color)), luminance(behind(each))];
        const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
        return { contrast, what: contrast.toFixed(2) + ': ' + each.textContent.trim().slice(0, 40) };
      })
      .filter(({ contrast }) => contrast < 4.5)
      .map(({ what }) => what);
  })()`);
}

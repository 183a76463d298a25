/** A person who has no mouse: everything by Tab, Enter, Space, arrows and typing. */
import type { Page } from "playwright-core";

interface Focused {
  role: string;
  name: string;
}

/** What has the focus, as assistive technology hears it. */
async function focused(page: Page): Promise<Focused> {
  return page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (!element || element === document.body) return { role: "", name: "" };
    const label = element.getAttribute("aria-labelledby");
    const named = label
      ? label
          .split(" ")
          .map((id) => document.getElementById(id)?.textContent ?? "")
          .join(" ")
      : (element.getAttribute("aria-label") ??
        [...((element as HTMLInputElement).labels ?? [])].map((l) => l.textContent).join(" "));
    return {
      role: element.getAttribute("role") ?? element.tagName.toLowerCase(),
      name: (named || element.textContent || "").trim(),
    };
  });
}

/** Presses Tab until the focus is on what is meant; a page where it never comes is not usable. */
export async function tabTo(page: Page, name: RegExp, most = 80): Promise<void> {
  const passed: string[] = [];
  for (let presses = 0; presses < most; presses += 1) {
    const here = await focused(page);
    if (name.test(here.name)) {
      await visiblyFocused(page, here.name);
      return;
    }
    passed.push(`${here.role} "${here.name.slice(0, 40)}"`);
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${name}: ${passed.join(", ")}`);
}

/** Whoever uses the keyboard must see where they are (WCAG 2.4.7). */
async function visiblyFocused(page: Page, name: string): Promise<void> {
  const seen = await page.evaluate(() => {
    const element = document.activeElement;
    if (!element) return false;
    for (let at: Element | null = element; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      const outlined = style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) > 0;
      if (outlined || at.matches("input, textarea, select")) return true;
    }
    return false;
  });
  if (!seen) throw new Error(`the focus on "${name}" can't be seen`);
}

/** Goes to a field and types. */
export async function type(page: Page, field: RegExp, text: string): Promise<void> {
  await tabTo(page, field);
  await page.keyboard.type(text);
}

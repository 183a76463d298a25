/** What a page shows before the server has answered, and when it answers that it can't. */
import type { Page } from "playwright-core";
import { accessible, fits, glance, picture, WIDTHS } from "./look.ts";

/**
 * Opens a page whose query has no answer yet, then an error, then, when asked again, its answer: looked at in the first
 * two states.
 */
export async function unanswered(page: Page, path: string, query: string, name: string): Promise<void> {
  let answer = () => {};
  const looked = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/graphql", async (route) => {
    if (!route.request().postData()?.includes(`query ${query}(`)) return route.fallback();
    await looked;
    await route.fulfill({
      contentType: "application/json",
      body: JSON.stringify({
        data: null,
        errors: [
          {
            message: "The database does not answer.",
            extensions: { code: "UNAVAILABLE", remedy: "Try again in a moment." },
          },
        ],
      }),
    });
  });
  await page.goto(path);
  await page.locator(".mantine-Skeleton-root[data-visible]").first().waitFor();
  for (const width of WIDTHS) {
    const what = `${name} loading ${width}`;
    await page.setViewportSize({ width, height: 800 });
    await picture(page, what);
    await accessible(page, what);
    await fits(page, what);
  }
  answer();
  await page.getByRole("alert").getByText("The database does not answer.").first().waitFor();
  await glance(page, `${name} failed`);
  await page.unroute("**/graphql");
  await page.getByRole("button", { name: "Try again" }).first().click();
  await page.getByRole("alert").first().waitFor({ state: "hidden" });
}

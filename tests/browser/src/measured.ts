/** The pages that Lighthouse looks at: the front page, and the list of an organisation with an instance. */
import { instance, organisation, person, world } from "./world.ts";

export interface Measured {
  name: string;
  url: string;
  cookie: string;
}

export async function measured(): Promise<Measured[]> {
  const { product } = await world();
  const { api } = await person("Lou Lighthouse");
  const tenantId = await organisation(api, "Lighthouse Ltd", "lighthouse");
  await instance(api, tenantId, "lamp");
  return [
    { name: "front page", url: `${product.portal}/`, cookie: "" },
    { name: "instances", url: `${product.portal}/t/lighthouse`, cookie: api.cookie },
  ];
}

import { useQuery } from "urql";
import { VisitedTenantDocument } from "../api/customer/graphql";

/** An organisation that the viewer looks into as platform support, named by its id; the path's word for it is the id too. */
export function useVisited(id: string | undefined) {
  const pause = !id?.startsWith("ten_");
  const [{ data }] = useQuery({ query: VisitedTenantDocument, variables: { id: id ?? "" }, pause });
  return !pause && data ? { ...data.tenant, slug: data.tenant.id } : undefined;
}

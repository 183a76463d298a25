import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "urql";
import { type Fault, faultOf } from "../../api/client";
import { AddressCheckDocument, type AddressCheckQuery } from "../../api/customer/graphql";

export interface AddressState {
  checking: boolean;
  /** The last answer; of the address as it is now only while `checking` is false. */
  answer: AddressCheckQuery["addressCheck"] | null;
  fault: Fault | null;
}

interface Wanted {
  /** Null before the first organisation exists. */
  tenantId: string | null;
  region: string | null;
  slug: string;
}

/** Asks whether an address is free, once the person has stopped typing. A free address is not held: creating decides. */
export function useAddressCheck({ tenantId, region, slug }: Wanted): AddressState {
  const [asked] = useDebouncedValue(`${region ?? ""}/${slug}`, 300);
  const [askedRegion = "", askedSlug = ""] = asked.split("/");
  const pause = !askedRegion || !askedSlug;
  const [{ data, error, fetching, stale }] = useQuery({
    query: AddressCheckDocument,
    variables: { tenantId, region: askedRegion, slug: askedSlug },
    requestPolicy: "network-only",
    pause,
  });
  const settled = asked === `${region ?? ""}/${slug}`;
  return {
    checking: !settled || (!pause && (fetching || stale)),
    answer: pause ? null : (data?.addressCheck ?? null),
    fault: error && !data && !fetching ? faultOf(error) : null,
  };
}
